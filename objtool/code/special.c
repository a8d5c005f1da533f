// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * special.c - the special-section walker
 *
 * Which layout a section has is read off the object, since entry sizes differ
 * from kernel to kernel (a 6.1 .altinstructions entry has 12 bytes, a 6.12 one
 * 14) and nobody should have to say which kernel an object belongs to: the
 * size of the section, and which offsets carry relocations, leave one choice.
 */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/sort.h>
#include <objtool/special.h>

/* The length of a patch site is a byte. */
#define MAX_SITE_LEN 255

/* Room between entries is less than an alignment worth having. */
#define MAX_ROOM 31

/* Relocations of one entry: one a field, and some that do nothing. */
#define MAX_RELOCS 64

/* Entries of unknown tables are tried up to this size, in bytes. */
#define MAX_STRIDE 64

static const struct special_table *find_table(const char *name)
{
	for (u32 i = 0; i < arch_nr_special_tables; i++)
		if (str_matches(name, arch_special_tables[i].section))
			return &arch_special_tables[i];
	return NULL;
}

static bool field_is_pointer(const struct field *f)
{
	return f->use == FIELD_SITE || f->use == FIELD_REF || f->use == FIELD_REPL ||
	       f->use == FIELD_FILE;
}

/* The field of @layout that a relocation at @off of an entry fills, or NULL. */
static const struct field *pointer_at(const struct layout *layout, u64 off)
{
	for (const struct field *f = layout->field; f < layout->field + MAX_FIELDS && f->use; f++)
		if (f->off == off)
			return field_is_pointer(f) ? f : NULL;
	return NULL;
}

/* Does the symbol stand for a place in the section of code, rather than for a function by name? */
static bool is_code_place(const struct object *obj, const struct reloc *rel)
{
	const struct symbol *sym = &obj->symbols[rel->sym];

	return sym->type == SYM_SECTION || rel->addend != 0;
}

static bool is_in_code(const struct object *obj, const struct symbol *sym)
{
	return symbol_defined(sym) && obj->sections[sym->sec].flags & SF_EXEC;
}

/* Zeros with no relocation in [@off, @off + @len): room between two inputs of "ld -r". */
static bool is_room(const struct section *sec, u32 next_reloc, u32 off, u32 len)
{
	if (next_reloc < sec->nr_relocs && sec->relocs[next_reloc].offset < (u64)off + len)
		return false;
	for (u32 i = off; i < off + len; i++)
		if (sec->data[i])
			return false;
	return true;
}

/*
 * The relocations of the entry at @off, from index *@next on, are those that
 * the layout wants. Moves *@next behind them and counts sites and names of functions.
 */
static bool entry_fits(const struct object *obj, const struct section *sec,
		       const struct layout *layout, u32 off, u32 *next, u32 *sites, u32 *places)
{
	u32 first = *next;

	for (; *next < sec->nr_relocs && sec->relocs[*next].offset < (u64)off + layout->stride;
	     ++*next) {
		const struct reloc *rel = &sec->relocs[*next];
		struct reloc_type type = arch_reloc_type(rel->type);
		const struct field *f = pointer_at(layout, rel->offset - off);

		if (*next - first == MAX_RELOCS)
			return false;
		if (type.kind == RELOC_NONE)
			continue;
		if (!f || type.size != f->size)
			return false;
		/* Two bug entries of 8 bytes look like one of 16, but for what the third pointer
		 * is. */
		if (f->use == FIELD_FILE && is_in_code(obj, &obj->symbols[rel->sym]))
			return false;
		*sites += f->use == FIELD_SITE;
		*places += f->off == 8 && is_code_place(obj, rel);
	}
	return true;
}

/*
 * Where the entries begin, if the section is laid out as @layout says; NULL if
 * it is not. One after the other, or, with @rooms, some with zeros before
 * them: "ld -r" puts its inputs' sections at their alignment, of 8 bytes for entries of 12.
 */
static u32 *walk(const struct object *obj, struct arena *arena, const struct section *sec,
		 const struct layout *layout, bool rooms, u32 *nr)
{
	u32 *entries = arena_alloc(arena, sec->size / layout->stride + 1, sizeof(*entries));
	u32 next = 0, off = 0, sites = 0, places = 0;

	for (*nr = 0; off < sec->size && sec->size - off + layout->tail >= layout->stride;) {
		u32 at = next < sec->nr_relocs ? (u32)sec->relocs[next].offset : sec->size;

		if (rooms && at > off && at - off <= MAX_ROOM &&
		    is_room(sec, next, off, at - off)) {
			off = at;
			continue;
		}
		entries[(*nr)++] = off;
		if (!entry_fits(obj, sec, layout, off, &next, &sites, &places))
			return NULL;
		off += layout->stride;
	}
	if (off < sec->size && !(rooms && is_room(sec, next, off, sec->size - off)))
		return NULL;
	/*
	 * Old __ex_table: entries of 8 bytes and entries of 12 with a handler
	 * both have a relocation every 4 bytes. Only a handler's name tells.
	 */
	if (layout->last_is_symbol && places)
		return NULL;
	/* One entry without a site is a damaged entry; most without is another layout. */
	return sites > *nr / 2 ? entries : NULL;
}

