// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * canon.c - the canonical form of a function or data object
 *
 * A function is written part by part: its own code, its .cold part, its
 * prefix, then code without a symbol (.fixup, .altinstr_aux) in order of first use,
 * then unnamed data (jump tables, constants) in order of first use.
 *
 * An instruction is its bytes, with the field of a pc-relative operand
 * emptied, followed by what the field refers to:
 *
 *     e8 00 00 00 00   R_X86_64_PLT32 kfree-4          insn e8; ref pc32 kfree +0
 *     e8 1b 00 00 00   (kfree in the same section)     the same
 *     74 05                                            insn 0f84; branch part 0, instruction 12
 *     48 c7 c7 ...     R_X86_64_32S .rodata.str1.1+6   insn 48c7c7...; ref abs32s "text"
 *
 * Positions are ordinals of instructions, never offsets: "jmp" of two or five
 * bytes, or filler before a loop, move offsets but change nothing.
 *
 * Special-section entries are written before the instruction they apply to,
 * bracketed, each in the lane of its table.
 */
#include <stdlib.h>
#include <objtool/canon.h>
#include <objtool/lines.h>
#include <objtool/names.h>

/* canon.file before anybody asked. */
#define UNKNOWN_FILE 0xffffffffU

/* Entry room before a function: at most this many bytes (16 in kernels so far). */
#define MAX_ROOM 64

/*
 * Fields of a static branch's entry, by their number in its layouts; and what
 * bit 1 of the key means at build time (arch/x86/include/asm/jump_label.h).
 */
#define JUMP_TARGET	1
#define JUMP_KEY	2
#define JUMP_KEY_MARKED 2

/* Kinds of canon.seen that are not sections: names of objects, and objects of a name. */
#define SEEN_NAME 0xfffffffeU
#define SEEN_OBJECT 0xffffffffU

/* ---- parts and ordinals ---- */

static const struct section *section(const struct canon *c, u32 sec)
{
	return &c->code->obj->sections[sec];
}

static void cover(struct canon *c, u32 sec, u32 off, u32 len)
{
	struct covered range = {sec, off, len};

	if (len)
		buf_add(&c->covered, &range, sizeof(range));
}

static u32 add_part(struct canon *c, const char *word, u32 sec, u32 off, u32 end,
		    enum decode_end how)
{
	struct part *part;

	if (c->nr_parts == c->cap_parts) {
		c->cap_parts = c->cap_parts ? c->cap_parts * 2 : 8;
		c->parts = xreallocarray(c->parts, c->cap_parts, sizeof(*c->parts));
	}
	part = &c->parts[c->nr_parts];
	*part =
	    (struct part){.sec = sec, .off = off, .end = end, .first = c->insns.nr, .word = word};
	part->nr = code_decode(c->code, sec, off, end, how, &c->insns);
	lines_mark(c->lines, sec, c->insns.insn + part->first, part->nr);
	if (how == DECODE_TO_EXIT && part->nr) {
		const struct code_insn *last = &c->insns.insn[c->insns.nr - 1];

		part->end = last->off + last->len;
	}
	cover(c, sec, off, part->end - off);
	return c->nr_parts++;
}

static void add_unit_part(struct canon *c, const char *word, u32 unit, enum decode_end how)
{
	const struct unit *u;

	if (unit == NO_UNIT)
		return;
	u = &c->code->units[unit];
	add_part(c, word, u->sec, u->off, u->off + u->len, how);
}

/* Index of the instruction that offset @off lies in, @nr if behind the last; *@delta: how far in.
 */
static u32 insn_index(const struct code_insn *insn, u32 nr, u32 off, u32 *delta)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (insn[mid].off + insn[mid].len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	*delta = lo < nr && off > insn[lo].off ? off - insn[lo].off : 0;
	return lo;
}

/* The same in instructions that count: the ordinal. */
static u32 ordinal(const struct code_insn *insn, u32 nr, u32 off, u32 *delta)
{
	u32 lo = insn_index(insn, nr, off, delta);

	return lo < nr ? insn[lo].ordinal : nr ? insn[nr - 1].ordinal + !insn[nr - 1].filler : 0;
}

/* Write the place of @off in part @p of this function. */
static void own_place(struct canon *c, u32 p, u32 off)
{
	const struct part *part = &c->parts[p];
	u32 delta, n = ordinal(c->insns.insn + part->first, part->nr, off, &delta);

	token_num(&c->stream, p);
	token_num(&c->stream, n);
	if (delta)
		token_num(&c->stream, delta);
}

#define NO_PART 0xffffffffU

static u32 part_at(const struct canon *c, u32 sec, s64 off)
{
	for (u32 i = 0; i < c->nr_parts; i++)
		if (c->parts[i].sec == sec && off >= c->parts[i].off && off < c->parts[i].end)
			return i;
	return NO_PART;
}

/* True if @unit is the current unit, or a part of it. */
static bool is_self(const struct canon *c, u32 unit)
{
	return unit != NO_UNIT && c->self != NO_UNIT &&
	       (unit == c->self || c->code->units[unit].parent == c->self);
}

/* The part of this function that @t, which lies at @off of section @sec, is in. */
static u32 own_part(const struct canon *c, const struct target *t, u32 sec, s64 off)
{
	return is_self(c, t->unit) ? part_at(c, sec, off) : NO_PART;
}

/* Code without a symbol becomes a part of the function that reaches it first. */
static u32 fragment_part(struct canon *c, const struct target *t)
{
	u32 p = part_at(c, t->sec, t->off);

	if (p != NO_PART)
		return p;
	return add_part(c, "fragment", t->sec, t->off, t->off + t->len, DECODE_TO_EXIT);
}

