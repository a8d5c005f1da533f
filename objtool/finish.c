// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * finish.c - records in any order -> sorted, as the lines of a .checksums file
 *
 * A kernel has 120,000 records and 12 MB of lines. They are dealt to buckets by
 * name, a bucket for each 2,000 or so; each bucket is sorted, moved and written
 * by one thread while its names are in the cache. The steps:
 *
 *	make_keys	the start of each name and the length of its line: all that sorting and
 *			cutting need, side by side
 *	choose_bounds	some of the keys, sorted: where one bucket ends and the next begins
 *	count, deal	each key to its bucket, and where the buckets begin, in keys and in bytes
 *	finish_bucket	sort the keys, move the records, write their lines in place
 */
#include <stdlib.h>
#include <objtool/finish.h>
#include <objtool/hash.h>
#include <objtool/hex.h>
#include <objtool/pool.h>

/* Keys at once for one thread, and for one bucket. */
#define GRAIN 2048

#define MAX_BUCKETS 256

/* Keys looked at for each bound: then no bucket is much larger than the others. */
#define SAMPLES 16

/*
 * What tells most records apart: a name that is followed by its pointer is a
 * cache miss, and comes up 17 times in sorting.
 */
struct key {
	u64 head[2]; /* the kind, and the first 15 bytes of the name */
	u32 rec;     /* index */
	u32 len;     /* bytes of its line */
};

/* "code:", and so on: of a fixed size, so that copying one is two instructions. */
struct lane_head {
	u8 text[16];
	u32 len;
};

/* Of a bucket, or of what one range of keys puts into it. */
struct share {
	u32 keys;   /* how many; then index of the first */
	u64 offset; /* bytes of their lines; then where these begin */
};

struct finishing {
	struct records *recs;
	struct record *sorted;
	struct key *keys, *dealt;	/* the former is room to sort in, once they are dealt */
	struct arena *names;		/* by worker: those that had to be written otherwise */
	struct key bounds[MAX_BUCKETS]; /* [i] is the least that can be in bucket i + 1 */
	struct share *shares;		/* by range, by bucket */
	struct share start[MAX_BUCKETS + 1];
	struct lane_head heads[NR_LANES];
	u32 nr_buckets, nr_ranges;
};

/* ---- the written form ---- */

static u8 *put_str(u8 *p, const char *s)
{
	size_t n = strlen(s);

	memcpy(p, s, n);
	return p + n;
}

/* @s as written in a file: itself if it is plain, which is nearly always. */
static const char *written_form(struct arena *arena, const char *s)
{
	static const u8 digits[] = "0123456789abcdef";
	const char *end = s;
	u8 *out, *p;

	while (record_char_is_plain((u8)*end))
		end++;
	if (!*end)
		return s;
	p = out = arena_alloc(arena, 4 * strlen(s) + 1, 1);
	for (; *s; s++) {
		if (record_char_is_plain((u8)*s)) {
			*p++ = (u8)*s;
		} else {
			p = put_str(p, "\\x");
			*p++ = digits[(u8)*s >> 4];
			*p++ = digits[(u8)*s & 15];
		}
	}
	return (const char *)out;
}

static u32 decimal_len(u64 value)
{
	u32 n = 1;

	for (; value >= 10; value /= 10)
		n++;
	return n;
}

static u8 *put_decimal(u8 *p, u64 value)
{
	u32 n = decimal_len(value);

	for (u8 *d = p + n; d > p; value /= 10)
		*--d = (u8)('0' + value % 10);
	return p + n;
}

static u32 line_len(const struct record *rec, size_t name_len, const struct lane_head *heads)
{
	size_t len = 16 + 5 + strlen(record_kind_name((enum record_kind)rec->kind)) +
		     decimal_len(rec->size) + name_len;

	if (!rec->lanes)
		return (u32)len + 1;
	for (u32 left = rec->lanes; left; left &= left - 1)
		len += heads[__builtin_ctz(left)].len + 8 + 1;
	return (u32)len - 1; /* no comma behind the last */
}

