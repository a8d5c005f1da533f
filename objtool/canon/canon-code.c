// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * canon-code.c - instructions, and the special-section entries that apply to them
 *
 * Entries stand before the instruction, bracketed, each in the lane of its table; a replacement's
 * code stands in its entry, and may have entries itself.
 */
#include <objtool/settle.h>
#include "canon-write.h"

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

/*
 * The instructions of a part, or of a replacement, that are still to be written. Only those of
 * which there is more to say than their bytes are looked at; the bytes up to them are written with
 * theirs.
 */
struct walk {
	const struct section *sec;
	u32 s;		 /* its index */
	u32 next, end;	 /* indexes into canon.parts.insns.insn */
	u32 first;	 /* there, what the notes count from */
	u32 note, notes; /* indexes into .note: the first that lies ahead, behind the last */
	u32 from;	 /* the first byte that is not written yet */
	u64 stop;	 /* where the next relocation or special entry is */
	struct reloc_cursor relocs;
	u32 special; /* the next entry, and */
	u64 site;    /* where it applies; behind the section, if there is none in it */
};

/* Bytes are copied in pieces of this size: most that is copied at once is no more. */
#define PIECE 32U

/* A copy of [@from, @end) of @sec; room for a piece more may be written. Returns its end. */
static inline u8 *put_bytes(u8 *p, const struct section *sec, u32 from, u32 end)
{
	const u8 *data = sec->data + from;
	u32 len = end - from;

	if (sec->size - end < PIECE) {
		memcpy(p, data, len);
		return p + len;
	}
	memcpy(p, data, PIECE);
	for (u32 i = PIECE; i < len; i += PIECE)
		memcpy(p + i, data + i, PIECE);
	return p + len;
}

/*
 * Put all bytes up to the end of instruction @ci where they go. Those of @ci, which are returned,
 * can be changed there; token_close_insns() says where they end.
 */
static u8 *open_insn(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	u32 from = w->from, end = ci->off + ci->insn.len;
	u8 *p = token_open_insns(&c->stream, end - from + PIECE + TOKEN_BRANCH_ROOM);

	w->from = end;
	return put_bytes(p, w->sec, from, end) - ci->insn.len;
}

/* Write all bytes before @off. */
static void write_bytes(struct canon *c, struct walk *w, u32 off)
{
	u8 *p;

	if (off == w->from)
		return;
	p = token_open_insns(&c->stream, off - w->from + PIECE);
	token_close_insns(&c->stream, put_bytes(p, w->sec, w->from, off));
	w->from = off;
}

