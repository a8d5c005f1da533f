// SPDX-License-Identifier: GPL-2.0-or-later
/* owners.c - which functions and data objects a byte of an object is the business of */
#include <stdlib.h>
#include <objtool/insns.h>
#include <objtool/names.h>
#include <objtool/owners.h>
#include <objtool/target.h>

/* Replacement code is as long as a byte of its entry says. */
#define MAX_REPLACEMENT 255

/* More sources than this of one byte are not followed. */
#define MAX_SOURCES 4096

static const struct section *section(const struct owners *o, u32 sec)
{
	return &o->code->obj->sections[sec];
}

/* ---- references ---- */

static void add(struct owners *o, u32 sec, s64 off, struct place from, enum reference_kind kind)
{
	if (off < 0 || off >= (s64)section(o, sec)->size)
		return;
	if (o->nr_refs == o->cap_refs) {
		o->cap_refs = o->cap_refs ? o->cap_refs * 2 : 1024;
		o->refs = xreallocarray(o->refs, o->cap_refs, sizeof(*o->refs));
	}
	o->refs[o->nr_refs++] =
		(struct reference){.to = {sec, (u32)off}, .from = from, .kind = (u8)kind};
}

/* Add relocation @rel of section @s; @distance: from the field to where its value counts from. */
static void add_reloc(struct owners *o, u32 s, const struct reloc *rel, s64 distance)
{
	const struct code *code = o->code;
	const struct symbol *sym = &code->obj->symbols[rel->sym];
	struct place from = {s, (u32)rel->offset};
	s64 delta = add_wrap(rel->addend, distance);
	u32 unit = code->ids[rel->sym].unit;
	bool place = sym->bind == BIND_LOCAL && arch_reloc_type(rel->type).kind != RELOC_OTHER;

	if (!symbol_defined(sym))
		return;
	/* "table + 4096", which has 16 bytes, is not what lies there. */
	if (unit != NO_UNIT && code->units[unit].kind != UNIT_LABEL &&
	    (delta < 0 || delta >= (s64)code->units[unit].len))
		place = false;
	add(o, sym->sec, add_wrap((s64)sym->value, delta), from,
	    place ? REFERENCE_PLACE : REFERENCE_NAME);
}

static bool fills(const struct reloc *rel, const struct code_insn *ci, u8 off, u8 len)
{
	return len && rel->offset == (u64)ci->off + off;
}

/*
 * "cmp $.rodata+832, %rax" at the end of a loop means the end of the table before, and not what
 * begins there; so may "mov $.rodata+832, %rbx".
 */
static bool may_be_end(const struct owners *o, u32 s, const struct code_insn *ci,
		       const struct reloc *rel, const struct place *to)
{
	const struct insn *insn = &ci->insn;
	struct target t = {.unit = NO_UNIT, .sec = to->sec, .off = to->off};
	u8 reg;

	if (o->code->obj->symbols[rel->sym].type != SYM_SECTION)
		return false;
	switch (arch_address_use(section(o, s)->data + ci->off, insn,
				 fills(rel, ci, insn->imm_off, insn->imm_len), &reg)) {
	case USE_COMPARE:
		return true;
	case USE_ADDRESS:
		return target_ends_here(o->code, &t) != NO_UNIT;
	case USE_MEMORY:
	case USE_INDEX:
		break;
	}
	return false;
}

static void read_insn(struct owners *o, u32 s, const struct code_insn *ci, struct reloc_cursor *cur)
{
	const struct insn *insn = &ci->insn;
	u64 end = (u64)ci->off + ci->insn.len;
	const struct reloc *rel = reloc_next(cur, end);
	u8 left = insn->flags;

	for (; rel; rel = reloc_next(cur, end)) {
		u8 kind = arch_reloc_type(rel->type).kind, filled = 0;
		u32 first = o->nr_refs;

		if (fills(rel, ci, insn->disp_off, insn->disp_len))
			filled = INSN_PCREL_DISP;
		if (fills(rel, ci, insn->imm_off, insn->imm_len))
			filled = INSN_PCREL_IMM;
		filled &= insn->flags;
		left &= (u8)~filled;
		add_reloc(o, s, rel,
			  filled && (kind == RELOC_PC || kind == RELOC_GOT)
				  ? (s64)(end - rel->offset)
				  : 0);
		if (o->nr_refs > first && o->refs[first].kind == REFERENCE_PLACE &&
		    !(section(o, o->refs[first].to.sec)->flags & SF_EXEC) &&
		    may_be_end(o, s, ci, rel, &o->refs[first].to))
			o->refs[first].kind = REFERENCE_DOUBT;
	}
	if (left)
		add(o, s, code_branch_target(section(o, s), ci), (struct place){s, ci->off},
		    REFERENCE_PLACE);
}

