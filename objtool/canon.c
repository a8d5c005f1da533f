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
#include <objtool/names.h>
#include <objtool/settle.h>

/* Entry room before a function: at most this many bytes (16 in kernels so far). */
#define MAX_ROOM 64

/*
 * Fields of a static branch's entry, by their number in its layouts; and what
 * bit 1 of the key means at build time (arch/x86/include/asm/jump_label.h).
 */
#define JUMP_TARGET	1
#define JUMP_KEY	2
#define JUMP_KEY_MARKED 2

/* Replacements within replacements: more than this are left to the rest record. */
#define MAX_NESTED 8

/*
 * The tokens of one function and lane are at most this many times the file, and some
 * more: an instruction of one byte takes seven.
 */
#define MAX_STREAM_BASE	    (1U << 20)
#define MAX_STREAM_PER_BYTE 8U

/* Add to the effort of the object when so many steps have come together. */
#define EFFORT_BATCH 65536U

/* Kinds of canon.seen that are not sections: names of objects, and objects of a name. */
#define SEEN_NAME   0xfffffffeU
#define SEEN_OBJECT 0xffffffffU

/* ---- for those who watch ---- */

static void watch_place(struct canon *c, u32 sec, u32 off)
{
	if (c->stream.watch) {
		c->stream.watch->sec = sec;
		c->stream.watch->off = off;
	}
}

/* @number: of the part, or of the unnamed data, that is written from here on. */
static void watch_part(struct canon *c, u32 number)
{
	if (c->stream.watch)
		c->stream.watch->part = number;
}

/* ---- effort ---- */

void canon_settle_effort(struct canon *c)
{
	effort_add(c->code->effort, c->spent);
	c->spent = 0;
}

static void spend(struct canon *c, u64 steps)
{
	c->spent += steps;
	if (c->spent >= EFFORT_BATCH)
		canon_settle_effort(c);
}

/* True if the object is refused: what is written then does not matter, but that it ends soon. */
static bool is_over(struct canon *c)
{
	const struct effort *effort = c->code->effort;

	if (c->stream.out->len > MAX_STREAM_BASE + c->code->obj->file_size * MAX_STREAM_PER_BYTE)
		spend(c, effort->limit);
	return effort_is_over(effort);
}

/* ---- parts and ordinals ---- */

static const struct section *section(const struct canon *c, u32 sec)
{
	return &c->code->obj->sections[sec];
}

/* Rests cover nothing: they are what is left. */
static void cover(struct canon *c, u32 sec, u32 off, u32 len)
{
	if (c->parts.self != NO_UNIT)
		coverage_add(c->coverage, sec, off, len);
}

static u32 add_part(struct canon *c, const char *word, u32 sec, u32 off, u32 end,
		    enum decode_end how)
{
	u32 p = parts_add(&c->parts, word, sec, off, end, how);

	cover(c, sec, off, c->parts.part[p].end - off);
	return p;
}

static void add_unit_part(struct canon *c, const char *word, u32 unit, enum decode_end how)
{
	const struct unit *u;
	u32 p;

	if (unit == NO_UNIT)
		return;
	u = &c->code->units[unit];
	p = add_part(c, word, u->sec, u->off, u->off + u->len, how);
	c->parts.part[p].alone = code_is_alone(c->code, unit);
}

/* Code without a symbol becomes a part of the function that reaches it first. */
static u32 fragment_part(struct canon *c, const struct target *t)
{
	u32 p = parts_add_fragment(&c->parts, t);

	cover(c, c->parts.part[p].sec, c->parts.part[p].off,
	      c->parts.part[p].end - c->parts.part[p].off);
	return p;
}

/* Write the place of @off in part @p of this function. */
static void own_place(struct canon *c, u32 p, u32 off)
{
	u32 delta, n = parts_ordinal(&c->parts, p, off, &delta);

	token_num(&c->stream, p);
	token_num(&c->stream, n);
	if (delta)
		token_num(&c->stream, delta);
}

/* ---- references ---- */

/* Number data that is to be written behind the code: unnamed, or what tells @t from its namesakes.
 */
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

static const struct identity *identity(const struct canon *c, u32 sym)
{
	return &c->code->ids[sym];
}

/* The name of symbol @sym, without its counters. */
static void write_name(struct canon *c, u32 sym)
{
	if (c->stream.watch)
		c->stream.watch->name = c->code->obj->symbols[sym].name;
	token_name(&c->stream, identity(c, sym)->name);
}

/* How many instructions into @unit, another function, the place is. */
static void other_place(struct canon *c, u32 unit, s64 delta)
{
	const struct unit *u = &c->code->units[unit];
	u32 rest, n;

	c->parts.other.nr = 0;
	spend(c, 4 * (u64)u->len); /* to decode a byte takes some */
	code_decode(c->code, u->sec, u->off, u->off + u->len,
		    u->sized ? DECODE_ALL : DECODE_TO_NEXT, &c->parts.other);
	n = code_ordinal(c->parts.other.insn, c->parts.other.nr, u->off + (u32)delta, &rest);
	token_num(&c->stream, n);
	if (rest)
		token_num(&c->stream, rest);
}

