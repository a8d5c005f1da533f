// SPDX-License-Identifier: GPL-2.0-or-later
/* settle.c - which of the objects that meet at one place is meant */
#include <objtool/settle.h>

/* How many objects of other files to pass by before giving up. */
#define MAX_STRANGERS 256

static const struct section *section(const struct parts *parts, u32 sec)
{
	return &parts->code->obj->sections[sec];
}

/*
 * True if this function refers to [@from, @to] of section @sec. Absolute
 * references to @doubtful do not count: they are under judgement themselves.
 */
static bool refers_to(const struct parts *parts, u32 sec, u32 from, u32 to, s64 doubtful)
{
	for (u32 i = 0; i < parts->nr; i++) {
		const struct part *p = &parts->part[i];
		struct reloc_cursor cur = reloc_cursor(section(parts, p->sec), p->off);
		const struct reloc *rel;

		while ((rel = reloc_next(&cur, p->end))) {
			/* 4: not exact where an immediate follows, but near enough for a guess */
			struct target t = target_of_reloc(parts->code, rel, rel->offset + 4);
			u32 in;
			s64 off = target_offset(parts->code, &t, &in);

			if ((t.kind == TARGET_NAME || t.kind == TARGET_BYTES) && in == sec &&
			    off >= from && off <= to &&
			    (off != doubtful || arch_reloc_type(rel->type).kind == RELOC_PC))
				return true;
		}
	}
	return false;
}

/*
 * The function called next takes a lock class key, to judge by its name:
 * __mutex_init(), __class_register(), __alloc_disk_node(), class_create().
 */
