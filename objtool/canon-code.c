// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * canon-code.c - instructions, and the special-section entries that apply to them
 *
 * Entries stand before the instruction, bracketed, each in the lane of its table; a replacement's
 * code stands in its entry, and may have entries itself.
 */
#include <objtool/canon-write.h>
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

/* ---- instructions ---- */

static bool is_branch(const struct insn *insn)
{
	return insn->flags & INSN_PCREL_IMM &&
	       (insn->cls == INSN_CALL || insn->cls == INSN_JMP || insn->cls == INSN_JCC);
}

/* A branch or call to @t: a place of this function, or a reference. */
static void write_branch(struct canon *c, const struct target *t)
{
	const struct part *repl = &c->replacement;
	u32 p, delta, sec;
	s64 off;

	if (!repl->nr && t->kind != TARGET_FRAGMENT && !parts_is_self(&c->parts, t->unit)) {
		canon_write_ref(c, canon_target_lane(t), CANON_RESOLVED, 0, t);
		return;
	}
	off = target_offset(c->code, t, &sec);
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
	p = t->kind == TARGET_FRAGMENT ? canon_fragment(c, t) : parts_own(&c->parts, t, sec, off);
	if (p == NO_PART) {
		canon_write_ref(c, canon_target_lane(t), CANON_RESOLVED, 0, t);
		return;
	}
	token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
	canon_write_place(c, p, (u32)off);
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

	copy_insn(bytes, sec, ci);
	len = arch_canonical_branch(bytes, &ci->insn);
	if (!rel) {
		token_insn(&c->stream, bytes, len);
		t = target_at(c->code, s, code_branch_target(sec, ci));
		write_branch(c, &t);
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
		if (type.kind == RELOC_PC && rel->offset == ci->off + ci->insn.imm_off)
			write_branch(c, &t);
		else
			canon_write_ref(c, LANE_REFS, rel->type, (u32)rel->offset - ci->off, &t);
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
		canon_write_ref(c, canon_target_lane(&t), CANON_RESOLVED,
				disp ? insn->disp_off : insn->imm_off, &t);
	}
	for (; rel; rel = reloc_next(cur, end)) {
		bool pcrel = (insn->flags & INSN_PCREL_DISP &&
			      fills(rel, ci, insn->disp_off, insn->disp_len)) ||
			     (insn->flags & INSN_PCREL_IMM &&
			      fills(rel, ci, insn->imm_off, insn->imm_len));

		t = target_of_reloc(c->code, rel, pcrel ? end : 0);
		settle(&c->parts, &t, rel, s, ci, fills(rel, ci, insn->imm_off, insn->imm_len));
		canon_write_ref(c, canon_target_lane(&t), rel->type, (u32)rel->offset - ci->off,
				&t);
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

		canon_write_ref(c, LANE_REFS, rel->type, 0, &t);
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
	canon_write_line(c, arch_insn_imm(p, &ci->insn));
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

void canon_write_insns(struct canon *c, u32 s, u32 off, u32 first, u32 nr)
{
	const struct section *sec = canon_section(c, s);
	struct reloc_cursor cur = parts_relocs(&c->parts, s, off);
	u32 special = specials_near(&c->code->specials, c->special, s, off);

	for (u32 i = first; i < first + nr; i++) {
		struct code_insn ci;

		i = write_run(c, s, &cur, special, i, first + nr);
		if (i == first + nr || canon_is_over(c))
			break;
		ci = c->parts.insns.insn[i];
		if (ci.filler)
			continue;
		canon_watch_place(c, s, ci.off);
		if (write_specials(c, s, &ci, &special)) {
			canon_watch_place(c, s, ci.off);
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
	const struct section *in = canon_section(c, sec);

	if (!len || off > in->size || !in->data || c->nested == MAX_NESTED)
		return;
	if (len > in->size - off)
		len = in->size - off;
	canon_cover(c, sec, off, len);
	nr = code_decode(c->code, sec, off, off + len, DECODE_ALL, &c->parts.insns);
	c->replacement =
		(struct part){.sec = sec, .off = off, .end = off + len, .first = first, .nr = nr};
	c->nested++;
	canon_write_insns(c, sec, off, first, nr);
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
			canon_write_how(c, rel->type);
			token_end(&c->stream);
		}
		if (t.kind == TARGET_FRAGMENT || t.unit != NO_UNIT)
			write_replacement(c, &t, repl);
		else
			canon_write_ref(c, LANE_REFS, rel->type, f->off, &t);
		return;
	}
	token_begin(&c->stream, TOKEN_REF, LANE_REFS);
	canon_write_how(c, rel->type);
	token_num(&c->stream, f->off);
	canon_write_target(c, &t);
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
		canon_write_how(c, rel->type);
}

/* @delta: bytes from the start of the instruction to the place the entry applies to. */
static void write_special(struct canon *c, const struct special *e, s64 delta)
{
	const struct special_section *how = &c->code->specials.sections[e->table];
	const struct section *sec = canon_section(c, e->table);
	enum lane outer = c->stream.within;
	const u8 *entry = sec->data + e->entry;

	if (canon_is_over(c))
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
	canon_cover(c, e->table, e->entry, e->size);
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
	const struct section *sec = canon_section(c, s);
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

void canon_write_specials_before(struct canon *c, const struct unit *u)
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
