// SPDX-License-Identifier: GPL-2.0-or-later
/* alter-ref.c - relocations refer to something else */
#include "alter-set.h"

/* Bytes from @rel, in the instruction at @off, to where its value counts from. */
static s64 distance_of(const struct section *sec, u32 off, const struct reloc *rel)
{
	struct insn insn = subject_insn_at(sec, off);
	u64 at = rel->offset - off;
	u8 kind = arch_reloc_type(rel->type).kind;
	bool pcrel = (insn.flags & INSN_PCREL_DISP && insn.disp_off == at) ||
		     (insn.flags & INSN_PCREL_IMM && insn.imm_off == at);

	return pcrel && (kind == RELOC_PC || kind == RELOC_GOT) ? (s64)(insn.len - at) : 0;
}

/* May the first instruction at @off be referred to by its second byte? Alignment is not then. */
static bool has_inside(const struct section *sec, u32 off)
{
	return subject_insn_at(sec, off).len > 1;
}

static struct leeway leeway_of_string(const struct section *sec, u32 off)
{
	struct leeway way = {.symbol = true, .unit = NO_UNIT};

	if (!(sec->flags & SF_STRINGS) || sec->entsize > 1 || !sec->data[off])
		return way;
	for (way.hi = 1; off + way.hi < sec->size && sec->data[off + way.hi];)
		way.hi++;
	return way;
}

/* Of relocation @rel that points at @off of section @s, in this object and not by a global name. */
static struct leeway leeway_of_place(const struct subject *x, u32 s, u32 off)
{
	const struct code *code = x->code;
	const struct section *sec = subject_section(x, s);
	u32 unit = code_unit_at(code, s, off);
	const struct unit *u = unit == NO_UNIT ? NULL : &code->units[unit];
	struct leeway way = {.unit = unit};

	if (section_excluded(sec) || (!u && code->specials.sections[s].layout))
		return way;
	if (!u)
		return sec->flags & SF_MERGE && sec->data && !sec->nr_relocs
			       ? leeway_of_string(sec, off)
			       : way;
	if (u->kind == UNIT_LABEL || u->len < 2 || !subject_is_single(x, unit))
		return way;
	if (u->kind == UNIT_DATA) {
		way.symbol = true;
		way.lo = (s64)u->off - off + 1;
		way.hi = (s64)u->off - off + u->len;
	} else if (off == u->off) {
		way.symbol = true;
		way.hi = has_inside(sec, off) ? 2 : 0;
	}
	return way;
}

struct leeway ref_leeway(const struct subject *x, const struct reloc *rel, s64 distance)
{
	const struct code *code = x->code;
	const struct symbol *sym = subject_symbol(x, rel);
	u32 unit = code->ids[rel->sym].unit;
	s64 delta = add_wrap(rel->addend, distance), off = add_wrap((s64)sym->value, delta);
	struct leeway way = {.symbol = true, .unit = unit, .hi = 4};

	if (!rel->sym)
		return (struct leeway){.unit = NO_UNIT};
	if (!symbol_defined(sym) || sym->bind != BIND_LOCAL) {
		if (unit != NO_UNIT && code->units[unit].len < 2)
			return (struct leeway){.unit = unit};
		if (unit != NO_UNIT && code->units[unit].kind == UNIT_FUNC)
			way.hi = !delta && has_inside(subject_section(x, sym->sec), (u32)sym->value)
					 ? 2
					 : 0;
		return way;
	}
	if (off < 0 || off >= (s64)subject_section(x, sym->sec)->size)
		return (struct leeway){.unit = unit};
	way = leeway_of_place(x, sym->sec, (u32)off);
	/* A local symbol with an addend that leaves it goes by the symbol. */
	if (sym->type != SYM_SECTION && unit != NO_UNIT && unit != way.unit)
		return (struct leeway){.unit = unit};
	return way;
}

static bool alter_addend(struct subject *x, u32 s, const struct reloc *rel, s64 distance,
			 struct alteration *alt)
{
	struct leeway way = ref_leeway(x, rel, distance);
	u32 range = (u32)(way.hi - way.lo);

