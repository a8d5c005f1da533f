// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf-symbols.c - the symbols of an object: read, checked, and indexed by address
 */
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/pool.h>
#include <objtool/sort.h>
#include "elf-reader.h"

#define SYM_BYTES sizeof(Elf64_Sym)

/* Symbols of livepatch modules that the kernel resolves when it loads them. */
#define SHN_LIVEPATCH 0xff20

/* What one thread takes at once. */
#define SYMBOLS_AT_ONCE 4096U

/* A refusal that names symbol @i. */
#define symbol_error(r, i, fmt, ...) \
	error("%s: symbol %u (%s): " fmt, (r)->path, i, (r)->obj->symbols[i].name, ##__VA_ARGS__)

/* Turn @shndx, as found in symbol @i, into a section index or SEC_*. */
static int symbol_section(const struct reader *r, u32 i, u16 shndx, u32 *sec)
{
	const u8 *more = r->obj->sections[r->symtab_shndx].data;

	*sec = shndx;
	if (shndx == SHN_ABS)
		*sec = SEC_ABS;
	else if (shndx == SHN_COMMON)
		*sec = SEC_COMMON;
	else if (shndx == SHN_LIVEPATCH)
		*sec = SEC_UNDEF;
	else if (shndx == SHN_XINDEX && more)
		*sec = get_u32(more + (size_t)i * sizeof(u32));
	else if (shndx >= SHN_LORESERVE)
		return symbol_error(r, i, "damaged: section index %#x has no meaning here", shndx);
	if (*sec < SEC_ABS && *sec >= r->obj->nr_sections)
		return symbol_error(r, i, "damaged: it is in section %u of %u", *sec,
				    r->obj->nr_sections);
	return 0;
}

/* Fill symbol @i from its entry @raw in the file. */
static int read_symbol(const struct reader *r, u32 i, const u8 *raw)
{
	struct symbol *sym = &r->obj->symbols[i];
	u32 name = get_u32(raw + offsetof(Elf64_Sym, st_name));
	u64 size = get_u64(raw + offsetof(Elf64_Sym, st_size));
	u8 info = raw[offsetof(Elf64_Sym, st_info)];

	sym->name = "";
	if (name && name >= r->symbol_names.size)
		return symbol_error(r, i, "damaged: its name is at %#x of %#zx bytes of names",
				    name, r->symbol_names.size);
	if (name)
		sym->name = (const char *)r->symbol_names.data + name;
	sym->type = ELF64_ST_TYPE(info);
	sym->bind = ELF64_ST_BIND(info);
	sym->visibility = ELF64_ST_VISIBILITY(raw[offsetof(Elf64_Sym, st_other)]);
	sym->value = get_u64(raw + offsetof(Elf64_Sym, st_value));
	if (symbol_section(r, i, get_u16(raw + offsetof(Elf64_Sym, st_shndx)), &sym->sec))
		return -1;
	if (symbol_defined(sym)) {
		const struct section *sec = &r->obj->sections[sym->sec];

		if (!range_ok(sec->size, sym->value, size))
			return symbol_error(r, i,
					    "damaged: %#" PRIx64 " bytes at %s+%#" PRIx64
					    ", which has %#x",
					    size, sec->name, sym->value, sec->size);
		if (sym->type == SYM_SECTION)
			sym->name = sec->name;
	}
	if (size > UINT32_MAX)
		return symbol_error(r, i, "damaged: a size of %#" PRIx64 ": none may reach 2^32",
				    size);
	sym->size = (u32)size;
	/* What is defined here gets a record by its name; what is common always, whatever it is. */
	if (sym->sec != SEC_UNDEF && !*sym->name &&
	    (sym->sec == SEC_COMMON ||
	     (sym->type != SYM_FILE && !(sym->type == SYM_SECTION && symbol_defined(sym)))))
		return symbol_error(r, i, "damaged: it is defined here and has no name");
	return 0;
}

/* Slim LTO leaves no code in the object, and says so by a symbol. */
static int check_gcc_lto(const struct reader *r)
{
	for (u32 i = 1; r->gcc_lto && i < r->obj->nr_symbols; i++)
		if (strcmp(r->obj->symbols[i].name, "__gnu_lto_slim") == 0)
			return error(
				"%s: GCC LTO bytecode without code: run it on vmlinux.o or the "
				"linked module, or build with -ffat-lto-objects",
				r->path);
	return 0;
}

/* Check the symbol table's header and those of the tables it needs. */
static int check_symtab(struct reader *r)
{
	const Elf64_Shdr *sh = &r->headers[r->symtab];
	const struct section *strings;

	if (reader_check_array(r, r->symtab, SYM_BYTES))
		return -1;
	if (sh->sh_size == 0 || sh->sh_info > sh->sh_size / SYM_BYTES)
		return section_error(r, r->symtab, "damaged: %u local symbols of %" PRIu64,
				     sh->sh_info, sh->sh_size / SYM_BYTES);
	if (r->symtab_shndx && reader_check_array(r, r->symtab_shndx, sizeof(u32)))
		return -1;
	if (r->symtab_shndx &&
	    r->headers[r->symtab_shndx].sh_size / sizeof(u32) != sh->sh_size / SYM_BYTES)
		return section_error(r, r->symtab_shndx,
				     "damaged: not one section index for each of %" PRIu64
				     " symbols",
				     sh->sh_size / SYM_BYTES);
	if (sh->sh_link == 0 || sh->sh_link >= r->obj->nr_sections ||
	    r->headers[sh->sh_link].sh_type != SHT_STRTAB)
		return section_error(r, r->symtab,
				     "damaged: its names are in section %u, which is "
				     "no string table",
				     sh->sh_link);
	strings = &r->obj->sections[sh->sh_link];
	if (strings->size && strings->data[strings->size - 1] != '\0')
		return section_error(r, sh->sh_link, "damaged: the symbol names do not end in NUL");
	r->symbol_names = (struct span){strings->data, strings->size};
	return 0;
}

static bool in_by_addr(const struct symbol *sym)
{
	return symbol_defined(sym) && sym->type != SYM_SECTION && sym->type != SYM_FILE;
}

/* Symbols whose sections one thread takes at once, and sections that have none. */
#define CUT_SYMBOLS  4096U
#define CUT_SECTIONS 256U

/*
 * Cut the sections to runs that are about as much work each as far as that is for their symbols:
 * half of those of a kernel are in four of its 12,000 sections, one behind the other.
 */
static void cut_sections(struct object *obj)
{
	u32 symbols = 0, first = 0;

	obj->cuts = arena_alloc(&obj->arena, (size_t)obj->nr_sections + 1, sizeof(*obj->cuts));
	for (u32 s = 0; s < obj->nr_sections; s++) {
		const struct section *sec = &obj->sections[s];

		if (s > first &&
		    (symbols + sec->nr_syms > CUT_SYMBOLS || s - first == CUT_SECTIONS)) {
			obj->cuts[++obj->nr_cuts] = first = s;
			symbols = 0;
		}
		symbols += sec->nr_syms;
	}
	obj->cuts[++obj->nr_cuts] = obj->nr_sections;
}

struct sections {
	const struct object *obj;
	section_fn *fn;
	void *ctx;
};

static void run_sections(void *ctx, unsigned int worker, size_t i)
{
	const struct sections *all = ctx;

	all->fn(all->ctx, worker, all->obj->cuts[i], all->obj->cuts[i + 1]);
}

void object_each_section(const struct object *obj, section_fn *fn, void *ctx)
{
	struct sections all = {obj, fn, ctx};

	pool_run(obj->pool, obj->nr_cuts, run_sections, &all);
}

/* Keys of symbols, value << 32 | index, in by_addr's order but for the sorting of each run. */
struct runs {
	struct object *obj;
	u64 *keys; /* and as much room again to sort in */
};

static void sort_runs(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct runs *runs = ctx;
	struct object *obj = runs->obj;

	(void)worker;
	for (size_t i = from; i < end; i++) {
		const struct section *sec = &obj->sections[i];
		u64 *keys = runs->keys + sec->first_sym;

		sort_high(keys, keys + obj->nr_by_addr, sec->nr_syms);
		for (u32 k = 0; k < sec->nr_syms; k++)
			obj->by_addr[sec->first_sym + k] = (u32)keys[k];
	}
}

/* Fill by_addr and each section's run in it: by section first, then each run by value. */
void reader_index_symbols(struct object *obj)
{
	struct runs runs = {.obj = obj};
	u32 at = 0;

	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (in_by_addr(&obj->symbols[i]))
			obj->sections[obj->symbols[i].sec].nr_syms++;
	for (u32 i = 0; i < obj->nr_sections; i++) {
		obj->sections[i].first_sym = at;
		at += obj->sections[i].nr_syms;
		obj->sections[i].nr_syms = 0;
	}
	obj->nr_by_addr = at;
	obj->by_addr = arena_alloc(&obj->arena, at, sizeof(*obj->by_addr));
	runs.keys = scratch_get(&obj->scratch, at, 2 * sizeof(*runs.keys));
	for (u32 i = 1; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];

		if (in_by_addr(sym)) {
			struct section *sec = &obj->sections[sym->sec];

			runs.keys[sec->first_sym + sec->nr_syms++] = sym->value << 32 | i;
		}
	}
	cut_sections(obj);
	object_each_section(obj, sort_runs, &runs);
}

