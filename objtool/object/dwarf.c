// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dwarf.c - which code of an object is an inlined copy of which function
 *
 * In a relocatable object all addresses are relocations. libdwfl lays the sections out
 * one behind the other, applies them, and tells for an address which section it is in.
 */
#include <stdlib.h>
#include <dwarf.h>
#include <endian.h>
#include <elfutils/libdwfl.h>
#include <objtool/contents.h>
#include <objtool/dwarf.h>
#include <objtool/library.h>
#include <objtool/log.h>

#define LIBDW "libdw.so.1"

struct calls {
	__typeof__(dwfl_begin) *begin;
	__typeof__(dwfl_end) *end;
	__typeof__(dwfl_errmsg) *errmsg;
	__typeof__(dwfl_report_begin) *report_begin;
	__typeof__(dwfl_report_offline_memory) *report_memory;
	__typeof__(dwfl_report_end) *report_end;
	__typeof__(dwfl_offline_section_address) *section_address;
	__typeof__(dwfl_module_getdwarf) *getdwarf;
	__typeof__(dwfl_module_relocate_address) *relocate;
	__typeof__(dwfl_module_relocation_info) *relocation_info;
	__typeof__(dwarf_nextcu) *nextcu;
	__typeof__(dwarf_offdie) *offdie;
	__typeof__(dwarf_child) *child;
	__typeof__(dwarf_siblingof) *sibling;
	__typeof__(dwarf_tag) *tag;
	__typeof__(dwarf_attr) *attr;
	__typeof__(dwarf_formref_die) *formref;
	__typeof__(dwarf_diename) *name;
	__typeof__(dwarf_decl_file) *file;
	__typeof__(dwarf_formudata) *number;
	__typeof__(dwarf_diecu) *unit;
	__typeof__(dwarf_ranges) *ranges;
};

struct reader {
	struct calls c;
	void *library;
	Dwfl *dwfl;
	Dwfl_Module *module;
	Dwarf_Addr bias;
	struct inlines *inl;
	struct buf funcs;   /* struct inline_func, in the order they are met */
	struct buf ranges;  /* struct inline_range */
	struct buf origins; /* struct origin: abstract origins met so far */
	u64 left;	    /* entries and ranges that there may be: each is a byte, and more */
};

/* An abstract origin, by its address in memory, and its number in .funcs. */
struct origin {
	const void *die;
	u32 func;
};

static bool load(struct reader *r)
{
	static const struct library_call calls[] = {
		{"dwfl_begin", offsetof(struct calls, begin)},
		{"dwfl_end", offsetof(struct calls, end)},
		{"dwfl_errmsg", offsetof(struct calls, errmsg)},
		{"dwfl_report_begin", offsetof(struct calls, report_begin)},
		{"dwfl_report_offline_memory", offsetof(struct calls, report_memory)},
		{"dwfl_report_end", offsetof(struct calls, report_end)},
		{"dwfl_offline_section_address", offsetof(struct calls, section_address)},
		{"dwfl_module_getdwarf", offsetof(struct calls, getdwarf)},
		{"dwfl_module_relocate_address", offsetof(struct calls, relocate)},
		{"dwfl_module_relocation_info", offsetof(struct calls, relocation_info)},
		{"dwarf_nextcu", offsetof(struct calls, nextcu)},
		{"dwarf_offdie", offsetof(struct calls, offdie)},
		{"dwarf_child", offsetof(struct calls, child)},
		{"dwarf_siblingof", offsetof(struct calls, sibling)},
		{"dwarf_tag", offsetof(struct calls, tag)},
		{"dwarf_attr", offsetof(struct calls, attr)},
		{"dwarf_formref_die", offsetof(struct calls, formref)},
		{"dwarf_diename", offsetof(struct calls, name)},
		{"dwarf_decl_file", offsetof(struct calls, file)},
		{"dwarf_formudata", offsetof(struct calls, number)},
		{"dwarf_diecu", offsetof(struct calls, unit)},
		{"dwarf_ranges", offsetof(struct calls, ranges)},
	};

	r->library = library_open(LIBDW, calls, ARRAY_SIZE(calls), &r->c);
	return r->library;
}

/* ---- inlined functions ---- */

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? slash + 1 : path ? path : "";
}

/* The source file. File 0 of DWARF 5, as clang writes it, is the unit's own; libdw has no name for
 * it. */