/* ---- references ---- */

static u32 blob_index(struct canon *c, const struct target *t)
{
	u32 i = *seen_number(&c->seen, t->sec, t->off, c->nr_blobs);

	if (i < c->nr_blobs)
		return i;
	if (c->nr_blobs == c->cap_blobs) {
		c->cap_blobs = c->cap_blobs ? c->cap_blobs * 2 : 16;
		c->blobs = xreallocarray(c->blobs, c->cap_blobs, sizeof(*c->blobs));
	}
	c->blobs[c->nr_blobs++] = *t;
	return i;
}

static void write_name(struct canon *c, const char *name)
{
	size_t at = token_open_bytes(&c->stream);

	name_canonical(name, &c->stream.all);
	token_close_bytes(&c->stream, at);
}

/* How many instructions into @unit, another function, the place is. */
static void other_place(struct canon *c, u32 unit, s64 delta)
{
	const struct unit *u = &c->code->units[unit];
	u32 rest, n;

	c->other.nr = 0;
	code_decode(c->code, u->sec, u->off, u->off + u->len,
		    u->sized ? DECODE_ALL : DECODE_TO_NEXT, &c->other);
	n = ordinal(c->other.insn, c->other.nr, u->off + (u32)delta, &rest);
	token_num(&c->stream, n);
	if (rest)
		token_num(&c->stream, rest);
}

static void write_entry(struct canon *c, const struct target *t);

/*
 * Empty objects are alike, and share their place with others. clang gives a
 * lock class key without lockdep one byte or none, depending on -fdata-sections.
 */
static bool is_empty(const struct canon *c, u32 unit)
{
	static const char *const keys[] = {".__key", ".rwsem_key"};
	const struct unit *u = &c->code->units[unit];
	const char *name = c->code->obj->symbols[u->sym].name, *key;

	if (u->len != 1 || !section(c, u->sec)->nobits)
		return !u->len;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		key = strstr(name, keys[i]);
		if (key && (!key[strlen(keys[i])] || key[strlen(keys[i])] == '.'))
			return true;
	}
	return false;
}

/* The n-th different object of its name in this function: x.12 and x.34 are both "x". */
static u32 nth_of_name(struct canon *c, u32 sym)
{
	u32 head = c->namesakes->head[sym];
	u32 n = *seen_number(&c->seen, SEEN_NAME, head, 0);
	u32 mine = *seen_number(&c->seen, SEEN_OBJECT, c->code->alias_of[sym], n);

	if (mine == n)
		*seen_number(&c->seen, SEEN_NAME, head, 0) = n + 1;
	return mine;
}

/*
 * What tells @t, a symbol of this object or not, from others of its name: its
 * file if that is another than this unit's, a size, a rank. Nothing is said
 * of the only one there can be, so that linking in others changes nothing.
 */
static void write_which(struct canon *c, const struct target *t)
{
	const struct object *obj = c->code->obj;
	const struct symbol *sym = &obj->symbols[t->sym];
	const struct unit *u = t->unit == NO_UNIT ? NULL : &c->code->units[t->unit];
	u32 n;

	/* Of numbered objects, the size says more than nothing. */
	if (u && u->kind == UNIT_DATA && sym->bind == BIND_LOCAL && name_has_counter(sym->name))
		token_num(&c->stream, u->len);
	if (!c->namesakes->head[t->sym])
		return;
	if (c->file == UNKNOWN_FILE)
		c->file = c->self == NO_UNIT ? 0 : namesake_file(c->namesakes, c->self, &c->other);
	if (sym->bind != BIND_LOCAL || !u) {
		if (c->file && namesake_is_local_in(c->namesakes, t->sym, c->file))
			token_word(&c->stream, "(global)");
		return;
	}
	if (sym->file != c->file && sym->file)
		token_word(&c->stream, obj->symbols[sym->file].name);
	n = u->kind == UNIT_FUNC ? c->namesakes->rank[t->sym] : nth_of_name(c, t->sym);
	if (n)
		token_num(&c->stream, n);
}

/* Finish a token with what @t is. */
static void write_target(struct canon *c, const struct target *t)
{
	const struct object *obj = c->code->obj;
	const struct section *sec = &obj->sections[t->sec];

	switch ((enum target_kind)t->kind) {
	case TARGET_NAME:
		if (t->unit != NO_UNIT && is_empty(c, t->unit)) {
			token_word(&c->stream, "(empty)");
			break;
		}
		write_name(c, is_self(c, t->unit) ? "(self)" : obj->symbols[t->sym].name);
		token_num(&c->stream, t->delta);
		if (!is_self(c, t->unit))
			write_which(c, t);
		break;
	case TARGET_CODE:
		write_name(c, obj->symbols[t->sym].name);
		token_word(&c->stream, "(insn)");
		other_place(c, t->unit, t->delta);
		write_which(c, t);
		break;
	case TARGET_BYTES:
		token_word(&c->stream, sec->flags & SF_STRINGS ? "(string)" : "(const)");
		token_bytes(&c->stream, sec->data + t->off, t->len);
		token_num(&c->stream, t->delta);
		cover(c, t->sec, t->off, t->len);
		break;
	case TARGET_BLOB:
		token_word(&c->stream, "(data)");
		token_num(&c->stream, blob_index(c, t));
		token_num(&c->stream, t->delta);
		break;
	case TARGET_FRAGMENT:
		token_word(&c->stream, "(fragment)");
		own_place(c, fragment_part(c, t), t->off);
		break;
	case TARGET_ENTRY:
		write_entry(c, t);
		break;
	case TARGET_NOWHERE:
		token_word(&c->stream, "(nowhere)");
		write_name(c, sec->name);
		token_num(&c->stream, t->delta);
		break;
	}
}

