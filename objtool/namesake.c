// SPDX-License-Identifier: GPL-2.0-or-later
/* namesake.c - symbols of one canonical name: which of them is meant */
#include <stdlib.h>
#include <objtool/namesake.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

struct name_slot {
	u64 hash;
	u32 sym; /* 0: empty */
};

/* Names are dealt to buckets by their hashes: a bucket's table fits the cache. */
struct heads {
	const struct object *obj;
	const struct symnames *names;
	u32 *head;  /* the result */
	u32 *order; /* symbols, bucket after bucket */
	u32 first[MAX_BUCKETS + 1];
};

static bool has_namesakes(const struct heads *h, u32 s)
{
	const struct symbol *sym = &h->obj->symbols[s];

	return s && !(h->names->traits[s] & NAME_EMPTY) && sym->type != SYM_SECTION &&
	       sym->type != SYM_FILE;
}

/* Give each symbol of a bucket the first of its name, unless it is the only one. */
static void find_heads_of(void *ctx, unsigned int worker, size_t bucket)
{
	const struct heads *h = ctx;
	u32 first = h->first[bucket], end = h->first[bucket + 1], cap = 64;
	struct name_slot *slots;

	(void)worker;
	while (cap / 2 < end - first)
		cap *= 2;
	slots = xcalloc(cap, sizeof(*slots));
	for (u32 k = first; k < end; k++) {
		u32 s = h->order[k], i;
		u64 hash = h->names->hash[s];

		if (!has_namesakes(h, s))
			continue;
		for (i = (u32)(hash >> 32) & (cap - 1); slots[i].sym && slots[i].hash != hash;)
			i = (i + 1) & (cap - 1);
		if (slots[i].sym)
			h->head[s] = h->head[slots[i].sym] = slots[i].sym;
		else
			slots[i] = (struct name_slot){hash, s};
	}
	free(slots);
}

static void find_heads(const struct code *code, u32 *head)
{
	const struct object *obj = code->obj;
	u32 nr = obj->nr_symbols, buckets = bucket_number(nr);
	struct heads h = {.obj = obj,
			  .names = &code->names,
			  .head = head,
			  .order = xreallocarray(NULL, nr, sizeof(u32))};
	u8 *bucket = xreallocarray(NULL, nr, 1);

	for (u32 s = 0; s < nr; s++)
		bucket[s] = (u8)((u32)(u8)code->names.hash[s] * buckets >> 8);
	deal(obj->workers, bucket, nr, buckets, h.order, h.first);
	pool_run(obj->workers, buckets, find_heads_of, &h);
	free(bucket);
	free(h.order);
}

/* Number of instructions in the upper half, a hash of their bytes less what moves in the lower. */
static u64 shape(const struct code *code, u32 unit, struct insns *scratch)
{
	const struct unit *u = &code->units[unit];
	const u8 *data = code->obj->sections[u->sec].data;
	u64 count = 0;
	u32 hash = 0x811c9dc5U;

	scratch->nr = 0;
	code_decode(code, u->sec, u->off, u->off + u->len, DECODE_ALL, scratch);
	for (u32 i = 0; i < scratch->nr; i++) {
		const struct code_insn *ci = &scratch->insn[i];

		if (ci->filler)
			continue;
		count++;
		for (u8 k = 0; k < ci->len && !ci->insn.flags; k++)
			hash = (hash ^ data[ci->off + k]) * 0x01000193U;
	}
	return count << 32 | hash;
}

struct clone {
	u64 key; /* head << 32 | file */
	u64 shape;
	const char *name; /* with its counters */
	u32 sym;
};

