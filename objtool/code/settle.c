// SPDX-License-Identifier: GPL-2.0-or-later
/* settle.c - which of the objects that meet at one place is meant */
#include <objtool/settle.h>

/* How many objects of other files to pass by before giving up. */
#define MAX_STRANGERS 256

static const struct section *section(const struct parts *parts, u32 sec)
{
	return &parts->code->obj->sections[sec];
}

/* The end of unit @unit; its start, if it is empty. */
static struct target end_of(const struct code *code, u32 unit)
{
	return target_from(code, unit, code->units[unit].len);
}

/* What is counted from a symbol of a section is never in another: most are told apart by that. */
static bool leads_to(const struct parts *parts, const struct reloc *rel, u32 sec)
{
	return parts->code->ids[rel->sym].sec == sec;
}

/*
 * True if this function refers to [@from, @to] of section @sec. Absolute
 * references to @doubtful do not count: they are under judgement themselves.
 */
static bool refers_to(const struct parts *parts, u32 sec, u32 from, u32 to, s64 doubtful)
{
	u32 steps = 0;

	for (u32 i = 0; i < parts->nr; i++) {
		const struct part *p = &parts->part[i];
		struct reloc_cursor cur = reloc_cursor(section(parts, p->sec), p->off);
		const struct reloc *rel;

		while ((rel = reloc_next(&cur, p->end))) {
			struct target t;
			u32 in;
			s64 off;

			if (!(++steps & 1023))
				effort_add(parts->code->effort, 4096);
			if (!leads_to(parts, rel, sec))
				continue;
			/* 4: not exact where an immediate follows, but near enough for a guess */
			t = target_of_reloc(parts->code, rel, rel->offset + 4);
			off = target_offset(parts->code, &t, &in);
			if ((t.kind == TARGET_NAME || t.kind == TARGET_BYTES) && in == sec &&
			    off >= from && off <= to &&
			    (off != doubtful || arch_reloc_type(rel->type).kind == RELOC_PC))
				return true;
		}
	}
	return false;
}

/* True if @ci puts another constant in @reg. */
static bool overwrites(const struct parts *parts, u32 sec, const struct code_insn *ci, u8 reg)
{
	return ci->insn.cls != INSN_BAD &&
	       arch_loads_immediate(section(parts, sec)->data + ci->off, &ci->insn) == reg;
}

/*
 * The function called next takes a lock class key, to judge by its name:
 * __mutex_init(), __class_register(), __alloc_disk_node(), class_create(), work_on_cpu_key(). And
 * what was put in @reg at @off gets there.
 */
static bool next_call_takes_key(const struct parts *parts, u32 sec, u32 off, u8 reg)
{
	static const char *const words[] = {"init", "register", "alloc", "create", "key"};
	const struct code_insn *end, *ci = parts_insn(parts, sec, off, &end);
	const struct reloc *rel = NULL;
	const struct code_insn *start = ci;
	const char *name;

	for (; ci && ci < end; ci++) {
		struct reloc_cursor cur = reloc_cursor(section(parts, sec), ci->off);

		rel = reloc_next(&cur, (u64)ci->off + ci->insn.len);
		if (ci->insn.cls == INSN_CALL || (ci->insn.cls == INSN_JMP && rel))
			break;
		if (ci->off != off && reg != ARCH_NO_REG && overwrites(parts, sec, ci, reg))
			return false;
	}
	effort_add_many(parts->code->effort, (u64)(ci - start));
	if (!ci || ci == end || !rel)
		return false;
	name = parts->code->obj
		       ->symbols[target_of_reloc(parts->code, rel, ci->off + ci->insn.len).sym]
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
	u32 steps = 0;

	for (; ci && ci < end; ci++) {
		if (!(++steps & 1023))
			effort_add(parts->code->effort, 1024);
		if (arch_compares(section(parts, sec)->data + ci->off, &ci->insn) >> reg & 1)
			return ends_loop(parts, sec, ci->off);
		if ((ci->insn.cls == INSN_CALL || ci->insn.cls == INSN_CALL_IND) &&
		    arch_call_clobbers(reg))
			return false;
	}
	return false;
}

/*
 * The register, as a bit, that the instruction of @rel uses an address in @table
 * with, as @how says; 0 if it does not. *@start: if it is where the table starts.
 */