/*
 * The address of a special-section entry, as 7.x code takes it of its own
 * __bug_table entry: which entry of which place, since where it lies in the table means nothing.
 */
static void write_entry(struct canon *c, const struct target *t)
{
	const struct specials *specials = &c->code->specials;
	const struct section *sec = section(c, t->sec);
	struct special entry;
	struct target site;
	u32 i, nth = 0;

	if (!specials_at(c->code->obj, specials, t->sec, t->off, &entry))
		return;
	token_word(&c->stream, "(entry)");
	token_word(&c->stream, sec->name);
	token_num(&c->stream, (s64)t->off - entry.entry);
	for (i = specials_from(specials, entry.site.sec, entry.site.off);
	     i < specials->nr && specials->entries[i].entry != entry.entry; i++)
		nth += specials->entries[i].kind == entry.kind;
	token_num(&c->stream, nth);
	i = part_at(c, entry.site.sec, entry.site.off);
	if (i != NO_PART) {
		own_place(c, i, entry.site.off);
		return;
	}
	site = target_at(c->code, entry.site.sec, entry.site.off);
	if (site.kind == TARGET_NAME || site.kind == TARGET_CODE)
		write_target(c, &site);
}

static enum lane target_lane(const struct target *t)
{
	return t->kind == TARGET_BYTES || t->kind == TARGET_BLOB ? LANE_CONSTS : LANE_REFS;
}

/* How a reference is made; types without a kind of their own by their number. */
static void write_how(struct canon *c, u32 reloc_type_number)
{
	static const char *const words[][9] = {
	    [RELOC_ABS] = {[1] = "abs8", [2] = "abs16", [4] = "abs32", [8] = "abs64"},
	    [RELOC_SIGNED] = {[4] = "abs32s"},
	    [RELOC_PC] = {[1] = "pc8", [2] = "pc16", [4] = "pc32", [8] = "pc64"},
	    [RELOC_GOT] = {[4] = "got32"},
	};
	struct reloc_type type = arch_reloc_type(reloc_type_number);

	if (type.kind == RELOC_OTHER) {
		token_word(&c->stream, "type");
		token_num(&c->stream, reloc_type_number);
	} else {
		token_word(&c->stream, words[type.kind][type.size]);
	}
}

/* Where @t lies, if it lies in a section. */
static s64 target_offset(const struct canon *c, const struct target *t, u32 *sec)
{
	const struct unit *u;

	*sec = t->sec;
	if (t->unit == NO_UNIT)
		return t->off;
	u = &c->code->units[t->unit];
	*sec = u->sec;
	return add_wrap(u->off, t->delta);
}

/* The same for a pointer in a table: to a place of this function, or to anything else. */
static void write_place(struct canon *c, const struct target *t)
{
	u32 sec;
	s64 off = target_offset(c, t, &sec);
	u32 p = own_part(c, t, sec, off);

	if (p == NO_PART)
		write_target(c, t);
	else
		own_place(c, p, (u32)off);
}

/* What it means that a field with no relocation points somewhere in its own section. */
#define RESOLVED 2U /* R_X86_64_PC32 */

/* A reference made as relocation type @how, at byte @field of what the token before says. */
static void write_ref(struct canon *c, enum lane lane, u32 how, u32 field, const struct target *t)
{
	token_begin(&c->stream, TOKEN_REF, lane);
	write_how(c, how);
	token_num(&c->stream, field);
	write_target(c, t);
	token_end(&c->stream);
}

static void write_line(struct canon *c, s64 line)
{
	token_begin(&c->stream, TOKEN_LINE, LANE_LINES);
	token_num(&c->stream, line);
	token_end(&c->stream);
}

/* ---- instructions ---- */

/* Walks the relocations of a section beside its instructions or data. */
struct cursor {
	const struct section *sec;
	u32 next;
};

static struct cursor cursor_at(const struct section *sec, u32 off)
{
	return (struct cursor){sec, section_reloc_from(sec, off)};
}

/* The next relocation before @end that does something, or NULL. */
static const struct reloc *cursor_next(struct cursor *cur, u64 end)
{
	while (cur->next < cur->sec->nr_relocs && cur->sec->relocs[cur->next].offset < end) {
		const struct reloc *rel = &cur->sec->relocs[cur->next++];

		if (arch_reloc_type(rel->type).kind != RELOC_NONE)
			return rel;
	}
	return NULL;
}

static bool is_branch(const struct insn *insn)
{
	return insn->flags & INSN_PCREL_IMM &&
	       (insn->cls == INSN_CALL || insn->cls == INSN_JMP || insn->cls == INSN_JCC);
}

/* A branch or call to @t: a place of this function, or a reference. */
static void write_branch(struct canon *c, const struct target *t, u32 sec, s64 off)
{
	u32 p = t->kind == TARGET_FRAGMENT ? fragment_part(c, t) : own_part(c, t, sec, off);

	if (p == NO_PART) {
		write_ref(c, target_lane(t), RESOLVED, 0, t);
		return;
	}
	token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
	own_place(c, p, (u32)off);
	token_end(&c->stream);
}

/* What a relocation in code points at: pc-relative operands count from the instruction's end. */
static struct target reloc_target(const struct canon *c, const struct reloc *rel, u64 pc_end)
{
	struct reloc_type type = arch_reloc_type(rel->type);
	s64 addend = rel->addend;

