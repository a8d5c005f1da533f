// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check.c - the function table: extents, aliases, parts
 *
 * Passes over the symbols, section by section and those on all threads: collect extents, which
 * are sorted by address already, merge those that are one (aliases), put all in one array.
 * Then cold parts and prefixes are linked to their functions.
 */
#include <stdlib.h>
#include <objtool/check.h>
#include <objtool/hash.h>
#include <objtool/log.h>
#include <objtool/names.h>
#include <objtool/pool.h>

/* Functions in functions in functions; assembler code has two or three. */
#define MAX_DEPTH 64

/*
 * Steps that an object is worth: of all of Debian's modules and of a vmlinux.o,
 * none takes more than four for each of its bytes and a few million.
 */
#define EFFORT_BASE	(32U << 20)
#define EFFORT_PER_BYTE 64U
#define MOST_KEPT_BASE	(12U << 20) /* and the file's size */

/* More parts of one name than this are not told apart by who branches to them. */
#define MAX_COLDS 64

/*
 * Symbols are met in the order of addresses or of references, not in that they are in: those that
 * are this many ahead are asked for, and have come from memory when it is their turn.
 */
#define AHEAD 12U

/* As identity.unit, while units are collected: not NO_UNIT, and not known yet. */
#define SOME_UNIT 0U

/* Raw material of other code: labels in there mark no functions. */
static bool holds_fragments(const char *section)
{
	return strcmp(section, ".altinstr_replacement") == 0 ||
	       strcmp(section, ".altinstr_aux") == 0 || strcmp(section, ".fixup") == 0 ||
	       strcmp(section, ".text.fixup") == 0;
}

static bool is_function_symbol(const struct symbol *sym)
{
	return sym->type == SYM_FUNC || sym->type == SYM_IFUNC;
}

/* A section, and what its name says of the symbols in it: asked once, not for each of them. */
struct home {
	const struct section *sec;
	bool fragments, jump_tables;
};

static struct home home_of(const struct section *sec)
{
	return (struct home){sec, holds_fragments(sec->name), strstr(sec->name, "c_jump_table")};
}

/* Does the symbol make a unit? Sections of strings and constants are known by content. */
static bool makes_unit(const struct home *home, const struct symbol *sym, u8 traits)
{
	u32 flags = home->sec->flags;

	if (flags & SF_EXEC)
		return is_function_symbol(sym) || (sym->size && sym->type != SYM_NOTYPE) ||
		       (!(traits & NAME_LABEL) && !home->fragments);
	if (flags & SF_MERGE)
		return sym->bind != BIND_LOCAL;
	/* kept by "as -L", or not: without them the data is unnamed */
	return !(traits & (NAME_EMPTY | NAME_LABEL));
}

/*
 * Local objects that are known by content: labels of constants, tables of
 * &&labels ("jumptable" of ___bpf_prog_run()), and read-only static variables of functions, of
 * which only a number tells "steps.4" from "steps.6".
 */
static bool is_known_by_content(const struct home *home, const struct symbol *sym, u8 traits)
{
	if (sym->bind != BIND_LOCAL || home->sec->nobits)
		return false;
	return traits & NAME_CONTENT || home->jump_tables ||
	       (!(home->sec->flags & (SF_WRITE | SF_EXEC)) && traits & NAME_STATIC_LOCAL);
}

static u8 unit_kind(const struct home *home, const struct symbol *sym, u8 traits)
{
	if (home->sec->flags & SF_EXEC && sym->type != SYM_OBJECT)
		return UNIT_FUNC;
	return is_known_by_content(home, sym, traits) ? UNIT_LABEL : UNIT_DATA;
}

/* Which of two symbols of one extent names it: negative if @a does. */
static int name_order(const struct symbol *a, const struct symbol *b)
{
	static const u8 rank[] = {[BIND_LOCAL] = 2, [BIND_GLOBAL] = 0, [BIND_WEAK] = 1};
	u8 ra = a->bind < ARRAY_SIZE(rank) ? rank[a->bind] : 0;
	u8 rb = b->bind < ARRAY_SIZE(rank) ? rank[b->bind] : 0;
	bool ma = name_is_for_modpost(a->name), mb = name_is_for_modpost(b->name);
	size_t la, lb;

	if (ma != mb)
		return ma ? 1 : -1;
	if (ra != rb)
		return ra < rb ? -1 : 1;
	la = strlen(a->name);
	lb = strlen(b->name);
	if (la != lb)
		return la < lb ? -1 : 1;
	return strcmp(a->name, b->name);
}

