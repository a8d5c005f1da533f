// SPDX-License-Identifier: GPL-2.0-or-later
/* pool.c - the same work on many items, by several threads */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <objtool/mem.h>
#include <objtool/pool.h>

struct pool {
	void (*fn)(void *ctx, unsigned int worker, size_t item);
	void *ctx;
	size_t nr;
	atomic_size_t next;
};

struct pool_worker {
	struct pool *pool;
	unsigned int index;
	pthread_t thread;
};

unsigned int pool_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

static void *work(void *arg)
{
	struct pool_worker *w = arg;
	struct pool *pool = w->pool;

	for (;;) {
		size_t item = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);

		if (item >= pool->nr)
			return NULL;
		pool->fn(pool->ctx, w->index, item);
	}
}

void pool_run(unsigned int workers, size_t nr,
	      void (*fn)(void *ctx, unsigned int worker, size_t item), void *ctx)
{
	struct pool pool = {.fn = fn, .ctx = ctx, .nr = nr};
	struct pool_worker first = {.pool = &pool}, *others;
	unsigned int started = 0;

	if (workers > nr)
		workers = (unsigned int)nr;
	others = workers > 1 ? xcalloc(workers - 1, sizeof(*others)) : NULL;
	for (; started + 1 < workers; started++) {
		others[started] = (struct pool_worker){.pool = &pool, .index = started + 1};
		if (pthread_create(&others[started].thread, NULL, work, &others[started]))
			break;
	}
	work(&first);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(others[i].thread, NULL);
	free(others);
}

struct ranges {
	void (*fn)(void *ctx, unsigned int worker, size_t from, size_t end);
	void *ctx;
	size_t nr, grain;
};

static void run_range(void *ctx, unsigned int worker, size_t item)
{
	const struct ranges *r = ctx;
	size_t from = item * r->grain, left = r->nr - from;

	r->fn(r->ctx, worker, from, from + (left < r->grain ? left : r->grain));
}

void pool_ranges(unsigned int workers, size_t nr, size_t grain,
		 void (*fn)(void *ctx, unsigned int worker, size_t from, size_t end), void *ctx)
{
	struct ranges ranges = {.fn = fn, .ctx = ctx, .nr = nr, .grain = grain};

	pool_run(workers, nr / grain + (nr % grain != 0), run_range, &ranges);
}
