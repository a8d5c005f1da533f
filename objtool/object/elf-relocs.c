// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf-relocs.c - the relocations of an object: gathered, judged, sorted, and looked up by offset
 */
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/pool.h>
#include <objtool/sort.h>
#include "elf-reader.h"

/* Relocations in one struct reloc_range. */
#define RANGE 4096U

/* What one thread takes at once. */
#define SECTIONS_AT_ONCE 64

/* Bytes filled by each relocation type (psABI 1.0, table 4.9), 0xff if there is no such type. */
static const u8 reloc_bytes[] = {
	[R_X86_64_NONE] = 0,
	[R_X86_64_64] = 8,
	[R_X86_64_PC32] = 4,
	[R_X86_64_GOT32] = 4,
	[R_X86_64_PLT32] = 4,
	[R_X86_64_COPY] = 0xff, /* this and the next three: only in linked files */
	[R_X86_64_GLOB_DAT] = 0xff,
	[R_X86_64_JUMP_SLOT] = 0xff,
	[R_X86_64_RELATIVE] = 0xff,
	[R_X86_64_GOTPCREL] = 4,
	[R_X86_64_32] = 4,
	[R_X86_64_32S] = 4,
	[R_X86_64_16] = 2,
	[R_X86_64_PC16] = 2,
	[R_X86_64_8] = 1,
	[R_X86_64_PC8] = 1,
	[R_X86_64_DTPMOD64] = 8,
	[R_X86_64_DTPOFF64] = 8,
	[R_X86_64_TPOFF64] = 8,
	[R_X86_64_TLSGD] = 4,
	[R_X86_64_TLSLD] = 4,
	[R_X86_64_DTPOFF32] = 4,
	[R_X86_64_GOTTPOFF] = 4,
	[R_X86_64_TPOFF32] = 4,
	[R_X86_64_PC64] = 8,
	[R_X86_64_GOTOFF64] = 8,
	[R_X86_64_GOTPC32] = 4,
	[R_X86_64_GOT64] = 8,
	[R_X86_64_GOTPCREL64] = 8,
	[R_X86_64_GOTPC64] = 8,
	[R_X86_64_GOTPLT64] = 8,
	[R_X86_64_PLTOFF64] = 8,
	[R_X86_64_SIZE32] = 4,
	[R_X86_64_SIZE64] = 8,
	[R_X86_64_GOTPC32_TLSDESC] = 4,
	[R_X86_64_TLSDESC_CALL] = 0, /* marks a call, fills nothing */
	[R_X86_64_TLSDESC] = 16,
	[R_X86_64_IRELATIVE] = 0xff, /* linked files again */
	[R_X86_64_RELATIVE64] = 0xff,
	[39] = 4, /* R_X86_64_PC32_BND and R_X86_64_PLT32_BND: gas 2.25 and 2.26 with
		     -madd-bnd-prefix */
	[40] = 4,
	[R_X86_64_GOTPCRELX] = 4,
	[R_X86_64_REX_GOTPCRELX] = 4,
};

_Static_assert(sizeof(struct reloc) == sizeof(Elf64_Rela) &&
		       offsetof(struct reloc, addend) == offsetof(Elf64_Rela, r_addend) &&
		       offsetof(struct reloc, type) == offsetof(Elf64_Rela, r_info),
	       "struct reloc is laid out as Elf64_Rela");

/* Decode the relocations of one relocation section to @out; returns their number. */
static u32 copy_relocs(const struct section *rela, struct reloc *out)
{
	u32 nr = (u32)(rela->size / RELA_BYTES);

	for (u32 i = 0; i < nr; i++) {
		const u8 *raw = rela->data + i * RELA_BYTES;

		out[i] = (struct reloc){
			.offset = get_u64(raw),
			.type = get_u32(raw + offsetof(struct reloc, type)),
			.sym = get_u32(raw + offsetof(struct reloc, sym)),
			.addend = (s64)get_u64(raw + offsetof(struct reloc, addend)),
		};
	}
	return nr;
}