static int compare_clones(const void *pa, const void *pb)
{
	const struct clone *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
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

/* Rank the clones of one name and file: those of one shape share a rank. */
static void rank_clones(const struct namesakes *ns, struct clone *clones, u32 nr,
			struct insns *scratch)
{
	if (nr < 2 || !are_of_one_file(clones, nr))
		return;
	for (u32 i = 0; i < nr; i++)
		clones[i].shape = shape(ns->code, ns->code->alias_of[clones[i].sym], scratch);
	qsort(clones, nr, sizeof(*clones), compare_clones);
	for (u32 i = 1; i < nr; i++)
		ns->rank[clones[i].sym] =
			ns->rank[clones[i - 1].sym] + (clones[i].shape != clones[i - 1].shape);
}

static void rank_all(const struct namesakes *ns, struct clone *clones, u32 nr)
{
	struct insns scratch = {0};

	qsort(clones, nr, sizeof(*clones), compare_clones);
	for (u32 i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && clones[end].key == clones[i].key;)
			end++;
		rank_clones(ns, clones + i, end - i, &scratch);
	}
	insns_free(&scratch);
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
	struct object *obj = ns->code->obj;

	ns->clang = is_made_by_clang(obj);
	if (!ns->clang)
		return;
	ns->plain = arena_alloc(&obj->arena, ns->nr_locals, sizeof(u64));
	for (u32 s = 1; s < obj->nr_symbols; s++) {
		const struct symbol *sym = &obj->symbols[s];

		if (ns->head[s] && sym->bind == BIND_LOCAL &&
		    !(ns->code->names.traits[s] & NAME_COUNTED))
			ns->plain[ns->nr_plain++] = (u64)ns->head[s] << 32 | sym->file;
	}
	qsort(ns->plain, ns->nr_plain, sizeof(u64), compare_u64);
}

static bool is_filed(const struct code *code, u32 unit)
{
	const struct symbol *sym = &code->obj->symbols[code->units[unit].sym];

	return sym->file && sym->bind == BIND_LOCAL;
}

static void find_filed(struct namesakes *ns)
{
	const struct code *code = ns->code;

	for (u32 i = 0; i < code->nr_units; i++)
		ns->nr_filed += is_filed(code, i);
	ns->filed = arena_alloc(&code->obj->arena, ns->nr_filed, sizeof(u64));
	ns->nr_filed = 0;
	for (u32 i = 0; i < code->nr_units; i++)
		if (is_filed(code, i))
			ns->filed[ns->nr_filed++] = i;
}

/* By head only: those of one head are in the order of their symbols, and so of their files. */
static void sort_locals(const struct namesakes *ns)
{
	u64 *room = xreallocarray(NULL, ns->nr_locals, sizeof(*room));

	sort_high(ns->locals, room, ns->nr_locals);
	free(room);
}

void namesakes_read(const struct code *code, struct namesakes *ns)
{
	struct object *obj = code->obj;
	struct clone *clones;
	u32 nr_clones = 0;

	*ns = (struct namesakes){
		.code = code,
		.head = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(u32)),
		.rank = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(u32)),
		.told = arena_alloc(&obj->arena, code->nr_units, sizeof(*ns->told)),
	};
	find_heads(code, ns->head);
	for (u32 s = 1; s < obj->nr_symbols; s++)
		ns->nr_locals += ns->head[s] && obj->symbols[s].bind == BIND_LOCAL;
	ns->locals = arena_alloc(&obj->arena, ns->nr_locals, sizeof(u64));
	find_plain(ns);
	clones = xcalloc(ns->nr_locals, sizeof(*clones));
	ns->nr_locals = 0;
	for (u32 s = 1; s < obj->nr_symbols; s++) {
		const struct symbol *sym = &obj->symbols[s];
		u64 key = (u64)ns->head[s] << 32 | sym->file;

		if (!ns->head[s] || sym->bind != BIND_LOCAL || code->alias_of[s] == NO_UNIT)
			continue;
		ns->locals[ns->nr_locals++] = key;
		if (code->units[code->alias_of[s]].kind == UNIT_FUNC)
			clones[nr_clones++] =
				(struct clone){.key = key, .name = sym->name, .sym = s};
	}
	sort_locals(ns);
	find_filed(ns);
	rank_all(ns, clones, nr_clones);
	free(clones);
	for (u32 s = 0; s < obj->nr_symbols; s++) {
		struct identity *id = &code->ids[s];

		id->head = ns->head[s];
		id->rank = ns->rank[s];
		id->only = !id->head && !(id->traits & NAME_COUNTED);
	}
}

/* The file of the nearest unit with a local symbol in the given direction, 0 if none. */
static u32 file_beside(const struct namesakes *ns, u32 unit, bool behind)
{
	const struct code *code = ns->code;
	u32 i = sorted_from(ns->filed, ns->nr_filed, (u64)unit + behind), found;

	if (behind ? i == ns->nr_filed : i == 0)
		return 0;
	found = (u32)ns->filed[behind ? i : i - 1];
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
	return for_code && code->units[unit].kind == UNIT_FUNC && ns->head[sym]
		       ? 0
		       : code->obj->symbols[sym].file;
}

