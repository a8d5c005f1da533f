// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * special.c - the special-section walker
 *
 * Tables are cut to pieces, which threads read; then the entries of all tables are sorted by the
 * place that they apply to, section by section.
 */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/sort.h>
#include "special-layout.h"

/* The length of a patch site is a byte. */
#define MAX_SITE_LEN 255

/* Sections, and entries, that one thread takes at once. */
#define SECTIONS_AT_ONCE 16
#define ENTRIES_AT_ONCE	 1024

/*
 * Entry @index of table @table, whose relocations begin at @first_reloc. The first of them is
 * its site, since no layout puts another pointer first.
 */
static bool read_entry(const struct object *obj, u32 table, const struct special_section *how,
		       u32 index, u32 first_reloc, struct special *out)
{
	const struct section *sec = &obj->sections[table];
	const struct field *site = how->layout->field;
	const struct reloc *rel;
	const struct symbol *sym;
	s64 off;

	out->table = table;
	out->entry = how->entries[index];
	out->size = how->layout->stride;
	if (sec->size - out->entry < out->size)
		out->size = (u8)(sec->size - out->entry);
	out->first_reloc = first_reloc;
	rel = special_reloc(obj, out, site);
	if (!rel)
		return false;
	sym = &obj->symbols[rel->sym];
	off = add_wrap((s64)sym->value, rel->addend);
	if (!symbol_defined(sym) || off < 0 || off > (s64)obj->sections[sym->sec].size)
		return false;
	/* Named by a global symbol, the function may as well be another object's. */
	if (how->kind == arch_nr_special_tables &&
	    (sym->bind != BIND_LOCAL || !(obj->sections[sym->sec].flags & SF_EXEC)))
		return false;
	out->site = (struct place){sym->sec, (u32)off};
	return true;
}

/* Some entries of one table; those with a site go to .to and behind. */
struct piece {
	u32 sec, from, end;
	u32 to, nr;
	u32 kind;
	const char *name; /* of the table */
};

struct reading {
	struct object *obj;
	struct specials *specials;
	struct arena *arenas; /* by worker */
	u8 *unknown;	      /* by section: special, and of no known layout */
	struct piece *pieces;
	u32 nr_pieces;
	struct special *entries; /* table after table, with room behind each piece's */
	u64 *keys;		 /* of entries with a site: offset << 32 | index, by section */
	u32 *start;		 /* by section: where its keys begin */
};

/*
 * A kernel has 10,000 sections of an export each, whose symbols are anywhere: those of the next
 * sections are asked for before the first is looked at.
 */
static ALWAYS_INLINE void fetch_symbols(const struct object *obj, const struct section *sec)
{
	for (u32 i = 0; i < sec->nr_relocs && i < 3; i++)
		__builtin_prefetch(&obj->symbols[sec->relocs[i].sym]);
}

static void find_layouts(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct reading *r = ctx;

	for (size_t s = from; s < end; s++)
		fetch_symbols(r->obj, &r->obj->sections[s]);
	for (size_t s = from; s < end; s++)
		if (s)
			r->unknown[s] = !special_find_layout(r->obj, &r->arenas[worker],
							     &r->obj->sections[s],
							     &r->specials->sections[s]);
}

/* Cut all tables to pieces. Returns how many entries there may be. */
static u32 cut_tables(struct reading *r)
{
	const struct object *obj = r->obj;
	u32 pieces = 0, to = 0;

	for (u32 i = 1; i < obj->nr_sections; i++)
		pieces += r->specials->sections[i].table
				  ? r->specials->sections[i].nr / ENTRIES_AT_ONCE + 1
				  : 0;
	r->pieces = xreallocarray(NULL, pieces, sizeof(*r->pieces));
	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct special_section *how = &r->specials->sections[i];

		for (u32 from = 0, end; how->table && from < how->nr; from = end) {
			end = how->nr - from < ENTRIES_AT_ONCE ? how->nr : from + ENTRIES_AT_ONCE;
			r->pieces[r->nr_pieces++] = (struct piece){.sec = i,
								   .from = from,
								   .end = end,
								   .to = to,
								   .kind = how->kind,
								   .name = obj->sections[i].name};
			to += end - from;
		}
	}
	return to;
}

