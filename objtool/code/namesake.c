// SPDX-License-Identifier: GPL-2.0-or-later
/* namesake.c - symbols of one canonical name: which of them is meant */
#include <stdlib.h>
#include <objtool/namesake.h>
#include <objtool/hash.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

/* Number of instructions in the upper half, a hash of their bytes less what moves in the lower. */
static u64 shape(const struct code *code, u32 unit, struct insns *scratch)
{
	const struct unit *u = &code->units[unit];
	const u8 *data = code->obj->sections[u->sec].data;
	u64 count = 0;
	u32 hash = 0x811c9dc5U;

	insns_reset(scratch);
	code_decode(code, u->sec, u->off, u->off + u->len, DECODE_ALL, scratch);
	for (u32 i = 0; i < scratch->nr; i++) {
		const struct code_insn *ci = &scratch->insn[i];

		if (ci->filler)
			continue;
		count++;
		for (u8 k = 0; k < ci->insn.len && !ci->insn.flags; k++)
			hash = (hash ^ data[ci->off + k]) * 0x01000193U;
	}
	return count << 32 | hash;
}

struct clone {
	u64 shape;
	const char *name; /* with its counters */
	u32 sym;
};

static int compare_clones(const void *pa, const void *pb)
{
	const struct clone *a = pa, *b = pb;

	if (a->shape != b->shape)
		return a->shape < b->shape ? -1 : 1;
	return strcmp(a->name, b->name);
}

/*
 * Functions of one file have different names, before counters are dropped. If
 * two have the same, it is not known whose is whose: modules are stripped of
 * STT_FILE symbols. @clones are sorted by name, having no shape yet.
 */
static bool are_of_one_file(const struct clone *clones, u32 nr)
{
	for (u32 i = 1; i < nr; i++)
		if (strcmp(clones[i].name, clones[i - 1].name) == 0)
			return false;
	return true;
}

/* Rank the @nr @clones, two or more, of one name and file: those of one shape share a rank. */
static void rank_clones(const struct code *code, struct clone *clones, u32 nr,
			struct insns *scratch)
{
	qsort(clones, nr, sizeof(*clones), compare_clones);
	if (!are_of_one_file(clones, nr))
		return;
	for (u32 i = 0; i < nr; i++)
		clones[i].shape = shape(code, code->ids[clones[i].sym].unit, scratch);
	qsort(clones, nr, sizeof(*clones), compare_clones);
	for (u32 i = 1; i < nr; i++)
		code->ids[clones[i].sym].rank = code->ids[clones[i - 1].sym].rank +
						(clones[i].shape != clones[i - 1].shape);
}

/*
 * Rank local functions with namesakes; @keys are head << 32 | symbol of each, sorted: those of one
 * head are in the order of their symbols, and so of their files.
 */
static void rank_all(const struct code *code, const u64 *keys, u32 nr)
{
	const struct symbol *symbols = code->obj->symbols;
	struct clone *clones = xreallocarray(NULL, nr, sizeof(*clones));
	struct insns scratch = {0};

	for (u32 i = 0, end; i < nr; i = end) {
		u32 file = symbols[(u32)keys[i]].file, n = 0;

		for (end = i; end < nr && keys[end] >> 32 == keys[i] >> 32 &&
			      symbols[(u32)keys[end]].file == file;
		     end++)
			clones[n++] = (struct clone){.name = symbols[(u32)keys[end]].name,
						     .sym = (u32)keys[end]};
		if (n > 1)
			rank_clones(code, clones, n, &scratch);
	}
	insns_free(&scratch);
	free(clones);
}

static int compare_u64(const void *pa, const void *pb)
{
	const u64 *a = pa, *b = pb;

	return (*a > *b) - (*a < *b);
}

static bool is_made_by_clang(const struct object *obj)
{
	const struct section *sec = object_section(obj, ".comment");

	return sec && sec->data && memmem(sec->data, sec->size, "clang version", 13) &&
	       !memmem(sec->data, sec->size, "GCC: (", 6);
}

/* Local objects of which namesake_is_field() has to know that they have no counter. */
static void find_plain(struct namesakes *ns)
{
	const struct code *code = ns->code;
	const struct symbol *symbols = code->obj->symbols;

	for (u32 i = 0; i < code->nr_shared; i++) {
		u32 s = code->shared[i];

		if (!(code->ids[s].traits & NAME_COUNTED))
			ns->plain[ns->nr_plain++] = (u64)code->ids[s].head << 32 | symbols[s].file;
	}
	qsort(ns->plain, ns->nr_plain, sizeof(u64), compare_u64);
}