static void write_entry(struct canon *c, const struct target *t);

/* The n-th different object of its name in this function: x.12 and x.34 are both "x". */
static u32 nth_of_name(struct canon *c, u32 sym)
{
	u32 head = identity(c, sym)->head;
	u32 n = *seen_number(&c->seen, SEEN_NAME, head, 0);
	u32 mine = *seen_number(&c->seen, SEEN_OBJECT, identity(c, sym)->unit, n);

	if (mine == n)
		*seen_number(&c->seen, SEEN_NAME, head, 0) = n + 1;
	return mine;
}

static bool is_zero(const struct section *sec, u32 off, u32 len)
{
	struct reloc_cursor cur = reloc_cursor(sec, off);

	if (reloc_next(&cur, (u64)off + len))
		return false;
	for (u32 i = 0; sec->data && i < len; i++)
		if (sec->data[off + i])
			return false;
	return true;
}

/*
 * Numbered objects, x.12 and x.34, are told apart by what they are: a size and what they hold
 * at first. Which of two that are equal is meant, only a number says.
 */
static void write_content(struct canon *c, u32 unit)
{
	const struct unit *u = &c->code->units[unit];
	struct target t = {
		.kind = TARGET_BLOB, .unit = unit, .sec = u->sec, .off = u->off, .len = u->len};

	token_num(&c->stream, u->len);
	if (name_is_btf_id(c->code->obj->symbols[u->sym].name) ||
	    is_zero(section(c, u->sec), u->off, u->len))
		return;
	if (c->stream.watch)
		c->stream.watch->data_at = (u32)(c->stream.out->len - c->stream.start);
	token_num(&c->stream, blob_index(c, &t));
}

/*
 * What tells @t, a symbol of this object or not, from others of its name: its
 * file if that is another than this unit's, its content, a rank. Nothing is said
 * of the only one there can be, so that linking in others changes nothing.
 */
static void write_which(struct canon *c, const struct target *t)
{
	const struct object *obj = c->code->obj;
	const struct identity *id = identity(c, t->sym);
	const struct symbol *sym = &obj->symbols[t->sym];
	const struct unit *u = t->unit == NO_UNIT ? NULL : &c->code->units[t->unit];
	const struct origin *origin;
	u32 n;

	if (id->only)
		return;
	if (u && u->kind == UNIT_DATA && id->bind == BIND_LOCAL && id->traits & NAME_COUNTED)
		write_content(c, t->unit);
	if (u && namesake_is_field(c->namesakes, t->sym))
		token_word(&c->stream, strrchr(sym->name, '.'));
	if (!id->head)
		return;
	origin = parts_origin(&c->parts);
	if (id->bind != BIND_LOCAL || !u) {
		if (origin->file && namesake_is_local_in(c->namesakes, t->sym, origin->file))
			token_word(&c->stream, "(global)");
		return;
	}
	if (sym->file && !namesake_is_near(c->namesakes, origin, t->sym))
		token_word(&c->stream, obj->symbols[sym->file].name);
	n = u->kind == UNIT_FUNC ? id->rank : nth_of_name(c, t->sym);
	if (n)
		token_num(&c->stream, n);
}

/* Where constants are is no news, unless it is memory that is given back after boot. */
static void write_unusual_class(struct canon *c, u32 sec)
{
	if (strcmp(c->code->class[sec], ".rodata") != 0)
		token_word(&c->stream, c->code->class[sec]);
}

static bool is_empty_local(const struct canon *c, const struct target *t)
{
	return t->unit != NO_UNIT && identity(c, t->sym)->bind == BIND_LOCAL &&
	       !c->code->units[t->unit].len;
}

/* True if @t is said by a name and a number, as most are. */
static bool is_plain_name(const struct canon *c, const struct target *t)
{
	return t->kind == TARGET_NAME && identity(c, t->sym)->only &&
	       !parts_is_self(&c->parts, t->unit) && !is_empty_local(c, t);
}