	if (type.kind == RELOC_OTHER)
		return (struct target){.kind = TARGET_NAME,
				       .sym = rel->sym,
				       .unit = c->code->alias_of[rel->sym],
				       .delta = addend};
	if (pc_end && (type.kind == RELOC_PC || type.kind == RELOC_GOT))
		addend = add_wrap(addend, (s64)(pc_end - rel->offset));
	return target_of_symbol(c->code, rel->sym, addend);
}

static void write_branch_insn(struct canon *c, const struct section *sec, u32 s,
			      const struct code_insn *ci, struct cursor *cur)
{
	const struct reloc *rel = cursor_next(cur, ci->off + ci->len);
	const u8 *p = sec->data + ci->off;
	u8 bytes[ARCH_MAX_INSN + 1 + 8];
	unsigned int len = arch_canonical_branch(p, &ci->insn, bytes);
	struct target t;
	s64 off;

	if (!rel) {
		off = code_branch_target(sec, ci);
		token_insn(&c->stream, bytes, len);
		t = target_at(c->code, s, off);
		write_branch(c, &t, s, off);
		return;
	}
	/* The linker ignores what is in a field it fills; the module loader refuses all but 0. */
	for (unsigned int i = 0; i < ci->insn.imm_len; i++)
		if (p[ci->insn.imm_off + i]) {
			memcpy(bytes + len, p + ci->insn.imm_off, ci->insn.imm_len);
			len += ci->insn.imm_len;
			break;
		}
	token_insn(&c->stream, bytes, len);
	for (; rel; rel = cursor_next(cur, ci->off + ci->len)) {
		struct reloc_type type = arch_reloc_type(rel->type);

		t = reloc_target(c, rel, ci->off + ci->len);
		if (type.kind == RELOC_PC && rel->offset == ci->off + ci->insn.imm_off) {
			off = target_offset(c, &t, &s);
			write_branch(c, &t, s, off);
		} else {
			write_ref(c, LANE_REFS, rel->type, (u32)rel->offset - ci->off, &t);
		}
	}
}

/*
 * True if this function refers to [@from, @to] of section @sec. Absolute
 * references to @not do not count: they are under judgement themselves.
 */
static bool refers_to(const struct canon *c, u32 sec, u32 from, u32 to, s64 not )
{
	for (u32 i = 0; i < c->nr_parts; i++) {
		const struct part *p = &c->parts[i];
		struct cursor cur = cursor_at(section(c, p->sec), p->off);
		const struct reloc *rel;

		while ((rel = cursor_next(&cur, p->end))) {
			/* 4: not exact where an immediate follows, but near enough for a guess */
			struct target t = reloc_target(c, rel, rel->offset + 4);
			u32 in;
			s64 off = target_offset(c, &t, &in);

			if (t.kind == TARGET_NAME && in == sec && off >= from && off <= to &&
			    (off != not || arch_reloc_type(rel->type).kind == RELOC_PC))
				return true;
		}
	}
	return false;
}

/* The instruction of this function at or after @off, or NULL; *@end is behind its part's last. */
static const struct code_insn *insn_from(const struct canon *c, u32 sec, u32 off,
					 const struct code_insn **end)
{
	u32 p = part_at(c, sec, off), delta, lo;

	if (p == NO_PART)
		return NULL;
	*end = c->insns.insn + c->parts[p].first + c->parts[p].nr;
	lo = insn_index(c->insns.insn + c->parts[p].first, c->parts[p].nr, off, &delta);
	return c->insns.insn + c->parts[p].first + lo;
}

/*
 * The function called next takes a lock class key, to judge by its name:
 * __mutex_init(), __class_register(), __alloc_disk_node(), class_create().
 */
static bool next_call_takes_key(const struct canon *c, u32 sec, u32 off)
{
	static const char *const words[] = {"init", "register", "alloc", "create"};
	const struct code_insn *end, *ci = insn_from(c, sec, off, &end);
	const char *name;
	const struct reloc *rel = NULL;
	struct cursor cur;

	for (; ci && ci < end; ci++) {
		cur = cursor_at(section(c, sec), ci->off);
		rel = cursor_next(&cur, (u64)ci->off + ci->len);
		if (ci->insn.cls == INSN_CALL || (ci->insn.cls == INSN_JMP && rel))
			break;
	}
	if (!ci || ci == end || !rel)
		return false;
	name = c->code->obj->symbols[reloc_target(c, rel, ci->off + ci->len).sym].name;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(name, words[i]))
			return true;
	return false;
}

/* A comparison at @off that a jump backwards follows: the end of a loop. */
static bool ends_loop(const struct canon *c, u32 sec, u32 off)
{
	const struct code_insn *end, *ci = insn_from(c, sec, off, &end);

	return ci && ci + 1 < end && ci[1].insn.cls == INSN_JCC &&
	       code_branch_target(section(c, sec), &ci[1]) <= off;
}

/* What is put in @reg at @off ends a loop that compares registers. */
static bool ends_later_loop(const struct canon *c, u32 sec, u32 off, u8 reg)
{
	const struct code_insn *end, *ci = insn_from(c, sec, off, &end);

	for (; ci && ci < end; ci++) {
		if (arch_compares_register(section(c, sec)->data + ci->off, &ci->insn, reg))
			return ends_loop(c, sec, ci->off);
		if ((ci->insn.cls == INSN_CALL || ci->insn.cls == INSN_CALL_IND) &&
		    arch_call_clobbers(reg))
			return false;
	}
	return false;
}

static struct target past_end(const struct canon *c, u32 unit)
{
	return (struct target){.kind = TARGET_NAME,
			       .sym = c->code->units[unit].sym,
			       .unit = unit,
			       .delta = c->code->units[unit].len};
}