	for (int i = 0; way.hi > way.lo && i < TRIES; i++) {
		/* Low bits have a meaning of their own where keys are pointed at. */
		s64 by = way.hi > 1 && subject_chance(x, 2)
				 ? 1 + subject_chance(x, way.hi < 4 ? (u32)way.hi - 1 : 3)
				 : way.lo + subject_chance(x, range);

		if (by)
			return set_addend(x, s, rel, by, alt);
	}
	return false;
}

static bool is_function(const struct subject *x, u32 sym)
{
	u32 unit = x->code->ids[sym].unit;

	return unit != NO_UNIT && x->code->units[unit].kind == UNIT_FUNC;
}

bool ref_set_symbol(struct subject *x, u32 s, const struct reloc *rel, s64 distance,
		    struct alteration *alt)
{
	const struct object *obj = x->code->obj;
	struct leeway way = ref_leeway(x, rel, distance);

	for (int i = 0; way.symbol && x->nr_globals && i < TRIES; i++) {
		u32 sym = x->globals[subject_chance(x, x->nr_globals)];
		const char *name = obj->symbols[sym].name;

		if (strcmp(name, obj->symbols[rel->sym].name) == 0 ||
		    /* The middle of a function that was nobody's business would be somebody's. */
		    (add_wrap(rel->addend, distance) && is_function(x, sym)) ||
		    (way.unit != NO_UNIT &&
		     (x->code->ids[sym].unit == way.unit ||
		      strcmp(name, obj->symbols[x->code->units[way.unit].sym].name) == 0)))
			continue;
		return set_symbol(x, s, rel, sym, alt);
	}
	return false;
}

bool ref_set_either(struct subject *x, u32 s, const struct reloc *rel, struct alteration *alt)
{
	return subject_chance(x, 2) ? alter_addend(x, s, rel, 0, alt)
				    : ref_set_symbol(x, s, rel, 0, alt);
}

bool ref_move_in_code(struct subject *x, u32 s, const struct reloc *rel, struct place to,
		      struct alteration *alt)
{
	u32 other;

	return code_other_insn(x, to.sec, to.off, &other) &&
	       set_addend(x, s, rel, (s64)other - to.off, alt);
}

bool ref_is_inside_code(const struct subject *x, const struct reloc *rel, s64 distance,
			struct place *to)
{
	const struct symbol *sym = subject_symbol(x, rel);
	s64 off = subject_points_at(x, rel, distance);
	u32 unit;

	if (!symbol_defined(sym) || !(subject_section(x, sym->sec)->flags & SF_EXEC))
		return false;
	unit = subject_unit_at(x, sym->sec, off);
	*to = (struct place){sym->sec, (u32)off};
	return unit != NO_UNIT && x->code->units[unit].off != off;
}

bool alter_code_addend(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct reloc *rel = subject_reloc(x, c);
	s64 distance = distance_of(subject_section(x, c->sec), c->off, rel);
	struct place to;

	return ref_is_inside_code(x, rel, distance, &to)
		       ? ref_move_in_code(x, c->sec, rel, to, alt)
		       : alter_addend(x, c->sec, rel, distance, alt);
}

bool alter_code_symbol(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct reloc *rel = subject_reloc(x, c);
	s64 distance = distance_of(subject_section(x, c->sec), c->off, rel);

	return ref_set_symbol(x, c->sec, rel, distance, alt);
}

bool alter_data_reloc(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	return ref_set_either(x, c->sec, subject_reloc(x, c), alt);
}

/* Of jump tables above all: clang's are relative to the table's start. */
bool alter_unnamed_reloc(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct reloc *rel = subject_reloc(x, c);
	bool relative = arch_reloc_type(rel->type).kind == RELOC_PC;
	struct place to;
	u32 start;

	if (!owners_unnamed_start(&x->owners, c->sec, c->off, &start))
		return false;
	if (ref_is_inside_code(x, rel, relative ? -(s64)(c->off - start) : 0, &to))
		return ref_move_in_code(x, c->sec, rel, to, alt);
	return !relative && ref_set_either(x, c->sec, rel, alt);
}