static bool next_call_takes_key(const struct parts *parts, u32 sec, u32 off)
{
	static const char *const words[] = {"init", "register", "alloc", "create"};
	const struct code_insn *end, *ci = parts_insn(parts, sec, off, &end);
	const struct reloc *rel = NULL;
	const char *name;

	for (; ci && ci < end; ci++) {
		struct reloc_cursor cur = reloc_cursor(section(parts, sec), ci->off);

		rel = reloc_next(&cur, (u64)ci->off + ci->len);
		if (ci->insn.cls == INSN_CALL || (ci->insn.cls == INSN_JMP && rel))
			break;
	}
	if (!ci || ci == end || !rel)
		return false;
	name = parts->code->obj->symbols[target_of_reloc(parts->code, rel, ci->off + ci->len).sym]
		       .name;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

/* A comparison at @off that a jump backwards follows: the end of a loop. */
static bool ends_loop(const struct parts *parts, u32 sec, u32 off)
{
	const struct code_insn *end, *ci = parts_insn(parts, sec, off, &end);

	return ci && ci + 1 < end && ci[1].insn.cls == INSN_JCC &&
	       code_branch_target(section(parts, sec), &ci[1]) <= off;
}

/* What is put in @reg at @off ends a loop that compares registers. */
static bool ends_later_loop(const struct parts *parts, u32 sec, u32 off, u8 reg)
{
	const struct code_insn *end, *ci = parts_insn(parts, sec, off, &end);

	for (; ci && ci < end; ci++) {
		if (arch_compares_register(section(parts, sec)->data + ci->off, &ci->insn, reg))
			return ends_loop(parts, sec, ci->off);
		if ((ci->insn.cls == INSN_CALL || ci->insn.cls == INSN_CALL_IND) &&
		    arch_call_clobbers(reg))
			return false;
	}
	return false;
}

/*
 * An end is only meant by a function that refers to the table, too. In data
 * that can be written, it must not refer to what lies behind the table: that
 * would be the head of a list, walked by "cmp $list, %rax; jne 1b".
 */
static bool means_end(const struct parts *parts, const struct target *t, u32 table, bool walks)
{
	const struct unit *here = &parts->code->units[t->unit];
	const struct unit *before = &parts->code->units[table];

	if (!refers_to(parts, before->sec, before->off, before->off + before->len - 1, -1))
		return false;
	if (walks && !(section(parts, before->sec)->flags & SF_WRITE))
		return true;
	return !refers_to(parts, here->sec, here->off, here->off + here->len, here->off);
}

/*
 * A section symbol never means a global, nor a local symbol of another file:
 * the assembler knows only its own.
 */
static bool can_be_meant(struct parts *parts, u32 unit)
{
	const struct symbol *sym = &parts->code->obj->symbols[parts->code->units[unit].sym];

	return sym->bind == BIND_LOCAL && origin_sees(parts_origin(parts), sym->file);
}

/*
 * The empty object at the place of @t, if one of its names can be meant: keys of
 * many files can have one place. NO_UNIT if there is none.
 */
static u32 meant_empty(struct parts *parts, const struct target *t)
{
	const struct code *code = parts->code;
	u32 empty = target_empty_here(code, t), nr, first;

	if (empty == NO_UNIT)
		return NO_UNIT;
	first = code_symbols_at(code, code->units[empty].sec, code->units[empty].off, &nr);
	for (u32 i = first; i < first + nr; i++) {
		const struct symbol *sym = &code->obj->symbols[code->obj->by_addr[i]];

		if (code->alias_of[code->obj->by_addr[i]] == empty && sym->bind == BIND_LOCAL &&
		    origin_sees(parts_origin(parts), sym->file))
			return empty;
	}
	return NO_UNIT;
}

/* The nearest object before or behind @unit that can be meant, NO_UNIT if none of the next few. */
static u32 meant_beside(struct parts *parts, u32 unit, s32 step)
{
	const struct code *code = parts->code;
	u32 sec = code->units[unit].sec, u = unit + (u32)step;

	for (int tries = 0; tries < MAX_STRANGERS; tries++, u += (u32)step) {
		if (u < code->first_unit[sec] || u >= code->first_unit[sec + 1])
			return NO_UNIT;
		if (code->units[u].len && can_be_meant(parts, u))
			return u;
	}
	return NO_UNIT;
}

/*
 * @t lies in an object that cannot be meant: another file's, which the linker put where
 * "arr + N" or "arr - 8" of this file points. Count from this file's object beside it.
 */
static void settle_stranger(struct parts *parts, struct target *t)
{
	const struct code *code = parts->code;
	const struct unit *here = &code->units[t->unit];
	s64 off = add_wrap(here->off, t->delta), end, start;
	u32 before, behind, unit = meant_empty(parts, t);

	if (unit != NO_UNIT) {
		*t = target_end_of(code, unit);
		return;
	}
	before = unit = meant_beside(parts, t->unit, -1);
	behind = meant_beside(parts, t->unit, 1);

	if (before == NO_UNIT && behind == NO_UNIT)
		return;
	if (before == NO_UNIT) {
		unit = behind;
	} else if (behind != NO_UNIT) {
		end = (s64)code->units[before].off + code->units[before].len;
		start = code->units[behind].off;
		unit = off - end <= start - off ? before : behind;
	}
	*t = (struct target){.kind = TARGET_NAME,
			     .sym = code->units[unit].sym,
			     .unit = unit,
			     .delta = add_wrap(off, -(s64)code->units[unit].off)};
}

/*
 * "cmp $.LC3+7, %rax" at the end of a loop over a string is the end of that
 * string, and the start of whatever comes next in the pool.
 */
static void settle_string(const struct parts *parts, struct target *t, u32 sec,
			  const struct code_insn *ci, bool immediate)
{
	const struct section *pool = section(parts, t->sec);
	u32 start = t->off;
	u8 reg;

	if (t->delta || !start || !(pool->flags & SF_STRINGS) || pool->entsize > 1 ||
	    arch_address_use(section(parts, sec)->data + ci->off, &ci->insn, immediate, &reg) !=
		    USE_COMPARE ||
	    !ends_loop(parts, sec, ci->off) || pool->data[start - 1])
		return;
	while (start > 1 && pool->data[start - 2])
		start--;
	start--;
	if (!refers_to(parts, t->sec, start, t->off - 1, -1))
		return;
	t->delta = t->off - start;
	t->len = t->off - start;
	t->off = start;
}

/* A comparison with the place of unnamed data is one with the end of the table before it. */
static void settle_blob(const struct parts *parts, struct target *t, enum address_use use)
{
	u32 table = target_ends_here(parts->code, t);
	const struct unit *before = &parts->code->units[table];

	if (table != NO_UNIT && use == USE_COMPARE &&
	    refers_to(parts, before->sec, before->off, before->off + before->len - 1, -1))
		*t = target_end_of(parts->code, table);
}

void settle(struct parts *parts, struct target *t, const struct reloc *rel, u32 sec,
	    const struct code_insn *ci, bool immediate)
{
	const struct code *code = parts->code;
	bool nothing = t->kind == TARGET_BLOB && !t->len;
	u32 empty, table;
	enum address_use use;
	u8 reg;

	if (t->kind == TARGET_BYTES) {
		settle_string(parts, t, sec, ci, immediate);
		return;
	}
	if (t->kind == TARGET_BLOB && t->len) {
		settle_blob(parts, t,
			    arch_address_use(section(parts, sec)->data + ci->off, &ci->insn,
					     immediate, &reg));
		return;
	}
	if (!nothing && (t->kind != TARGET_NAME || t->unit == NO_UNIT ||
			 code->obj->symbols[rel->sym].type != SYM_SECTION ||
			 code->units[t->unit].kind != UNIT_DATA))
		return;
	if (!nothing && code->units[t->unit].len && !can_be_meant(parts, t->unit)) {
		settle_stranger(parts, t);
		return;
	}
	empty = nothing || !t->delta ? meant_empty(parts, t) : NO_UNIT;
	table = target_ends_here(code, t);
	if (empty == NO_UNIT && table == NO_UNIT && !nothing)
		return;
	use = arch_address_use(section(parts, sec)->data + ci->off, &ci->insn, immediate, &reg);
	if (use == USE_MEMORY)
		return;
	if (empty != NO_UNIT && use == USE_ADDRESS && arch_argument(reg) != 0 &&
	    next_call_takes_key(parts, sec, ci->off))
		*t = target_end_of(code, empty);
	else if (nothing)
		*t = target_behind(code, t);
	else if (table != NO_UNIT &&
		 ((use == USE_COMPARE && ends_loop(parts, sec, ci->off)) ||
		  (use == USE_ADDRESS && reg != ARCH_NO_REG &&
		   ends_later_loop(parts, sec, ci->off, reg))) &&
		 means_end(parts, t, table, use == USE_COMPARE))
		*t = target_end_of(code, table);
}