static const char *file_of(struct reader *r, Dwarf_Die *die)
{
	const char *file = r->c.file(die);
	Dwarf_Attribute attr;
	Dwarf_Word number;
	Dwarf_Die unit;

	if (!file && r->c.attr(die, DW_AT_decl_file, &attr) && !r->c.number(&attr, &number) &&
	    !number && r->c.unit(die, &unit, NULL, NULL))
		file = r->c.name(&unit);
	return base_name(file);
}

/* The kernel has no longer ones (KSYM_NAME_LEN); a damaged object may have all entries share one.
 */
#define LONGEST_NAME 512U

static char *short_name(struct arena *arena, const char *name)
{
	size_t len = strnlen(name, LONGEST_NAME);

	return memcpy(arena_alloc(arena, len + 1, 1), name, len);
}

/* The number of the function that @origin describes. */
static u32 func_of(struct reader *r, Dwarf_Die *origin)
{
	struct origin *met = (void *)r->origins.data;
	size_t nr = r->origins.len / sizeof(*met);
	const char *name = r->c.name(origin);
	struct inline_func func;
	struct origin this = {origin->addr, (u32)(r->funcs.len / sizeof(func))};

	/* A function is mostly inlined where it was the last time. */
	for (size_t i = nr; i-- && nr - i < 64;)
		if (met[i].die == this.die)
			return met[i].func;
	func = (struct inline_func){short_name(&r->inl->arena, name ? name : "?"),
				    short_name(&r->inl->arena, file_of(r, origin))};
	buf_add(&r->funcs, &func, sizeof(func));
	buf_add(&r->origins, &this, sizeof(this));
	return this.func;
}

static void add_range(struct reader *r, u32 func, u32 depth, Dwarf_Addr from, Dwarf_Addr to)
{
	struct inline_range range = {.func = func, .depth = depth};
	Dwarf_Addr at = from + r->bias;
	GElf_Word sec = 0;
	int base = r->c.relocate(r->module, &at);

	/* Not one that wraps around, as of an object that is damaged. */
	if (from >= to || to - from > UINT32_MAX - (u32)at || base < 0 ||
	    !r->c.relocation_info(r->module, (unsigned int)base, &sec))
		return;
	range.sec = sec;
	range.off = (u32)at;
	range.end = (u32)(at + (to - from));
	buf_add(&r->ranges, &range, sizeof(range));
}

/* False if the object has more entries and ranges than it has bytes. */
static bool take_step(struct reader *r)
{
	r->left -= r->left > 0;
	return r->left;
}

static void add_copy(struct reader *r, Dwarf_Die *die, u32 depth)
{
	Dwarf_Attribute attr;
	Dwarf_Die origin;
	Dwarf_Addr base, from, to;
	ptrdiff_t at = 0;
	u32 func;

	if (!r->c.attr(die, DW_AT_abstract_origin, &attr) || !r->c.formref(&attr, &origin))
		return;
	func = func_of(r, &origin);
	while (take_step(r) && (at = r->c.ranges(die, at, &base, &from, &to)) > 0)
		add_range(r, func, depth, from, to);
}

/* Deeper than this no compiler nests. */
#define MAX_DEPTH 200

/* @depth: of entries; @copies: of these how many are inlined functions. */
static void read_children(struct reader *r, Dwarf_Die *parent, u32 depth, u32 copies)
{
	Dwarf_Die die;

	if (depth > MAX_DEPTH || r->c.child(parent, &die))
		return;
	do {
		int tag = r->c.tag(&die);

		if (tag == DW_TAG_inlined_subroutine)
			add_copy(r, &die, copies);
		if (tag == DW_TAG_inlined_subroutine || tag == DW_TAG_subprogram ||
		    tag == DW_TAG_lexical_block || tag == DW_TAG_namespace)
			read_children(r, &die, depth + 1,
				      copies + (tag == DW_TAG_inlined_subroutine));
	} while (take_step(r) && !r->c.sibling(&die, &die));
}

static void read_units(struct reader *r, Dwarf *dwarf)
{
	Dwarf_Off off = 0, next;
	size_t header;
	Dwarf_Die die;

	for (; take_step(r) && !r->c.nextcu(dwarf, off, &next, &header, NULL, NULL, NULL);
	     off = next)
		if (r->c.offdie(dwarf, off + header, &die))
			read_children(r, &die, 0, 0);
}