static void read_piece(const struct reading *r, struct piece *piece)
{
	const struct special_section *how = &r->specials->sections[piece->sec];
	const struct section *sec = &r->obj->sections[piece->sec];
	struct special *out = &r->entries[piece->to];
	u32 reloc = section_reloc_from(sec, how->entries[piece->from]);

	for (u32 k = piece->from; k < piece->end; k++) {
		while (reloc < sec->nr_relocs && sec->relocs[reloc].offset < how->entries[k])
			reloc++;
		out += read_entry(r->obj, piece->sec, how, k, reloc, out);
	}
	piece->nr = (u32)(out - &r->entries[piece->to]);
}

/* Most tables of a kernel have one or two entries: its exports. */
#define PIECES_AT_ONCE 8

static void read_pieces(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct reading *r = ctx;

	(void)worker;
	for (size_t i = from; i < end; i++)
		read_piece(r, &r->pieces[i]);
}

static int compare_pieces(const void *pa, const void *pb)
{
	const struct piece *a = pa, *b = pb;
	int cmp = a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);

	return cmp ? cmp : (a->to > b->to) - (a->to < b->to);
}

/*
 * Those that have entries with a site, in the order that these will have at one site: by kind,
 * then by name, since where a section is says nothing of a function.
 */
static void order_pieces(struct reading *r)
{
	u32 nr = 0;

	for (u32 i = 0; i < r->nr_pieces; i++)
		if (r->pieces[i].nr)
			r->pieces[nr++] = r->pieces[i];
	r->nr_pieces = nr;
	qsort(r->pieces, nr, sizeof(*r->pieces), compare_pieces);
}

/* Put each section's keys side by side, in the order of their entries. */
static void place_keys(struct reading *r)
{
	u32 sections = r->obj->nr_sections, at = 0;

	for (u32 i = 0; i < r->nr_pieces; i++)
		for (u32 k = r->pieces[i].to; k < r->pieces[i].to + r->pieces[i].nr; k++)
			r->start[r->entries[k].site.sec]++;
	for (u32 s = 0; s <= sections; s++) {
		u32 count = r->start[s];

		r->start[s] = at;
		at += count;
	}
	r->specials->nr = at;
	for (u32 i = 0; i < r->nr_pieces; i++)
		for (u32 k = r->pieces[i].to; k < r->pieces[i].to + r->pieces[i].nr; k++) {
			const struct place *site = &r->entries[k].site;

			r->keys[r->start[site->sec]++] = (u64)site->off << 32 | k;
		}
	/* Each start has become its section's end, which is the next one's start. */
	memmove(r->start + 1, r->start, sections * sizeof(*r->start));
	r->start[0] = 0;
}

static void sort_sites(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct reading *r = ctx;

	(void)worker;
	for (size_t s = from; s < end; s++) {
		u32 first = r->start[s], nr = r->start[s + 1] - first;

		sort_high(r->keys + first, r->keys + r->specials->nr + first, nr);
		for (u32 i = first; i < first + nr; i++)
			r->specials->entries[i] = r->entries[(u32)r->keys[i]];
	}
}

static void read_entries(struct reading *r)
{
	struct object *obj = r->obj;
	struct specials *specials = r->specials;
	u32 nr = cut_tables(r);

	r->keys = scratch_get(&obj->scratch, nr, 2 * sizeof(*r->keys) + sizeof(*r->entries));
	r->entries = (struct special *)(r->keys + 2 * (size_t)nr);
	pool_ranges(obj->pool, r->nr_pieces, PIECES_AT_ONCE, read_pieces, r);
	order_pieces(r);
	r->start = xcalloc((size_t)obj->nr_sections + 1, sizeof(*r->start));
	place_keys(r);
	specials->entries = arena_alloc(&obj->arena, specials->nr, sizeof(*specials->entries));
	object_each_section(obj, sort_sites, r);
	free(r->pieces);
	free(r->start);
}