/*
 * "static struct lock_class_key __key" is empty without lockdep: a symbol of a
 * size, which is 0. It is no label of what happens to lie there. clang gives it
 * one byte or none, depending on -fdata-sections.
 */
static bool is_empty_object(const struct section *sec, const struct symbol *sym)
{
	if (sym->type != SYM_OBJECT || sym->size > 1)
		return false;
	return !sym->size || (sec->nobits && name_is_lock_key(sym->name));
}

/*
 * A run of symbols at one offset, in symbol table order: those of different sizes are different
 * units, longest first; those without a size are aliases of the longest.
 */
static int size_order(const void *pa, const void *pb)
{
	const struct unit *a = pa, *b = pb;

	if (a->len != b->len)
		return a->len > b->len ? -1 : 1;
	return (a->sym > b->sym) - (a->sym < b->sym);
}

/*
 * Merge the @nr units of @run, one a symbol; returns how many are left. Which unit a symbol
 * names is said when all units have their places: see index_symbols().
 */
static u32 merge_run(const struct code *code, struct unit *run, u32 nr)
{
	u32 kept = 0;

	if (nr == 1) { /* as nearly always */
		code->ids[run->sym].unit = SOME_UNIT;
		return 1;
	}
	if (nr > 1)
		qsort(run, nr, sizeof(*run), size_order);
	for (u32 i = 0; i < nr; i++) {
		const struct symbol *sym = &code->obj->symbols[run[i].sym];
		struct unit *into = NULL;

		code->ids[run[i].sym].unit = SOME_UNIT;
		if (kept && run[i].len == run[kept - 1].len && run[i].sized == run[kept - 1].sized)
			into = &run[kept - 1];
		else if (kept && !run[i].sized)
			into = &run[0];

		if (!into) {
			run[kept++] = run[i];
			continue;
		}
		into->aliased = true;
		/* A plain label (asm's "1:" made visible) never names what a typed symbol names. */
		if (sym->type != SYM_NOTYPE || !into->sized)
			if (name_order(sym, &code->obj->symbols[into->sym]) < 0) {
				into->sym = run[i].sym;
				into->named_part = run[i].named_part;
				into->filed = run[i].filed;
			}
	}
	return kept;
}

/* Collect the units of one section; returns their number. by_addr is sorted by value already. */
static u32 collect_section(const struct code *code, u32 index, struct unit *units)
{
	const struct object *obj = code->obj;
	const struct section *sec = &obj->sections[index];
	u32 run = 0, nr = 0;
	struct home home;

	if (!sec->nr_syms || section_excluded(sec) || special_owns_section(&code->specials, index))
		return 0;
	home = home_of(sec);
	for (u32 i = 0; i < sec->nr_syms; i++) {
		u32 s = obj->by_addr[sec->first_sym + i];
		const struct symbol *sym = &obj->symbols[s];
		u8 traits = code->ids[s].traits;
		bool empty;

		if (i + AHEAD < sec->nr_syms) {
			__builtin_prefetch(&obj->symbols[obj->by_addr[sec->first_sym + i + AHEAD]]);
			__builtin_prefetch(&code->ids[obj->by_addr[sec->first_sym + i + AHEAD]]);
		}
		if (!makes_unit(&home, sym, traits))
			continue;
		if (nr > run && units[run].off != sym->value) {
			run += merge_run(code, units + run, nr - run);
			nr = run;
		}
		empty = is_empty_object(sec, sym);
		units[nr++] = (struct unit){.sec = index,
					    .off = (u32)sym->value,
					    .len = empty ? 0 : sym->size,
					    .sym = s,
					    .outer = NO_UNIT,
					    .parent = NO_UNIT,
					    .cold = NO_UNIT,
					    .prefix = NO_UNIT,
					    .kind = unit_kind(&home, sym, traits),
					    .sized = sym->size || empty,
					    .named_part = traits & (NAME_COLD | NAME_PREFIX),
					    .filed = sym->bind == BIND_LOCAL && sym->file};
	}
	return run + merge_run(code, units + run, nr - run);
}

