// SPDX-License-Identifier: GPL-2.0-or-later
/* sort.c - sort many numbers without comparing them, find one of them, deal things to buckets */
#include <stdlib.h>
#include <objtool/mem.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

/* Without the cost of counting: most sections have one to three symbols. */
#define FEW 32

static void sort_few(u64 *keys, size_t nr)
{
	for (size_t i = 1; i < nr; i++) {
		u64 key = keys[i];
		size_t at = i;

		for (; at && keys[at - 1] >> 32 > key >> 32; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* Bits of a digit at most: of so few keys that counting is most of it, and of many. */
#define FEW_BITS  8U
#define MANY_BITS 12U
#define MANY	  4096

/* The upper bits that differ, from bit 32 on; 0 if the keys are in order already. */
static unsigned int unsorted_bits(const u64 *keys, size_t nr)
{
	u64 differ = 0;
	bool sorted = true;

	for (size_t i = 1; i < nr; i++) {
		differ |= keys[i] ^ keys[0];
		sorted &= keys[i] >> 32 >= keys[i - 1] >> 32;
	}
	return sorted ? 0 : 32 - (unsigned int)__builtin_clzll(differ);
}

/*
 * Move the keys to @to, in the order of @bits bits from @shift on, those that are equal as before.
 * @start has room for as many counts as a digit has values.
 */
static void sort_digit(const u64 *from, u64 *to, size_t nr, unsigned int shift, unsigned int bits,
		       size_t *start)
{
	size_t at = 0, nr_values = (size_t)1 << bits;
	u64 mask = nr_values - 1;

	memset(start, 0, nr_values * sizeof(*start));
	for (size_t i = 0; i < nr; i++)
		start[from[i] >> shift & mask]++;
	for (size_t i = 0; i < nr_values; i++) {
		size_t count = start[i];

		start[i] = at;
		at += count;
	}
	for (size_t i = 0; i < nr; i++)
		to[start[from[i] >> shift & mask]++] = from[i];
}

static void sort_digits(u64 *keys, u64 *tmp, size_t nr, unsigned int most, size_t *start)
{
	u64 *from = keys, *to = tmp;
	unsigned int bits, digits, done = 0;

	bits = unsorted_bits(keys, nr);
	for (digits = (bits + most - 1) / most; digits; digits--) {
		unsigned int now = (bits - done + digits - 1) / digits;
		u64 *swap = from;

		sort_digit(from, to, nr, 32 + done, now, start);
		done += now;
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, nr * sizeof(*keys));
}

/* Apart, as its counts are 8 pages of stack, which a small object would else never touch. */
static __attribute__((noinline)) void sort_many(u64 *keys, u64 *tmp, size_t nr)
{
	size_t start[1 << MANY_BITS];

	sort_digits(keys, tmp, nr, MANY_BITS, start);
}

void sort_high(u64 *keys, u64 *tmp, size_t nr)
{
	size_t start[1 << FEW_BITS];

	if (nr <= FEW)
		sort_few(keys, nr);
	else if (nr < MANY)
		sort_digits(keys, tmp, nr, FEW_BITS, start);
	else
		sort_many(keys, tmp, nr);
}

u32 sorted_from(const u64 *keys, u32 nr, u64 key)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (keys[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Things that one thread counts or deals at once. */
#define GRAIN 8192

struct dealing {
	bucket_fn *fn;
	const void *ctx;
	u8 *bucket;
	u32 *order;
	u32 (*share)[MAX_BUCKETS]; /* by range: how many go to each bucket, then where */
};

static void count_shares(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct dealing *d = ctx;
	u32 *share = d->share[from / GRAIN];

	(void)worker;
	d->fn(d->ctx, d->bucket, (u32)from, (u32)end);
	for (size_t i = from; i < end; i++)
		share[d->bucket[i]]++;
}

static void deal_range(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct dealing *d = ctx;
	u32 *share = d->share[from / GRAIN];

	(void)worker;
	for (size_t i = from; i < end; i++)
		d->order[share[d->bucket[i]]++] = (u32)i;
}

u32 bucket_number(u32 nr)
{
	u32 buckets = nr / 2048;

	return buckets < 1 ? 1 : buckets < MAX_BUCKETS ? buckets : MAX_BUCKETS;
}

void deal(struct pool *pool, bucket_fn *fn, const void *ctx, u32 nr, u32 buckets, u32 *order,
	  u32 *start)
{
	u32 ranges = nr / GRAIN + 1, at = 0;
	struct dealing d = {fn, ctx, xreallocarray(NULL, nr, 1), order,
			    xcalloc(ranges, sizeof(*d.share))};

	pool_ranges(pool, nr, GRAIN, count_shares, &d);
	for (u32 b = 0; b < buckets; b++) {
		start[b] = at;
		for (u32 r = 0; r < ranges; r++) {
			u32 count = d.share[r][b];

			d.share[r][b] = at;
			at += count;
		}
	}
	start[buckets] = at;
	pool_ranges(pool, nr, GRAIN, deal_range, &d);
	free(d.share);
	free(d.bucket);
}