/* The file of what a relocation in an instruction that ends at @end points at. */
static u32 file_of_reloc(const struct namesakes *ns, bool for_code, const struct reloc *rel,
			 u64 end)
{
	const struct symbol *sym = &ns->code->obj->symbols[rel->sym];
	s64 distance = arch_reloc_type(rel->type).kind == RELOC_PC ? (s64)(end - rel->offset) : 0;

	/* "table - 8" is in what lies before the table. */
	if (for_code && reloc_is_before_start(rel))
		return 0;
	if (sym->bind != BIND_LOCAL || !symbol_defined(sym))
		return 0;
	return file_at(ns, for_code, sym->sec,
		       add_wrap((s64)sym->value, add_wrap(rel->addend, distance)));
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

/* Of the files from @lo to @hi, the one that unit @u refers to more than to all others. */
static u32 file_by_vote(const struct namesakes *ns, const struct unit *u, u32 lo, u32 hi,
			const struct insns *insns, struct insns *scratch)
{
	const struct code *code = ns->code;
	const struct section *sec = &code->obj->sections[u->sec];
	bool alone = code_is_alone(code, (u32)(u - code->units));
	struct reloc_cursor cur = reloc_cursor(sec, u->off);
	struct vote vote = {lo, hi, 0, 0};
	const struct reloc *rel;

	if (!insns) {
		scratch->nr = 0;
		if (u->kind == UNIT_FUNC)
			code_decode(code, u->sec, u->off, u->off + u->len, DECODE_ALL, scratch);
		insns = scratch;
	}
	for (u32 i = 0; i < insns->nr; i++) {
		const struct code_insn *ci = &insns->insn[i];
		u64 end = (u64)ci->off + ci->len;

		rel = reloc_next(&cur, end);
		if (!rel && ci->insn.flags) {
			s64 to = code_branch_target(sec, ci);

			if (!alone || to < u->off || to >= (s64)u->off + u->len)
				cast(&vote, file_at(ns, true, u->sec, to));
		}
		for (; rel; rel = reloc_next(&cur, end))
			cast(&vote, file_of_reloc(ns, true, rel, end));
	}
	while ((rel = reloc_next(&cur, (u64)u->off + u->len)))
		cast(&vote, file_of_reloc(ns, false, rel, rel->offset));
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
		origin.hi = code->obj->nr_symbols;
	origin.file =
		origin.lo == origin.hi ? origin.lo : file_told(ns, unit, &origin, insns, scratch);
	if (!origin.file)
		narrow(ns, unit, &origin, scratch);
	return origin;
}

bool namesake_is_near(const struct namesakes *ns, const struct origin *origin, u32 sym)
{
	u64 key = (u64)ns->head[sym] << 32;
	u32 file = ns->code->obj->symbols[sym].file;

	if (!origin_sees(origin, file))
		return false;
	if (origin->file || ns->code->alias_of[sym] == NO_UNIT ||
	    ns->code->units[ns->code->alias_of[sym]].kind != UNIT_FUNC)
		return true;
	return sorted_from(ns->locals, ns->nr_locals, key | origin->lo) + 1 ==
	       sorted_from(ns->locals, ns->nr_locals, (key | origin->hi) + 1);
}

bool namesake_is_field(const struct namesakes *ns, u32 sym)
{
	const struct symbol *s = &ns->code->obj->symbols[sym];
	const char *dot = strchr(s->name, '.');
	u64 key = (u64)ns->head[sym] << 32 | s->file;
	u32 i;

	if (!ns->clang || !(ns->code->names.traits[sym] & NAME_COUNTED) || s->bind != BIND_LOCAL ||
	    s->type != SYM_OBJECT || !dot || strchr(dot + 1, '.'))
		return false;
	i = sorted_from(ns->plain, ns->nr_plain, key);
	return i == ns->nr_plain || ns->plain[i] != key;
}

bool namesake_is_local_in(const struct namesakes *ns, u32 sym, u32 file)
{
	u64 key = (u64)ns->head[sym] << 32 | file;
	u32 i = sorted_from(ns->locals, ns->nr_locals, key);

	return i < ns->nr_locals && ns->locals[i] == key;
}