/* True for a label with nothing but filler up to the next: it is at the start of what that names.
 */
static bool is_before_filler(const struct code *code, const struct unit *u)
{
	const struct section *sec = &code->obj->sections[u->sec];

	return u->kind == UNIT_FUNC && sec->data && u->len &&
	       arch_fillers(sec->data + u->off, u->len) == u->len &&
	       !specials_apply(code->obj, &code->specials, u->sec, u->off, u->off + u->len);
}

/*
 * Give units without a size the room up to the next unit, unless they lie
 * inside a sized one: then they are labels in it, and go. Returns how many are left.
 */
static u32 bound_section(const struct code *code, struct unit *units, u32 nr, u32 section_size)
{
	u32 kept = 0, end = 0;
	bool sized = false;

	for (u32 i = 0; i < nr; i++) {
		struct unit *u = &units[i];

		if (!u->sized && sized && u->off < end) {
			code->ids[u->sym].unit = NO_UNIT;
			continue;
		}
		if (!u->sized) {
			u32 next = i + 1;

			while (next < nr && units[next].off == u->off)
				next++; /* an empty object at the label */
			u->len = (next < nr ? units[next].off : section_size) - u->off;
			if (is_before_filler(code, u)) {
				code->ids[u->sym].unit = NO_UNIT;
				continue;
			}
		} else if (u->off + u->len > end || !sized) {
			end = u->off + u->len;
			sized = true;
		}
		units[kept++] = *u;
	}
	return kept;
}

/*
 * False if units are nested too deep, since to look at one may be to look at all
 * around it. Then they are not linked: the object will be refused.
 */
static bool link_outer(struct code *code, u32 first, u32 end)
{
	for (u32 i = first; i < end; i++) {
		struct unit *u = &code->units[i];
		u32 o = i > first ? i - 1 : NO_UNIT;

		while (o != NO_UNIT && code->units[o].off + code->units[o].len <= u->off)
			o = code->units[o].outer;
		u->outer = o;
		u->depth = o == NO_UNIT ? 0 : (u8)(code->units[o].depth + 1);
		if (u->depth > MAX_DEPTH)
			return false;
	}
	return true;
}

/* Now that units do not move any more: say which of them each symbol names. */
static void index_symbols(struct code *code, const struct section *sec, u32 first, u32 end)
{
	u32 k = first;

	for (u32 i = 0; i < sec->nr_syms; i++) {
		u32 s = code->obj->by_addr[sec->first_sym + i];
		struct identity *id = &code->ids[s];

		if (i + AHEAD < sec->nr_syms)
			__builtin_prefetch(
				&code->ids[code->obj->by_addr[sec->first_sym + i + AHEAD]]);
		if (id->unit == NO_UNIT)
			continue;
		while (k < end && code->units[k].off < id->value)
			k++;
		id->unit = k < end && code->units[k].off == id->value ? k : NO_UNIT;
		for (u32 j = k + 1; j < end && code->units[j].off == id->value; j++)
			if (code->units[j].len == code->obj->symbols[s].size)
				id->unit = j;
	}
}

/* How many cells the index of section @s takes, whose units are [@first, @end): one a unit or so.
 */
static u32 size_index(struct code *code, u32 s, u32 nr)
{
	struct unit_index *index = &code->index[s];
	u32 size = code->obj->sections[s].size;

	if (!nr)
		return 0;
	while (size >> index->shift > nr)
		index->shift++;
	/* Behind the stretch of the last offset, which can be the section's size, one for its end.
	 */
	return (size >> index->shift) + 2;
}

static void index_units(struct code *code, u32 s, u32 first, u32 end)
{
	struct unit_index *index = &code->index[s];
	u32 unit = first, cells = size_index(code, s, end - first);

	for (u32 i = 0; i < cells; i++) {
		while (unit < end && code->units[unit].off >> index->shift < i)
			unit++;
		index->from[i] = unit;
	}
}