/*
 * Which of the objects that meet at one place is meant, where a section symbol
 * and an offset do not say:
 *
 *     cmp $table+96, %rbx; jne 1b      the end of the table that a loop walks
 *     mov $table+96, %r15; ...; cmp %rbx, %r15
 *     mov $key, %rdx; call __mutex_init     an empty key
 *
 * An end is only meant by a function that refers to the table, too. In data
 * that can be written, it must not refer to what lies behind the table: that
 * would be the head of a list, walked by "cmp $list, %rax; jne 1b".
 */
static u32 settle_end(const struct canon *c, const struct target *t, bool walks)
{
	u32 table = target_ends_here(c->code, t);
	const struct unit *here = &c->code->units[t->unit], *before;

	if (table == NO_UNIT)
		return NO_UNIT;
	before = &c->code->units[table];
	if (!refers_to(c, before->sec, before->off, before->off + before->len - 1, -1))
		return NO_UNIT;
	if (walks && !(section(c, before->sec)->flags & SF_WRITE))
		return table;
	if (refers_to(c, here->sec, here->off, here->off + here->len, here->off))
		return NO_UNIT;
	return table;
}

static void settle(const struct canon *c, struct target *t, const struct reloc *rel, u32 sec,
		   const struct code_insn *ci, bool immediate)
{
	const struct symbol *sym = &c->code->obj->symbols[rel->sym];
	u32 unit = NO_UNIT;
	enum address_use use;
	u8 reg;

	use = arch_address_use(section(c, sec)->data + ci->off, &ci->insn, immediate, &reg);
	if (use != USE_MEMORY && t->kind == TARGET_BLOB && !t->len)
		unit = target_ends_here(c->code, t);
	else if (t->kind != TARGET_NAME || t->unit == NO_UNIT || sym->type != SYM_SECTION ||
		 c->code->units[t->unit].kind != UNIT_DATA)
		return;
	if (unit == NO_UNIT && use == USE_ADDRESS && arch_argument(reg) != 0 &&
	    next_call_takes_key(c, sec, ci->off))
		unit = target_empty_here(c->code, t);
	if (unit == NO_UNIT &&
	    ((use == USE_COMPARE && ends_loop(c, sec, ci->off)) ||
	     (use == USE_ADDRESS && reg != ARCH_NO_REG && ends_later_loop(c, sec, ci->off, reg))))
		unit = settle_end(c, t, use == USE_COMPARE);
	if (unit == NO_UNIT)
		return;
	*t = past_end(c, unit);
}

static bool fills(const struct reloc *rel, const struct code_insn *ci, u8 off, u8 len)
{
	return rel && len && rel->offset == (u64)ci->off + off;
}

static void write_plain_insn(struct canon *c, const struct section *sec, u32 s,
			     const struct code_insn *ci, struct cursor *cur)
{
	const struct insn *insn = &ci->insn;
	const u8 *p = sec->data + ci->off;
	u64 end = (u64)ci->off + ci->len;
	const struct reloc *rel = cursor_next(cur, end);
	bool disp = insn->flags & INSN_PCREL_DISP, imm = insn->flags & INSN_PCREL_IMM;
	struct cursor again = *cur;
	u8 bytes[ARCH_MAX_INSN];
	struct target t;

	if (!rel && !disp && !imm) {
		token_insn(&c->stream, p, ci->len);
		return;
	}
	for (const struct reloc *r = rel; r; r = cursor_next(&again, end)) {
		disp = disp && !fills(r, ci, insn->disp_off, insn->disp_len);
		imm = imm && !fills(r, ci, insn->imm_off, insn->imm_len);
	}
	/* What is left of disp and imm was resolved by the assembler: within this section. */
	memcpy(bytes, p, ci->len);
	if (disp)
		memset(bytes + insn->disp_off, 0, insn->disp_len);
	if (imm)
		memset(bytes + insn->imm_off, 0, insn->imm_len);
	token_insn(&c->stream, bytes, ci->len);
	if (disp || imm) {
		t = target_at(c->code, s, code_branch_target(sec, ci));
		write_ref(c, target_lane(&t), RESOLVED, disp ? insn->disp_off : insn->imm_off, &t);
	}
	for (; rel; rel = cursor_next(cur, end)) {
		bool pcrel =
		    (insn->flags & INSN_PCREL_DISP &&
		     fills(rel, ci, insn->disp_off, insn->disp_len)) ||
		    (insn->flags & INSN_PCREL_IMM && fills(rel, ci, insn->imm_off, insn->imm_len));

		t = reloc_target(c, rel, pcrel ? end : 0);
		settle(c, &t, rel, s, ci, fills(rel, ci, insn->imm_off, insn->imm_len));
		write_ref(c, target_lane(&t), rel->type, (u32)rel->offset - ci->off, &t);
	}
}

static void write_bad_byte(struct canon *c, const struct section *sec, u32 s,
			   const struct code_insn *ci, struct cursor *cur)
{
	const struct reloc *rel;

	if (!c->bad++) {
		c->bad_sec = s;
		c->bad_off = ci->off;
	}
	token_begin(&c->stream, TOKEN_BAD, LANE_CODE);
	token_bytes(&c->stream, sec->data + ci->off, 1);
	token_end(&c->stream);
	while ((rel = cursor_next(cur, (u64)ci->off + ci->len))) {
		struct target t = reloc_target(c, rel, 0);

		write_ref(c, LANE_REFS, rel->type, 0, &t);
	}
}