/* Finish a token with what @t is. */
static void write_target(struct canon *c, const struct target *t)
{
	const struct section *sec = section(c, t->sec);

	if (is_over(c))
		return;
	if (parts_is_self(&c->parts, t->unit)) {
		u32 in;
		s64 off = target_offset(c->code, t, &in);
		u32 part = parts_at(&c->parts, in, off);

		if (part != NO_PART) {
			token_word(&c->stream, "(here)");
			own_place(c, part, (u32)off);
			return;
		}
	}
	switch ((enum target_kind)t->kind) {
	case TARGET_NAME:
		/* Empty objects are alike, and share their place with others. */
		if (is_empty_local(c, t)) {
			token_word(&c->stream, "(empty)");
			if (t->delta)
				token_num(&c->stream, t->delta);
			break;
		}
		if (parts_is_self(&c->parts, t->unit))
			token_word(&c->stream, "(self)");
		else
			write_name(c, t->sym);
		token_num(&c->stream, t->delta);
		if (!parts_is_self(&c->parts, t->unit))
			write_which(c, t);
		break;
	case TARGET_CODE:
		write_name(c, t->sym);
		token_word(&c->stream, "(insn)");
		other_place(c, t->unit, t->delta);
		write_which(c, t);
		break;
	case TARGET_BYTES:
		token_word(&c->stream, sec->flags & SF_STRINGS ? "(string)" : "(const)");
		write_unusual_class(c, t->sec);
		token_bytes(&c->stream, sec->data + t->off, t->len);
		token_num(&c->stream, t->delta);
		spend(c, t->len);
		cover(c, t->sec, t->off, t->len);
		break;
	case TARGET_BLOB:
		token_word(&c->stream, "(data)");
		write_unusual_class(c, t->sec);
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
		token_word(&c->stream, c->code->class[t->sec]);
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
	spend(c, nth);
	token_num(&c->stream, nth);
	site = target_at(c->code, entry.site.sec, entry.site.off);
	if (site.kind == TARGET_NAME || site.kind == TARGET_CODE)
		write_target(c, &site);
}

static enum lane target_lane(const struct target *t)
{
	return t->kind == TARGET_BYTES || t->kind == TARGET_BLOB ? LANE_CONSTS : LANE_REFS;
}

/* The most put_how() takes. */
#define HOW_ROOM 32

/* How a reference is made; types without a kind of their own by their number. */
static u8 *put_how(u8 *p, u32 reloc_type_number)
{
	/* Eight bytes each, so that copying needs no loop; and how many of them count. */
	static const struct how {
		char word[8];
		u8 len;
	} words[][9] = {
		[RELOC_ABS] = {[1] = {"abs8", 4},
			       [2] = {"abs16", 5},
			       [4] = {"abs32", 5},
			       [8] = {"abs64", 5}},
		[RELOC_SIGNED] = {[4] = {"abs32s", 6}},
		[RELOC_PC] =
			{[1] = {"pc8", 3}, [2] = {"pc16", 4}, [4] = {"pc32", 4}, [8] = {"pc64", 4}},
		[RELOC_GOT] = {[4] = {"got32", 5}},
	};
	struct reloc_type type = arch_reloc_type(reloc_type_number);
	const struct how *how;

	if (type.kind == RELOC_OTHER)
		return token_put_num(token_put_bytes(p, "type", 4), reloc_type_number);
	how = &words[type.kind][type.size];
	token_put_bytes(p, how->word, 8);
	return token_resize_bytes(p, how->len);
}

/* The most that a reference by name and number takes. */
#define PLAIN_REF_ROOM (HOW_ROOM + 9 + TOKEN_NAME_SIZE + 9)

static u8 *put_plain_name(const struct canon *c, u8 *p, const struct target *t)
{
	return token_put_num(token_put_name(p, identity(c, t->sym)->name), t->delta);
}

static void write_how(struct canon *c, u32 reloc_type_number)
{
	token_put(&c->stream, put_how(buf_reserve(c->stream.out, HOW_ROOM), reloc_type_number));
}

/* What it means that a field with no relocation points somewhere in its own section. */
#define RESOLVED 2U /* R_X86_64_PC32 */

/* A reference made as relocation type @how, at byte @field of what the token before says. */
static void write_ref(struct canon *c, enum lane lane, u32 how, u32 field, const struct target *t)
{
	u8 *p;

	if (is_plain_name(c, t) && !c->stream.watch) {
		p = token_open(&c->stream, TOKEN_REF, lane, PLAIN_REF_ROOM);
		p = token_put_num(put_how(p, how), field);
		token_put(&c->stream, put_plain_name(c, p, t));
		return;
	}
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

static bool is_branch(const struct insn *insn)
{
	return insn->flags & INSN_PCREL_IMM &&
	       (insn->cls == INSN_CALL || insn->cls == INSN_JMP || insn->cls == INSN_JCC);
}

/* A branch or call to @t: a place of this function, or a reference. */
static void write_branch(struct canon *c, const struct target *t, u32 sec, s64 off)
{
	const struct part *repl = &c->replacement;
	u32 p, delta;

	if (!repl->nr && t->kind != TARGET_FRAGMENT && !parts_is_self(&c->parts, t->unit)) {
		write_ref(c, target_lane(t), RESOLVED, 0, t);
		return;
	}
	/* "call 1f; int3; 1:" of a replacement stays in it: it is no code of its own. */
	if (repl->nr && sec == repl->sec && off >= repl->off && off <= repl->end) {
		token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
		token_word(&c->stream, "(replacement)");
		token_num(&c->stream, code_ordinal(c->parts.insns.insn + repl->first, repl->nr,
						   (u32)off, &delta));
		token_num(&c->stream, delta);
		token_end(&c->stream);
		return;
	}
	p = t->kind == TARGET_FRAGMENT ? fragment_part(c, t) : parts_own(&c->parts, t, sec, off);
	if (p == NO_PART) {
		write_ref(c, target_lane(t), RESOLVED, 0, t);
		return;
	}
	token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
	own_place(c, p, (u32)off);
	token_end(&c->stream);
}

/* The bytes of an instruction, to be changed: in one piece unless the section ends. */
static void copy_insn(u8 bytes[TOKEN_INSN_MAX], const struct section *sec,
		      const struct code_insn *ci)
{
	memset(bytes, 0, TOKEN_INSN_MAX);
	if (sec->size - ci->off >= 16)
		memcpy(bytes, sec->data + ci->off, 16);
	else
		memcpy(bytes, sec->data + ci->off, ci->len);
}

static void write_branch_insn(struct canon *c, const struct section *sec, u32 s,
			      const struct code_insn *ci, struct reloc_cursor *cur)
{
	const struct reloc *rel = reloc_next(cur, ci->off + ci->len);
	const u8 *p = sec->data + ci->off;
	u8 bytes[TOKEN_INSN_MAX];
	unsigned int len;
	struct target t;
	s64 off;

	copy_insn(bytes, sec, ci);
	len = arch_canonical_branch(bytes, &ci->insn);
	if (!rel) {
		off = code_branch_target(sec, ci);
		token_insn(&c->stream, bytes, len);
		t = target_at(c->code, s, off);
		write_branch(c, &t, s, off);
		return;
	}
	token_insn(&c->stream, bytes, len);
	/* The linker ignores what is in a field it fills; the module loader refuses all but 0. */
	if (arch_insn_imm(p, &ci->insn)) {
		token_begin(&c->stream, TOKEN_BYTES, LANE_CODE);
		token_bytes(&c->stream, p + ci->insn.imm_off, ci->insn.imm_len);
		token_end(&c->stream);
	}
	for (; rel; rel = reloc_next(cur, ci->off + ci->len)) {
		struct reloc_type type = arch_reloc_type(rel->type);

		t = target_of_reloc(c->code, rel, ci->off + ci->len);
		if (type.kind == RELOC_PC && rel->offset == ci->off + ci->insn.imm_off) {
			off = target_offset(c->code, &t, &s);
			write_branch(c, &t, s, off);
		} else {
			write_ref(c, LANE_REFS, rel->type, (u32)rel->offset - ci->off, &t);
		}
	}
}

static bool fills(const struct reloc *rel, const struct code_insn *ci, u8 off, u8 len)
{
	return rel && len && rel->offset == (u64)ci->off + off;
}

static void write_plain_insn(struct canon *c, const struct section *sec, u32 s,
			     const struct code_insn *ci, struct reloc_cursor *cur)
{
	const struct insn *insn = &ci->insn;
	u64 end = (u64)ci->off + ci->len;
	const struct reloc *rel = reloc_next(cur, end);
	bool disp = insn->flags & INSN_PCREL_DISP, imm = insn->flags & INSN_PCREL_IMM;
	struct reloc_cursor again = *cur;
	u8 bytes[TOKEN_INSN_MAX];
	struct target t;

	for (const struct reloc *r = rel; r; r = reloc_next(&again, end)) {
		disp = disp && !fills(r, ci, insn->disp_off, insn->disp_len);
		imm = imm && !fills(r, ci, insn->imm_off, insn->imm_len);
	}
	/* What is left of disp and imm was resolved by the assembler: within this section. */
	copy_insn(bytes, sec, ci);
	if (disp)
		memset(bytes + insn->disp_off, 0, insn->disp_len);
	if (imm)
		memset(bytes + insn->imm_off, 0, insn->imm_len);
	token_insn(&c->stream, bytes, ci->len);
	if (disp || imm) {
		t = target_at(c->code, s, code_branch_target(sec, ci));
		write_ref(c, target_lane(&t), RESOLVED, disp ? insn->disp_off : insn->imm_off, &t);
	}
	for (; rel; rel = reloc_next(cur, end)) {
		bool pcrel = (insn->flags & INSN_PCREL_DISP &&
			      fills(rel, ci, insn->disp_off, insn->disp_len)) ||
			     (insn->flags & INSN_PCREL_IMM &&
			      fills(rel, ci, insn->imm_off, insn->imm_len));

		t = target_of_reloc(c->code, rel, pcrel ? end : 0);
		settle(&c->parts, &t, rel, s, ci, fills(rel, ci, insn->imm_off, insn->imm_len));
		write_ref(c, target_lane(&t), rel->type, (u32)rel->offset - ci->off, &t);
	}
}

static void write_bad_byte(struct canon *c, const struct section *sec, u32 s,
			   const struct code_insn *ci, struct reloc_cursor *cur)
{
	const struct reloc *rel;

	if (!c->bad++) {
		c->bad_sec = s;
		c->bad_off = ci->off;
	}
	token_begin(&c->stream, TOKEN_BAD, LANE_CODE);
	token_bytes(&c->stream, sec->data + ci->off, 1);
	token_end(&c->stream);
	while ((rel = reloc_next(cur, (u64)ci->off + ci->len))) {
		struct target t = target_of_reloc(c->code, rel, 0);

		write_ref(c, LANE_REFS, rel->type, 0, &t);
	}
}

/* "mov $562, %esi": without the number, which goes to a lane of its own. */
static void write_line_insn(struct canon *c, const struct section *sec, const struct code_insn *ci)
{
	const u8 *p = sec->data + ci->off;
	u8 bytes[TOKEN_INSN_MAX];

	copy_insn(bytes, sec, ci);
	memset(bytes + ci->insn.imm_off, 0, ci->insn.imm_len);
	token_insn(&c->stream, bytes, ci->len);
	write_line(c, arch_insn_imm(p, &ci->insn));
}

static bool write_specials(struct canon *c, u32 sec, const struct code_insn *ci, u32 *next);
static bool write_static_branch(struct canon *c, u32 sec, const struct code_insn *ci,
				struct reloc_cursor *cur);

/* How many instructions to write at once, and how many bytes each takes at most. */
#define RUN	 64
#define RUN_ROOM (RUN * (TOKEN_INSNS_HEAD + 16 + TOKEN_BRANCH_ROOM) + 16)

/*
 * The ordinal that a branch to @off goes to, if it is the start of an instruction of part @here;
 * NO_PART if it is not, or if there may be more to it.
 */
static u32 near_ordinal(const struct canon *c, const struct part *here, s64 off)
{
	u32 delta, n;

	if (!here->alone || off < here->off || off >= here->end)
		return NO_PART;
	n = parts_ordinal(&c->parts, c->part, (u32)off, &delta);
	return delta ? NO_PART : n;
}

/* A copy of @len bytes at @from; up to 15 more are read and written. */
static u8 *put_bytes(u8 *p, const u8 *from, u32 len)
{
	for (u32 i = 0; i < len; i += 16)
		memcpy(p + i, from + i, 16);
	return p + len;
}

/* A branch, less where it goes to. */
static u8 *put_branch_insn(u8 *p, const u8 *bytes, const struct insn *insn)
{
	put_bytes(p, bytes, insn->len);
	return p + arch_canonical_branch(p, insn);
}

/* Where the next relocation or special entry is, before which code is all that it seems to be. */
static u64 next_more(const struct canon *c, u32 s, const struct reloc_cursor *cur, u32 special)
{
	const struct specials *specials = &c->code->specials;
	const struct section *sec = cur->sec;
	u64 stop = sec->size < 16 ? 0 : sec->size - 15; /* 16 bytes are read of each instruction */

	if (cur->next < sec->nr_relocs && sec->relocs[cur->next].offset < stop)
		stop = sec->relocs[cur->next].offset;
	if (special < specials->nr && specials->entries[special].site.sec == s &&
	    specials->entries[special].site.off < stop)
		stop = specials->entries[special].site.off;
	return stop;
}

/*
 * Write instructions from @first on, up to @end, as long as they are just bytes, or branches
 * within this part: four in five are. Returns the first of which there is more to say.
 */
static u32 write_run(struct canon *c, u32 s, const struct reloc_cursor *cur, u32 special, u32 first,
		     u32 end)
{
	const struct code_insn *ci = c->parts.insns.insn + first, *last;
	const struct part *here = &c->parts.part[c->part];
	const struct section *sec = cur->sec;
	u64 stop = next_more(c, s, cur, special);
	u8 *p;

	if (c->stream.watch || ci->off + ci->len > stop || (!ci->bare && !is_branch(&ci->insn)))
		return first;
	p = token_begin_insns(&c->stream, RUN_ROOM);
	last = ci + (end - first < RUN ? end - first : RUN);
	while (ci < last && ci->off + ci->len <= stop) {
		u32 from = ci->off, to = from, n;

		for (; ci < last && ci->bare && ci->off + ci->len <= stop; ci++)
			to = ci->off + ci->len;
		if (to != from) {
			p = put_bytes(token_open_insns(&c->stream, p), sec->data + from, to - from);
			continue;
		}
		if (!is_branch(&ci->insn) || c->replacement.nr)
			break;
		n = near_ordinal(c, here, code_branch_target(sec, ci));
		if (n == NO_PART)
			break;
		p = put_branch_insn(token_open_insns(&c->stream, p), sec->data + from, &ci->insn);
		p = token_put_branch(&c->stream, p, c->part, n);
		ci++;
	}
	token_end_insns(&c->stream, p);
	return (u32)(ci - c->parts.insns.insn);
}

/* Write instructions [@first, @first + @nr), all of section @s. */
static void write_insns(struct canon *c, u32 s, u32 off, u32 first, u32 nr)
{
	const struct section *sec = section(c, s);
	struct reloc_cursor cur = parts_relocs(&c->parts, s, off);
	u32 special = specials_near(&c->code->specials, c->special, s, off);

	for (u32 i = first; i < first + nr; i++) {
		struct code_insn ci;

		i = write_run(c, s, &cur, special, i, first + nr);
		if (i == first + nr || is_over(c))
			break;
		ci = c->parts.insns.insn[i];
		if (ci.filler)
			continue;
		watch_place(c, s, ci.off);
		if (write_specials(c, s, &ci, &special)) {
			watch_place(c, s, ci.off);
			if (write_static_branch(c, s, &ci, &cur))
				continue;
		}
		if (ci.line)
			write_line_insn(c, sec, &ci);
		else if (!ci.insn.len)
			write_bad_byte(c, sec, s, &ci, &cur);
		else if (is_branch(&ci.insn))
			write_branch_insn(c, sec, s, &ci, &cur);
		else
			write_plain_insn(c, sec, s, &ci, &cur);
	}
	c->parts.last = cur;
	c->special = special;
}

/* ---- special-section entries ---- */

/*
 * Replacement code stands between the other parts: decode it where it is
 * needed, write it, and forget it.
 */
static void write_replacement(struct canon *c, const struct target *t, u32 len)
{
	u32 sec, first = c->parts.insns.nr, off = (u32)target_offset(c->code, t, &sec), nr;
	struct part outer = c->replacement;
	const struct section *in = section(c, sec);

	if (!len || off > in->size || !in->data || c->nested == MAX_NESTED)
		return;
	if (len > in->size - off)
		len = in->size - off;
	cover(c, sec, off, len);
	nr = code_decode(c->code, sec, off, off + len, DECODE_ALL, &c->parts.insns);
	c->replacement =
		(struct part){.sec = sec, .off = off, .end = off + len, .first = first, .nr = nr};
	c->nested++;
	write_insns(c, sec, off, first, nr);
	c->nested--;
	c->replacement = outer;
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
		if (arch_reloc_type(rel->type).kind != RELOC_PC) {
			token_begin(&c->stream, TOKEN_BYTES, LANE_OTHER);
			write_how(c, rel->type);
			token_end(&c->stream);
		}
		if (t.kind == TARGET_FRAGMENT || t.unit != NO_UNIT)
			write_replacement(c, &t, repl);
		else
			write_ref(c, LANE_REFS, rel->type, f->off, &t);
		return;
	}
	token_begin(&c->stream, TOKEN_REF, LANE_REFS);
	write_how(c, rel->type);
	token_num(&c->stream, f->off);
	write_target(c, &t);
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
		token_begin(&c->stream, TOKEN_LINE,
			    special_has_line(c->code->obj, how, e) ? LANE_LINES : LANE_BUG);
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

/* Sites are pc-relative in 4 bytes or absolute in 8; anything else leads the kernel astray. */
static void write_unusual_site(struct canon *c, const struct special *e, const struct field *site)
{
	const struct reloc *rel = special_reloc(c->code->obj, e, site);

	if (rel && arch_reloc_type(rel->type).kind != (site->size == 8 ? RELOC_ABS : RELOC_PC))
		write_how(c, rel->type);
}

/* @delta: bytes from the start of the instruction to the place the entry applies to. */
static void write_special(struct canon *c, const struct special *e, s64 delta)
{
	const struct special_section *how = &c->code->specials.sections[e->table];
	const struct section *sec = section(c, e->table);
	enum lane outer = c->stream.within;
	const u8 *entry = sec->data + e->entry;

	if (is_over(c))
		return;
	if (outer == NR_LANES)
		c->stream.within = how->table->lane;
	token_begin(&c->stream, TOKEN_SPECIAL, how->table->lane);
	token_word(&c->stream, sec->name);
	token_num(&c->stream, delta);
	write_unusual_site(c, e, how->layout->field);
	token_end(&c->stream);
	for (u32 i = 0; i < MAX_FIELDS && how->layout->field[i].use; i++)
		write_field(c, e, &how->layout->field[i], how, entry);
	write_padding(c, e, how->layout, entry);
	token_begin(&c->stream, TOKEN_END, how->table->lane);
	token_end(&c->stream);
	c->stream.within = outer;
	cover(c, e->table, e->entry, e->size);
}

/* Write the entries that apply to an instruction; false if there are none. */
static bool write_specials(struct canon *c, u32 sec, const struct code_insn *ci, u32 *next)
{
	const struct specials *specials = &c->code->specials;
	u32 before = *next;

	while (*next < specials->nr && specials->entries[*next].site.off < ci->off + ci->len &&
	       specials->entries[*next].site.sec == sec) {
		const struct special *e = &specials->entries[(*next)++];

		if (e->site.off >= ci->off)
			write_special(c, e, (s64)e->site.off - ci->off);
	}
	return *next != before;
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
		if (specials->sections[e->table].table->lane != LANE_JUMP_LABEL)
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
	s64 oa = target_offset(c->code, a, &sa), ob = target_offset(c->code, b, &sb);

	return a->kind == b->kind && sa == sb && oa == ob;
}

/*
 * A static branch that was emitted as a jump and marked for the kernel's
 * objtool to make a nop of: of two or five bytes, as far as its target was.
 * It is one thing before and after that. Returns false if this is none.
 */
static bool write_static_branch(struct canon *c, u32 s, const struct code_insn *ci,
				struct reloc_cursor *cur)
{
	const struct section *sec = section(c, s);
	const struct special *e;
	struct target to, entry;
	const struct reloc *rel;
	struct reloc_cursor here = *cur;

	if (ci->insn.cls != INSN_JMP && ci->insn.cls != INSN_NOP)
		return false;
	e = marked_branch(c, s, ci->off);
	if (!e)
		return false;
	if (ci->insn.cls == INSN_JMP) {
		rel = reloc_next(&here, (u64)ci->off + ci->len);
		to = rel ? target_of_reloc(c->code, rel, (u64)ci->off + ci->len)
			 : target_at(c->code, s, code_branch_target(sec, ci));
		rel = special_reloc(
			c->code->obj, e,
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
	token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
	token_word(&c->stream, "(static)");
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

	for (u32 i = specials_near(specials, c->special, u->sec, from);
	     i < specials->nr && specials->entries[i].site.sec == u->sec &&
	     specials->entries[i].site.off < u->off;
	     i++) {
		const struct special *e = &specials->entries[i];

		if (specials->sections[e->table].table->before &&
		    owner_of_room(c->code, u->sec, e->site.off) == c->parts.self)
			write_special(c, e, (s64)e->site.off - u->off);
	}
}

/* ---- data ---- */

static void write_bytes_less_line(struct canon *c, const u8 *data, u32 len,
				  const struct line_field *line)
{
	size_t at = token_open_bytes(&c->stream);

	buf_add(c->stream.out, data, len);
	for (u32 i = line->off; i < line->off + line->size; i++)
		c->stream.out->data[at + i] &= (u8) ~(line->mask >> (8 * ((i - line->off) & 3)));
	token_close_bytes(&c->stream, at);
}

static void write_data_lines(struct canon *c, u32 s, u32 off, const struct line_field *line)
{
	const u8 *data = section(c, s)->data;

	for (u32 i = 0; data && i < line->size; i += 4)
		write_line(c, get_u32(data + off + line->off + i) & line->mask);
}

/* A reference made by @rel, @position bytes from the start of the data. */
static void write_data_ref(struct canon *c, const struct reloc *rel, s64 position,
			   const struct target *t)
{
	u8 *p = token_open(&c->stream, TOKEN_REF, target_lane(t), PLAIN_REF_ROOM);

	token_put(&c->stream, put_how(p, rel->type));
	token_position(&c->stream, position);
	if (is_plain_name(c, t) && !c->stream.watch) {
		p = buf_reserve(c->stream.out, TOKEN_NAME_SIZE + 9);
		token_put(&c->stream, put_plain_name(c, p, t));
		return;
	}
	write_target(c, t);
	token_end(&c->stream);
}

/*
 * Bytes and references of data. Entries of a jump table that clang makes are
 * relative to the table: ".long .Lcase - .Ltable" is PC32 with the entry's own offset added.
 */
static void write_data(struct canon *c, u32 s, u32 off, u32 len, bool table,
		       const struct line_field *line)
{
	const struct section *sec = section(c, s);
	struct reloc_cursor cur = parts_relocs(&c->parts, s, off);
	const struct reloc *rel;

	watch_place(c, s, off);
	token_begin(&c->stream, TOKEN_BYTES, LANE_CONSTS);
	token_num(&c->stream, len);
	if (sec->data)
		write_bytes_less_line(c, sec->data + off, len, line);
	else
		token_word(&c->stream, "uninitialised");
	token_end(&c->stream);
	while (!is_over(c) && (rel = reloc_next(&cur, (u64)off + len))) {
		struct reloc_type type = arch_reloc_type(rel->type);
		const struct symbol *sym = &c->code->obj->symbols[rel->sym];
		s64 addend = rel->addend;
		struct target t;

		if (table && type.kind == RELOC_PC && type.size == 4 && symbol_defined(sym) &&
		    section(c, sym->sec)->flags & (SF_EXEC | SF_STRINGS))
			addend = add_wrap(addend, -(s64)(rel->offset - off));
		t = type.kind == RELOC_OTHER ? target_of_reloc(c->code, rel, 0)
					     : target_of_symbol(c->code, rel->sym, addend);
		if (t.kind == TARGET_BLOB && !t.len)
			t = target_behind(c->code, &t);
		write_data_ref(c, rel, (s64)(rel->offset - off), &t);
	}
	/* The next data object comes next, what unnamed data does is anywhere. */
	if (!table)
		c->parts.last = cur;
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
		if (!c->parts.insns.insn[i].filler)
			return true;
	return false;
}

/* Named data has a record of its own, which covers it and has its line numbers. */
static void write_blob(struct canon *c, struct target t)
{
	struct line_field line = lines_in_blob(c->code, t.sec, t.off, t.len);

	write_data(c, t.sec, t.off, t.len, true, &line);
	if (t.unit == NO_UNIT) {
		write_data_lines(c, t.sec, t.off, &line);
		cover(c, t.sec, t.off, t.len);
	}
}

/* Parts may be added while parts are written, and blobs while blobs are. */
static void write_parts_and_blobs(struct canon *c)
{
	u32 part = 0, blob = 0;

	while ((part < c->parts.nr || blob < c->nr_blobs) && !is_over(c)) {
		if (part < c->parts.nr) {
			struct part p = c->parts.part[part];

			c->part = part++;
			watch_part(c, c->part);
			watch_place(c, p.sec, p.off);
			/* Room of nothing but nops is there or not, with or without a symbol. */
			if (!counts(c, &p))
				continue;
			token_begin(&c->stream, TOKEN_PART, LANE_CODE);
			token_word(&c->stream, p.word);
			token_end(&c->stream);
			write_class(c, p.sec);
			write_insns(c, p.sec, p.off, p.first, p.nr);
		} else {
			watch_part(c, blob);
			write_blob(c, c->blobs[blob++]);
		}
	}
}

/* Labels of the linker script mark where a section begins, not what lies there. */
static bool is_alias(const struct symbol *sym, const struct unit *u)
{
	return sym->bind != BIND_LOCAL && !name_is_for_modpost(sym->name) &&
	       !(sym->type == SYM_NOTYPE && !sym->size && u->sized);
}

struct alias {
	const char *name;
	u32 sym;
};

static int compare_aliases(const void *pa, const void *pb)
{
	const struct alias *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

/*
 * Other names by which other objects know the unit: a call of "h" is another
 * call when h, an alias of f so far, becomes one of g.
 */
static void write_aliases(struct canon *c, u32 unit)
{
	const struct object *obj = c->code->obj;
	const struct unit *u = &c->code->units[unit];
	u32 nr, n = 0, first;
	struct alias *names;

	if (!u->aliased)
		return;
	first = code_symbols_at(c->code, u->sec, u->off, &nr);
	names = xcalloc(nr, sizeof(*names));
	for (u32 i = first; i < first + nr; i++) {
		u32 s = obj->by_addr[i];

		if (s != u->sym && identity(c, s)->unit == unit && is_alias(&obj->symbols[s], u))
			names[n++] = (struct alias){obj->symbols[s].name, s};
	}
	qsort(names, n, sizeof(*names), compare_aliases);
	for (u32 i = 0; i < n; i++) {
		token_begin(&c->stream, TOKEN_ALIAS, LANE_PLACE);
		write_name(c, names[i].sym);
		token_end(&c->stream);
	}
	free(names);
}

void canon_init(struct canon *c, const struct code *code, const struct namesakes *namesakes,
		const struct lines *lines, const struct coverage *coverage)
{
	*c = (struct canon){.code = code,
			    .namesakes = namesakes,
			    .coverage = coverage,
			    .parts = {.code = code, .lines = lines, .namesakes = namesakes}};
}

static void begin(struct canon *c, u32 self)
{
	stream_reset(&c->stream);
	seen_reset(&c->seen);
	c->nr_blobs = 0;
	c->bad = 0;
	parts_reset(&c->parts, self);
}

/* What references of @u name is all over the table: let it come while instructions are decoded. */
static void fetch_identities(const struct canon *c, const struct unit *u)
{
	struct reloc_cursor cur = parts_relocs(&c->parts, u->sec, u->off);
	const struct reloc *rel = cur.sec->relocs + cur.next;
	const struct reloc *end = cur.sec->relocs + cur.sec->nr_relocs;

	for (; rel < end && rel->offset < (u64)u->off + u->len; rel++)
		__builtin_prefetch(&c->code->ids[rel->sym]);
}

void canon_unit(struct canon *c, u32 unit)
{
	const struct unit *u = &c->code->units[unit];
	struct line_field line;

	begin(c, unit);
	fetch_identities(c, u);
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
		write_data_lines(c, u->sec, u->off, &line);
	}
	write_aliases(c, unit);
	write_parts_and_blobs(c);
	spend(c, stream_len(&c->stream));
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
	spend(c, stream_len(&c->stream));
}

void canon_free(struct canon *c)
{
	stream_free(&c->stream);
	parts_free(&c->parts);
	free(c->blobs);
	seen_free(&c->seen);
	*c = (struct canon){0};
}