/*
 * Each section's units are collected where its symbols are in by_addr, since there are no
 * more of the former; how many there are of all before it is known when all are done.
 */
struct collecting {
	struct code *code;
	struct unit *room;
	u32 *nr; /* by section */
};

static void collect_sections(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct collecting *c = ctx;
	const struct object *obj = c->code->obj;

	(void)worker;
	for (u32 s = (u32)from; s < end; s++) {
		struct unit *units = c->room + obj->sections[s].first_sym;
		u32 nr = collect_section(c->code, s, units);

		c->nr[s] = bound_section(c->code, units, nr, obj->sections[s].size);
	}
}

static void place_sections(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct collecting *c = ctx;
	struct code *code = c->code;

	(void)worker;
	for (u32 s = (u32)from; s < end; s++) {
		const struct section *sec = &code->obj->sections[s];
		u32 first = code->first_unit[s];

		memcpy(code->units + first, c->room + sec->first_sym, c->nr[s] * sizeof(*c->room));
		if (!link_outer(code, first, first + c->nr[s])) {
			effort_refuse(code->effort);
			continue;
		}
		index_symbols(code, sec, first, first + c->nr[s]);
		index_units(code, s, first, first + c->nr[s]);
	}
}

/* Where each section's units and their index go, behind those of the sections before. */
static void make_room(struct collecting *c)
{
	struct code *code = c->code;
	struct object *obj = code->obj;
	u32 sections = obj->nr_sections, *cells;
	size_t nr = 0;

	code->first_unit = arena_alloc(&obj->arena, sections + 1, sizeof(u32));
	code->index = arena_alloc(&obj->arena, sections, sizeof(*code->index));
	for (u32 s = 0; s < sections; s++) {
		code->first_unit[s] = code->nr_units;
		code->nr_units += c->nr[s];
		nr += size_index(code, s, c->nr[s]);
	}
	code->first_unit[sections] = code->nr_units;
	code->units = arena_alloc(&obj->arena, code->nr_units, sizeof(*code->units));
	cells = arena_alloc(&obj->arena, nr, sizeof(*cells));
	for (u32 s = 0; s < sections; s++) {
		code->index[s].from = c->nr[s] ? cells : NULL;
		cells += size_index(code, s, c->nr[s]);
	}
}

static void collect_units(struct code *code)
{
	struct object *obj = code->obj;
	u32 sections = obj->nr_sections;
	struct collecting c = {code, scratch_get(&obj->scratch, obj->nr_by_addr, sizeof(*c.room)),
			       xcalloc(sections, sizeof(*c.nr))};

	object_each_section(obj, collect_sections, &c);
	make_room(&c);
	object_each_section(obj, place_sections, &c);
	free(c.nr);
}

/*
 * The .cold parts of an object by the name of the function they belong to: open
 * addressing by the hash of that, and a chain of the parts of one hash.
 */
struct cold {
	u32 unit, best;	  /* the part, and the symbol of its function so far */
	u32 distance;	  /* between their symbols */
	u32 next;	  /* next part of this hash, NO_UNIT if none */
	const char *name; /* of the part; the function's is its first @len bytes */
	size_t len;
	u64 hash;
};

struct colds {
	struct cold *cold;
	u32 *slot; /* index into .cold, NO_UNIT if empty */
	u32 nr, cap;
	u64 key; /* see table_slot() */
};

static u32 *cold_slot(const struct colds *colds, u64 hash)
{
	u32 i = table_slot(hash, colds->key, colds->cap);

	while (colds->slot[i] != NO_UNIT && colds->cold[colds->slot[i]].hash != hash)
		i = (i + 1) & (colds->cap - 1);
	return &colds->slot[i];
}

/* Functions whose names say that they are a part of another; both ascending. */
struct named_parts {
	u32 *cold, *prefix;
	u32 nr_cold, nr_prefix;
};