static u16 register_with(const struct parts *parts, u32 s, const struct reloc *rel,
			 const struct unit *table, enum address_use how, bool *start)
{
	const struct code_insn *end, *ci = parts_insn(parts, s, (u32)rel->offset, &end);
	struct target t;
	bool imm;
	u32 sec;
	s64 off;
	u8 reg;

	if (!ci || ci == end || ci->insn.cls == INSN_BAD)
		return 0;
	imm = ci->insn.imm_len && rel->offset == (u64)ci->off + ci->insn.imm_off;
	t = target_of_reloc(parts->code, rel, imm ? 0 : (u64)ci->off + ci->insn.len);
	off = target_offset(parts->code, &t, &sec);
	if (sec != table->sec || off < table->off || off >= (s64)table->off + table->len ||
	    arch_address_use(section(parts, s)->data + ci->off, &ci->insn, imm, &reg) != how ||
	    reg == ARCH_NO_REG)
		return 0;
	*start = off == table->off;
	return (u16)(1U << reg);
}

/*
 * The registers that [@from, @end) of section @sec uses addresses in unit @table with, a bit each:
 * @how they are USE_ADDRESS, moved to them, or USE_MEMORY, added to them. *@start gets those with
 * the table's start, too.
 */
static u16 registers_in(const struct parts *parts, u32 sec, u32 from, u32 end, u32 table,
			enum address_use how, u16 *start)
{
	const struct unit *unit = &parts->code->units[table];
	struct reloc_cursor cur = reloc_cursor(section(parts, sec), from);
	const struct reloc *rel;
	u16 regs = 0, reg;
	bool first;

	while ((rel = reloc_next(&cur, end))) {
		if (!leads_to(parts, rel, unit->sec))
			continue;
		reg = register_with(parts, sec, rel, unit, how, &first);
		regs |= reg;
		*start |= reg && first ? reg : 0;
	}
	return regs;
}

/* Those of the whole function. *@start: those with the table's start. */
static u16 registers_with(const struct parts *parts, u32 table, enum address_use how, u16 *start)
{
	u16 regs = 0;

	*start = 0;
	for (u32 i = 0; i < parts->nr; i++) {
		const struct part *p = &parts->part[i];

		regs |= registers_in(parts, p->sec, p->off, p->end, table, how, start);
	}
	return regs;
}

/* The instruction right before @ci or behind it puts the start of @table in one of @regs. */
static bool is_beside_start(const struct parts *parts, u32 sec, const struct code_insn *ci,
			    u32 table, u16 regs)
{
	const struct code_insn *end, *insn;
	u32 from = ci->off, to = ci->off + ci->insn.len;
	u16 start = 0;

	insn = parts_insn(parts, sec, to, &end);
	if (insn && insn < end)
		to += insn->insn.len;
	insn = from ? parts_insn(parts, sec, from - 1, &end) : NULL;
	if (insn)
		from = insn->off;
	registers_in(parts, sec, from, to, table, USE_ADDRESS, &start);
	return start & regs;
}

/*
 * A register that the function steps through @table with is compared with the
 * place under judgement, or with @reg, which that is put in by @ci:
 *
 *     mov $table, %r12; 1: ...; add $16, %r12; cmp $table+448, %r12; je 2f; ...; jmp 1b
 *
 * What registers hold that a call may change, and when, is not known well enough for that, unless
 * start and end are put in two of them at once:
 *
 *     mov $table, %rax; mov $table+504, %rdx; 1: ...; add $8, %rax; cmp %rax, %rdx; jne 1b
 */
static bool ends_walk(struct parts *parts, u32 table, u32 sec, const struct code_insn *ci,
		      enum address_use use, u8 reg)
{
	const struct registers *regs;
	u16 walkers, start;

	if (reg == ARCH_NO_REG || (use != USE_COMPARE && use != USE_ADDRESS))
		return false;
	regs = parts_registers(parts);
	walkers = regs->stepped & (use == USE_COMPARE ? (u16)(1U << reg) : regs->compared[reg]);
	if (walkers && use == USE_ADDRESS && arch_call_clobbers(reg))
		return is_beside_start(parts, sec, ci, table, walkers);
	return walkers && walkers & registers_with(parts, table, USE_ADDRESS, &start);
}

/*
 * A loop that goes down from the end of @table, in steps of @reg, which begins at 0 there:
 *
 *     xor %eax, %eax; 1: mov table+112(%rax), %rdx; sub $8, %rax; mov %rdx, table+128(%rax); ...
 *
 * What is right behind the table would be used along with its start: "b[i] = a[i]".
 */