/* Index of the entry of @how that @off lies in or behind, how->nr if before all of them. */
static u32 entry_index(const struct special_section *how, u32 off)
{
	u32 lo = 0, hi = how->nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (how->entries[mid] <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : how->nr;
}

/*
 * The field of a special section that a relocation at @off fills, or NULL. *@entry is where that
 * was for the relocation before, or 0: mostly it is in the same entry, or the next.
 */
static const struct field *field_of(const struct special_section *how, u64 off, u32 *entry)
{
	u32 i = *entry;

	if (i + 1 < how->nr && how->entries[i + 1] <= off)
		i++;
	if (i >= how->nr || how->entries[i] > off ||
	    (i + 1 < how->nr && how->entries[i + 1] <= off))
		i = entry_index(how, (u32)off);
	if (i >= how->nr)
		return NULL;
	*entry = i;
	return pointer_at(how->layout, off - how->entries[i]);
}

/* The string in a section of strings that @sym plus @addend points at; NULL if it does not. */
static const char *string_at(const struct object *obj, const struct reloc *rel, s64 bias)
{
	const struct symbol *sym = &obj->symbols[rel->sym];
	const struct section *sec;
	s64 off;

	if (!symbol_defined(sym))
		return NULL;
	sec = &obj->sections[sym->sec];
	off = add_wrap((s64)sym->value, add_wrap(rel->addend, -bias));
	if (!sec->data || off < 0 || off >= (s64)sec->size ||
	    !memchr(sec->data + off, 0, sec->size - (size_t)off))
		return NULL;
	if (off > 0 && sec->data[off - 1])
		return NULL; /* inside a string: not where a file name starts */
	return (const char *)sec->data + off;
}

static bool is_source_name(const char *s)
{
	static const char *const endings[] = {".c", ".h", ".S", ".rs", ".cc", ".y", ".l"};

	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (s && str_ends(s, endings[i]))
			return true;
	return false;
}

/*
 * Kernels to 5.18 wrote a bug entry's file as "file - 2b", with 2b the start
 * of the entry and the field 4 bytes behind it, so that its addend is 4 too
 * large.
 */
static void judge_file_field(const struct object *obj, const struct section *sec,
			     struct special_section *found)
{
	u32 plain = 0, biased = 0, entry = 0;
	const struct field *file = NULL;

	for (const struct field *f = found->layout->field;
	     f < found->layout->field + MAX_FIELDS && f->use; f++)
		if (f->use == FIELD_FILE)
			file = f;
	if (!file)
		return;
	for (u32 i = 0; i < sec->nr_relocs; i++) {
		const struct reloc *rel = &sec->relocs[i];

		if (field_of(found, rel->offset, &entry) != file)
			continue;
		plain += is_source_name(string_at(obj, rel, 0));
		biased += is_source_name(string_at(obj, rel, file->off));
	}
	found->file_from_entry = biased > plain;
}

/* What a section is taken for that looks like a table and has no name here. */
static const struct special_table other_table = {.section = "", .lane = LANE_OTHER};

/* Sections of data have pointers to code for other reasons: jump tables, operations. */
static bool is_called_data(const char *name)
{
	const char *dot = strchr(name, '.');

	while (dot && !str_starts(dot, ".data") && !str_starts(dot, ".rodata"))
		dot = strchr(dot + 1, '.');
	return dot != NULL;
}

static bool may_be_other_table(const struct section *sec)
{
	return sec->data && sec->nr_relocs && sec->type == SECTION_PROGBITS &&
	       !(sec->flags & (SF_EXEC | SF_MERGE)) && !section_excluded(sec) &&
	       !is_called_data(sec->name);
}

static bool points_at_code(const struct object *obj, const struct reloc *rel)
{
	const struct symbol *sym = &obj->symbols[rel->sym];

	return symbol_defined(sym) && obj->sections[sym->sec].flags & SF_EXEC;
}

/*
 * Guess a layout of @stride bytes an entry from the relocations of the first,
 * and from all which of them point at code; false if none does.
 */
static bool guess_layout(const struct object *obj, const struct section *sec, u32 stride,
			 struct layout *layout)
{
	u64 site = stride;
	u32 n = 1;

	for (u32 i = 0; i < sec->nr_relocs; i++)
		if (points_at_code(obj, &sec->relocs[i]) && sec->relocs[i].offset % stride < site)
			site = sec->relocs[i].offset % stride;
	*layout = (struct layout){.stride = (u8)stride};
	for (u32 i = 0; i < sec->nr_relocs && sec->relocs[i].offset < stride; i++) {
		const struct reloc *rel = &sec->relocs[i];
		u8 size = arch_reloc_type(rel->type).size;

		if (rel->offset == site)
			layout->field[0] = (struct field){FIELD_SITE, (u8)site, size, 0};
		else if (n == MAX_FIELDS)
			return false;
		else
			layout->field[n++] = (struct field){FIELD_REF, (u8)rel->offset, size, 0};
	}
	return layout->field[0].use == FIELD_SITE;
}

/* Leave out the entries that a symbol names or covers: they are data objects. */
static u32 drop_named(const struct object *obj, const struct section *sec, u32 stride, u32 *entries,
		      u32 nr)
{
	u64 covered = 0;
	u32 kept = 0, s = 0;

	for (u32 i = 0; i < nr; i++) {
		for (; s < sec->nr_syms; s++) {
			const struct symbol *sym = &obj->symbols[obj->by_addr[sec->first_sym + s]];

			if (sym->value >= (u64)entries[i] + stride)
				break;
			if (sym->value + (sym->size ? sym->size : 1) > covered)
				covered = sym->value + (sym->size ? sym->size : 1);
		}
		if (covered <= entries[i])
			entries[kept++] = entries[i];
	}
	return kept;
}

/*
 * A section that nobody told us of, but whose entries, of one size, each
 * point at code: they belong to that code. "__SECTION(.pci_fixup_final)" is vendor, device,
 * class and a pointer to a function, every 16 bytes.
 */
static void find_other_layout(const struct object *obj, struct arena *arena,
			      const struct section *sec, struct special_section *found)
{
	struct layout layout, *kept;

	if (!may_be_other_table(sec))
		return;
	for (u32 stride = 4; stride <= MAX_STRIDE && stride <= sec->size; stride += 4) {
		if (sec->size % stride || !guess_layout(obj, sec, stride, &layout))
			continue;
		found->entries = walk(obj, arena, sec, &layout, false, &found->nr);
		if (!found->entries)
			continue;
		kept = arena_alloc(arena, 1, sizeof(*kept));
		*kept = layout;
		found->table = &other_table;
		found->layout = kept;
		found->nr = drop_named(obj, sec, stride, found->entries, found->nr);
		return;
	}
}

/* Find out how @sec is laid out, if it is special; false if it is and that cannot be told. */
static bool find_layout(const struct object *obj, struct arena *arena, const struct section *sec,
			struct special_section *found)
{
	const struct special_table *table;

	if (!sec->data || !(sec->flags & SF_ALLOC))
		return true;
	table = find_table(sec->name);
	if (!table) {
		find_other_layout(obj, arena, sec, found);
		return true;
	}
	for (u32 i = 0; i < 2 * table->nr_layouts; i++) {
		const struct layout *layout = &table->layouts[i % table->nr_layouts];

		found->entries = walk(obj, arena, sec, layout, i >= table->nr_layouts, &found->nr);
		if (!found->entries)
			continue;
		found->table = table;
		found->layout = layout;
		judge_file_field(obj, sec, found);
		return true;
	}
	return false;
}

static u8 kind_of(const struct special_section *how)
{
	return (u8)(how->table == &other_table ? arch_nr_special_tables
					       : (u32)(how->table - arch_special_tables));
}

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
	out->kind = kind_of(how);
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
	if (how->table == &other_table &&
	    (sym->bind != BIND_LOCAL || !(obj->sections[sym->sec].flags & SF_EXEC)))
		return false;
	out->site = (struct place){sym->sec, (u32)off};
	return true;
}

