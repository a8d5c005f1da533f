/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort.h - sort many numbers without comparing them, find one of them, deal things to buckets */
#ifndef OBJTOOL_SORT_H
#define OBJTOOL_SORT_H

#include <objtool/pool.h>

/*
 * Sort @nr @keys by their upper 32 bits; those that are equal in these keep
 * their order. @tmp has room for as many.
 */
void sort_high(u64 *keys, u64 *tmp, size_t nr);

/* Index of the first of @nr ascending @keys that is not less than @key; @nr if all are. */
u32 sorted_from(const u64 *keys, u32 nr, u64 key);

#define MAX_BUCKETS 256

/* A number of buckets for @nr things, about 2,000 each: work enough for a thread to take one. */
u32 bucket_number(u32 nr);

/* Say which bucket each of [@from, @end) goes to, in @bucket[from] and so on. */
typedef void bucket_fn(const void *ctx, u8 *bucket, u32 from, u32 end);

/*
 * Put things in the order of their buckets, which @fn finds: @order gets the numbers from 0 to
 * @nr - 1, those in bucket 0 first, ascending within each. @start[b] is where those in bucket b
 * begin, for b up to @buckets, which is at most MAX_BUCKETS. By @pool, @fn too.
 */
void deal(struct pool *pool, bucket_fn *fn, const void *ctx, u32 nr, u32 buckets, u32 *order,
	  u32 *start);

#endif
