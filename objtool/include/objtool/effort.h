/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effort.h - how much work one object may be
 *
 * What a function refers to is written down with it: so a hundred thousand
 * functions that share one long string, table or replacement would take as
 * many times its length, and a file of some megabytes days. No compiler makes
 * such. Steps that can be many for few bytes of the file are counted, over all
 * threads, so that the sum does not depend on who did what; when there are
 * more than a file of that size can be worth, the object is refused.
 */
#ifndef OBJTOOL_EFFORT_H
#define OBJTOOL_EFFORT_H

#include <stdatomic.h>
#include <objtool/util.h>

struct effort {
	_Atomic u64 spent; /* steps: bytes, symbols, instructions that were looked at */
	u64 limit;
	_Atomic u64
		kept; /* bytes of memory that are kept until the end for things of a few bytes */
	u64 most_kept;
};

static inline void effort_add(struct effort *effort, u64 steps)
{
	atomic_fetch_add_explicit(&effort->spent, steps, memory_order_relaxed);
}

/* The same for what is a few steps nearly always: those are not worth counting. */
static inline void effort_add_many(struct effort *effort, u64 steps)
{
	if (steps >= 1024)
		effort_add(effort, steps);
}

/* The object is too much for a reason of another kind. */
static inline void effort_refuse(struct effort *effort)
{
	effort_add(effort, effort->limit + 1);
}

/* Count memory that is kept for something that may be as small as a byte of the file. */
static inline void effort_keep(struct effort *effort, u64 bytes)
{
	if (atomic_fetch_add_explicit(&effort->kept, bytes, memory_order_relaxed) >
	    effort->most_kept)
		effort_refuse(effort);
}

/* Count anew: what was done so far is not part of what comes. */
static inline void effort_restart(struct effort *effort)
{
	atomic_store_explicit(&effort->spent, 0, memory_order_relaxed);
	atomic_store_explicit(&effort->kept, 0, memory_order_relaxed);
}

static inline bool effort_is_over(const struct effort *effort)
{
	return atomic_load_explicit(&effort->spent, memory_order_relaxed) > effort->limit;
}

#endif
