// SPDX-License-Identifier: GPL-2.0-or-later
/* tracer.c - the tokens of single records, for those who tell two apart */
#include <stdlib.h>
#include <objtool/rest.h>
#include <objtool/tracer.h>

/* A unit with a record, or a symbol that the linker makes room for (SEC_COMMON). */
struct named {
	const char *name; /* canonical */
	u32 index;	  /* of the unit, or of the symbol */
	u32 namesakes;	  /* how many have the name; 0: not asked for yet, what follows is unset */
	u64 checksum;
	u32 lines; /* lane hash */
	u32 kind;  /* enum record_kind */
};

struct named_list {
	struct named *all; /* sorted by name; namesakes that were asked for, by what they are */
	size_t nr;
};

/* Bytes that nothing covers, as a rest record has them. */
struct gap {
	u32 sec, off, end;
};

struct tracer {
	struct reading reading;
	struct canon canon;
	struct named_list units, commons; /* the object's arena's */
	const char **unit_names;	  /* by unit; NULL if it has no record */
	struct buf gaps;		  /* struct gap by section class, see find_rest() */
	bool covered;			  /* what units cover is known, and so the gaps are */
	u64 left;			  /* bytes of tokens that may still be asked for */
};

static int compare_named(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	int cmp = strcmp(a->name, b->name);

	return cmp ? cmp : (a->index > b->index) - (a->index < b->index);
}

