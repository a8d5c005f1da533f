// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * special-layout.c - how a special section is laid out
 *
 * That is read off the object, since entry sizes differ from kernel to kernel (a 6.1
 * .altinstructions entry has 12 bytes, a 6.12 one 14) and nobody should have to say which
 * kernel an object belongs to: the size of the section, and which offsets carry relocations,
 * leave one choice.
 */
#include "special-layout.h"

/* Room between entries is less than an alignment worth having. */
#define MAX_ROOM 31

/* Relocations of one entry: one a field, and some that do nothing. */
#define MAX_RELOCS 64

/* Entries of unknown tables are tried up to this size, in bytes. */
#define MAX_STRIDE 64

/* Which of arch_special_tables sections of that name are; their number if none. */
static u8 kind_by_name(const char *name)
{
	u8 kind = 0;

	while (kind < arch_nr_special_tables &&
	       !str_matches(name, arch_special_tables[kind].section))
		kind++;
	return kind;
}

const struct field *special_field(const struct layout *layout, enum field_use use)
{
	for (const struct field *f = layout->field; f->use; f++)
		if (f->use == use)
			return f;
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
	for (const struct field *f = layout->field; f->use; f++)
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

static bool points_at_code(const struct object *obj, const struct reloc *rel)
{
	const struct symbol *sym = &obj->symbols[rel->sym];

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
		if (f->use == FIELD_FILE && points_at_code(obj, rel))
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

u32 special_entry_index(const struct special_section *how, u32 off)
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
		i = special_entry_index(how, (u32)off);
	if (i >= how->nr)
		return NULL;
	*entry = i;
	return pointer_at(how->layout, off - how->entries[i]);
}

/* The string that @rel points at, less @bias bytes; NULL if it does not. */
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

bool special_names_source(const struct object *obj, const struct reloc *rel, s64 bias)
{
	static const char *const endings[] = {".c", ".h", ".S", ".rs", ".cc", ".y", ".l"};
	const char *s = string_at(obj, rel, bias);

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
	const struct field *file = special_field(found->layout, FIELD_FILE);
	u32 plain = 0, biased = 0, entry = 0;

	if (!file)
		return;
	for (u32 i = 0; i < sec->nr_relocs; i++) {
		const struct reloc *rel = &sec->relocs[i];

		if (field_of(found, rel->offset, &entry) != file)
			continue;
		plain += special_names_source(obj, rel, 0);
		biased += special_names_source(obj, rel, file->off);
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
		found->kind = (u8)arch_nr_special_tables;
		found->layout = kept;
		found->nr = drop_named(obj, sec, stride, found->entries, found->nr);
		return;
	}
}

bool special_find_layout(const struct object *obj, struct arena *arena, const struct section *sec,
			 struct special_section *found)
{
	const struct special_table *table;
	u8 kind;

	if (!sec->data || !(sec->flags & SF_ALLOC))
		return true;
	kind = kind_by_name(sec->name);
	if (kind == arch_nr_special_tables) {
		find_other_layout(obj, arena, sec, found);
		return true;
	}
	table = &arch_special_tables[kind];
	for (u32 i = 0; i < 2 * table->nr_layouts; i++) {
		const struct layout *layout = &table->layouts[i % table->nr_layouts];

		found->entries = walk(obj, arena, sec, layout, i >= table->nr_layouts, &found->nr);
		if (!found->entries)
			continue;
		found->table = table;
		found->kind = kind;
		found->layout = layout;
		judge_file_field(obj, sec, found);
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
	return !special_owns_section(specials, sec) ||
	       special_field(specials->sections[sec].layout, FIELD_REF);
}

bool special_owns_section(const struct specials *specials, u32 sec)
{
	const struct special_section *how = &specials->sections[sec];

	return how->layout && how->kind < arch_nr_special_tables;
}
