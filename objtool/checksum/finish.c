// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * finish.c - records in any order -> sorted, as the lines of a .checksums file
 *
 * A kernel has 120,000 records and 12 MB of lines. They are dealt to buckets by
 * name, about 2,000 to each, and each bucket is sorted, moved and written by
 * one thread. The steps:
 *
 *	make_keys	the start of each name and the length of its line, side by side: all that
 *			sorting and cutting need
 *	choose_bounds	some of the keys, sorted: where one bucket ends and the next begins
 *	find_buckets	for each key; then they are dealt
 *	sort_bucket	and add up the lengths of its lines: so it is known where they go
 *	write_bucket
 */
#include <stdlib.h>
#include <objtool/finish.h>
#include <objtool/hash.h>
#include <objtool/hex.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

/* Records that one thread takes at once. */
#define GRAIN 2048

/* Keys looked at for each bound: then no bucket is much larger than the others. */
#define SAMPLES 16

/*
 * What tells most records apart: a name that is followed by its pointer is a
 * cache miss, and comes up 17 times in sorting.
 */
struct key {
	u64 head[2]; /* the kind, and the first 15 bytes of the name; or 16 of those behind */
	u32 rec;     /* index */
	u32 len;     /* bytes of its line */
};

/* "func\t", "code:", and so on: of a fixed size, so that copying one is two instructions. */
struct word {
	u8 text[16];
	u32 len;
};

struct words {
	struct word kinds[NR_RECORD_KINDS], lanes[NR_LANES];
};

struct finishing {
	struct records *recs;
	struct record *sorted; /* NULL if the lines are all that is wanted */
	struct key *keys;      /* in the order of .recs */
	struct key *dealt;
	struct arena *names; /* by worker: those that had to be written otherwise, or kept */
	u32 nr_buckets;
	struct key *bounds; /* by bucket: what all before it are less than; not of the first */
	u32 *order;	    /* records, bucket after bucket */
	u32 *first;	    /* of each bucket, and behind the last */
	u64 *text;	    /* bytes of a bucket's lines; then where they begin */
	u8 *lines;
	struct words words;
};

/* ---- the written form ---- */

/* Copied and measured at once. The NUL is written, too. */
static u8 *put_str(u8 *p, const char *s)
{
	return (u8 *)stpcpy((char *)p, s);
}

/* The same byte eight times. */
#define EACH_BYTE(byte) ((u64)(byte)*0x0101010101010101U)

/*
 * Are all of eight characters plain, as record_char_is_plain() says? The top bit of a byte is set
 * by what is under 0x20 (less 0x20, and it had none), what is over 0x7e (and one, or it had
 * one already), and what is 0 once a backslash is taken from it. A carry out of a
 * byte can only come from one that is not plain itself.
 */
static bool is_plain8(const char *s)
{
	u64 x = get_u64((const u8 *)s), slash = x ^ EACH_BYTE('\\');
	u64 low = (x - EACH_BYTE(0x20)) & ~x, high = (x + EACH_BYTE(1)) | x;

	slash = (slash - EACH_BYTE(1)) & ~slash;
	return !((low | high | slash) & EACH_BYTE(0x80));
}

static bool is_plain(const char *s, size_t len)
{
	size_t i = 0;

	for (; i + 8 <= len; i += 8)
		if (!is_plain8(s + i))
			return false;
	if (len >= 8)
		return is_plain8(s + len - 8);
	while (i < len && record_char_is_plain((u8)s[i]))
		i++;
	return i == len;
}