void specials_read(struct object *obj, struct specials *specials)
{
	struct reading r = {.obj = obj,
			    .specials = specials,
			    .arenas = xcalloc(pool_workers(obj->pool), sizeof(*r.arenas)),
			    .unknown = xcalloc(obj->nr_sections, 1)};

	specials->sections =
		arena_alloc(&obj->arena, obj->nr_sections, sizeof(*specials->sections));
	pool_ranges(obj->pool, obj->nr_sections, SECTIONS_AT_ONCE, find_layouts, &r);
	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct section *sec = &obj->sections[i];

		if (r.unknown[i])
			warning("%s: section %s (%u bytes, %u relocations) has no known layout: "
				"hashed as data",
				obj->path, sec->name, sec->size, sec->nr_relocs);
	}
	for (unsigned int i = 0; i < pool_workers(obj->pool); i++)
		arena_join(&obj->arena, &r.arenas[i]);
	free(r.arenas);
	free(r.unknown);
	read_entries(&r);
}

static bool is_before(const struct special *entry, u32 sec, u32 off)
{
	const struct place *p = &entry->site;

	return p->sec < sec || (p->sec == sec && p->off < off);
}

u32 specials_near(const struct specials *specials, u32 hint, u32 sec, u32 off)
{
	u32 i = hint;

	for (int steps = 0; steps < 16; steps++) {
		if (i && !is_before(&specials->entries[i - 1], sec, off))
			i--;
		else if (i < specials->nr && is_before(&specials->entries[i], sec, off))
			i++;
		else
			return i;
	}
	return specials_from(specials, sec, off);
}

u32 specials_from(const struct specials *specials, u32 sec, u32 off)
{
	u32 lo = 0, hi = specials->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (is_before(&specials->entries[mid], sec, off))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct reloc *special_reloc(const struct object *obj, const struct special *entry,
				  const struct field *field)
{
	const struct section *sec = &obj->sections[entry->table];
	u64 at = (u64)entry->entry + field->off;

	for (u32 i = entry->first_reloc; i < sec->nr_relocs && sec->relocs[i].offset <= at; i++)
		if (sec->relocs[i].offset == at &&
		    arch_reloc_type(sec->relocs[i].type).kind != RELOC_NONE)
			return &sec->relocs[i];
	return NULL;
}

bool special_has_line(const struct object *obj, const struct special_section *how,
		      const struct special *entry)
{
	const struct field *file = special_field(how->layout, FIELD_FILE);
	const struct reloc *rel = file ? special_reloc(obj, entry, file) : NULL;

	return rel && special_names_source(obj, rel, file->off - special_counts_from(how, file));
}

u32 special_site_len(const struct object *obj, const struct specials *specials,
		     const struct special *entry)
{
	const struct layout *layout = specials->sections[entry->table].layout;

	if (!layout->site_len || layout->site_len >= entry->size)
		return 1;
	return obj->sections[entry->table].data[entry->entry + layout->site_len];
}

bool specials_apply(const struct object *obj, const struct specials *specials, u32 sec, u32 off,
		    u32 end)
{
	u32 from = off > MAX_SITE_LEN ? off - MAX_SITE_LEN : 0;

	for (u32 i = specials_from(specials, sec, from); i < specials->nr; i++) {
		const struct special *e = &specials->entries[i];

		if (e->site.sec != sec || e->site.off >= end)
			return false;
		if (e->site.off + special_site_len(obj, specials, e) > off)
			return true;
	}
	return false;
}

bool special_find(const struct object *obj, const struct specials *specials, u32 sec, u32 off,
		  struct special *found)
{
	const struct special_section *how = &specials->sections[sec];
	u32 i = special_entry_index(how, off);

	if (i == how->nr || off - how->entries[i] >= how->layout->stride)
		return false;
	return read_entry(obj, sec, how, i,
			  section_reloc_from(&obj->sections[sec], how->entries[i]), found);
}