static int compare_marks(const struct named *a, const struct named *b)
{
	if (a->checksum != b->checksum)
		return a->checksum < b->checksum ? -1 : 1;
	if (a->lines != b->lines)
		return a->lines < b->lines ? -1 : 1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

static int compare_namesakes(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	int cmp = compare_marks(a, b);

	return cmp ? cmp : (a->index > b->index) - (a->index < b->index);
}

static void add_named(struct named_list *list, const char *name, u32 index)
{
	list->all[list->nr++] = (struct named){.name = name, .index = index};
}

static void sort_named(struct named_list *list)
{
	if (list->nr)
		qsort(list->all, list->nr, sizeof(*list->all), compare_named);
}

static void name_all(struct tracer *t)
{
	const struct code *code = &t->reading.code;
	struct object *obj = t->reading.code.obj;

	t->units.all = arena_alloc(&obj->arena, code->nr_units, sizeof(*t->units.all));
	t->unit_names = arena_alloc(&obj->arena, code->nr_units, sizeof(*t->unit_names));
	for (u32 i = 0; i < code->nr_units; i++) {
		if (!reading_has_record(&code->units[i]))
			continue;
		t->unit_names[i] =
			reading_canonical_name(&obj->arena, obj->symbols[code->units[i].sym].name);
		add_named(&t->units, t->unit_names[i], i);
	}
	sort_named(&t->units);
	for (u32 i = 1; i < obj->nr_symbols; i++)
		t->commons.nr += obj->symbols[i].sec == SEC_COMMON;
	t->commons.all = arena_alloc(&obj->arena, t->commons.nr, sizeof(*t->commons.all));
	t->commons.nr = 0;
	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (obj->symbols[i].sec == SEC_COMMON)
			add_named(&t->commons,
				  reading_canonical_name(&obj->arena, obj->symbols[i].name), i);
	sort_named(&t->commons);
}

struct tracer *tracer_open(struct object *obj)
{
	struct tracer *t = xcalloc(1, sizeof(*t));

	if (reading_open(obj, &t->reading)) {
		free(t);
		return NULL;
	}
	reading_canon(&t->reading, &t->canon);
	name_all(t);
	t->left = TRACE_BASE + (u64)obj->file_size * TRACE_PER_BYTE;
	return t;
}

/* The first of those called @name; NULL if there is none. */
static struct named *find_named(const struct named_list *list, const char *name)
{
	size_t lo = 0, hi = list->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(list->all[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->nr && !strcmp(list->all[lo].name, name) ? &list->all[lo] : NULL;
}

/* Learn what namesakes are, once for all of them: their records may all be asked for. */
static void read_namesakes(struct tracer *t, struct named *first)
{
	const struct named *end = t->units.all + t->units.nr;
	struct canon *c = &t->canon;
	u32 nr = 0;

	for (struct named *n = first; n < end && !strcmp(n->name, first->name); n++, nr++) {
		struct record rec = {0};

		canon_unit(c, n->index);
		reading_fill(&rec, &c->stream);
		n->checksum = rec.checksum;
		n->lines = rec.lane[LANE_LINES];
		n->kind = t->reading.code.units[n->index].kind == UNIT_FUNC ? RECORD_FUNC
									    : RECORD_DATA;
	}
	qsort(first, nr, sizeof(*first), compare_namesakes);
	for (u32 i = 0; i < nr; i++)
		first[i].namesakes = nr;
}

/* The unit called @name that is @rec; NULL if there is none. */
static const struct named *find_unit(struct tracer *t, const struct record *rec, const char *name)
{
	struct named *first = find_named(&t->units, name);
	const struct named wanted = {
		.checksum = rec->checksum, .lines = rec->lane[LANE_LINES], .kind = (u32)rec->kind};
	u32 lo = 0, hi, nr;

	if (!first)
		return NULL;
	if (!first->namesakes)
		read_namesakes(t, first);
	nr = hi = first->namesakes;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (compare_marks(&first[mid], &wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nr && !compare_marks(&first[lo], &wanted) ? &first[lo] : NULL;
}

/* Begin to keep what is written in @tokens, as much as there may be. */
static struct token_watch watch_tokens(const struct tracer *t, struct buf *tokens)
{
	return (struct token_watch){.keep = tokens, .most = tokens->len + t->left};
}

/* It was written, and began at @before: false if it is too much, and not all there. */
static bool take_tokens(struct tracer *t, const struct token_watch *watch, size_t before)
{
	u64 len = watch->keep->len - before;

	if (watch->over || len > t->left)
		return false;
	t->left -= len;
	return true;
}

static enum traced trace_unit(struct tracer *t, u32 unit, struct buf *tokens)
{
	struct canon *c = &t->canon;
	struct token_watch watch = watch_tokens(t, tokens);
	size_t before = tokens->len;

	c->stream.watch = &watch;
	canon_unit(c, unit);
	c->stream.watch = NULL;
	return take_tokens(t, &watch, before) ? TRACED : TRACED_TOO_MUCH;
}

static enum traced trace_common(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	struct canon *c = &t->canon;
	struct token_watch watch = watch_tokens(t, tokens);
	const struct named *common = find_named(&t->commons, rec->name);
	size_t before = tokens->len;

	if (!common || rec->kind != RECORD_DATA)
		return TRACED_NONE;
	c->stream.watch = &watch;
	canon_common(c, &t->reading.code.obj->symbols[common->index]);
	c->stream.watch = NULL;
	return take_tokens(t, &watch, before) ? TRACED : TRACED_TOO_MUCH;
}

static void keep_gap(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end)
{
	struct gap gap = {sec, off, end};

	(void)worker;
	buf_add(ctx, &gap, sizeof(gap));
}

static int compare_gaps(const void *pa, const void *pb, void *class)
{
	const struct gap *a = pa, *b = pb;
	const char *const *classes = class;
	int cmp = a->sec != b->sec ? strcmp(classes[a->sec], classes[b->sec]) : 0;

	cmp = cmp ? cmp : (a->sec > b->sec) - (a->sec < b->sec);
	return cmp ? cmp : (a->off > b->off) - (a->off < b->off);
}

/* What is in no unit, which is known when all units were written. */
static void find_rest(struct tracer *t)
{
	const struct code *code = &t->reading.code;

	for (u32 i = 0; i < code->nr_units; i++)
		if (reading_has_record(&code->units[i]))
			canon_unit(&t->canon, i);
	rest_each_gap(&t->reading, NULL, keep_gap, &t->gaps);
	if (t->gaps.len)
		qsort_r(t->gaps.data, t->gaps.len / sizeof(struct gap), sizeof(struct gap),
			compare_gaps, code->class);
	t->covered = true;
}

/* The first gap in a section of that class, or of one behind it. */
static size_t first_gap(const struct tracer *t, const char *class)
{
	const struct gap *gaps = (const void *)t->gaps.data;
	size_t lo = 0, hi = t->gaps.len / sizeof(*gaps);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->reading.code.class[gaps[mid].sec], class) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A chunk of a rest record, and where its tokens are. */
struct traced_chunk {
	u64 hash;
	size_t at, len;
};

static int compare_traced(const void *pa, const void *pb)
{
	const struct traced_chunk *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

/* Write a gap's tokens behind those in @tokens, and note them in @chunks. */
static bool trace_gap(struct tracer *t, const struct gap *gap, struct buf *tokens,
		      struct buf *chunks)
{
	struct canon *c = &t->canon;
	struct token_watch watch = watch_tokens(t, tokens);
	struct traced_chunk chunk = {.at = tokens->len};
	struct record rec = {0};

	c->stream.watch = &watch;
	canon_chunk(c, gap->sec, gap->off, gap->end - gap->off);
	c->stream.watch = NULL;
	reading_fill(&rec, &c->stream);
	chunk.hash = rec.checksum;
	chunk.len = tokens->len - chunk.at;
	buf_add(chunks, &chunk, sizeof(chunk));
	return take_tokens(t, &watch, chunk.at);
}

static enum traced trace_rest(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	const char *const *classes = t->reading.code.class;
	const struct gap *gaps;
	struct traced_chunk *chunk;
	struct buf all = {0}, chunks = {0};
	bool fits = true;
	size_t nr;

	if (!t->covered)
		find_rest(t);
	gaps = (const void *)t->gaps.data;
	for (size_t i = first_gap(t, rec->name), end = t->gaps.len / sizeof(*gaps);
	     fits && i < end && !strcmp(classes[gaps[i].sec], rec->name); i++)
		fits = trace_gap(t, &gaps[i], &all, &chunks);
	chunk = (void *)chunks.data;
	nr = chunks.len / sizeof(*chunk);
	if (nr)
		qsort(chunk, nr, sizeof(*chunk), compare_traced);
	for (size_t i = 0; fits && i < nr; i++)
		buf_add(tokens, all.data + chunk[i].at, chunk[i].len);
	buf_free(&all);
	buf_free(&chunks);
	return !fits ? TRACED_TOO_MUCH : nr ? TRACED : TRACED_NONE;
}

enum traced tracer_record(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	const struct named *unit;
	char *name;

	if (!t)
		return TRACED_NONE;
	/* All of the object was not too much when it was hashed; records over and over may be. */
	canon_settle_effort(&t->canon);
	effort_restart(t->reading.code.effort);
	if (rec->kind == RECORD_REST)
		return trace_rest(t, rec, tokens);
	name = xstrdup(rec->name);
	unit = find_unit(t, rec, name);
	if (!unit && strrchr(name, '@')) {
		*strrchr(name, '@') = '\0';
		unit = find_unit(t, rec, name);
	}
	free(name);
	return unit ? trace_unit(t, unit->index, tokens) : trace_common(t, rec, tokens);
}

const char *tracer_function_at(const struct tracer *t, u32 sec, u32 off)
{
	const struct code *code = &t->reading.code;
	u32 unit = sec < code->obj->nr_sections ? code_unit_at(code, sec, off) : NO_UNIT;

	if (unit != NO_UNIT && code->units[unit].parent != NO_UNIT)
		unit = code->units[unit].parent;
	if (unit == NO_UNIT || code->units[unit].kind != UNIT_FUNC)
		return NULL;
	return t->unit_names[unit];
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	canon_free(&t->canon);
	buf_free(&t->gaps);
	free(t);
}