static void write_branch_insn(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	u32 end = ci->off + ci->insn.len;
	const struct reloc *rel = reloc_next(&w->relocs, end);
	const u8 *p = w->sec->data + ci->off;
	u8 *bytes = open_insn(c, w, ci);
	struct target t;

	token_close_insns(&c->stream, bytes + arch_canonical_branch(bytes, &ci->insn));
	if (!rel) {
		t = target_at(c->code, w->s, code_branch_target(w->sec, ci));
		write_branch(c, &t);
		return;
	}
	/* The linker ignores what is in a field it fills; the module loader refuses all but 0. */
	if (arch_insn_imm(p, &ci->insn)) {
		token_begin(&c->stream, TOKEN_BYTES, LANE_CODE);
		token_bytes(&c->stream, p + ci->insn.imm_off, ci->insn.imm_len);
		token_end(&c->stream);
	}
	for (; rel; rel = reloc_next(&w->relocs, end)) {
		struct reloc_type type = arch_reloc_type(rel->type);

		t = target_of_reloc(c->code, rel, end);
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

static void write_plain_insn(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	const struct insn *insn = &ci->insn;
	u64 end = (u64)ci->off + ci->insn.len;
	const struct reloc *rel = reloc_next(&w->relocs, end);
	bool disp = insn->flags & INSN_PCREL_DISP, imm = insn->flags & INSN_PCREL_IMM;
	struct reloc_cursor again = w->relocs;
	struct target t;
	u8 *bytes;

	for (const struct reloc *r = rel; r; r = reloc_next(&again, end)) {
		disp = disp && !fills(r, ci, insn->disp_off, insn->disp_len);
		imm = imm && !fills(r, ci, insn->imm_off, insn->imm_len);
	}
	/* What is left of disp and imm was resolved by the assembler: within this section. */
	bytes = open_insn(c, w, ci);
	if (disp)
		memset(bytes + insn->disp_off, 0, insn->disp_len);
	if (imm)
		memset(bytes + insn->imm_off, 0, insn->imm_len);
	token_close_insns(&c->stream, bytes + ci->insn.len);
	if (disp || imm) {
		t = target_at(c->code, w->s, code_branch_target(w->sec, ci));
		canon_write_ref(c, canon_target_lane(&t), CANON_RESOLVED,
				disp ? insn->disp_off : insn->imm_off, &t);
	}
	for (; rel; rel = reloc_next(&w->relocs, end)) {
		bool pcrel = (insn->flags & INSN_PCREL_DISP &&
			      fills(rel, ci, insn->disp_off, insn->disp_len)) ||
			     (insn->flags & INSN_PCREL_IMM &&
			      fills(rel, ci, insn->imm_off, insn->imm_len));

		t = target_of_reloc(c->code, rel, pcrel ? end : 0);
		settle(&c->parts, &t, rel, w->s, ci, fills(rel, ci, insn->imm_off, insn->imm_len));
		canon_write_ref(c, canon_target_lane(&t), rel->type, (u32)rel->offset - ci->off,
				&t);
	}
}

static void write_bad_byte(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	const struct reloc *rel;

	if (!c->bad++) {
		c->bad_sec = w->s;
		c->bad_off = ci->off;
	}
	write_bytes(c, w, ci->off);
	token_begin(&c->stream, TOKEN_BAD, LANE_CODE);
	token_bytes(&c->stream, w->sec->data + ci->off, 1);
	token_end(&c->stream);
	w->from = ci->off + 1;
	while ((rel = reloc_next(&w->relocs, (u64)ci->off + 1))) {
		struct target t = target_of_reloc(c->code, rel, 0);

		canon_write_ref(c, LANE_REFS, rel->type, 0, &t);
	}
}

/* "mov $562, %esi": without the number, which goes to a lane of its own. */
static void write_line_insn(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	u8 *bytes = open_insn(c, w, ci);

	memset(bytes + ci->insn.imm_off, 0, ci->insn.imm_len);
	token_close_insns(&c->stream, bytes + ci->insn.len);
	canon_write_line(c, arch_insn_imm(w->sec->data + ci->off, &ci->insn));
}

static bool write_specials(struct canon *c, struct walk *w, const struct code_insn *ci);
static bool write_static_branch(struct canon *c, struct walk *w, const struct code_insn *ci);

/*
 * The ordinal that a branch to @off goes to, if it is the start of an instruction of this part;
 * NO_PART if it is not, or if there may be more to it.
 */
static u32 near_ordinal(const struct canon *c, s64 off)
{
	const struct part *here = &c->parts.part[c->part];
	u32 delta, n;

	if (!here->alone || off < here->off || off >= here->end || c->replacement.nr)
		return NO_PART;
	n = parts_ordinal(&c->parts, c->part, (u32)off, &delta);
	return delta ? NO_PART : n;
}

/* Write a branch within this part, of which nothing more is said; false if @ci is none. */
static bool write_near_branch(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	u32 n;
	u8 *p;

	if (!is_branch(&ci->insn) || ci->off + ci->insn.len > w->stop || c->stream.watch)
		return false;
	n = near_ordinal(c, code_branch_target(w->sec, ci));
	if (n == NO_PART)
		return false;
	p = open_insn(c, w, ci);
	token_close_branch(&c->stream, p + arch_canonical_branch(p, &ci->insn),
			   c->parts.part[c->part].number, n);
	return true;
}

static u64 next_site(const struct canon *c, const struct walk *w)
{
	const struct specials *specials = &c->code->specials;

	return w->special < specials->nr && specials->entries[w->special].site.sec == w->s
		       ? specials->entries[w->special].site.off
		       : (u64)w->sec->size + 1;
}

/* Where the next relocation or special entry is, before which code is all that it seems to be. */
static u64 next_more(const struct canon *c, const struct walk *w)
{
	const struct section *sec = w->sec;
	u64 stop = sec->size;

	canon_fetch_identity(c, &w->relocs);
	if (w->relocs.next < sec->nr_relocs)
		stop = sec->relocs[w->relocs.next].offset;
	return stop < w->site ? stop : w->site;
}

/* Just bytes, as far as no relocation or entry says more. */
static bool is_plain(const struct code_insn *ci)
{
	return !ci->insn.flags && !ci->filler && !ci->line && ci->insn.cls != INSN_BAD;
}

/* Where instruction number @i of canon.parts is; behind the last of @w, where that ends. */
static u32 offset_of(const struct canon *c, const struct walk *w, u32 i)
{
	const struct code_insn *insn = c->parts.insns.insn;

	return i < w->end ? insn[i].off : insn[i - 1].off + insn[i - 1].insn.len;
}

/* The next instruction of which there is more to say than its bytes, and for who watches each. */
static u32 next_insn(const struct canon *c, struct walk *w)
{
	const struct code_insn *insn = c->parts.insns.insn, *ci;
	const u32 *note = c->parts.insns.note;
	u32 i = w->end, before;

	if (c->stream.watch)
		return w->next;
	for (; w->note < w->notes; w->note++) {
		ci = insn + w->first + note[w->note];
		if (!is_plain(ci) || ci->off + ci->insn.len > w->stop) {
			i = w->first + note[w->note];
			break;
		}
	}
	/* There is more to one before that was not noted, as with a relocation of one byte. */
	if (offset_of(c, w, i) > w->stop) {
		before = w->next + code_insn_index(insn + w->next, i - w->next, (u32)w->stop);
		if (before < i)
			return before;
	}
	w->note++;
	return i;
}

/* Write an instruction, with all that is said of it. */
static void write_insn(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	if (ci->filler) {
		write_bytes(c, w, ci->off);
		w->from += ci->insn.len;
		return;
	}
	canon_watch_place(c, w->s, ci->off);
	if (write_specials(c, w, ci)) {
		canon_watch_place(c, w->s, ci->off);
		if (write_static_branch(c, w, ci))
			return;
	}
	if (ci->line)
		write_line_insn(c, w, ci);
	else if (ci->insn.cls == INSN_BAD)
		write_bad_byte(c, w, ci);
	else if (is_branch(&ci->insn))
		write_branch_insn(c, w, ci);
	else
		write_plain_insn(c, w, ci);
}

void canon_write_insns(struct canon *c, const struct part *part)
{
	struct walk w = {
		.sec = canon_section(c, part->sec),
		.s = part->sec,
		.next = part->first,
		.end = part->first + part->nr,
		.first = part->first,
		.note = part->first_note,
		.notes = part->first_note + part->nr_notes,
		.from = part->off,
		.relocs = parts_relocs(&c->parts, part->sec, part->off),
		.special = specials_near(&c->code->specials, c->special, part->sec, part->off)};

	w.site = next_site(c, &w);
	w.stop = next_more(c, &w);
	while (w.next < w.end) {
		u32 i = next_insn(c, &w);
		struct code_insn ci;

		w.next = i + 1;
		if (i == w.end || write_near_branch(c, &w, &c->parts.insns.insn[i]))
			continue;
		/* What can be much for one asks itself. */
		if (!(i % 64) && canon_is_over(c))
			return;
		/* A copy, since more are decoded if they are needed. */
		ci = c->parts.insns.insn[i];
		write_insn(c, &w, &ci);
		w.stop = next_more(c, &w);
	}
	if (part->nr)
		write_bytes(c, &w, offset_of(c, &w, w.end));
	c->parts.last = w.relocs;
	c->special = w.special;
}

/* ---- special-section entries ---- */

/*
 * Replacement code stands between the other parts: decode it where it is
 * needed, write it, and forget it.
 */
static void write_replacement(struct canon *c, const struct target *t, u32 len)
{
	u32 sec, off = (u32)target_offset(c->code, t, &sec);
	struct insns *insns = &c->parts.insns;
	struct part outer = c->replacement;
	struct part repl = {.off = off, .first = insns->nr, .first_note = insns->nr_notes};
	const struct section *in = canon_section(c, sec);

	if (!len || off > in->size || !in->data || c->nested == MAX_NESTED)
		return;
	if (len > in->size - off)
		len = in->size - off;
	canon_cover(c, sec, off, len);
	repl.sec = sec;
	repl.end = off + len;
	repl.nr = code_decode(c->code, sec, off, off + len, DECODE_ALL, insns);
	repl.nr_notes = insns->nr_notes - repl.first_note;
	c->replacement = repl;
	c->nested++;
	canon_write_insns(c, &repl);
	c->nested--;
	c->replacement = outer;
}

/* Bytes of the entry that no field names: they count if they are not 0. */
static void write_padding(struct canon *c, const struct special *e, const struct layout *layout,
			  const u8 *entry)
{
	u64 unnamed = ~(u64)0 >> (64 - e->size); /* a bit each */
	u8 left[64];
	bool any = false;

	for (const struct field *f = layout->field; f->use; f++)
		if (f->off + f->size <= e->size)
			unnamed &= ~((((u64)1 << f->size) - 1) << f->off);
	if (!unnamed)
		return;
	for (u32 i = 0; i < e->size; i++) {
		left[i] = unnamed >> i & 1 ? entry[i] : 0;
		any |= left[i] != 0;
	}
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
	s64 from = special_counts_from(how, f);
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
	t = target_of_symbol(c->code, rel->sym, add_wrap(rel->addend, from - f->off));
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
	token_num(&c->stream, from);
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

/* Each entry is of another table than the one before, so its relocations are not there yet. */
#define ENTRIES_AHEAD 8

static ALWAYS_INLINE void fetch_entry(const struct canon *c, const struct special *e)
{
	const struct specials *specials = &c->code->specials;

	if (specials->entries + specials->nr - e <= ENTRIES_AHEAD)
		return;
	e += ENTRIES_AHEAD;
	__builtin_prefetch(&canon_section(c, e->table)->relocs[e->first_reloc]);
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
	fetch_entry(c, e);
	if (outer == NR_LANES)
		c->stream.within = how->table->lane;
	token_begin(&c->stream, TOKEN_SPECIAL, how->table->lane);
	token_word(&c->stream, sec->name);
	token_num(&c->stream, delta);
	write_unusual_site(c, e, how->layout->field);
	token_end(&c->stream);
	for (const struct field *f = how->layout->field; f->use; f++)
		write_field(c, e, f, how, entry);
	write_padding(c, e, how->layout, entry);
	token_begin(&c->stream, TOKEN_END, how->table->lane);
	token_end(&c->stream);
	c->stream.within = outer;
	canon_cover(c, e->table, e->entry, e->size);
}

/* Write the entries that apply to an instruction; false if there are none. */
static bool write_specials(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	u32 before = w->special;

	for (; w->site < ci->off + ci->insn.len; w->site = next_site(c, w)) {
		const struct special *e = &c->code->specials.entries[w->special++];

		if (e->site.off < ci->off)
			continue;
		write_bytes(c, w, ci->off);
		write_special(c, e, (s64)e->site.off - ci->off);
	}
	return w->special != before;
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
static bool write_static_branch(struct canon *c, struct walk *w, const struct code_insn *ci)
{
	const struct special *e;
	struct target to, entry;
	const struct reloc *rel;
	struct reloc_cursor here = w->relocs;

	if (ci->insn.cls != INSN_JMP && ci->insn.cls != INSN_NOP)
		return false;
	e = marked_branch(c, w->s, ci->off);
	if (!e)
		return false;
	if (ci->insn.cls == INSN_JMP) {
		rel = reloc_next(&here, (u64)ci->off + ci->insn.len);
		to = rel ? target_of_reloc(c->code, rel, (u64)ci->off + ci->insn.len)
			 : target_at(c->code, w->s, code_branch_target(w->sec, ci));
		rel = special_reloc(
			c->code->obj, e,
			&c->code->specials.sections[e->table].layout->field[JUMP_TARGET]);
		if (!rel)
			return false;
		entry = target_of_symbol(c->code, rel->sym, rel->addend);
		if (!same_place(c, &to, &entry))
			return false;
	} else if (arch_padding(w->sec->data + ci->off, ci->insn.len) != ci->insn.len) {
		return false;
	}
	w->relocs = here;
	write_bytes(c, w, ci->off);
	w->from += ci->insn.len;
	token_begin(&c->stream, TOKEN_BRANCH, LANE_CODE);
	token_word(&c->stream, "(static)");
	token_end(&c->stream);
	return true;
}

/*
 * Where the room before function @u begins, at most: what lies before the end of another unit is
 * not this one's.
 */
static u32 room_from(const struct code *code, const struct unit *u)
{
	const struct unit *first = u->prefix == NO_UNIT ? u : &code->units[u->prefix];
	u32 from = u->off > CODE_MAX_ROOM ? u->off - CODE_MAX_ROOM : 0, end;

	if (first == &code->units[code->first_unit[u->sec]])
		return from;
	end = first[-1].off + first[-1].len;
	/* What ends in or behind this function is around it, or has another name for it. */
	return end > from && end <= u->off ? end : from;
}

void canon_write_specials_before(struct canon *c, const struct unit *u)
{
	const struct specials *specials = &c->code->specials;

	for (u32 i = specials_near(specials, c->special, u->sec, room_from(c->code, u));
	     i < specials->nr && specials->entries[i].site.sec == u->sec &&
	     specials->entries[i].site.off < u->off;
	     i++) {
		const struct special *e = &specials->entries[i];

		if (specials->sections[e->table].table->before &&
		    code_room_owner(c->code, u->sec, e->site.off) == c->parts.self)
			write_special(c, e, (s64)e->site.off - u->off);
	}
}
