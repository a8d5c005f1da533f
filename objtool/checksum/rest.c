// SPDX-License-Identifier: GPL-2.0-or-later
/* rest.c - what no unit covers -> the rest records */
#include <stdlib.h>
#include <objtool/rest.h>

/* ---- gaps ---- */

/* Bytes [@from, @to) of each section of [@first, @end). */
struct gap_work {
	u32 first, end;
	u32 from, to;
};

struct gaps {
	const struct code *code;
	const struct coverage *coverage;
	const struct gap_work *work;
	gap_fn *fn;
	void *ctx;
};

/* The end of the gap that begins at @off: the next covered byte, or where a chunk must end. */
static u32 gap_end(const struct gaps *gaps, u32 s, u32 off)
{
	const struct code *code = gaps->code;
	const struct section *sec = &code->obj->sections[s];
	struct special entry;
	u32 limit = sec->size;
	const u8 *nul;

	/* Entries and strings are chunks of their own, so that their order does not matter. */
	if (specials_at(code->obj, &code->specials, s, off, &entry))
		limit = entry.entry + entry.size;
	else if (sec->flags & SF_MERGE && !(sec->flags & SF_STRINGS) && sec->entsize &&
		 limit - off > sec->entsize - off % sec->entsize)
		limit = off + sec->entsize - off % sec->entsize;
	nul = sec->flags & SF_STRINGS ? memchr(sec->data + off, 0, limit - off) : NULL;
	if (nul)
		limit = (u32)(nul - sec->data) + 1;
	return coverage_gap_end(gaps->coverage, s, off + 1, limit);
}

/* True if there is a relocation in [@off, @end); @next: the first at or after @off, moved there. */
static bool has_relocs(const struct section *sec, u32 off, u32 end, u32 *next)
{
	while (*next < sec->nr_relocs && sec->relocs[*next].offset < off)
		++*next;
	return *next < sec->nr_relocs && sec->relocs[*next].offset < end;
}

/* Alignment between units: zeros, or nops and int3 where there is code. It comes and goes. */
static bool is_alignment(const struct section *sec, u32 off, u32 end)
{
	u32 at = off;

	if (sec->flags & SF_EXEC)
		at += (u32)arch_fillers(sec->data + at, end - at);
	while (at < end && !sec->data[at])
		at++;
	return at == end;
}

/*
 * Gaps of a section on their way from the map of bits to gap_fn. Nearly all are alignment, one
 * behind each function, and to see that is a cache miss: so many at once wait for theirs.
 */
#define GAPS_AT_ONCE 16

struct gap_queue {
	const struct gaps *gaps;
	unsigned int worker;
	u32 sec;
	u32 next; /* relocation of the section: none before it is in the gaps to come */
	u32 nr;
	u32 off[GAPS_AT_ONCE], end[GAPS_AT_ONCE];
};

static void give_gaps(struct gap_queue *q)
{
	const struct section *sec = &q->gaps->code->obj->sections[q->sec];

	for (u32 i = 0; i < q->nr; i++)
		if (has_relocs(sec, q->off[i], q->end[i], &q->next) ||
		    !is_alignment(sec, q->off[i], q->end[i]))
			q->gaps->fn(q->gaps->ctx, q->worker, q->sec, q->off[i], q->end[i]);
	q->nr = 0;
}

static void add_gap(struct gap_queue *q, u32 off, u32 end)
{
	__builtin_prefetch(q->gaps->code->obj->sections[q->sec].data + off);
	q->off[q->nr] = off;
	q->end[q->nr++] = end;
	if (q->nr == GAPS_AT_ONCE)
		give_gaps(q);
}

/* The gaps of stretch @from to @to of section @s; one that begins in it is its own to the end. */
static void find_gaps(const struct gaps *gaps, unsigned int worker, u32 s, u32 from, u32 to)
{
	const struct section *sec = &gaps->code->obj->sections[s];
	struct gap_queue q = {gaps, worker, s, section_reloc_from(sec, from), .nr = 0};
	u32 off = from, end;

	if (from && coverage_gap(gaps->coverage, s, from - 1, from) < from)
		off = coverage_gap_end(gaps->coverage, s, from, sec->size);
	for (off = coverage_gap(gaps->coverage, s, off, sec->size); off < to;
	     off = coverage_gap(gaps->coverage, s, end, sec->size)) {
		do {
			end = gap_end(gaps, s, off);
			add_gap(&q, off, end);
			off = end;
		} while (end < sec->size && coverage_gap(gaps->coverage, s, end, end + 1) == end);
	}
	give_gaps(&q);
}