/* "mov $562, %esi": without the number, which goes to a lane of its own. */
static void write_line_insn(struct canon *c, const struct section *sec, const struct code_insn *ci)
{
	const u8 *p = sec->data + ci->off;
	u8 bytes[ARCH_MAX_INSN];

	memcpy(bytes, p, ci->len);
	memset(bytes + ci->insn.imm_off, 0, ci->insn.imm_len);
	token_insn(&c->stream, bytes, ci->len);
	write_line(c, arch_insn_imm(p, &ci->insn));
}

static void write_specials(struct canon *c, u32 sec, const struct code_insn *ci, u32 *next);
static bool write_static_branch(struct canon *c, u32 sec, const struct code_insn *ci,
				struct cursor *cur);

/* Write instructions [@first, @first + @nr), all of section @s. */
static void write_insns(struct canon *c, u32 s, u32 off, u32 first, u32 nr)
{
	const struct section *sec = section(c, s);
	struct cursor cur = cursor_at(sec, off);
	u32 special = specials_from(&c->code->specials, s, off);

	for (u32 i = first; i < first + nr; i++) {
		struct code_insn ci = c->insns.insn[i];

		if (ci.filler)
			continue;
		write_specials(c, s, &ci, &special);
		if (write_static_branch(c, s, &ci, &cur))
			continue;
		if (ci.line)
			write_line_insn(c, sec, &ci);
		else if (!ci.insn.len)
			write_bad_byte(c, sec, s, &ci, &cur);
		else if (is_branch(&ci.insn))
			write_branch_insn(c, sec, s, &ci, &cur);
		else
			write_plain_insn(c, sec, s, &ci, &cur);
	}
}

/* ---- special-section entries ---- */

/*
 * Replacement code stands between the other parts: decode it where it is
 * needed, write it, and forget it.
 */
static void write_replacement(struct canon *c, const struct target *t, u32 len)
{
	u32 sec, first = c->insns.nr, off = (u32)target_offset(c, t, &sec), nr;
	const struct section *in = section(c, sec);

	if (!len || off > in->size || !in->data)
		return;
	if (len > in->size - off)
		len = in->size - off;
	cover(c, sec, off, len);
	nr = code_decode(c->code, sec, off, off + len, DECODE_ALL, &c->insns);
	write_insns(c, sec, off, first, nr);
}

/* Bytes of the entry that no field names: they count if they are not 0. */
static void write_padding(struct canon *c, const struct special *e, const struct layout *layout,
			  const u8 *entry)
{
	u8 left[64];
	bool any = false;

	memcpy(left, entry, e->size);
	for (const struct field *f = layout->field; f < layout->field + MAX_FIELDS && f->use; f++)
		if (f->off + f->size <= e->size)
			memset(left + f->off, 0, f->size);
	for (u32 i = 0; i < e->size; i++)
		any |= left[i] != 0;
	if (!any)
		return;
	token_begin(&c->stream, TOKEN_BYTES, LANE_OTHER);
	token_bytes(&c->stream, left, e->size);
	token_end(&c->stream);
}

static void write_pointer(struct canon *c, const struct special *e, const struct field *f,
			  const struct special_section *how, const u8 *entry)
{
	const struct reloc *rel = special_reloc(c->code->obj, e, f);
	u32 repl = f->use == FIELD_REPL ? entry[f->arg] : 0;
	struct target t;

	/* With nothing to put there, the pointer is where the next replacement happens to begin. */
	if (f->use == FIELD_REPL && !repl)
		return;
	if (!rel) {
		token_begin(&c->stream, TOKEN_BYTES, LANE_OTHER);
		token_bytes(&c->stream, entry + f->off, f->size);
		token_end(&c->stream);
		return;
	}
	t = target_of_symbol(
	    c->code, rel->sym,
	    add_wrap(rel->addend, f->use == FIELD_FILE && how->file_from_entry ? -f->off : 0));
	if (f->use == FIELD_REPL) {
		if (t.kind == TARGET_FRAGMENT || t.unit != NO_UNIT)
			write_replacement(c, &t, repl);
		else
			write_ref(c, LANE_REFS, rel->type, f->off, &t);
		return;
	}
	token_begin(&c->stream, TOKEN_REF, LANE_REFS);
	write_how(c, rel->type);
	token_num(&c->stream, f->off);
	write_place(c, &t);
	token_end(&c->stream);
}

static void write_field(struct canon *c, const struct special *e, const struct field *f,
			const struct special_section *how, const u8 *entry)
{
	if ((u32)f->off + f->size > e->size)
		return;
	switch ((enum field_use)f->use) {
	case FIELD_BYTES:
		token_begin(&c->stream, TOKEN_BYTES, LANE_OTHER);
		token_bytes(&c->stream, entry + f->off, f->size);
		token_end(&c->stream);
		break;
	case FIELD_LINE:
		token_begin(&c->stream, TOKEN_LINE, how->line_is_data ? LANE_BUG : LANE_LINES);
		token_num(&c->stream, get_u16(entry + f->off));
		token_end(&c->stream);
		break;
	case FIELD_REF:
	case FIELD_REPL:
	case FIELD_FILE:
		write_pointer(c, e, f, how, entry);
		break;
	case FIELD_SITE:
	case FIELD_END:
		break;
	}
}