/* Set section @i's relocations, unchecked and unsorted: in place if that is possible. */
static int gather_relocs(const struct reader *r, u32 i)
{
	struct object *obj = r->obj;
	struct section *sec = &obj->sections[i];
	const struct section *first = &obj->sections[r->rela_first[i]];
	struct reloc *copy;
	u64 nr = 0;

	for (u32 rela = r->rela_first[i]; rela; rela = r->rela_next[rela])
		nr += obj->sections[rela].size / RELA_BYTES;
	if (nr > UINT32_MAX)
		return section_error(r, i, "%" PRIu64 " relocations are too many", nr);
	sec->nr_relocs = (u32)nr;
	if (nr == 0)
		return 0;
	if (nr == first->size / RELA_BYTES &&
	    reader_usable_in_place(first->data, _Alignof(struct reloc))) {
		sec->relocs = (const struct reloc *)(const void *)first->data;
		return 0;
	}
	copy = arena_alloc(&obj->arena, nr, sizeof(*copy));
	sec->relocs = copy;
	for (u32 rela = r->rela_first[i]; rela; rela = r->rela_next[rela])
		copy += copy_relocs(&obj->sections[rela], copy);
	return 0;
}

/* Say what is wrong with relocation @rel of section @i. */
static int refuse_reloc(const struct reader *r, u32 i, const struct reloc *rel)
{
	u32 nr = (u32)(rel - r->obj->sections[i].relocs);

	if (rel->type >= ARRAY_SIZE(reloc_bytes) || reloc_bytes[rel->type] == 0xff)
		return section_error(r, i,
				     "relocation %u at %#" PRIx64
				     ": type %u is not one of relocatable x86-64 objects",
				     nr, rel->offset, rel->type);
	if (rel->sym >= r->obj->nr_symbols)
		return section_error(
			r, i, "damaged: relocation %u at %#" PRIx64 " is against symbol %u of %u",
			nr, rel->offset, rel->sym, r->obj->nr_symbols);
	return section_error(
		r, i, "damaged: relocation %u fills %u bytes at %#" PRIx64 ", the section has %#x",
		nr, reloc_bytes[rel->type], rel->offset, r->obj->sections[i].size);
}

/*
 * An index of the relocations of a section: 480,000 of a kernel are in its .text, of which each
 * function has those of its own looked up. A cell of 256 bytes has about nine.
 */
#define RELOC_CELL 8
#define FEW_RELOCS 32U

static u32 nr_cells(const struct section *sec)
{
	return (sec->size >> RELOC_CELL) + 2;
}

static bool has_cells(const struct section *sec)
{
	return sec->data && sec->nr_relocs >= FEW_RELOCS;
}

/*
 * Relocation @nr, at @off, is the first of the cells that start at @from, or behind, and not behind
 * @off. Returns where the next cell starts.
 */
static u64 fill_cells(const struct section *sec, u64 from, u64 off, u32 nr)
{
	u64 cell = from >> RELOC_CELL;

	for (u64 end = nr_cells(sec); cell <= off >> RELOC_CELL && cell < end; cell++)
		__atomic_store_n(&sec->reloc_cells[cell], nr, __ATOMIC_RELAXED);
	return cell << RELOC_CELL;
}

static u64 next_cell(u64 off)
{
	return ((off >> RELOC_CELL) + 1) << RELOC_CELL;
}

/* What is found out about the relocations, by section; and about names. */
struct judgement {
	struct object *obj;
	struct span names;
	bool short_names;
	struct reloc_range *ranges;
	u32 nr_ranges;
	u8 *bad;	       /* some are refused */
	u8 *unsorted;	       /* some are not in the order of their offsets */
	struct reloc **sorted; /* room for the sorted ones */
};

