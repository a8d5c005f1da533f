/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - the same work on many items, by several threads
 *
 * Items are handed out one after the other; each leaves its result in a place
 * of its own, so that who did which does not show.
 */
#ifndef OBJTOOL_POOL_H
#define OBJTOOL_POOL_H

#include <objtool/util.h>

/* How many threads this machine runs at once, as far as this process may use them. */
unsigned int pool_cpus(void);

/*
 * Call @fn(@ctx, worker, item) for each item in [0, @nr), from @workers threads
 * at most, the caller's among them; worker is in [0, @workers). Returns when all are
 * done. A thread that cannot be started is done without; with one worker no thread is.
 */
void pool_run(unsigned int workers, size_t nr,
	      void (*fn)(void *ctx, unsigned int worker, size_t item), void *ctx);

/*
 * The same for many small things: call @fn(@ctx, worker, from, end) for ranges of @grain things
 * each, the last may be shorter, that make up [0, @nr).
 */
void pool_ranges(unsigned int workers, size_t nr, size_t grain,
		 void (*fn)(void *ctx, unsigned int worker, size_t from, size_t end), void *ctx);

#endif