static void find_named_parts(const struct code *code, struct named_parts *parts)
{
	const struct object *obj = code->obj;

	*parts = (struct named_parts){
		.cold = scratch_get(&code->obj->scratch, code->nr_units, 2 * sizeof(u32))};
	parts->prefix = parts->cold + code->nr_units;
	for (u32 s = 1; s < obj->nr_sections; s++) {
		u32 end = code->first_unit[s + 1];

		for (u32 i = code->first_unit[s]; obj->sections[s].flags & SF_EXEC && i < end;
		     i++) {
			const struct unit *u = &code->units[i];
			u8 traits;

			if (!u->named_part || u->kind != UNIT_FUNC)
				continue;
			traits = code->ids[u->sym].traits;
			if (traits & NAME_COLD)
				parts->cold[parts->nr_cold++] = i;
			if (traits & NAME_PREFIX)
				parts->prefix[parts->nr_prefix++] = i;
		}
	}
}

static void read_colds(const struct code *code, const struct named_parts *parts,
		       struct colds *colds)
{
	*colds = (struct colds){.cap = 16, .nr = parts->nr_cold, .key = table_key()};
	while (colds->cap < 4 * colds->nr)
		colds->cap *= 2;
	colds->cold = xcalloc(colds->nr, sizeof(*colds->cold));
	colds->slot = xreallocarray(NULL, colds->cap, sizeof(*colds->slot));
	memset(colds->slot, 0xff, colds->cap * sizeof(*colds->slot));
	for (u32 i = 0; i < colds->nr; i++) {
		struct cold *cold = &colds->cold[i];
		u32 *slot;

		*cold = (struct cold){
			.unit = parts->cold[i],
			.distance = 0xffffffffU,
			.name = code->obj->symbols[code->units[parts->cold[i]].sym].name};
		name_is_cold(cold->name, &cold->len);
		cold->hash = symname_hash(cold->name, cold->len);
		slot = cold_slot(colds, cold->hash);
		cold->next = *slot;
		*slot = i;
	}
}

/*
 * Code in another section is reached by a relocation: true if @unit has one to
 * @part, or shares its section. "ld -r" drops the symbol of a weak function that another
 * file defines too, and leaves its .cold part, which must not go to that other.
 */
static bool may_branch_to(const struct code *code, u32 unit, u32 part)
{
	const struct unit *u = &code->units[unit], *p = &code->units[part];
	struct reloc_cursor cur = reloc_cursor(&code->obj->sections[u->sec], u->off);
	const struct reloc *rel;

	if (u->sec == p->sec)
		return true;
	while ((rel = reloc_next(&cur, (u64)u->off + u->len))) {
		const struct symbol *sym = &code->obj->symbols[rel->sym];
		s64 off = add_wrap((s64)sym->value, add_wrap(rel->addend, 4));

		if (sym->sec == p->sec && off >= p->off && off < (s64)p->off + p->len)
			return true;
	}
	return false;
}

/*
 * Symbol @s may name the function that .cold parts of its name belong to. Of several
 * functions of that name it is the one of the same file, and, in modules that are
 * stripped of file symbols, the one whose symbol is nearest: the assembler wrote both
 * together.
 */
static void offer_function(const struct code *code, const struct colds *colds, u32 s)
{
	const struct symbol *sym = &code->obj->symbols[s];
	const struct identity *id = &code->ids[s];
	u32 i;

	if (id->unit == NO_UNIT || !(code->obj->sections[id->sec].flags & SF_EXEC))
		return;
	i = *cold_slot(colds, id->name);
	if (i == NO_UNIT || code->units[id->unit].kind != UNIT_FUNC)
		return;
	for (u32 tries = 0; i != NO_UNIT && tries < MAX_COLDS; i = colds->cold[i].next, tries++) {
		struct cold *cold = &colds->cold[i];
		u32 part = code->units[cold->unit].sym, distance = s > part ? s - part : part - s;

		if (strncmp(sym->name, cold->name, cold->len) != 0 || sym->name[cold->len] ||
		    (sym->bind == BIND_LOCAL && sym->file != code->obj->symbols[part].file) ||
		    !may_branch_to(code, code->ids[s].unit, cold->unit))
			continue;
		if (distance < cold->distance) {
			cold->distance = distance;
			cold->best = s;
		}
	}
}