/* In a section of @size bytes, against one of @nr_symbols. */
static bool is_good_reloc(u32 size, u32 nr_symbols, const struct reloc *rel)
{
	return rel->type < ARRAY_SIZE(reloc_bytes) && reloc_bytes[rel->type] != 0xff &&
	       rel->sym < nr_symbols && range_ok(size, rel->offset, reloc_bytes[rel->type]);
}

static void judge_range(const struct judgement *j, const struct reloc_range *range)
{
	const struct section *sec = &j->obj->sections[range->sec];
	u64 last = range->from ? sec->relocs[range->from - 1].offset : 0;
	u64 cell = range->from ? next_cell(last) : 0;
	const struct reloc *first = &sec->relocs[range->from], *end = &sec->relocs[range->end];
	u32 size = sec->size, nr_symbols = j->obj->nr_symbols;
	bool good = true, sorted = true;

	/* In vain if they turn out not to be sorted: but then the others see that, and do not. */
	if (!sec->reloc_cells || __atomic_load_n(&j->unsorted[range->sec], __ATOMIC_RELAXED))
		cell = UINT64_MAX;
	for (const struct reloc *rel = first; rel < end; rel++) {
		good &= is_good_reloc(size, nr_symbols, rel);
		sorted &= rel->offset >= last;
		last = rel->offset;
		if (last >= cell)
			cell = fill_cells(sec, cell, last, range->from + (u32)(rel - first));
	}
	if (cell != UINT64_MAX && range->end == sec->nr_relocs)
		fill_cells(sec, cell, UINT64_MAX, sec->nr_relocs);
	if (!good)
		__atomic_store_n(&j->bad[range->sec], 1, __ATOMIC_RELAXED);
	if (!sorted)
		__atomic_store_n(&j->unsorted[range->sec], 1, __ATOMIC_RELAXED);
}

static void judge_ranges(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct judgement *j = ctx;

	(void)worker;
	for (size_t i = from; i < end; i++)
		judge_range(j, &j->ranges[i]);
}

/*
 * gas writes the relocations of jumps it may relax behind all the others of
 * their section. Equal offsets keep their order.
 */
static void sort_relocs(struct section *sec, struct reloc *sorted)
{
	u64 *keys = xreallocarray(NULL, sec->nr_relocs, 2 * sizeof(*keys)), cell = 0;

	for (u32 i = 0; i < sec->nr_relocs; i++)
		keys[i] = sec->relocs[i].offset << 32 | i;
	sort_high(keys, keys + sec->nr_relocs, sec->nr_relocs);
	for (u32 i = 0; i < sec->nr_relocs; i++)
		sorted[i] = sec->relocs[(u32)keys[i]];
	sec->relocs = sorted;
	free(keys);
	if (!sec->reloc_cells)
		return;
	for (u32 i = 0; i < sec->nr_relocs; i++)
		cell = fill_cells(sec, cell, sorted[i].offset, i);
	fill_cells(sec, cell, UINT64_MAX, sec->nr_relocs);
}

static void sort_sections(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct judgement *j = ctx;

	(void)worker;
	for (size_t s = from; s < end; s++)
		if (j->sorted[s])
			sort_relocs(&j->obj->sections[s], j->sorted[s]);
}

/* Name the first relocation that is refused. */
static int refuse_section_relocs(const struct reader *r, u32 s)
{
	const struct section *sec = &r->obj->sections[s];
	const struct reloc *rel = sec->relocs;

	while (is_good_reloc(sec->size, r->obj->nr_symbols, rel))
		rel++;
	return refuse_reloc(r, s, rel);
}