/* ---- reading all of them ---- */

/* Sections, and entries, that one thread takes at once. */
#define SECTIONS_AT_ONCE 16
#define ENTRIES_AT_ONCE	 1024

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
			r->unknown[s] =
				!find_layout(r->obj, &r->arenas[worker], &r->obj->sections[s],
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
								   .kind = kind_of(how),
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
	for (const struct field *f = how->layout->field;
	     f < how->layout->field + MAX_FIELDS && f->use; f++) {
		const struct reloc *rel =
			f->use == FIELD_FILE ? special_reloc(obj, entry, f) : NULL;

		if (rel)
			return is_source_name(
				string_at(obj, rel, f->off - special_counts_from(how, f)));
	}
	return false;
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

bool special_leads_to_code(const struct specials *specials, u32 sec, const struct reloc *rel,
			   u32 *entry)
{
	const struct special_section *how = &specials->sections[sec];
	const struct field *f = how->layout ? field_of(how, rel->offset, entry) : NULL;

	return !f || f->use == FIELD_REF;
}

bool special_section_leads(const struct specials *specials, u32 sec)
{
	const struct field *f;

	if (!special_owns_section(specials, sec))
		return true;
	f = specials->sections[sec].layout->field;
	for (u32 i = 0; i < MAX_FIELDS && f[i].use; i++)
		if (f[i].use == FIELD_REF)
			return true;
	return false;
}

bool special_owns_section(const struct specials *specials, u32 sec)
{
	const struct special_section *how = &specials->sections[sec];

	return how->layout && how->table != &other_table;
}

bool special_find(const struct object *obj, const struct specials *specials, u32 sec, u32 off,
		  struct special *found)
{
	const struct special_section *how = &specials->sections[sec];
	u32 i = entry_index(how, off);

	if (i == how->nr || off - how->entries[i] >= how->layout->stride)
		return false;
	return read_entry(obj, sec, how, i,
			  section_reloc_from(&obj->sections[sec], how->entries[i]), found);
}
