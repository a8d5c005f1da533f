// SPDX-License-Identifier: GPL-2.0-or-later
/* alter-entry.c - entries of special sections say something else */
#include "alter-set.h"

/* A field of a special entry. */
struct entry_field {
	const struct special *e;
	const struct special_section *table;
	const struct field *field; /* NULL if none begins there, as in tables of unknown layout */
	const struct reloc *rel;   /* that fills it, NULL if none does */
};

/* The field of entry @e at @off of its section. */
static struct entry_field field_at(const struct subject *x, const struct special *e, u32 off)
{
	const struct special_section *table = &x->code->specials.sections[e->table];

	for (const struct field *f = table->layout->field; f->use; f++)
		if (f->off == off - e->entry)
			return (struct entry_field){e, table, f, special_reloc(x->code->obj, e, f)};
	return (struct entry_field){e, table, NULL, NULL};
}

static struct entry_field entry_field(const struct subject *x, const struct candidate *c)
{
	return field_at(x, &x->code->specials.entries[c->index], c->off);
}

/* Of tables whose layout was guessed, everything that is no pointer. */
bool alter_entry_bytes(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);
	const struct special *e = f.e;
	u32 size = f.table->kind == arch_nr_special_tables ? e->size : f.field->size;
	u8 site_len = f.table->layout->site_len;
	u32 unit = code_unit_at(x->code, e->site.sec, e->site.off);

	if (!flip_data(x, c->sec, c->off, c->off + size, (struct flip_except){0}, alt))
		return false;
	if (!site_len || alt->off != e->entry + site_len)
		return true;
	/* Nops that an entry applies to are no alignment: in this function or, if more, the next.
	 */
	return alt->is[0] < alt->was[0] && unit != NO_UNIT && owners_alone_inside(&x->owners, unit);
}

bool alter_entry_pointer(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);
	struct place to;

	if (!f.rel)
		return false;
	if (ref_is_inside_code(x, f.rel, 0, &to))
		return ref_move_in_code(x, c->sec, f.rel, to, alt);
	/* An addend there would make the table one of another kernel. */
	if (f.table->layout->last_is_symbol && f.field->off == 8)
		return ref_set_symbol(x, c->sec, f.rel, 0, alt);
	return ref_set_either(x, c->sec, f.rel, alt);
}

/* Entries of the room before a function do not move within it: a byte on is another place. */
bool alter_entry_site(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);
	struct place site = f.e->site;

	if (!f.table->table->before)
		return ref_move_in_code(x, c->sec, f.rel, site, alt);
	return code_unit_at(x->code, site.sec, site.off) ==
		       code_unit_at(x->code, site.sec, site.off + 1) &&
	       set_addend(x, c->sec, f.rel, 1, alt);
}

/* Point at one byte less of the file's name, where enough others tell what the field is. */
bool alter_entry_file(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);

	return f.rel && special_has_line(x->code->obj, f.table, f.e) && f.table->nr >= 8 &&
	       ref_leeway(x, f.rel, special_counts_from(f.table, f.field) - f.field->off).hi >= 2 &&
	       set_addend(x, c->sec, f.rel, 1, alt);
}

bool alter_entry_line(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);

	return !special_has_line(x->code->obj, f.table, f.e) && alter_entry_bytes(x, c, alt);
}

struct code_range subject_replacement(const struct subject *x, const struct special *e,
				      const struct field *field)
{
	const struct reloc *rel = special_reloc(x->code->obj, e, field);
	u8 len = subject_section(x, e->table)->data[e->entry + field->arg];
	const struct section *sec;
	s64 off;

	if (!rel || !symbol_defined(subject_symbol(x, rel)))
		return (struct code_range){0};
	sec = subject_section(x, subject_symbol(x, rel)->sec);
	off = subject_points_at(x, rel, 0);
	if (!sec->data || off < 0 || off + len > sec->size)
		return (struct code_range){0};
	return (struct code_range){subject_symbol(x, rel)->sec, (u32)off, len};
}

/* A byte further on, if other bytes are there. */
bool alter_entry_replacement(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct entry_field f = entry_field(x, c);
	struct code_range code = subject_replacement(x, f.e, f.field);
	const struct section *sec = subject_section(x, code.sec);

	return code.len && code.off + code.len != sec->size &&
	       memcmp(sec->data + code.off, sec->data + code.off + 1, code.len) != 0 &&
	       set_addend(x, c->sec, f.rel, 1, alt);
}

bool entry_replaces_by_nothing(const struct subject *x, u32 s, u32 off)
{
	struct entry_field f = {0};
	struct special e;

	if (specials_at(x->code->obj, &x->code->specials, s, off, &e))
		f = field_at(x, &e, off);
	return f.field && f.field->use == FIELD_REPL && !subject_replacement(x, &e, f.field).len;
}