/* The symbols that one thread reads at once. */
struct symbol_range {
	u32 first_file, last_file; /* STT_FILE symbols among them, 0 if none is */
	u32 last_local;		   /* 0 if none is */
	bool common;		   /* one of them is */
	bool bad;		   /* one of them is refused */
};

struct symbols {
	const struct reader *r;
	struct symbol_range *ranges;
};

/* Linkers write names in an order of their own: those of so many symbols later are asked for. */
#define NAMES_AHEAD 8U

static ALWAYS_INLINE void fetch_name(const struct reader *r, const u8 *raw)
{
	u32 name = get_u32(raw + offsetof(Elf64_Sym, st_name));

	if (name < r->symbol_names.size)
		__builtin_prefetch(r->symbol_names.data + name);
}

/* Silent about what is wrong: of several ranges, only the first bad symbol is to be named. */
static void read_symbol_range(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct symbols *all = ctx;
	struct object *obj = all->r->obj;
	const u8 *raw = obj->sections[all->r->symtab].data;
	struct symbol_range *range = &all->ranges[from / SYMBOLS_AT_ONCE];
	struct log_text said = {0}, *before = log_keep(&said);

	(void)worker;
	for (u32 i = from ? (u32)from : 1; i < end && !range->bad; i++) {
		if (i + NAMES_AHEAD < end)
			fetch_name(all->r, raw + (i + NAMES_AHEAD) * SYM_BYTES);
		range->bad = read_symbol(all->r, i, raw + i * SYM_BYTES);
		range->common |= obj->symbols[i].sec == SEC_COMMON;
		if (obj->symbols[i].bind == BIND_LOCAL)
			range->last_local = i;
		if (obj->symbols[i].type == SYM_FILE) {
			range->last_file = i;
			range->first_file = range->first_file ? range->first_file : i;
		} else if (obj->symbols[i].bind == BIND_LOCAL) {
			obj->symbols[i].file = range->last_file;
		}
	}
	log_keep(before);
	free(said.text);
}

