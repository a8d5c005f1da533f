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

void sort_high(u64 *keys, u64 *tmp, size_t nr)
{
	u64 *from = keys, *to = tmp;

	if (nr <= FEW) {
		sort_few(keys, nr);
		return;
	}

	for (unsigned int shift = 32; shift < 64; shift += 8) {
		size_t start[256] = {0}, at = 0;
		u64 *swap = from;

		for (size_t i = 0; i < nr; i++)
			start[(u8)(from[i] >> shift)]++;
		if (start[(u8)(from[0] >> shift)] == nr)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
			size_t count = start[i];

			start[i] = at;
			at += count;
		}
		for (size_t i = 0; i < nr; i++)
			to[start[(u8)(from[i] >> shift)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, nr * sizeof(*keys));
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
	const u8 *bucket;
	u32 *order;
	u32 (*share)[MAX_BUCKETS]; /* by range: how many go to each bucket, then where */
};

static void count_shares(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct dealing *d = ctx;
	u32 *share = d->share[from / GRAIN];

	(void)worker;
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

void deal(unsigned int workers, const u8 *bucket, u32 nr, u32 buckets, u32 *order,
	  u32 start[MAX_BUCKETS + 1])
{
	u32 ranges = nr / GRAIN + 1, at = 0;
	struct dealing d = {bucket, order, xcalloc(ranges, sizeof(*d.share))};

	pool_ranges(workers, nr, GRAIN, count_shares, &d);
	for (u32 b = 0; b < buckets; b++) {
		start[b] = at;
		for (u32 r = 0; r < ranges; r++) {
			u32 count = d.share[r][b];

			d.share[r][b] = at;
			at += count;
		}
	}
	start[buckets] = at;
	pool_ranges(workers, nr, GRAIN, deal_range, &d);
	free(d.share);
}