/* @s, of @len bytes, as written in a file: itself if it is plain, which is nearly always. */
static const char *written_form(struct arena *arena, const char *s, size_t len)
{
	static const u8 digits[] = "0123456789abcdef";
	u8 *out, *p;

	if (is_plain(s, len))
		return s;
	p = out = arena_alloc(arena, 4 * len + 1, 1);
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

static u32 line_len(const struct record *rec, size_t name_len, const struct words *words)
{
	size_t len = 16 + 4 + words->kinds[rec->kind].len + decimal_len(rec->size) + name_len;

	if (!rec->lanes)
		return (u32)len + 1;
	for (u32 left = rec->lanes; left; left &= left - 1)
		len += words->lanes[__builtin_ctz(left)].len + 8 + 1;
	return (u32)len - 1; /* no comma behind the last */
}

/* Writes 16 bytes: more of a line follow, or it is said that some behind it are written, too. */
static u8 *put_word(u8 *p, const struct word *word)
{
	memcpy(p, word->text, sizeof(word->text));
	return p + word->len;
}

static u8 *put_lanes(u8 *p, const struct record *rec, const struct words *words)
{
	if (!rec->lanes)
		*p++ = '-';
	for (u32 left = rec->lanes; left; left &= left - 1) {
		int lane = __builtin_ctz(left);

		if (left != rec->lanes)
			*p++ = ',';
		p = hex_put8(put_word(p, &words->lanes[lane]), rec->lane[lane]);
	}
	return p;
}

/* Write the line of @rec; up to 16 bytes behind it are written, too. */
static u8 *put_record(u8 *p, const struct record *rec, const struct words *words)
{
	p = hex_put16(p, rec->checksum);
	*p++ = '\t';
	p = put_word(p, &words->kinds[rec->kind]);
	p = put_decimal(p, rec->size);
	*p++ = '\t';
	p = put_str(p, rec->name);
	*p++ = '\t';
	p = put_lanes(p, rec, words);
	*p++ = '\n';
	return p;
}

static struct word make_word(const char *text, u8 end)
{
	struct word word = {.len = (u32)strlen(text) + 1};

	memcpy(word.text, text, word.len - 1);
	word.text[word.len - 1] = end;
	return word;
}

static void make_words(struct words *words)
{
	for (enum record_kind kind = 0; kind < NR_RECORD_KINDS; kind++)
		words->kinds[kind] = make_word(record_kind_name(kind), '\t');
	for (enum lane lane = 0; lane < NR_LANES; lane++)
		words->lanes[lane] = make_word(lane_name(lane), ':');
}

/* ---- sorting ---- */

/* As a number that is less if the text is before. */
static u64 in_order(const u8 *text)
{
	return __builtin_bswap64(get_u64(text));
}

static struct key make_key(const struct record *rec, u32 index, size_t len,
			   const struct words *words)
{
	const u8 *name = (const u8 *)rec->name;
	u8 start[16] = {0};

	if (len < sizeof(start))
		name = memcpy(start, name, len);
	return (struct key){
		.head = {(u64)rec->kind << 56 | in_order(name) >> 8, in_order(name + 7)},
		.rec = index,
		.len = line_len(rec, len, words)};
}

static void make_keys(void *ctx, unsigned int worker, size_t from, size_t end)
{
	struct finishing *f = ctx;

	for (size_t i = from; i < end; i++) {
		struct record *rec = &f->recs->rec[i];
		const char *name = rec->name;
		size_t len;

		if (i + 8 < end)
			__builtin_prefetch(rec[8].name);
		len = strlen(name);

		rec->name = written_form(&f->names[worker], name, len);
		if (rec->name != name)
			len = strlen(rec->name);
		f->keys[i] = make_key(rec, (u32)i, len, &f->words);
	}
}

static int compare_heads(const struct key *a, const struct key *b)
{
	for (int i = 0; i < 2; i++)
		if (a->head[i] != b->head[i])
			return a->head[i] < b->head[i] ? -1 : 1;
	return 0;
}

/* If @rec is NULL, only by the heads. */
static bool is_after(const struct record *rec, const struct key *a, const struct key *b)
{
	int cmp = compare_heads(a, b);

	return (cmp || !rec ? cmp : record_order(&rec[a->rec], &rec[b->rec])) > 0;
}

/* So few are put in order one by one: to merge halves of them is mostly calls. */
#define FEW 8

static void sort_few(const struct record *rec, struct key *keys, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		struct key key = keys[i];
		size_t at = i;

		for (; at && is_after(rec, &keys[at - 1], &key); at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/*
 * A merge sort: qsort(3) calls back for each comparison, in all 1.6 times the instructions. What
 * is_after() finds equal keeps its order.
 */
static void sort_keys(const struct record *rec, struct key *keys, struct key *room, size_t nr)
{
	size_t half = nr / 2, i = 0, j = half, n = 0;

	if (nr <= FEW) {
		sort_few(rec, keys, nr);
		return;
	}
	sort_keys(rec, keys, room, half);
	sort_keys(rec, keys + half, room, nr - half);
	memcpy(room, keys, half * sizeof(*keys));
	/* The left half waits in @room; @n never overtakes @j. */
	while (i < half) {
		bool right = j < nr && is_after(rec, &room[i], &keys[j]);

		keys[n++] = right ? keys[j++] : room[i++];
	}
}

/*
 * Records are in the order of the symbol table, and of what is around one nothing is
 * used soon: each would be waited for, and its name, too.
 */
static ALWAYS_INLINE void fetch(const struct record *rec, const struct key *keys, size_t i,
				size_t end)
{
	if (i + 16 < end) {
		const char *later = (const char *)&rec[keys[i + 16].rec];

		__builtin_prefetch(later);
		__builtin_prefetch(later + sizeof(struct record) - 1);
	}
	if (i + 8 < end)
		__builtin_prefetch(rec[keys[i + 8].rec].name);
}

/* The first head has so many bytes of a name, and each of those that follow. */
#define FIRST_HEAD 15U
#define NEXT_HEAD  16U

/* As long as this, names are compared as a whole. */
#define LONG_NAME (FIRST_HEAD + 8 * NEXT_HEAD)

/* Does the name end in the head? Then those of equal heads are equal. */
static bool is_whole(const struct key *key)
{
	return !(key->head[1] & 0xff);
}

static void next_head(struct key *key, const struct record *rec, size_t from)
{
	const char *name = rec[key->rec].name + from;
	u8 part[NEXT_HEAD] = {0};

	memcpy(part, name, strnlen(name, NEXT_HEAD));
	key->head[0] = in_order(part);
	key->head[1] = in_order(part + 8);
}

/*
 * Sort @keys, which are by their heads already, of names up to @from: a half of a kernel's begin as
 * others do, trace_event_raw_event_, and each is looked at once for the next 16 bytes, not for each
 * comparison.
 */
static void sort_runs(const struct record *rec, struct key *keys, struct key *room, size_t nr,
		      size_t from)
{
	for (size_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && !compare_heads(&keys[i], &keys[end]);)
			end++;
		if (end == i + 1)
			continue;
		if (is_whole(&keys[i]) || from >= LONG_NAME) {
			sort_keys(rec, keys + i, room, end - i);
			continue;
		}
		for (size_t k = i; k < end; k++) {
			fetch(rec, keys, k, nr);
			next_head(&keys[k], rec, from);
		}
		sort_keys(NULL, keys + i, room, end - i);
		sort_runs(rec, keys + i, room, end - i, from + NEXT_HEAD);
	}
}

/* ---- buckets ---- */

static void choose_bounds(struct finishing *f)
{
	size_t nr = (size_t)f->nr_buckets * SAMPLES, step = f->recs->nr / nr;
	struct key *sample;

	if (f->nr_buckets == 1)
		return;
	sample = xcalloc(nr, 2 * sizeof(*sample));
	for (size_t i = 0; i < nr; i++)
		sample[i] = f->keys[i * step];
	sort_keys(NULL, sample, sample + nr, nr);
	for (u32 b = 1; b < f->nr_buckets; b++)
		f->bounds[b] = sample[b * SAMPLES];
	free(sample);
}

/* The number of bounds that are not after @key. What begins alike goes to one bucket. */
static u32 bucket_of(const struct finishing *f, const struct key *key)
{
	u32 lo = 0, hi = f->nr_buckets - 1;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (compare_heads(&f->bounds[mid + 1], key) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void find_buckets(const void *ctx, u8 *bucket, u32 from, u32 end)
{
	const struct finishing *f = ctx;

	for (u32 i = from; i < end; i++)
		bucket[i] = (u8)bucket_of(f, &f->keys[i]);
}

static void sort_bucket(void *ctx, unsigned int worker, size_t bucket)
{
	struct finishing *f = ctx;
	u32 first = f->first[bucket], nr = f->first[bucket + 1] - first;
	struct key *dealt = &f->dealt[first];
	/* The left half of them at most is put aside. */
	struct key *room = xreallocarray(NULL, nr / 2, sizeof(*room));

	(void)worker;
	for (u32 i = 0; i < nr; i++) {
		dealt[i] = f->keys[f->order[first + i]];
		f->text[bucket] += dealt[i].len;
	}
	sort_keys(NULL, dealt, room, nr);
	sort_runs(f->recs->rec, dealt, room, nr, FIRST_HEAD);
	free(room);
}

static void write_bucket(void *ctx, unsigned int worker, size_t bucket)
{
	struct finishing *f = ctx;
	u32 end = f->first[bucket + 1];
	u8 *p = f->lines + f->text[bucket];
	struct buf last = {0};

	for (u32 i = f->first[bucket]; i < end; i++) {
		const struct record *rec;

		fetch(f->recs->rec, f->dealt, i, end);
		rec = &f->recs->rec[f->dealt[i].rec];
		if (f->sorted) {
			f->sorted[i] = *rec;
			f->sorted[i].name = arena_strdup(&f->names[worker], rec->name);
		}
		if (i + 1 < end) {
			p = put_record(p, rec, &f->words);
			continue;
		}
		/* What is written behind the last line would be in the next bucket's first. */
		put_record(buf_reserve(&last, f->dealt[i].len + 16), rec, &f->words);
		memcpy(p, last.data, f->dealt[i].len);
	}
	buf_free(&last);
}

/* Where each bucket's lines go, behind those of the ones before. Returns the bytes of all. */
static u64 place_lines(struct finishing *f)
{
	u64 at = 0;

	for (u32 b = 0; b < f->nr_buckets; b++) {
		u64 len = f->text[b];

		f->text[b] = at;
		at += len;
	}
	return at;
}

static void finish(struct records *recs, struct pool *pool, bool lines_only)
{
	u32 nr = (u32)recs->nr;
	u32 nr_buckets = bucket_number(nr);
	struct arena *room = &recs->spare;
	u64 len;
	struct finishing f = {.recs = recs,
			      .sorted = lines_only ? NULL
						   : xreallocarray(NULL, nr, sizeof(*f.sorted)),
			      .keys = arena_take(room, nr, 2 * sizeof(*f.keys)),
			      .names = xcalloc(pool_workers(pool), sizeof(*f.names)),
			      .nr_buckets = nr_buckets,
			      .bounds = arena_take(room, nr_buckets, sizeof(*f.bounds)),
			      .order = arena_take(room, nr, sizeof(*f.order)),
			      .first = arena_take(room, nr_buckets + 1, sizeof(*f.first)),
			      .text = arena_alloc(room, nr_buckets, sizeof(*f.text))};

	if (recs->compiler)
		recs->compiler = written_form(&recs->arena, recs->compiler, strlen(recs->compiler));
	f.dealt = f.keys + nr;
	make_words(&f.words);
	pool_ranges(pool, nr, GRAIN, make_keys, &f);
	choose_bounds(&f);
	deal(pool, find_buckets, &f, nr, nr_buckets, f.order, f.first);
	pool_run(pool, nr_buckets, sort_bucket, &f);
	len = place_lines(&f);
	f.lines = arena_take(lines_only ? room : &recs->arena, len, 1);
	pool_run(pool, nr_buckets, write_bucket, &f);
	recs->lines = (struct span){f.lines, len};
	recs->total = hash_bytes(f.lines, len);
	for (unsigned int i = 0; i < pool_workers(pool); i++)
		arena_join(&recs->arena, &f.names[i]);
	free(recs->rec);
	recs->rec = f.sorted;
	recs->cap = f.sorted ? recs->nr : 0;
	free(f.names);
	/* Records that are kept keep no more than is theirs. */
	if (!lines_only)
		arena_free(room);
}

void records_finish(struct records *recs, struct pool *pool)
{
	finish(recs, pool, false);
}

void records_finish_lines(struct records *recs, struct pool *pool)
{
	finish(recs, pool, true);
}