/* Read the bad range again, this time aloud. */
static int refuse_symbol(const struct reader *r, u32 range)
{
	const u8 *raw = r->obj->sections[r->symtab].data;
	u32 i = range ? range * SYMBOLS_AT_ONCE : 1;

	while (!read_symbol(r, i, raw + i * SYM_BYTES))
		i++;
	return -1;
}

/*
 * Where locals end, and whether there are commons; and those before the first file of a range are
 * of the last one before the range.
 */
static void carry_files(const struct symbols *all, u32 nr_ranges)
{
	struct object *obj = all->r->obj;
	u32 file = 0;

	for (u32 k = 0; k < nr_ranges; k++) {
		const struct symbol_range *range = &all->ranges[k];
		u32 first = k * SYMBOLS_AT_ONCE, end = first + SYMBOLS_AT_ONCE;

		obj->has_commons |= range->common;
		if (range->last_local)
			obj->nr_locals = range->last_local + 1;
		if (end > obj->nr_symbols)
			end = obj->nr_symbols;
		if (range->first_file)
			end = range->first_file;
		for (u32 i = first; file && i < end; i++)
			if (obj->symbols[i].bind == BIND_LOCAL)
				obj->symbols[i].file = file;
		if (range->last_file)
			file = range->last_file;
	}
}