/* The function that a prefix, "__cfi_f" or "__pfx_f", is before. */
static u32 find_behind(const struct code *code, const struct unit *prefix)
{
	u32 next = code_unit_from(code, prefix->sec, prefix->off + prefix->len);

	if (next == NO_UNIT || code->units[next].off != prefix->off + prefix->len ||
	    code->units[next].kind != UNIT_FUNC)
		return NO_UNIT;
	return next;
}

static void link_part(struct code *code, u32 index, u32 parent, bool cold)
{
	struct unit *part = &code->units[index], *f;
	u32 *slot;

	if (parent == NO_UNIT || parent == index)
		return;
	f = &code->units[parent];
	slot = cold ? &f->cold : &f->prefix;
	/* Only functions have parts: no chains, no cycles. */
	if (*slot != NO_UNIT || f->parent != NO_UNIT || part->cold != NO_UNIT ||
	    part->prefix != NO_UNIT)
		return;
	*slot = index;
	part->parent = parent;
}

/* "f.cold", "__cfi_f" and "__pfx_f" are parts of f. */
static void link_parts(struct code *code)
{
	struct named_parts parts;
	struct colds colds;

	find_named_parts(code, &parts);
	for (u32 i = 0; i < parts.nr_prefix; i++)
		link_part(code, parts.prefix[i], find_behind(code, &code->units[parts.prefix[i]]),
			  false);
	read_colds(code, &parts, &colds);
	for (u32 s = 1; colds.nr && s < code->obj->nr_symbols; s++)
		offer_function(code, &colds, s);
	for (u32 i = 0; i < colds.nr; i++)
		if (colds.cold[i].best)
			link_part(code, colds.cold[i].unit, code->ids[colds.cold[i].best].unit,
				  true);
	free(colds.cold);
	free(colds.slot);
}

/* Relocations and names are a half of all bytes, and have no places that anything points at. */
static bool has_places(const struct section *sec)
{
	return sec->flags & SF_ALLOC || sec->type == SECTION_PROGBITS;
}

/* Bits of all sections, one behind the other; all threads set them. */
struct marking {
	const struct code *code;
	struct reloc_range *ranges;
	u8 **bits; /* by section; NULL if it has no bytes */
	u8 *any;   /* by section: one of its bits is set */
};

/* Places on their way to their bits: each of these is a cache miss, and so many wait at once. */
#define PLACES_AT_ONCE 32

struct place_queue {
	const struct marking *m;
	u32 nr;
	struct place place[PLACES_AT_ONCE];
};

static void mark_places(struct place_queue *q)
{
	for (u32 i = 0; i < q->nr; i++) {
		const struct place *p = &q->place[i];
		u8 *byte = &q->m->bits[p->sec][p->off >> 3], bit = (u8)(1U << (p->off & 7));

		if (__atomic_load_n(byte, __ATOMIC_RELAXED) & bit)
			continue;
		__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED);
		__atomic_store_n(&q->m->any[p->sec], 1, __ATOMIC_RELAXED);
	}
	q->nr = 0;
}

static void add_place(struct place_queue *q, u32 sec, u32 off)
{
	__builtin_prefetch(&q->m->bits[sec][off >> 3]);
	q->place[q->nr++] = (struct place){sec, off};
	if (q->nr == PLACES_AT_ONCE)
		mark_places(q);
}

/*
 * Mark the places that relocations point at, through section and local
 * symbols: where unnamed data begins, and what an alignment filler comes
 * before. For pc-relative fields of code 4 is assumed to be the distance to the end of
 * the instruction, true unless an immediate follows the field.
 */