/* Refuse what is bad, and sort what is not. */
static int refuse_or_sort(const struct reader *r, struct judgement *j)
{
	struct object *obj = r->obj;

	for (u32 s = 1; s < obj->nr_sections; s++) {
		const struct section *sec = &obj->sections[s];

		if (sec->nr_relocs && sec->nobits)
			return section_error(r, s,
					     "damaged: relocations for a section without contents");
		if (j->bad[s])
			return refuse_section_relocs(r, s);
		if (j->unsorted[s])
			j->sorted[s] =
				arena_alloc(&obj->arena, sec->nr_relocs, sizeof(**j->sorted));
	}
	pool_ranges(obj->pool, obj->nr_sections, SECTIONS_AT_ONCE, sort_sections, j);
	return 0;
}

static void make_cells(struct object *obj)
{
	u64 nr = 0;
	u32 *cells;

	for (u32 s = 1; s < obj->nr_sections; s++)
		nr += has_cells(&obj->sections[s]) ? nr_cells(&obj->sections[s]) : 0;
	cells = arena_alloc(&obj->arena, nr, sizeof(*cells));
	for (u32 s = 1; s < obj->nr_sections; s++) {
		if (!has_cells(&obj->sections[s]))
			continue;
		obj->sections[s].reloc_cells = cells;
		cells += nr_cells(&obj->sections[s]);
	}
}

/* Once symbols are read, these have nothing to do with each other. */
static void index_or_judge(void *ctx, unsigned int worker, size_t item)
{
	struct judgement *j = ctx;

	(void)worker;
	if (item == 0)
		reader_index_symbols(j->obj);
	else if (item == 1)
		pool_ranges(j->obj->pool, j->nr_ranges, RELOC_RANGES_AT_ONCE, judge_ranges, j);
	else
		j->short_names = reader_names_are_short(j->names);
}

int reader_read_rest(const struct reader *r)
{
	struct object *obj = r->obj;
	u32 nr = obj->nr_sections;
	struct judgement j = {.obj = obj, .names = r->symbol_names};
	bool bad;

	for (u32 s = 1; s < nr; s++)
		if (r->rela_first[s] && gather_relocs(r, s))
			return -1;
	make_cells(obj);
	j.nr_ranges = object_reloc_ranges(obj, &j.ranges);
	j.bad = xcalloc(nr, 1);
	j.unsorted = xcalloc(nr, 1);
	j.sorted = xcalloc(nr, sizeof(*j.sorted));
	pool_run(obj->pool, 3, index_or_judge, &j);
	bad = reader_check_symbols(r, j.short_names) || refuse_or_sort(r, &j);
	free(j.ranges);
	free(j.bad);
	free(j.unsorted);
	free(j.sorted);
	return bad ? -1 : 0;
}

u32 object_reloc_ranges(const struct object *obj, struct reloc_range **ranges)
{
	u32 nr = 0, n = 0;

	for (u32 s = 1; s < obj->nr_sections; s++)
		nr += obj->sections[s].nr_relocs / RANGE + 1;
	*ranges = xreallocarray(NULL, nr, sizeof(**ranges));
	for (u32 s = 1; s < obj->nr_sections; s++)
		for (u32 left = obj->sections[s].nr_relocs; left;) {
			u32 from = obj->sections[s].nr_relocs - left;
			u32 count = left < RANGE ? left : RANGE;

			(*ranges)[n++] = (struct reloc_range){s, from, from + count};
			left -= count;
		}
	return n;
}

u32 section_reloc_from(const struct section *sec, u64 off)
{
	u32 low = 0, high = sec->nr_relocs;

	if (sec->reloc_cells && off < sec->size) {
		low = sec->reloc_cells[off >> RELOC_CELL];
		high = sec->reloc_cells[(off >> RELOC_CELL) + 1];
	}
	while (high - low > FEW_RELOCS) {
		u32 mid = low + (high - low) / 2;

		if (sec->relocs[mid].offset < off)
			low = mid + 1;
		else
			high = mid;
	}
	/* The few of a cell one by one: halving them is as many guesses that the processor gets
	 * wrong. */
	while (low < high && sec->relocs[low].offset < off)
		low++;
	return low;
}