/* Copies 16 bytes of each head: as many as one hash has room for, and a few behind a last one. */
static u8 *put_lanes(u8 *p, const struct record *rec, const struct lane_head *heads)
{
	if (!rec->lanes)
		*p++ = '-';
	for (u32 left = rec->lanes; left; left &= left - 1) {
		int lane = __builtin_ctz(left);

		if (left != rec->lanes)
			*p++ = ',';
		memcpy(p, heads[lane].text, sizeof(heads[lane].text));
		p = hex_put8(p + heads[lane].len, rec->lane[lane]);
	}
	return p;
}

/* Write the line of @rec; up to 16 bytes behind it are written, too. */
static u8 *put_record(u8 *p, const struct record *rec, const struct lane_head *heads)
{
	p = hex_put16(p, rec->checksum);
	*p++ = '\t';
	p = put_str(p, record_kind_name((enum record_kind)rec->kind));
	*p++ = '\t';
	p = put_decimal(p, rec->size);
	*p++ = '\t';
	p = put_str(p, rec->name);
	*p++ = '\t';
	p = put_lanes(p, rec, heads);
	*p++ = '\n';
	return p;
}

static void make_heads(struct lane_head *heads)
{
	for (enum lane lane = 0; lane < NR_LANES; lane++) {
		u8 *end = put_str(heads[lane].text, lane_name(lane));

		*end++ = ':';
		heads[lane].len = (u32)(end - heads[lane].text);
	}
}

/* ---- sorting ---- */

static struct key make_key(const struct record *rec, u32 index, const struct lane_head *heads)
{
	struct key key = {.head[0] = rec->kind, .rec = index};
	const char *p = rec->name;

	for (int i = 1; i < 16; i++)
		key.head[i / 8] = key.head[i / 8] << 8 | (*p ? (u8)*p++ : 0);
	key.len = line_len(rec, (size_t)(p - rec->name) + strlen(p), heads);
	return key;
}

static void make_keys(void *ctx, unsigned int worker, size_t from, size_t end)
{
	struct finishing *f = ctx;

	for (size_t i = from; i < end; i++) {
		struct record *rec = &f->recs->rec[i];

		rec->name = written_form(&f->names[worker], rec->name);
		f->keys[i] = make_key(rec, (u32)i, f->heads);
	}
}

static int compare_heads(const struct key *a, const struct key *b)
{
	for (int i = 0; i < 2; i++)
		if (a->head[i] != b->head[i])
			return a->head[i] < b->head[i] ? -1 : 1;
	return 0;
}

static bool is_after(const struct record *rec, const struct key *a, const struct key *b)
{
	int cmp = compare_heads(a, b);

	return (cmp ? cmp : record_order(&rec[a->rec], &rec[b->rec])) > 0;
}

/* A merge sort: qsort(3) calls back for each comparison, in all 1.6 times the instructions. */
static void sort_keys(const struct record *rec, struct key *keys, struct key *room, size_t nr)
{
	size_t half = nr / 2, i = 0, j = half, n = 0;

	if (nr < 2)
		return;
	sort_keys(rec, keys, room, half);
	sort_keys(rec, keys + half, room, nr - half);
	memcpy(room, keys, half * sizeof(*keys));
	/* The left half waits in @room; @n never overtakes @j. */
	while (i < half) {
		bool right = j < nr && is_after(rec, &room[i], &keys[j]);

		keys[n++] = right ? keys[j++] : room[i++];
	}
}

/* ---- buckets ---- */

static void choose_bounds(struct finishing *f)
{
	size_t nr = (size_t)f->nr_buckets * SAMPLES, step = f->recs->nr / nr;
	struct key *sample = xcalloc(nr, 2 * sizeof(*sample));

	for (size_t i = 0; i < nr; i++)
		sample[i] = f->keys[i * step];
	sort_keys(f->recs->rec, sample, sample + nr, nr);
	for (u32 b = 1; b < f->nr_buckets; b++)
		f->bounds[b - 1] = sample[b * SAMPLES];
	free(sample);
}