static bool ends_descent(struct parts *parts, u32 table, u8 reg)
{
	u16 bit = (u16)(1U << (reg & 15)), start;

	return reg != ARCH_NO_REG && bit & parts_registers(parts)->stepped_down &&
	       bit & registers_with(parts, table, USE_MEMORY, &start) && !(bit & start);
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

/* True if a name of @unit is a local symbol that the file of this function sees. */
static bool has_own_name(struct parts *parts, u32 unit)
{
	const struct code *code = parts->code;
	u32 nr, first = code_symbols_at(code, code->units[unit].sec, code->units[unit].off, &nr);

	for (u32 i = first; i < first + nr; i++) {
		const struct symbol *sym = &code->obj->symbols[code->obj->by_addr[i]];

		if (code->ids[code->obj->by_addr[i]].unit == unit && sym->bind == BIND_LOCAL &&
		    origin_sees(parts_origin(parts), sym->file))
			return true;
	}
	return false;
}

/*
 * A section symbol never means a global, nor a local symbol of another file: the assembler
 * knows only its own. But what is known by its global name may have a local one, too:
 *
 *     static const u8 aes_sbox[256] = ...;
 *     extern const u8 crypto_aes_sbox[256] __alias(aes_sbox);
 */
static bool can_be_meant(struct parts *parts, u32 unit)
{
	const struct symbol *sym = &parts->code->obj->symbols[parts->code->units[unit].sym];

	return sym->bind == BIND_LOCAL ? origin_sees(parts_origin(parts), sym->file)
				       : has_own_name(parts, unit);
}

/*
 * The empty object at the place of @t, if one of its names can be meant: keys of
 * many files can have one place. NO_UNIT if there is none.
 */
static u32 meant_empty(struct parts *parts, const struct target *t)
{
	u32 empty = target_empty_here(parts->code, t);

	return empty != NO_UNIT && has_own_name(parts, empty) ? empty : NO_UNIT;
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

/* @t as a place before or behind @unit. */
static void count_from(const struct parts *parts, struct target *t, u32 unit)
{
	const struct code *code = parts->code;
	u32 sec;
	s64 off = target_offset(code, t, &sec);

	*t = target_from(code, unit, add_wrap(off, -(s64)code->units[unit].off));
}

/*
 * @t lies in an object that cannot be meant: another file's, which the linker put where
 * "arr + N" or "arr - 8" of this file points. Count from this file's object beside it.
 */
static void settle_stranger(struct parts *parts, struct target *t, u32 stranger,
			    const struct reloc *rel)
{
	u32 unit = meant_empty(parts, t), before, behind;

	if (unit != NO_UNIT) {
		*t = end_of(parts->code, unit);
		return;
	}
	before = meant_beside(parts, stranger, -1);
	behind = meant_beside(parts, stranger, 1);
	unit = behind != NO_UNIT && (before == NO_UNIT || reloc_is_before_start(rel)) ? behind
										      : before;
	if (unit != NO_UNIT)
		count_from(parts, t, unit);
}

/* As far as the start of an object may be behind a place that is counted from it. */
#define MAX_BEFORE 4096

/*
 * @t, in an object or behind its end, is counted from the object behind it, if
 * that can be meant. Returns false if there is none.
 */
static bool settle_before_start(struct parts *parts, struct target *t)
{
	const struct code *code = parts->code;
	u32 sec, unit;
	s64 off = target_offset(code, t, &sec);

	unit = off < 0 ? NO_UNIT : code_unit_from(code, sec, (u32)off);
	if (unit == NO_UNIT || code->units[unit].off == off)
		return false;
	while (unit < code->first_unit[sec + 1] &&
	       (!code->units[unit].len || code->units[unit].kind == UNIT_FUNC ||
		!can_be_meant(parts, unit)))
		unit++;
	if (unit == code->first_unit[sec + 1] || code->units[unit].off - off > MAX_BEFORE)
		return false;
	count_from(parts, t, unit);
	return true;
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
static void settle_blob(struct parts *parts, struct target *t, u32 sec, const struct code_insn *ci,
			enum address_use use, u8 reg)
{
	u32 table = target_ends_here(parts->code, t);
	const struct unit *before = &parts->code->units[table];

	if (table != NO_UNIT && (use == USE_COMPARE ? refers_to(parts, before->sec, before->off,
								before->off + before->len - 1, -1)
						    : ends_walk(parts, table, sec, ci, use, reg)))
		*t = end_of(parts->code, table);
}

/*
 * The end of @table is meant, where an object begins, too. A comparison with it ends a loop that
 * steps what is compared, and not a chain of "if (attr == &a) ...; if (attr == &b) ...", of which
 * gcc may put the end before the start.
 */
static bool is_end(struct parts *parts, const struct target *t, u32 table, u32 sec,
		   const struct code_insn *ci, enum address_use use, u8 reg)
{
	if (use == USE_MEMORY)
		return ends_descent(parts, table, reg);
	if (ends_walk(parts, table, sec, ci, use, reg))
		return true;
	if (use == USE_COMPARE)
		return (reg == ARCH_NO_REG || parts_registers(parts)->stepped >> reg & 1) &&
		       ends_loop(parts, sec, ci->off) && means_end(parts, t, table, true);
	/* What steps through a table begins where another ends. */
	return use == USE_ADDRESS && reg != ARCH_NO_REG &&
	       ends_later_loop(parts, sec, ci->off, reg) &&
	       !(parts_registers(parts)->stepped >> reg & 1) && means_end(parts, t, table, false);
}

/* Is @ci a call, or a jump, to what has a name that other files may know? Or does it return? */
static bool leaves(const struct parts *parts, u32 sec, const struct code_insn *ci)
{
	struct reloc_cursor cur = reloc_cursor(section(parts, sec), ci->off);
	const struct reloc *rel;

	if (ci->insn.cls != INSN_JMP)
		return ci->insn.cls == INSN_CALL || ci->insn.cls == INSN_CALL_IND ||
		       ci->insn.cls == INSN_RET;
	rel = reloc_next(&cur, (u64)ci->off + ci->insn.len);
	return rel && parts->code->ids[rel->sym].bind != BIND_LOCAL;
}

/* How many jumps to follow before giving up. */
#define MAX_JUMPS 8

/*
 * What is put in @reg at @off gets to a call, or is returned, and nothing compares it until then:
 * it is no end of an array, which may have a member's offset added.
 */
static bool is_handed_on(const struct parts *parts, u32 sec, u32 off, u8 reg)
{
	const struct section *code = section(parts, sec);
	const struct code_insn *end, *ci = parts_insn(parts, sec, off, &end);
	u32 steps = 0, jumps = 0;
	bool left = false;

	while (ci && ci < end && !(left = leaves(parts, sec, ci)) &&
	       !(arch_compares(code->data + ci->off, &ci->insn) >> reg & 1)) {
		s64 to;

		steps++;
		if (ci->insn.cls != INSN_JMP) {
			ci++;
			continue;
		}
		to = code_branch_target(code, ci);
		if (++jumps > MAX_JUMPS || to < 0 || to >= (s64)code->size)
			break;
		ci = parts_insn(parts, sec, (u32)to, &end);
	}
	effort_add_many(parts->code->effort, steps);
	return left && arch_call_clobbers(reg);
}

/* @t is a place of named data, or (@nothing) one between. */
static void settle_data(struct parts *parts, struct target *t, const struct reloc *rel, u32 sec,
			const struct code_insn *ci, enum address_use use, u8 reg)
{
	bool nothing = t->kind == TARGET_BLOB;
	u32 empty = nothing || !t->delta ? meant_empty(parts, t) : NO_UNIT;
	u32 table = target_ends_here(parts->code, t);

	if ((nothing || t->delta) && reloc_is_before_start(rel) && settle_before_start(parts, t))
		return;
	if ((use == USE_MEMORY && nothing) || (empty == NO_UNIT && table == NO_UNIT && !nothing))
		return;
	if (empty != NO_UNIT && use == USE_ADDRESS && arch_argument(reg) != 0 &&
	    next_call_takes_key(parts, sec, ci->off, reg))
		*t = end_of(parts->code, empty);
	else if (nothing && use == USE_ADDRESS && reg != ARCH_NO_REG &&
		 target_is_constant(parts->code, t) && is_handed_on(parts, sec, ci->off, reg))
		return;
	else if (nothing)
		*t = target_behind(parts->code, t);
	else if (table != NO_UNIT && is_end(parts, t, table, sec, ci, use, reg))
		*t = end_of(parts->code, table);
}

/* The object that @t lies in, by name or by content; NO_UNIT if none does. */
static u32 unit_of(const struct code *code, const struct target *t)
{
	return t->kind == TARGET_BLOB ? code_unit_at(code, t->sec, t->off) : t->unit;
}

void settle(struct parts *parts, struct target *t, const struct reloc *rel, u32 sec,
	    const struct code_insn *ci, bool immediate)
{
	const struct code *code = parts->code;
	bool nothing = t->kind == TARGET_BLOB && !t->len;
	enum address_use use;
	u32 unit;
	u8 reg;

	if (t->kind == TARGET_BYTES) {
		settle_string(parts, t, sec, ci, immediate);
		return;
	}
	if (t->kind != TARGET_BLOB &&
	    (t->kind != TARGET_NAME || t->unit == NO_UNIT ||
	     code->ids[rel->sym].type != SYM_SECTION || code->units[t->unit].kind != UNIT_DATA))
		return;
	unit = unit_of(code, t);
	use = arch_address_use(section(parts, sec)->data + ci->off, &ci->insn, immediate, &reg);
	if (unit != NO_UNIT && code->units[unit].len && !can_be_meant(parts, unit))
		settle_stranger(parts, t, unit, rel);
	else if (t->kind == TARGET_NAME || nothing)
		settle_data(parts, t, rel, sec, ci, use, reg);
	else if (!reloc_is_before_start(rel) || !settle_before_start(parts, t))
		settle_blob(parts, t, sec, ci, use, reg);
}