static int read_all_symbols(const struct reader *r)
{
	struct object *obj = r->obj;
	u32 nr_ranges = obj->nr_symbols / SYMBOLS_AT_ONCE + 1, bad = 0;
	struct symbols all = {r, xcalloc(nr_ranges, sizeof(*all.ranges))};

	pool_ranges(obj->pool, obj->nr_symbols, SYMBOLS_AT_ONCE, read_symbol_range, &all);
	while (bad < nr_ranges && !all.ranges[bad].bad)
		bad++;
	if (bad == nr_ranges)
		carry_files(&all, nr_ranges);
	free(all.ranges);
	return bad < nr_ranges ? refuse_symbol(r, bad) : 0;
}

/* Names are shorter than two blocks if there is a NUL in each. */
#define NAME_BLOCK 128U

bool reader_names_are_short(struct span names)
{
	for (size_t at = 0; names.size - at >= NAME_BLOCK; at += NAME_BLOCK)
		if (!memchr(names.data + at, 0, NAME_BLOCK))
			return false;
	return true;
}

/*
 * The names of symbols and, once for each that is local, of their files: see
 * reader_names_limit().
 */
static int check_names(const struct reader *r, bool all_short)
{
	const struct symbol *symbols = r->obj->symbols;
	u64 sum = 0;

	if (all_short && (u64)r->obj->nr_symbols * 2 * 2 * NAME_BLOCK <= reader_names_limit(r))
		return 0;
	for (u32 i = 1; i < r->obj->nr_symbols; i++) {
		sum += strlen(symbols[i].name) +
		       (symbols[i].file ? strlen(symbols[symbols[i].file].name) : 0);
		if (sum > reader_names_limit(r))
			return error("%s: symbol %u: refused: names share too many bytes", r->path,
				     i);
	}
	return 0;
}

/*
 * What is known of a symbol, of one that has a place and so a record, and of a section takes about
 * so many bytes, up to the line that is written. Where all are as small as can be, that is more
 * than four times the file. Compilers make one symbol for each 270 bytes of an object of a
 * megabyte; for small ones there is the memory that is taken for any.
 */
#define BYTES_PER_SYMBOL  64U
#define BYTES_PER_PLACED  340U
#define BYTES_PER_SECTION 150U
#define BYTES_FOR_ANY	  (28U << 20)

static int check_number(const struct reader *r)
{
	const struct object *obj = r->obj;
	u64 need = (u64)obj->nr_symbols * BYTES_PER_SYMBOL +
		   (u64)obj->nr_by_addr * BYTES_PER_PLACED +
		   (u64)obj->nr_sections * BYTES_PER_SECTION;

	if (need <= BYTES_FOR_ANY + (u64)obj->file_size * 3)
		return 0;
	return error("%s: refused: %u symbols and %u sections are too many for %zu bytes", r->path,
		     obj->nr_symbols, obj->nr_sections, obj->file_size);
}

int reader_check_symbols(const struct reader *r, bool short_names)
{
	return check_names(r, short_names) || check_gcc_lto(r) || check_number(r) ? -1 : 0;
}

int reader_read_symbols(struct reader *r)
{
	struct object *obj = r->obj;

	if (r->symtab && check_symtab(r))
		return -1;
	obj->nr_symbols = r->symtab ? (u32)(obj->sections[r->symtab].size / SYM_BYTES) : 1;
	obj->symbols = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(*obj->symbols));
	obj->symbols[0].name = "";
	return read_all_symbols(r);
}