/* The number of bounds that are not after @key. What begins alike goes to one bucket. */
static u32 bucket_of(const struct finishing *f, const struct key *key)
{
	u32 lo = 0, hi = f->nr_buckets - 1;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (compare_heads(&f->bounds[mid], key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void count_range(void *ctx, unsigned int worker, size_t from, size_t end)
{
	struct finishing *f = ctx;
	struct share *shares = &f->shares[from / GRAIN * f->nr_buckets];

	(void)worker;
	for (size_t i = from; i < end; i++) {
		struct share *share = &shares[bucket_of(f, &f->keys[i])];

		share->keys++;
		share->offset += f->keys[i].len;
	}
}

/* From how many there are to where they go: bucket after bucket, in each range after range. */
static void place_shares(struct finishing *f)
{
	struct share at = {0};

	for (u32 b = 0; b < f->nr_buckets; b++) {
		f->start[b] = at;
		for (u32 r = 0; r < f->nr_ranges; r++) {
			struct share *share = &f->shares[r * f->nr_buckets + b], here = at;

			at.keys += share->keys;
			at.offset += share->offset;
			*share = here;
		}
	}
	f->start[f->nr_buckets] = at;
}

static void deal_range(void *ctx, unsigned int worker, size_t from, size_t end)
{
	struct finishing *f = ctx;
	struct share *shares = &f->shares[from / GRAIN * f->nr_buckets];

	(void)worker;
	for (size_t i = from; i < end; i++)
		f->dealt[shares[bucket_of(f, &f->keys[i])].keys++] = f->keys[i];
}

static void finish_bucket(void *ctx, unsigned int worker, size_t bucket)
{
	struct finishing *f = ctx;
	u32 first = f->start[bucket].keys, end = f->start[bucket + 1].keys;
	u8 *p = f->recs->text.data + f->start[bucket].offset;
	struct buf last = {0};

	(void)worker;
	sort_keys(f->recs->rec, f->dealt + first, f->keys + first, end - first);
	for (u32 i = first; i < end; i++) {
		f->sorted[i] = f->recs->rec[f->dealt[i].rec];
		if (i + 1 < end) {
			p = put_record(p, &f->sorted[i], f->heads);
			continue;
		}
		/* What is written behind the last line would be in the next bucket's first. */
		put_record(buf_reserve(&last, f->dealt[i].len + 16), &f->sorted[i], f->heads);
		memcpy(p, last.data, f->dealt[i].len);
	}
	buf_free(&last);
}

static void fill_buckets(struct finishing *f, unsigned int workers)
{
	size_t nr = f->recs->nr;

	f->nr_ranges = (u32)((nr + GRAIN - 1) / GRAIN);
	f->nr_buckets = f->nr_ranges < 1	     ? 1
			: f->nr_ranges < MAX_BUCKETS ? f->nr_ranges
						     : MAX_BUCKETS;
	f->shares = xcalloc((size_t)f->nr_ranges * f->nr_buckets, sizeof(*f->shares));
	pool_ranges(workers, nr, GRAIN, make_keys, f);
	if (f->nr_buckets > 1)
		choose_bounds(f);
	pool_ranges(workers, nr, GRAIN, count_range, f);
	place_shares(f);
	pool_ranges(workers, nr, GRAIN, deal_range, f);
	free(f->shares);
}

void records_finish(struct records *recs, unsigned int workers)
{
	struct finishing f = {.recs = recs,
			      .sorted = xreallocarray(NULL, recs->nr, sizeof(*f.sorted)),
			      .keys = xreallocarray(NULL, recs->nr, sizeof(*f.keys)),
			      .dealt = xreallocarray(NULL, recs->nr, sizeof(*f.dealt)),
			      .names = xcalloc(workers, sizeof(*f.names))};

	if (recs->compiler)
		recs->compiler = written_form(&recs->arena, recs->compiler);
	make_heads(f.heads);
	fill_buckets(&f, workers);
	recs->text.len = f.start[f.nr_buckets].offset;
	recs->text.cap = recs->text.len;
	recs->text.data = xreallocarray(NULL, recs->text.cap, 1);
	pool_run(workers, f.nr_buckets, finish_bucket, &f);
	recs->total = hash_bytes(recs->text.data, recs->text.len);
	for (unsigned int i = 0; i < workers; i++)
		arena_join(&recs->arena, &f.names[i]);
	free(recs->rec);
	recs->rec = f.sorted;
	recs->cap = recs->nr;
	free(f.keys);
	free(f.dealt);
	free(f.names);
}
