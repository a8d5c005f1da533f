// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code-units.c - symbols -> units: their extents, and which symbols name them
 *
 * Section by section, on all threads: which symbols make a unit, those that make the same one
 * (aliases), and where those without a size end. Then all are put in one array.
 */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/names.h>
#include <objtool/pool.h>
#include "code-read.h"

/* Functions in functions in functions; assembler code has two or three. */
#define MAX_DEPTH 64

/* As identity.unit, while units are collected: not NO_UNIT, and not known yet. */
#define SOME_UNIT 0U

/* Raw material of other code: labels in there mark no functions. */
static bool holds_fragments(const char *section)
{
	static const char *const names[] = {".altinstr_replacement", ".altinstr_aux", ".fixup",
					    ".text.fixup"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(section, names[i]))
			return true;
	return false;
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

/* Does @a, and not @b, name the extent that both have? */
static bool is_better_name(const struct symbol *a, const struct symbol *b)
{
	static const u8 rank[] = {[BIND_LOCAL] = 2, [BIND_GLOBAL] = 0, [BIND_WEAK] = 1};
	u8 ra = a->bind < ARRAY_SIZE(rank) ? rank[a->bind] : 0;
	u8 rb = b->bind < ARRAY_SIZE(rank) ? rank[b->bind] : 0;
	bool ma = name_is_for_modpost(a->name), mb = name_is_for_modpost(b->name);
	size_t la, lb;

	if (ma != mb)
		return mb;
	if (ra != rb)
		return ra < rb;
	la = strlen(a->name);
	lb = strlen(b->name);
	if (la != lb)
		return la < lb;
	return strcmp(a->name, b->name) < 0;
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

/* Symbol @sym is one of @unit, too: does it name it better than that it is known by so far? */
static bool names_better(const struct code *code, const struct symbol *sym, const struct unit *unit)
{
	/* A plain label (asm's "1:" made visible) never names what a typed symbol names. */
	if (sym->type == SYM_NOTYPE && unit->sized)
		return false;
	return is_better_name(sym, &code->obj->symbols[unit->sym]);
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
		if (names_better(code, sym, into)) {
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

		if (i + CODE_AHEAD < sec->nr_syms) {
			u32 ahead = obj->by_addr[sec->first_sym + i + CODE_AHEAD];

			__builtin_prefetch(&obj->symbols[ahead]);
			__builtin_prefetch(&code->ids[ahead]);
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

/* Is there nothing but filler from the label to the next one, and it where that is? */
static bool is_before_filler(const struct code *code, const struct unit *u)
{
	const struct section *sec = &code->obj->sections[u->sec];

	return u->kind == UNIT_FUNC && sec->data && u->len &&
	       arch_fillers(sec->data + u->off, u->len) == u->len &&
	       !specials_apply(code->obj, &code->specials, u->sec, u->off, u->off + u->len);
}

/* Where label @i of the @nr @units ends: where the next begins, but for an empty object at it. */
static u32 end_of_label(const struct unit *units, u32 i, u32 nr, u32 section_size)
{
	u32 next = i + 1;

	while (next < nr && units[next].off == units[i].off)
		next++;
	return next < nr ? units[next].off : section_size;
}

/*
 * Give units without a size the room up to the next unit, unless they lie
 * inside a sized one: then they are labels in it, and go. Returns how many are left.
 */
static u32 bound_section(const struct code *code, struct unit *units, u32 nr, u32 section_size)
{
	u32 kept = 0, end = 0; /* of the sized ones so far */

	for (u32 i = 0; i < nr; i++) {
		struct unit *u = &units[i];

		if (u->sized) {
			end = u->off + u->len > end ? u->off + u->len : end;
		} else {
			u->len = end_of_label(units, i, nr, section_size) - u->off;
			if (u->off < end || is_before_filler(code, u)) {
				code->ids[u->sym].unit = NO_UNIT;
				continue;
			}
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

		if (i + CODE_AHEAD < sec->nr_syms)
			__builtin_prefetch(
				&code->ids[code->obj->by_addr[sec->first_sym + i + CODE_AHEAD]]);
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
		code_index_section(code, s);
	}
}

/* Where each section's units and their index go, behind those of the sections before. */
static void make_room(const struct collecting *c)
{
	struct code *code = c->code;
	struct object *obj = code->obj;

	code->first_unit = arena_alloc(&obj->arena, obj->nr_sections + 1, sizeof(u32));
	for (u32 s = 0; s < obj->nr_sections; s++)
		code->first_unit[s + 1] = code->first_unit[s] + c->nr[s];
	code->nr_units = code->first_unit[obj->nr_sections];
	code->units = arena_alloc(&obj->arena, code->nr_units, sizeof(*code->units));
	code_make_index(code);
}

/* Say which symbol it was that link_outer() met. */
static void tell_depth(const struct code *code)
{
	const struct unit *u = code->units;

	while (u->depth <= MAX_DEPTH)
		u++;
	error("%s: refused: symbol %s at %s+%#x is inside of %u others", code->obj->path,
	      code->obj->symbols[u->sym].name, code->obj->sections[u->sec].name, u->off, u->depth);
}

void code_collect_units(struct code *code)
{
	struct object *obj = code->obj;
	struct collecting c = {code, scratch_get(&obj->scratch, obj->nr_by_addr, sizeof(*c.room)),
			       xcalloc(obj->nr_sections, sizeof(*c.nr))};

	object_each_section(obj, collect_sections, &c);
	make_room(&c);
	object_each_section(obj, place_sections, &c);
	free(c.nr);
	if (effort_is_over(code->effort))
		tell_depth(code);
}