static void mark_range(const struct marking *m, const struct reloc_range *range)
{
	const struct object *obj = m->code->obj;
	const struct section *sec = &obj->sections[range->sec];
	bool exec = sec->flags & SF_EXEC;
	u32 entry = 0, locals = obj->nr_locals;
	struct place_queue q = {m, .nr = 0};

	/* Unwind tables point behind every other instruction. */
	if (section_excluded(sec) || !special_section_leads(&m->code->specials, range->sec))
		return;
	for (u32 i = range->from; i < range->end; i++) {
		const struct reloc *rel = &sec->relocs[i];
		const struct identity *sym = &m->code->ids[rel->sym];
		s64 off;

		if (i + AHEAD < range->end && rel[AHEAD].sym < locals)
			__builtin_prefetch(&m->code->ids[rel[AHEAD].sym]);
		if (rel->sym >= locals) /* most are, and to look at them is a cache miss each */
			continue;
		if (sym->bind != BIND_LOCAL || !m->bits[sym->sec] ||
		    !special_leads_to_code(&m->code->specials, range->sec, rel, &entry))
			continue;
		off = add_wrap(sym->value, rel->addend);
		if (exec && arch_reloc_type(rel->type).kind == RELOC_PC)
			off = add_wrap(off, 4);
		if (off >= 0 && off < (s64)obj->sections[sym->sec].size)
			add_place(&q, sym->sec, (u32)off);
	}
	mark_places(&q);
}

static void mark_ranges(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct marking *m = ctx;

	(void)worker;
	for (size_t i = from; i < end; i++)
		mark_range(m, &m->ranges[i]);
}

/* Strings and constants end where they say, whatever points at them. */
static bool has_bits(const struct section *sec)
{
	return sec->data && has_places(sec) && (!(sec->flags & SF_MERGE) || sec->nr_relocs);
}

/* Room for the bits of all sections that have some, in the object's arena. */
static u8 **room_for_bits(struct object *obj)
{
	u8 **bits = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*bits)), *at;
	size_t size = 0;

	for (u32 s = 1; s < obj->nr_sections; s++)
		size += has_bits(&obj->sections[s]) ? obj->sections[s].size / 8 + 1 : 0;
	at = arena_alloc(&obj->arena, size, 1);
	for (u32 s = 1; s < obj->nr_sections; s++) {
		if (!has_bits(&obj->sections[s]))
			continue;
		bits[s] = at;
		at += obj->sections[s].size / 8 + 1;
	}
	return bits;
}

static void mark_referenced(struct code *code)
{
	struct object *obj = code->obj;
	struct marking m = {
		.code = code, .bits = code->referenced, .any = xcalloc(obj->nr_sections, 1)};
	u32 nr = object_reloc_ranges(obj, &m.ranges);

	pool_ranges(obj->pool, nr, RELOC_RANGES_AT_ONCE, mark_ranges, &m);
	for (u32 s = 1; s < obj->nr_sections; s++)
		if (!m.any[s])
			m.bits[s] = NULL;
	free(m.any);
	free(m.ranges);
}

/*
 * One has nothing to do with the other. The caller's part, the first, is the one that uses the
 * object's arena and scratch, and prints messages.
 */
static void walk_or_name(void *ctx, unsigned int worker, size_t item)
{
	struct code *code = ctx;

	(void)worker;
	if (item)
		code->nr_shared = symnames_read(code->obj, code->ids, code->shared);
	else
		specials_read(code->obj, &code->specials);
}

/* Nor have these: units are found by symbols, and places are those that relocations name. */
static void collect_or_mark(void *ctx, unsigned int worker, size_t item)
{
	struct code *code = ctx;

	(void)worker;
	if (item) {
		mark_referenced(code);
		return;
	}
	collect_units(code);
	if (!effort_is_over(code->effort))
		link_parts(code);
}

static const char **section_classes(struct object *obj)
{
	const char **class = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*class));
	struct buf b = {0};

	for (u32 i = 0; i < obj->nr_sections; i++) {
		class[i] = obj->sections[i].name;
		if (!has_places(&obj->sections[i]))
			continue;
		if (*class[i] != '.' && !name_has_counter(class[i]))
			continue;
		b.len = 0;
		section_class(obj->sections[i].name, &b);
		buf_add(&b, "", 1);
		if (strcmp((const char *)b.data, class[i]) != 0)
			class[i] = arena_strdup(&obj->arena, (const char *)b.data);
	}
	buf_free(&b);
	return class;
}