/* ---- in order ---- */

static int compare_funcs(const void *pa, const void *pb)
{
	const struct inline_func *a = pa, *b = pb;
	int cmp = strcmp(a->name, b->name);

	return cmp ? cmp : strcmp(a->file, b->file);
}

static int compare_ranges(const void *pa, const void *pb)
{
	const struct inline_range *a = pa, *b = pb;

	if (a->sec != b->sec)
		return a->sec < b->sec ? -1 : 1;
	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	return (a->depth > b->depth) - (a->depth < b->depth);
}

u32 inlines_find(const struct inlines *inl, const struct inline_func *func)
{
	const struct inline_func *found = inl->nr_funcs ? bsearch(func, inl->func, inl->nr_funcs,
								  sizeof(*func), compare_funcs)
							: NULL;

	return found ? (u32)(found - inl->func) : NO_INLINE;
}

/* A place in any section, in the order of ranges. */
static u64 place(u32 sec, u32 off)
{
	return (u64)sec << 32 | off;
}

/*
 * Ranges [@lo, @hi) as a tree: in the middle its root, on either side what is below. Sets and
 * returns how far any of them reaches.
 */
static u64 set_reach(struct inline_range *range, u32 lo, u32 hi)
{
	u32 mid = lo + (hi - lo) / 2;
	u64 below[2], reach;

	if (lo == hi)
		return 0;
	below[0] = set_reach(range, lo, mid);
	below[1] = set_reach(range, mid + 1, hi);
	reach = place(range[mid].sec, range[mid].end);
	for (size_t i = 0; i < ARRAY_SIZE(below); i++)
		reach = below[i] > reach ? below[i] : reach;
	range[mid].reach = reach;
	return reach;
}

/* One number for each function, however many origins it has. */
static void sort_all(struct reader *r)
{
	struct inlines *inl = r->inl;
	const struct inline_func *met = (const void *)r->funcs.data;
	u32 nr = (u32)(r->funcs.len / sizeof(*met));

	inl->range = (void *)r->ranges.data;
	inl->nr_ranges = (u32)(r->ranges.len / sizeof(*inl->range));
	inl->func = xcalloc((size_t)nr + 1, sizeof(*inl->func));
	if (!nr)
		return;
	memcpy(inl->func, met, nr * sizeof(*met));
	qsort(inl->func, nr, sizeof(*inl->func), compare_funcs);
	for (u32 i = 0; i < nr; i++)
		if (!inl->nr_funcs || compare_funcs(&inl->func[inl->nr_funcs - 1], &inl->func[i]))
			inl->func[inl->nr_funcs++] = inl->func[i];
	for (u32 i = 0; i < inl->nr_ranges; i++)
		inl->range[i].func = inlines_find(inl, &met[inl->range[i].func]);
	if (inl->nr_ranges)
		qsort(inl->range, inl->nr_ranges, sizeof(*inl->range), compare_ranges);
	set_reach(inl->range, 0, inl->nr_ranges);
}

/* Ranges that a place is in. */
struct found {
	u64 at;
	const struct inline_range *range[MAX_COPIES];
	u32 nr;
};

/* Those of [@lo, @hi), the last first. */
static void find_ranges(const struct inlines *inl, u32 lo, u32 hi, struct found *found)
{
	u32 mid = lo + (hi - lo) / 2;
	const struct inline_range *range;

	if (lo == hi || inl->range[mid].reach <= found->at || found->nr == MAX_COPIES)
		return;
	range = &inl->range[mid];
	if (place(range->sec, range->off) <= found->at) {
		find_ranges(inl, mid + 1, hi, found);
		if (place(range->sec, range->end) > found->at && found->nr < MAX_COPIES)
			found->range[found->nr++] = range;
	}
	find_ranges(inl, lo, mid, found);
}

u32 inlines_at(const struct inlines *inl, u32 sec, u32 off, u32 *funcs)
{
	struct found found = {.at = place(sec, off)};
	u32 nr = 0;

	find_ranges(inl, 0, inl->nr_ranges, &found);
	for (u32 i = 0, k; i < found.nr; i++) {
		for (k = 0; k < nr && funcs[k] != found.range[i]->func;)
			k++;
		funcs[k] = found.range[i]->func;
		nr += k == nr;
	}
	return nr;
}

/* ---- files ---- */

