/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rest.h - what no unit covers -> the rest records
 *
 * When all units are written, the map of what they covered, by themselves or by reference
 * (coverage.h), has gaps: data that nothing refers to, strings of none, entries that apply to no
 * code. Each is a chunk, and the chunks of a section class are a set, which is one record.
 * Alignment, zeros or fillers with no relocation, is no gap.
 */
#ifndef OBJTOOL_REST_H
#define OBJTOOL_REST_H

#include <objtool/pool.h>
#include <objtool/reading.h>

typedef void gap_fn(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end);

/* Call @fn for each gap, by @pool (NULL: in order), with the index of the worker that does. */
void rest_each_gap(const struct reading *r, struct pool *pool, gap_fn *fn, void *ctx);

/* Add bytes [@off, @end) of section @sec, a gap, to @chunks. */
void rest_add_chunk(struct canon *c, struct buf *chunks, u32 sec, u32 off, u32 end);

/* Add one record for each section class in @chunks, which are those of all threads. */
void rest_records(struct buf *chunks, struct records *recs);

#endif