/* Sections that one thread takes at once, and how many bytes of a large one. */
#define GAP_SECTIONS 64
#define GAP_BYTES    (1U << 20)

static void find_gaps_of(void *ctx, unsigned int worker, size_t item)
{
	const struct gaps *gaps = ctx;
	const struct gap_work *work = &gaps->work[item];

	for (u32 s = work->first; s < work->end; s++) {
		u32 size = gaps->coverage->bits[s] ? gaps->code->obj->sections[s].size : 0;
		u32 to = work->to < size ? work->to : size;

		if (work->from < to)
			find_gaps(gaps, worker, s, work->from, to);
	}
}

/* Many small sections are one piece of work, and a large one is several. */
void rest_each_gap(const struct reading *r, struct pool *pool, gap_fn *fn, void *ctx)
{
	const struct object *obj = r->code.obj;
	struct gaps gaps = {.code = &r->code, .coverage = &r->coverage, .fn = fn, .ctx = ctx};
	struct buf work = {0};

	for (u32 s = 1, first = 1; s < obj->nr_sections; s++) {
		bool large = obj->sections[s].size > GAP_BYTES;
		struct gap_work w = {first, s, 0, 0xffffffffU};

		if (!large && s + 1 - first < GAP_SECTIONS && s + 1 < obj->nr_sections)
			continue;
		w.end = large ? s : s + 1;
		if (w.end > first)
			buf_add(&work, &w, sizeof(w));
		first = s + 1;
		for (u32 from = 0, size = obj->sections[s].size; large && from < size;
		     from = w.to) {
			w = (struct gap_work){s, s + 1, from, size};
			if (size - from > GAP_BYTES)
				w.to = from + GAP_BYTES;
			buf_add(&work, &w, sizeof(w));
		}
	}
	gaps.work = (const void *)work.data;
	pool_run(pool, work.len / sizeof(*gaps.work), find_gaps_of, &gaps);
	buf_free(&work);
}

/* ---- chunks ---- */

struct chunk {
	const char *class; /* section class */
	u64 hash;
	u32 lane[NR_LANES];
	u32 len;
	u16 lanes;
};

void rest_add_chunk(struct canon *c, struct buf *chunks, u32 sec, u32 off, u32 end)
{
	struct record rec = {0};
	struct chunk chunk;

	/* Here, with those of all threads, and where they are sorted. */
	effort_keep(c->code->effort, 3 * sizeof(chunk));
	if (effort_is_over(c->code->effort))
		return;
	canon_chunk(c, sec, off, end - off);
	reading_fill(&rec, &c->stream);
	chunk = (struct chunk){.class = c->code->class[sec],
			       .hash = rec.checksum,
			       .len = end - off,
			       .lanes = rec.lanes};
	memcpy(chunk.lane, rec.lane, sizeof(rec.lane));
	buf_add(chunks, &chunk, sizeof(chunk));
}

static int compare_chunks(const void *pa, const void *pb)
{
	const struct chunk *a = pa, *b = pb;
	int cmp = strcmp(a->class, b->class);

	return cmp ? cmp : (a->hash > b->hash) - (a->hash < b->hash);
}

/* One record a section class: its chunks as a set, in the order of their hashes. */
static void rest_record(struct records *recs, const struct chunk *chunk, size_t nr)
{
	struct record *rec = records_add(recs);
	struct stream st = {0};

	stream_reset(&st);
	rec->kind = RECORD_REST;
	rec->name = arena_strdup(&recs->arena, reading_canonical_name(&recs->arena, chunk->class));
	for (size_t i = 0; i < nr; i++) {
		rec->size += chunk[i].len;
		for (enum lane lane = 0; lane < NR_LANES; lane++) {
			if (!(chunk[i].lanes >> lane & 1))
				continue;
			token_begin(&st, TOKEN_BYTES, lane);
			token_num(&st, chunk[i].lane[lane]);
			token_num(&st, (s64)chunk[i].hash);
			token_end(&st);
		}
	}
	reading_fill(rec, &st);
	stream_free(&st);
}

void rest_records(struct buf *chunks, struct records *recs)
{
	struct chunk *chunk = (void *)chunks->data;
	size_t nr = chunks->len / sizeof(*chunk);

	if (nr)
		qsort(chunk, nr, sizeof(*chunk), compare_chunks);
	for (size_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && !strcmp(chunk[end].class, chunk[i].class);)
			end++;
		rest_record(recs, &chunk[i], end - i);
	}
}
