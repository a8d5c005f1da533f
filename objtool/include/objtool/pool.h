/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool.h - the same work on many items, by several threads
 *
 * Items are handed out one by one; each leaves its result in a place
 * of its own, so that who did which does not show.
 *
 * Of a large object some thirty steps are made so, the shortest of which takes less than
 * starting a thread does. So the threads of a pool are started when a step first has a use
 * for them, and wait for the next.
 */
#ifndef OBJTOOL_POOL_H
#define OBJTOOL_POOL_H

#include <objtool/util.h>

/* Who works together. NULL is the caller alone. */
struct pool;

/* How many threads this machine runs at once, as far as this process may use them. */
unsigned int pool_cpus(void);

/* A pool of up to @workers threads, the caller's among them; NULL if that is one, or none. */
struct pool *pool_open(unsigned int workers);

/* How many may work at once, 1 or more: each has an array's element of its own, say. */
unsigned int pool_workers(const struct pool *pool);

/*
 * Call @fn(@ctx, worker, item) for each item in [0, @nr), from as many threads as there are in
 * @pool; worker is in [0, pool_workers()), and no other thread's at the same time. Returns when all
 * are done. The caller does item 0. A thread that cannot be started is done without; for one item
 * no thread is.
 *
 * The caller goes on from there, the others come from the last item towards it. Items next to each
 * other mostly are in memory, too: so two threads seldom write to one cache line, or ask the system
 * for one new page, which it would clear twice, or map one stretch of a file for both.
 *
 * @fn may call it too: whoever has nothing to do in the one run helps in the other. There
 * the caller is worker 0 again, so what is kept by worker is that of one run.
 */
void pool_run(struct pool *pool, size_t nr, void (*fn)(void *ctx, unsigned int worker, size_t item),
	      void *ctx);

/*
 * The same for many small things: call @fn(@ctx, worker, from, end) for ranges of @grain things
 * each, the last may be shorter, that make up [0, @nr).
 */
void pool_ranges(struct pool *pool, size_t nr, size_t grain,
		 void (*fn)(void *ctx, unsigned int worker, size_t from, size_t end), void *ctx);

/* End its threads; NULL is fine. Not while there is a run. */
void pool_close(struct pool *pool);

/* One run, of a pool of its own. */
void pool_once(unsigned int workers, size_t nr,
	       void (*fn)(void *ctx, unsigned int worker, size_t item), void *ctx);

#endif