static void find_filed(struct namesakes *ns)
{
	const struct code *code = ns->code;

	for (u32 i = 0; i < code->nr_units; i++)
		if (code->units[i].filed)
			ns->filed[ns->nr_filed++] = i;
}

/*
 * Fill .locals, and @clones, which are head << 32 | symbol of each local function with namesakes;
 * returns how many. Both are sorted by head only: those of one are in the order of symbols.
 */
static u32 find_locals(struct namesakes *ns, u64 *clones, u64 *room)
{
	const struct code *code = ns->code;
	u32 nr_clones = 0;

	for (u32 i = 0; i < code->nr_shared; i++) {
		u32 s = code->shared[i];
		const struct identity *id = &code->ids[s];
		u64 head = (u64)id->head << 32;

		if (id->unit == NO_UNIT)
			continue;
		ns->locals[ns->nr_locals++] = head | code->obj->symbols[s].file;
		if (code->units[id->unit].kind == UNIT_FUNC)
			clones[nr_clones++] = head | s;
	}
	sort_high(ns->locals, room, ns->nr_locals);
	sort_high(clones, room, nr_clones);
	return nr_clones;
}

/* By name, or by place: one has nothing to do with the other. */
static void find_named_or_filed(void *ctx, unsigned int worker, size_t item)
{
	struct namesakes *ns = ctx;
	const struct code *code = ns->code;
	u64 *clones;

	(void)worker;
	if (item) {
		find_filed(ns);
		return;
	}
	if (ns->clang)
		find_plain(ns);
	clones = scratch_get(&code->obj->scratch, code->nr_shared, 2 * sizeof(*clones));
	rank_all(code, clones, find_locals(ns, clones, clones + code->nr_shared));
}

void namesakes_read(const struct code *code, struct namesakes *ns)
{
	struct arena *arena = &code->obj->arena;

	*ns = (struct namesakes){
		.code = code,
		.clang = is_made_by_clang(code->obj),
		.told = arena_alloc(arena, code->nr_units, sizeof(*ns->told)),
		.locals = arena_alloc(arena, code->nr_shared, sizeof(u64)),
		.filed = arena_alloc(arena, code->nr_units, sizeof(*ns->filed)),
	};
	if (ns->clang)
		ns->plain = arena_alloc(arena, code->nr_shared, sizeof(u64));
	pool_run(code->obj->pool, 2, find_named_or_filed, ns);
}