/* @delta: bytes from the start of the instruction to the place the entry applies to. */
static void write_special(struct canon *c, const struct special *e, s64 delta)
{
	const struct special_section *how = &c->code->specials.sections[e->table];
	const struct section *sec = section(c, e->table);
	enum lane outer = c->stream.within;
	const u8 *entry = sec->data + e->entry;

	if (outer == NR_LANES)
		c->stream.within = how->table->lane;
	token_begin(&c->stream, TOKEN_SPECIAL, how->table->lane);
	token_word(&c->stream, sec->name);
	token_num(&c->stream, delta);
	token_end(&c->stream);
	for (u32 i = 0; i < MAX_FIELDS && how->layout->field[i].use; i++)
		write_field(c, e, &how->layout->field[i], how, entry);
	write_padding(c, e, how->layout, entry);
	token_begin(&c->stream, TOKEN_END, how->table->lane);
	token_end(&c->stream);
	c->stream.within = outer;
	cover(c, e->table, e->entry, e->size);
}

static void write_specials(struct canon *c, u32 sec, const struct code_insn *ci, u32 *next)
{
	const struct specials *specials = &c->code->specials;

	while (*next < specials->nr && specials->entries[*next].site.sec == sec &&
	       specials->entries[*next].site.off < ci->off + ci->len) {
		const struct special *e = &specials->entries[(*next)++];

		if (e->site.off >= ci->off)
			write_special(c, e, (s64)e->site.off - ci->off);
	}
}

/* The static branch entry for the instruction at @off that "jmp or nop" marks, or NULL. */
static const struct special *marked_branch(const struct canon *c, u32 sec, u32 off)
{
	const struct specials *specials = &c->code->specials;

	for (u32 i = specials_from(specials, sec, off); i < specials->nr; i++) {
		const struct special *e = &specials->entries[i];
		const struct layout *layout = specials->sections[e->table].layout;
		const struct reloc *key;

		if (e->site.sec != sec || e->site.off != off)
			return NULL;
		if (arch_special_tables[e->kind].lane != LANE_JUMP_LABEL)
			continue;
		key = special_reloc(c->code->obj, e, &layout->field[JUMP_KEY]);
		if (key && add_wrap((s64)c->code->obj->symbols[key->sym].value, key->addend) &
			       JUMP_KEY_MARKED)
			return e;
	}
	return NULL;
}

static bool same_place(const struct canon *c, const struct target *a, const struct target *b)
{
	u32 sa, sb;
	s64 oa = target_offset(c, a, &sa), ob = target_offset(c, b, &sb);

	return a->kind == b->kind && sa == sb && oa == ob;
}

/*
 * A static branch that was emitted as a jump and marked for the kernel's
 * objtool to make a nop of: of two or five bytes, as far as its target was.
 * It is one thing before and after that. Returns false if this is none.
 */
static bool write_static_branch(struct canon *c, u32 s, const struct code_insn *ci,
				struct cursor *cur)
{
	const struct section *sec = section(c, s);
	const struct special *e;
	struct target to, entry;
	const struct reloc *rel;
	struct cursor here = *cur;

	if (ci->insn.cls != INSN_JMP && ci->insn.cls != INSN_NOP)
		return false;
	e = marked_branch(c, s, ci->off);
	if (!e)
		return false;
	if (ci->insn.cls == INSN_JMP) {
		rel = cursor_next(&here, (u64)ci->off + ci->len);
		to = rel ? reloc_target(c, rel, (u64)ci->off + ci->len)
			 : target_at(c->code, s, code_branch_target(sec, ci));
		rel =
		    special_reloc(c->code->obj, e,
				  &c->code->specials.sections[e->table].layout->field[JUMP_TARGET]);
		if (!rel)
			return false;
		entry = target_of_symbol(c->code, rel->sym, rel->addend);
		if (!same_place(c, &to, &entry))
			return false;
	} else if (arch_padding(sec->data + ci->off, ci->len) != ci->len) {
		return false;
	}
	*cur = here;
	token_begin(&c->stream, TOKEN_INSN, LANE_CODE);
	token_word(&c->stream, "(static branch)");
	token_end(&c->stream);
	return true;
}

/* The function that the room before it, at @off, belongs to. */
static u32 owner_of_room(const struct code *code, u32 sec, u32 off)
{
	u32 unit = code_unit_at(code, sec, off);

	if (unit == NO_UNIT)
		unit = code_unit_from(code, sec, off);
	if (unit != NO_UNIT && code->units[unit].parent != NO_UNIT)
		unit = code->units[unit].parent;
	return unit;
}

/* Entries for the room before a function: -fpatchable-function-entry=16,16 and kCFI. */
static void write_specials_before(struct canon *c, const struct unit *u)
{
	const struct specials *specials = &c->code->specials;
	u32 from = u->off > MAX_ROOM ? u->off - MAX_ROOM : 0;

	for (u32 i = specials_from(specials, u->sec, from);
	     i < specials->nr && specials->entries[i].site.sec == u->sec &&
	     specials->entries[i].site.off < u->off;
	     i++) {
		const struct special *e = &specials->entries[i];

		if (arch_special_tables[e->kind].before &&
		    owner_of_room(c->code, u->sec, e->site.off) == c->self)
			write_special(c, e, (s64)e->site.off - u->off);
	}
}

/* ---- data ---- */

static void write_bytes_less_line(struct canon *c, const u8 *data, u32 len,
				  const struct line_field *line)
{
	size_t at = token_open_bytes(&c->stream);

	buf_add(&c->stream.all, data, len);
	for (u32 i = line->off; i < line->off + line->size; i++)
		c->stream.all.data[at + i] &= (u8) ~(line->mask >> (8 * ((i - line->off) & 3)));
	token_close_bytes(&c->stream, at);
}

/*
 * Bytes and references of data. Entries of a jump table that clang makes are
 * relative to the table: ".long .Lcase - .Ltable" is PC32 with the entry's own offset added.
 */