static int no_debuginfo(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module;
	(void)data;
	(void)name;
	(void)base;
	(void)file;
	(void)link;
	(void)crc;
	(void)found;
	return -1;
}

/*
 * The object's bytes, for libdw to have to itself: it writes what relocations come to where it
 * reads. Not the file, which it would map. NULL after a message.
 */
static u8 *copy_bytes(struct contents *file, const struct image *image, const struct input *in)
{
	if (!in->bytes)
		return contents_load(file, image->path) ? NULL : file->copy;
	file->size = in->obj->file_size;
	file->copy = xreallocarray(NULL, file->size, 1);
	return memcpy(file->copy, in->bytes, file->size);
}

/* Have the debug information of the object open, NULL if it has none. */
static Dwarf *open_dwarf(struct reader *r, const Dwfl_Callbacks *callbacks, const char *name,
			 const struct contents *file)
{
	r->dwfl = r->c.begin(callbacks);
	if (!r->dwfl)
		return NULL;
	r->c.report_begin(r->dwfl);
	r->module = r->c.report_memory(r->dwfl, name, name, (char *)file->copy, file->size);
	r->c.report_end(r->dwfl, NULL, NULL);
	return r->module ? r->c.getdwarf(r->module, &r->bias) : NULL;
}

static bool is_debug(const struct section *sec)
{
	return str_starts(sec->name, ".debug_") || str_starts(sec->name, ".zdebug_");
}

/*
 * Bytes that a section holds, which it says at its start if it is compressed: gABI, Elf64_Chdr;
 * before that, "ZLIB" and the size in big endian, in sections called .zdebug_*.
 */
static u64 expanded_size(const struct section *sec)
{
	if (!sec->data || sec->nobits || sec->size < 24)
		return sec->nobits ? 0 : sec->size;
	if (sec->flags & SHF_COMPRESSED)
		return get_u64(sec->data + 8);
	if (!memcmp(sec->data, "ZLIB", 4))
		return be64toh(get_u64(sec->data + 4));
	return sec->size;
}

/* Compilers' debug information shrinks to a third. */
#define EXPAND_ALWAYS ((u64)16 << 20)
#define EXPAND_RATIO  32U

/*
 * Bytes of all debug information. 0 if there is none, or if it grows beyond all that compilers
 * make: libdw would take the memory for it.
 */
static u64 debug_size(const struct object *obj, const char *name)
{
	u64 all = 0, most = EXPAND_ALWAYS + (u64)obj->file_size * EXPAND_RATIO;
	bool info = false;

	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct section *sec = &obj->sections[i];
		u64 size = is_debug(sec) ? expanded_size(sec) : 0;

		if (size > most - all) {
			warning("%s: debug information in %s expands to too much, and is not read",
				name, sec->name);
			return 0;
		}
		all += size;
		info |= size && strstr(sec->name, "debug_info");
	}
	return info ? all : 0;
}

struct inlines *inlines_read(const struct image *image, const struct input *in)
{
	struct reader r = {.left = debug_size(in->obj, image->name)};
	Dwfl_Callbacks callbacks = {.find_debuginfo = no_debuginfo};
	struct contents file = {.fd = -1};
	Dwarf *dwarf;

	if (!r.left)
		return NULL;
	if (!load(&r)) {
		warning("%s: reading debug information takes " LIBDW " (in Debian, libdw1)",
			image->name);
	} else if (copy_bytes(&file, image, in)) {
		callbacks.section_address = r.c.section_address;
		dwarf = open_dwarf(&r, &callbacks, image->name, &file);
		if (dwarf) {
			r.inl = xcalloc(1, sizeof(*r.inl));
			read_units(&r, dwarf);
			sort_all(&r);
			if (!r.left)
				warning("%s: debug information has more entries than bytes; those "
					"behind the first are left out",
					image->name);
		} else {
			warning("%s: no debug information that libdw can read: %s", image->name,
				r.c.errmsg(-1));
		}
		if (r.dwfl)
			r.c.end(r.dwfl);
	}
	library_close(r.library);
	buf_free(&r.funcs);
	buf_free(&r.origins);
	contents_close(&file);
	return r.inl;
}

void inlines_free(struct inlines *inl)
{
	if (!inl)
		return;
	free(inl->func);
	free(inl->range);
	arena_free(&inl->arena);
	free(inl);
}