/* The first of ns->filed that is not before @unit. */
static u32 filed_from(const struct namesakes *ns, u32 unit)
{
	u32 lo = 0, hi = ns->nr_filed;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (ns->filed[mid] < unit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* The file of the nearest unit with a local symbol in the given direction, 0 if none. */
static u32 file_beside(const struct namesakes *ns, u32 unit, bool behind)
{
	const struct code *code = ns->code;
	u32 i = filed_from(ns, unit + behind), found;

	if (behind ? i == ns->nr_filed : i == 0)
		return 0;
	found = ns->filed[behind ? i : i - 1];
	return code->units[found].sec == code->units[unit].sec
		       ? code->obj->symbols[code->units[found].sym].file
		       : 0;
}

/* The end of one object, the start of the next, an empty one: any of them may be meant. */
static bool is_doubtful(const struct code *code, u32 unit, u32 off)
{
	const struct unit *u = &code->units[unit];

	if (u->off != off)
		return false;
	return (unit > code->first_unit[u->sec] && u[-1].off + u[-1].len == off) ||
	       (unit + 1 < code->first_unit[u->sec + 1] && u[1].off == off);
}

/*
 * The file of what lies at @off of section @sec, 0 if that is no evidence for where
 * code is from: a function whose name other files have, too, is what the question is about.
 */
static u32 file_at(const struct namesakes *ns, bool for_code, u32 sec, s64 off)
{
	const struct code *code = ns->code;
	u32 unit, sym;

	if (off < 0 || off >= (s64)code->obj->sections[sec].size)
		return 0;
	unit = code_unit_at(code, sec, (u32)off);
	if (unit == NO_UNIT || is_doubtful(code, unit, (u32)off))
		return 0;
	sym = code->units[unit].sym;
	return for_code && code->units[unit].kind == UNIT_FUNC && ns->code->ids[sym].head
		       ? 0
		       : code->obj->symbols[sym].file;
}

/*
 * The file of what @rel points at, counting from @distance behind its field. Most are against
 * globals, which say nothing, and are not even looked at: each would be a cache miss.
 */
static u32 file_of_reloc(const struct namesakes *ns, bool for_code, const struct reloc *rel,
			 s64 distance)
{
	const struct identity *id = &ns->code->ids[rel->sym];

	if (rel->sym >= ns->code->obj->nr_locals || id->bind != BIND_LOCAL || !id->sec)
		return 0;
	/* "table - 8" is in what lies before the table. */
	if (for_code && reloc_is_before_start(rel))
		return 0;
	return file_at(ns, for_code, id->sec, add_wrap(id->value, add_wrap(rel->addend, distance)));
}

/* Boyer and Moore's vote: the winner is the one that more than half are for, if there is one. */
struct vote {
	u32 lo, hi; /* candidates */
	u32 winner, votes;
};

static void cast(struct vote *vote, u32 file)
{
	if (!file || file < vote->lo || file > vote->hi)
		return;
	if (!vote->votes)
		vote->winner = file;
	vote->votes = file == vote->winner ? vote->votes + 1 : vote->votes - 1;
}

/* The vote of a relocation of code, in instruction @ci or, which is rare, in one before it. */
static void cast_reloc(const struct namesakes *ns, const struct insns *insns,
		       const struct code_insn *ci, const struct reloc *rel, struct vote *vote)
{
	s64 distance = 0;

	if (rel->sym >= ns->code->obj->nr_locals)
		return;
	if (arch_reloc_type(rel->type).kind == RELOC_PC) {
		if (rel->offset < ci->off)
			ci = &insns->insn[code_insn_index(insns->insn, insns->nr,
							  (u32)rel->offset)];
		distance = (s64)(ci->off + ci->insn.len - rel->offset);
	}
	cast(vote, file_of_reloc(ns, true, rel, distance));
}

/* The votes of the code of @u. Instructions with a pc-relative field are noted, all of them. */
static void cast_code(const struct namesakes *ns, const struct unit *u, const struct insns *insns,
		      struct reloc_cursor *cur, struct vote *vote)
{
	bool alone = code_is_alone(ns->code, (u32)(u - ns->code->units));
	const struct code_insn *last = insns->nr ? &insns->insn[insns->nr - 1] : NULL;
	const struct reloc *rel;

	for (u32 i = 0; i < insns->nr_notes; i++) {
		const struct code_insn *ci = &insns->insn[insns->note[i]];
		bool own = false;
		s64 to;

		if (!ci->insn.flags)
			continue;
		for (; (rel = reloc_next(cur, ci->off + ci->insn.len));
		     own |= rel->offset >= ci->off)
			cast_reloc(ns, insns, ci, rel, vote);
		if (own)
			continue;
		to = code_branch_target(cur->sec, ci);
		if (!alone || to < u->off || to >= (s64)u->off + u->len)
			cast(vote, file_at(ns, true, u->sec, to));
	}
	while (last && (rel = reloc_next(cur, last->off + last->insn.len)))
		cast_reloc(ns, insns, last, rel, vote);
}

/* Of the files from @lo to @hi, the one that unit @u refers to more than to all others. */
static u32 file_by_vote(const struct namesakes *ns, const struct unit *u, u32 lo, u32 hi,
			const struct insns *insns, struct insns *scratch)
{
	const struct code *code = ns->code;
	struct reloc_cursor cur = reloc_cursor(&code->obj->sections[u->sec], u->off);
	struct vote vote = {lo, hi, 0, 0};
	const struct reloc *rel;

	if (!insns) {
		insns_reset(scratch);
		if (u->kind == UNIT_FUNC)
			code_decode(code, u->sec, u->off, u->off + u->len, DECODE_ALL, scratch);
		insns = scratch;
	}
	cast_code(ns, u, insns, &cur, &vote);
	/* Those of data, and of code that there was no memory left to decode. */
	while ((rel = reloc_next(&cur, (u64)u->off + u->len)))
		cast(&vote, file_of_reloc(ns, false, rel, 0));
	return vote.winner;
}

/*
 * The same, asked once of each unit: units with no local symbol between them have the same
 * candidates. Two threads may both find out, and find the same.
 */
static u32 file_told(const struct namesakes *ns, u32 unit, const struct origin *origin,
		     const struct insns *insns, struct insns *scratch)
{
	u32 told = atomic_load_explicit(&ns->told[unit], memory_order_relaxed);

	if (!told) {
		told = 1 + file_by_vote(ns, &ns->code->units[unit], origin->lo, origin->hi, insns,
					scratch);
		atomic_store_explicit(&ns->told[unit], told, memory_order_relaxed);
	}
	return told - 1;
}

/* As many globals on each side are asked where they are from. */
#define MAX_ASKED 16

/* The file of the nearest of the globals beside @unit that it can be told of, @otherwise if none.
 */
static u32 file_told_beside(const struct namesakes *ns, u32 unit, s32 step,
			    const struct origin *origin, u32 otherwise, struct insns *scratch)
{
	const struct code *code = ns->code;
	u32 sec = code->units[unit].sec, file, i = unit;

	for (int asked = 0; asked < MAX_ASKED; asked++) {
		i += (u32)step;
		if (i < code->first_unit[sec] || i >= code->first_unit[sec + 1] ||
		    code->obj->symbols[code->units[i].sym].bind == BIND_LOCAL)
			break;
		file = file_told(ns, i, origin, NULL, scratch);
		if (file)
			return file;
	}
	return otherwise;
}

/* A function is from no earlier file than one before it, and from no later one than one behind. */
static void narrow(const struct namesakes *ns, u32 unit, struct origin *origin,
		   struct insns *scratch)
{
	u32 lo = file_told_beside(ns, unit, -1, origin, origin->lo, scratch);
	u32 hi = file_told_beside(ns, unit, 1, origin, origin->hi, scratch);

	if (lo > hi)
		return;
	*origin = (struct origin){lo, hi, lo == hi ? lo : 0};
}

struct origin namesake_origin(const struct namesakes *ns, u32 unit, const struct insns *insns,
			      struct insns *scratch)
{
	const struct code *code = ns->code;
	const struct symbol *sym = &code->obj->symbols[code->units[unit].sym];
	struct origin origin;

	if (sym->bind == BIND_LOCAL)
		return (struct origin){sym->file, sym->file, sym->file};
	/* Files lie in a section in the order of their symbols. */
	origin.lo = file_beside(ns, unit, false);
	origin.hi = file_beside(ns, unit, true);
	if (!origin.hi)
		origin.hi = code->obj->nr_symbols - 1;
	origin.file =
		origin.lo == origin.hi ? origin.lo : file_told(ns, unit, &origin, insns, scratch);
	if (!origin.file)
		narrow(ns, unit, &origin, scratch);
	return origin;
}

bool namesake_is_near(const struct namesakes *ns, const struct origin *origin, u32 sym)
{
	u64 key = (u64)ns->code->ids[sym].head << 32;
	u32 file = ns->code->obj->symbols[sym].file;

	if (!origin_sees(origin, file))
		return false;
	if (origin->file || ns->code->ids[sym].unit == NO_UNIT ||
	    ns->code->units[ns->code->ids[sym].unit].kind != UNIT_FUNC)
		return true;
	return sorted_from(ns->locals, ns->nr_locals, key | origin->lo) + 1 ==
	       sorted_from(ns->locals, ns->nr_locals, (key | origin->hi) + 1);
}

bool namesake_is_field(const struct namesakes *ns, u32 sym)
{
	const struct symbol *s = &ns->code->obj->symbols[sym];
	const char *dot = strchr(s->name, '.');
	u64 key = (u64)ns->code->ids[sym].head << 32 | s->file;
	u32 i;

	if (!ns->clang || !(ns->code->ids[sym].traits & NAME_COUNTED) || s->bind != BIND_LOCAL ||
	    s->type != SYM_OBJECT || !dot || strchr(dot + 1, '.'))
		return false;
	i = sorted_from(ns->plain, ns->nr_plain, key);
	return i == ns->nr_plain || ns->plain[i] != key;
}

bool namesake_is_local_in(const struct namesakes *ns, u32 sym, u32 file)
{
	u64 key = (u64)ns->code->ids[sym].head << 32 | file;
	u32 i = sorted_from(ns->locals, ns->nr_locals, key);

	return i < ns->nr_locals && ns->locals[i] == key;
}