static void write_data(struct canon *c, u32 s, u32 off, u32 len, bool table,
		       const struct line_field *line)
{
	const struct section *sec = section(c, s);
	struct cursor cur = cursor_at(sec, off);
	const struct reloc *rel;

	token_begin(&c->stream, TOKEN_BYTES, LANE_CONSTS);
	token_num(&c->stream, len);
	if (sec->data)
		write_bytes_less_line(c, sec->data + off, len, line);
	else
		token_word(&c->stream, "uninitialised");
	token_end(&c->stream);
	for (u32 i = 0; sec->data && i < line->size; i += 4)
		write_line(c, get_u32(sec->data + off + line->off + i) & line->mask);
	while ((rel = cursor_next(&cur, (u64)off + len))) {
		struct reloc_type type = arch_reloc_type(rel->type);
		const struct symbol *sym = &c->code->obj->symbols[rel->sym];
		s64 addend = rel->addend;
		struct target t;

		if (table && type.kind == RELOC_PC && type.size == 4 && symbol_defined(sym) &&
		    section(c, sym->sec)->flags & SF_EXEC)
			addend = add_wrap(addend, -(s64)(rel->offset - off));
		t = type.kind == RELOC_OTHER ? reloc_target(c, rel, 0)
					     : target_of_symbol(c->code, rel->sym, addend);
		if (t.kind == TARGET_BLOB && !t.len && target_ends_here(c->code, &t) != NO_UNIT)
			t = past_end(c, target_ends_here(c->code, &t));
		token_begin(&c->stream, TOKEN_REF, target_lane(&t));
		write_how(c, rel->type);
		token_position(&c->stream, (s64)(rel->offset - off));
		write_place(c, &t);
		token_end(&c->stream);
	}
}

/* ---- units ---- */

static void write_class(struct canon *c, u32 sec)
{
	token_begin(&c->stream, TOKEN_PLACE, LANE_PLACE);
	token_word(&c->stream, c->code->class[sec]);
	token_end(&c->stream);
}

static void write_kind(struct canon *c, const char *word)
{
	token_begin(&c->stream, TOKEN_KIND, LANE_PLACE);
	token_word(&c->stream, word);
	token_end(&c->stream);
}

static bool counts(const struct canon *c, const struct part *p)
{
	for (u32 i = p->first; i < p->first + p->nr; i++)
		if (!c->insns.insn[i].filler)
			return true;
	return false;
}

/* Parts may be added while parts are written, and blobs while blobs are. */
static void write_parts_and_blobs(struct canon *c)
{
	u32 part = 0, blob = 0;

	while (part < c->nr_parts || blob < c->nr_blobs) {
		if (part < c->nr_parts) {
			struct part p = c->parts[part++];

			/* Room of nothing but nops is there or not, with or without a symbol. */
			if (!counts(c, &p))
				continue;
			token_begin(&c->stream, TOKEN_PART, LANE_CODE);
			token_word(&c->stream, p.word);
			token_end(&c->stream);
			write_class(c, p.sec);
			write_insns(c, p.sec, p.off, p.first, p.nr);
		} else {
			struct target t = c->blobs[blob++];

			struct line_field line = lines_in_blob(c->code, t.sec, t.len);

			cover(c, t.sec, t.off, t.len);
			write_data(c, t.sec, t.off, t.len, true, &line);
		}
	}
}

static void begin(struct canon *c, u32 self)
{
	stream_reset(&c->stream);
	seen_reset(&c->seen);
	c->insns.nr = 0;
	c->nr_parts = 0;
	c->nr_blobs = 0;
	c->bad = 0;
	c->self = self;
	c->file = UNKNOWN_FILE;
}

void canon_unit(struct canon *c, u32 unit)
{
	const struct unit *u = &c->code->units[unit];
	struct line_field line;

	begin(c, unit);
	if (u->kind == UNIT_FUNC) {
		write_kind(c, "func");
		add_unit_part(c, "text", unit, u->sized ? DECODE_ALL : DECODE_TO_NEXT);
		add_unit_part(c, "cold", u->cold, DECODE_ALL);
		add_unit_part(c, "prefix", u->prefix, DECODE_ROOM);
		write_specials_before(c, u);
	} else {
		write_kind(c, "data");
		write_class(c, u->sec);
		cover(c, u->sec, u->off, u->len);
		line = lines_in_unit(c->code, unit);
		write_data(c, u->sec, u->off, u->len, false, &line);
	}
	write_parts_and_blobs(c);
}

void canon_common(struct canon *c, const struct symbol *sym)
{
	begin(c, NO_UNIT);
	write_kind(c, "common");
	token_begin(&c->stream, TOKEN_BYTES, LANE_CONSTS);
	token_num(&c->stream, (s64)sym->size);
	token_num(&c->stream, (s64)sym->value);
	token_end(&c->stream);
}

void canon_chunk(struct canon *c, u32 sec, u32 off, u32 len)
{
	begin(c, NO_UNIT);
	write_kind(c, "rest");
	if (section(c, sec)->flags & SF_EXEC && section(c, sec)->data)
		add_part(c, "text", sec, off, off + len, DECODE_TO_NEXT);
	else
		write_data(c, sec, off, len, false, &(struct line_field){0, 0, 0});
	write_parts_and_blobs(c);
}

void canon_free(struct canon *c)
{
	stream_free(&c->stream);
	insns_free(&c->insns);
	insns_free(&c->other);
	free(c->parts);
	free(c->blobs);
	seen_free(&c->seen);
	buf_free(&c->covered);
	*c = (struct canon){0};
}