/* Code of section @s, decoded afresh from each symbol on. */
static void read_code(struct owners *o, u32 s)
{
	const struct section *sec = section(o, s);
	struct insns insns = {0};

	for (u32 off = 0, end; off < sec->size; off = end) {
		u32 next = code_unit_from(o->code, s, off + 1);
		struct reloc_cursor cur = reloc_cursor(sec, off);

		end = next == NO_UNIT ? sec->size : o->code->units[next].off;
		insns_reset(&insns);
		code_decode(o->code, s, off, end, DECODE_ALL, &insns);
		for (u32 i = 0; i < insns.nr; i++)
			read_insn(o, s, &insns.insn[i], &cur);
	}
	insns_free(&insns);
}

/* What an entry refers to, besides the code it applies to. */
static void read_entry(struct owners *o, const struct special *e)
{
	const struct special_section *how = &o->code->specials.sections[e->table];

	for (const struct field *f = how->layout->field; f->use; f++) {
		const struct reloc *rel = special_reloc(o->code->obj, e, f);
		u32 first = o->nr_refs;

		if (!rel || f->use == FIELD_SITE)
			continue;
		add_reloc(o, e->table, rel, special_counts_from(how, f) - f->off);
		if (f->use == FIELD_REPL && o->nr_refs > first)
			o->refs[first].kind = REFERENCE_REPL;
	}
}

/* Is unnamed data of section @s at @off: no data object, and no strings or constants? */
static bool is_unnamed(const struct owners *o, u32 s, u32 off)
{
	u32 unit = code_unit_at(o->code, s, off);

	if (unit != NO_UNIT)
		return o->code->units[unit].kind == UNIT_LABEL;
	return !(section(o, s)->flags & SF_MERGE) || section(o, s)->nr_relocs;
}

/*
 * Entries of clang's tables are relative to the table. Those of a jump table lead back to who
 * uses it; of others, those of strings above all, it is not known which part of the addend is the
 * entry's own offset.
 */
static bool add_relative_entry(struct owners *o, u32 s, const struct reloc *rel)
{
	const struct symbol *sym = &o->code->obj->symbols[rel->sym];
	struct place from = {s, (u32)rel->offset};

	if (arch_reloc_type(rel->type).kind != RELOC_PC || !symbol_defined(sym) ||
	    !(is_unnamed(o, s, (u32)rel->offset) || section(o, sym->sec)->flags & SF_STRINGS))
		return false;
	if (section(o, sym->sec)->flags & SF_EXEC)
		return true;
	add(o, sym->sec, (s64)sym->value, from, REFERENCE_DOUBT);
	add(o, sym->sec, add_wrap((s64)sym->value, rel->addend), from, REFERENCE_DOUBT);
	return true;
}

static void read_data(struct owners *o, u32 s)
{
	struct reloc_cursor cur = reloc_cursor(section(o, s), 0);
	const struct reloc *rel;
	struct special entry;

	while ((rel = reloc_next(&cur, section(o, s)->size)))
		if (!specials_at(o->code->obj, &o->code->specials, s, (u32)rel->offset, &entry) &&
		    !add_relative_entry(o, s, rel))
			add_reloc(o, s, rel, 0);
}