/* Say which symbol it was that link_outer() met. */
static int refuse_depth(const struct code *code)
{
	const struct unit *u = code->units;

	while (u->depth <= MAX_DEPTH)
		u++;
	return error("%s: refused: symbol %s at %s+%#x is inside of %u others", code->obj->path,
		     code->obj->symbols[u->sym].name, code->obj->sections[u->sec].name, u->off,
		     u->depth);
}

int code_read(struct object *obj, struct code *code)
{
	*code = (struct code){.obj = obj,
			      .class = section_classes(obj),
			      .ids = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(*code->ids)),
			      .shared = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(u32)),
			      .effort = arena_alloc(&obj->arena, 1, sizeof(*code->effort))};
	code->effort->limit = EFFORT_BASE + (u64)obj->file_size * EFFORT_PER_BYTE;
	code->effort->most_kept = MOST_KEPT_BASE + (u64)obj->file_size;
	pool_run(obj->pool, 2, walk_or_name, code);
	code->referenced = room_for_bits(obj);
	pool_run(obj->pool, 2, collect_or_mark, code);
	return effort_is_over(code->effort) ? refuse_depth(code) : 0;
}

/*
 * The first unit of section @sec that starts at @key or behind, which is @off or the next
 * byte; NO_UNIT if @off is not in the section, or that has no units.
 */
static inline u32 first_unit_from(const struct code *code, u32 sec, u32 off, u64 key)
{
	const struct unit_index *index = &code->index[sec];
	u32 lo, hi;

	if (!index->from || off > code->obj->sections[sec].size)
		return NO_UNIT;
	lo = index->from[off >> index->shift];
	hi = index->from[(off >> index->shift) + 1];
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (code->units[mid].off < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

u32 code_unit_from(const struct code *code, u32 sec, u32 off)
{
	u32 unit = first_unit_from(code, sec, off, off);

	return unit != NO_UNIT && unit < code->first_unit[sec + 1] ? unit : NO_UNIT;
}

u32 code_unit_at(const struct code *code, u32 sec, u32 off)
{
	u32 lo = first_unit_from(code, sec, off, (u64)off + 1);

	if (lo == NO_UNIT || lo == code->first_unit[sec])
		return NO_UNIT;
	for (u32 u = lo - 1; u != NO_UNIT; u = code->units[u].outer)
		if (off - code->units[u].off < code->units[u].len)
			return u;
	return NO_UNIT;
}

u32 code_room_owner(const struct code *code, u32 s, u32 off)
{
	const struct section *sec = &code->obj->sections[s];
	u32 unit = code_unit_at(code, s, off), len;

	if (unit == NO_UNIT) {
		unit = code_unit_from(code, s, off);
		len = unit == NO_UNIT ? 0 : code->units[unit].off - off;
		if (unit == NO_UNIT || len > CODE_MAX_ROOM || !sec->data ||
		    arch_fillers(sec->data + off, len) != len)
			return NO_UNIT;
	}
	return code->units[unit].parent == NO_UNIT ? unit : code->units[unit].parent;
}

bool code_is_alone(const struct code *code, u32 unit)
{
	const struct unit *u = &code->units[unit], *next = u + 1;

	return unit + 1 == code->nr_units || next->sec != u->sec || next->off >= u->off + u->len;
}

u32 code_next_referenced(const struct code *code, u32 sec, u32 off, u32 end)
{
	const u8 *bits = code->referenced[sec];

	if (!bits)
		return end;
	for (u32 i = off + 1; i < end; i++) {
		if (!(i & 7) && !bits[i >> 3])
			i |= 7;
		else if (bits[i >> 3] >> (i & 7) & 1)
			end = i;
	}
	effort_add_many(code->effort, (end - off) / 8);
	return end;
}

u32 code_symbols_at(const struct code *code, u32 s, u32 off, u32 *nr)
{
	const struct object *obj = code->obj;
	const struct section *sec = &obj->sections[s];
	u32 lo = sec->first_sym, end = lo + sec->nr_syms, hi = end;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (obj->symbols[obj->by_addr[mid]].value < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*nr = 0; lo + *nr < end && obj->symbols[obj->by_addr[lo + *nr]].value == off;)
		++*nr;
	effort_add_many(code->effort, *nr);
	return lo;
}