static int compare_places(const struct place *a, const struct place *b)
{
	if (a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	return (a->off > b->off) - (a->off < b->off);
}

static int compare_refs(const void *pa, const void *pb)
{
	const struct reference *a = pa, *b = pb;
	int cmp = compare_places(&a->to, &b->to);

	return cmp ? cmp : compare_places(&a->from, &b->from);
}

void owners_read(const struct code *code, struct owners *o)
{
	*o = (struct owners){.code = code};
	for (u32 s = 1; s < code->obj->nr_sections; s++) {
		const struct section *sec = section(o, s);

		if (section_excluded(sec) || !sec->data)
			continue;
		if (sec->flags & SF_EXEC)
			read_code(o, s);
		else
			read_data(o, s);
	}
	for (u32 i = 0; i < code->specials.nr; i++)
		read_entry(o, &code->specials.entries[i]);
	if (o->nr_refs)
		qsort(o->refs, o->nr_refs, sizeof(*o->refs), compare_refs);
}

void owners_free(struct owners *o)
{
	free(o->refs);
	*o = (struct owners){0};
}

/* The first reference to @off of section @sec or behind. */
static u32 refs_from(const struct owners *o, u32 sec, u32 off)
{
	struct place place = {sec, off};
	u32 lo = 0, hi = o->nr_refs;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (compare_places(&o->refs[mid].to, &place) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- owners ---- */

struct walk {
	const struct owners *o;
	struct buf *units;
	struct buf seen; /* struct place: fields that refer to what is asked for */
	bool lost;
};

static void visit(struct walk *w, u32 s, u32 off);

/* The unit of the record that covers @unit; a part is in its function's. */
static void own(struct walk *w, u32 unit)
{
	const struct unit *u = &w->o->code->units[unit];
	u32 top = u->parent == NO_UNIT ? unit : u->parent;

	if (w->o->code->units[top].len)
		buf_add(w->units, &top, sizeof(top));
}

/* All who refer to a place in [@from, @end) of section @s. */
static void visit_referrers(struct walk *w, u32 s, u32 from, u32 end)
{
	const struct owners *o = w->o;

	for (u32 i = refs_from(o, s, from); i < o->nr_refs; i++) {
		const struct reference *ref = &o->refs[i];

		if (ref->to.sec != s || ref->to.off >= end)
			break;
		w->lost |= ref->kind == REFERENCE_DOUBT;
		if (ref->kind == REFERENCE_PLACE)
			visit(w, ref->from.sec, ref->from.off);
	}
}

static void visit_mergeable(struct walk *w, u32 s, u32 off)
{
	const struct section *sec = section(w->o, s);
	u32 width = sec->entsize ? sec->entsize : 1, start = off;

	if (!(sec->flags & SF_STRINGS)) {
		start = off - off % width;
		visit_referrers(w, s, start, start + width);
	} else if (width == 1) {
		while (start && sec->data[start - 1])
			start--;
		visit_referrers(w, s, start, off + 1);
	} else {
		w->lost = true;
	}
}

/* The last reference before index @i whose unnamed data reaches to @off; o->nr_refs if none. */
static u32 reaches(const struct owners *o, u32 i, u32 s, u32 off)
{
	while (i-- > 0 && o->refs[i].to.sec == s) {
		u32 to = o->refs[i].to.off, unit = code_unit_from(o->code, s, to);

		if (unit != NO_UNIT && o->code->units[unit].off <= off)
			break;
		if (code_next_referenced(o->code, s, to, off + 1) != off + 1)
			break;
		if (o->refs[i].kind == REFERENCE_PLACE || o->refs[i].kind == REFERENCE_DOUBT)
			return i;
	}
	return o->nr_refs;
}

static void visit_unnamed(struct walk *w, u32 s, u32 off)
{
	const struct owners *o = w->o;

	for (u32 i = reaches(o, refs_from(o, s, off + 1), s, off); i < o->nr_refs;
	     i = reaches(o, i, s, off)) {
		w->lost |= o->refs[i].kind == REFERENCE_DOUBT;
		visit(w, o->refs[i].from.sec, o->refs[i].from.off);
	}
}

/* Code without a symbol: the replacements it is part of. */
static void visit_replacement(struct walk *w, u32 s, u32 off)
{
	const struct owners *o = w->o;
	bool found = false;

	for (u32 i = refs_from(o, s, off > MAX_REPLACEMENT ? off - MAX_REPLACEMENT : 0);
	     i < o->nr_refs && o->refs[i].to.sec == s && o->refs[i].to.off <= off; i++) {
		const struct reference *ref = &o->refs[i];
		const struct special_section *how = &o->code->specials.sections[ref->from.sec];
		const struct field *f;
		struct special e;

		if (ref->kind != REFERENCE_REPL || !specials_at(o->code->obj, &o->code->specials,
								ref->from.sec, ref->from.off, &e))
			continue;
		f = how->layout->field;
		while (f->off != ref->from.off - e.entry)
			f++;
		if (off - ref->to.off >= section(o, e.table)->data[e.entry + f->arg])
			continue;
		visit(w, ref->from.sec, ref->from.off);
		found = true;
	}
	w->lost |= !found;
}

static bool is_prefix(const struct code *code, u32 unit)
{
	u32 parent = code->units[unit].parent;

	return parent != NO_UNIT && code->units[parent].prefix == unit;
}

static void visit_site(struct walk *w, const struct special *e)
{
	const struct code *code = w->o->code;
	u32 unit;

	if (!code->specials.sections[e->table].table->before) {
		/* The room of nops before a function is not looked at for these. */
		unit = code_unit_at(code, e->site.sec, e->site.off);
		w->lost |= unit != NO_UNIT && is_prefix(code, unit);
		visit(w, e->site.sec, e->site.off);
		return;
	}
	unit = code_room_owner(code, e->site.sec, e->site.off);
	if (unit != NO_UNIT)
		own(w, unit);
}

/* Read-only and numbered objects, CSWTCH.3 and x.12: who refers to them says what they hold. */
static bool is_known_by_content(const struct code *code, const struct unit *u)
{
	const struct symbol *sym = &code->obj->symbols[u->sym];

	return u->kind == UNIT_LABEL || (u->kind == UNIT_DATA && sym->bind == BIND_LOCAL &&
					 name_has_counter(sym->name) && !name_is_btf_id(sym->name));
}

static void visit_units(struct walk *w, u32 s, u32 innermost, u32 off)
{
	for (u32 unit = innermost; unit != NO_UNIT; unit = w->o->code->units[unit].outer) {
		const struct unit *u = &w->o->code->units[unit];

		if (off - u->off >= u->len)
			continue;
		if (u->kind != UNIT_LABEL)
			own(w, unit);
		if (is_known_by_content(w->o->code, u))
			visit_referrers(w, s, u->off, u->off + u->len);
	}
}

static bool seen(struct walk *w, struct place place)
{
	const struct place *places = (const void *)w->seen.data;
	size_t nr = w->seen.len / sizeof(place);

	for (size_t i = 0; i < nr; i++)
		if (!compare_places(&places[i], &place))
			return true;
	w->lost |= nr == MAX_SOURCES;
	if (!w->lost)
		buf_add(&w->seen, &place, sizeof(place));
	return w->lost;
}

static void visit(struct walk *w, u32 s, u32 off)
{
	const struct code *code = w->o->code;
	const struct section *sec = section(w->o, s);
	u32 unit = code_unit_at(code, s, off);
	struct special e;

	if (section_excluded(sec) || seen(w, (struct place){s, off}))
		return;
	if (unit != NO_UNIT) {
		visit_units(w, s, unit, off);
	} else if (code->specials.sections[s].layout) {
		if (specials_at(code->obj, &code->specials, s, off, &e))
			visit_site(w, &e);
	} else if (sec->flags & SF_EXEC) {
		visit_replacement(w, s, off);
	} else if (is_unnamed(w->o, s, off)) {
		visit_unnamed(w, s, off);
	} else {
		visit_mergeable(w, s, off);
	}
}

static int compare_u32(const void *pa, const void *pb)
{
	const u32 *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

bool owners_of(const struct owners *o, u32 sec, u32 off, struct buf *units)
{
	struct walk w = {.o = o, .units = units};
	u32 *unit, nr = 0;
	size_t all;

	visit(&w, sec, off);
	buf_free(&w.seen);
	unit = (void *)units->data;
	all = units->len / sizeof(*unit);
	if (all)
		qsort(unit, all, sizeof(*unit), compare_u32);
	for (size_t i = 0; i < all; i++)
		if (!nr || unit[nr - 1] != unit[i])
			unit[nr++] = unit[i];
	units->len = nr * sizeof(*unit);
	return !w.lost;
}

bool owners_alone_inside(const struct owners *o, u32 unit)
{
	const struct unit *u = &o->code->units[unit];
	u32 top = u->parent == NO_UNIT ? unit : u->parent;
	struct buf units = {0};
	bool alone = true;

	for (u32 i = refs_from(o, u->sec, u->off + 1); alone && i < o->nr_refs; i++) {
		const struct reference *ref = &o->refs[i];

		if (ref->to.sec != u->sec || ref->to.off - u->off >= u->len)
			break;
		units.len = 0;
		alone = owners_of(o, ref->from.sec, ref->from.off, &units) &&
			units.len == sizeof(top) && !memcmp(units.data, &top, sizeof(top));
	}
	buf_free(&units);
	return alone;
}

bool owners_unnamed_start(const struct owners *o, u32 s, u32 off, u32 *start)
{
	u32 unit = code_unit_at(o->code, s, off), i;

	if (unit != NO_UNIT) {
		*start = o->code->units[unit].off;
		return o->code->units[unit].kind == UNIT_LABEL;
	}
	i = reaches(o, refs_from(o, s, off + 1), s, off);
	if (i == o->nr_refs)
		return false;
	*start = o->refs[i].to.off;
	while ((i = reaches(o, i, s, off)) < o->nr_refs)
		if (o->refs[i].to.off != *start)
			return false;
	return true;
}
