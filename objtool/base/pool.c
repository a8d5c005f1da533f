// SPDX-License-Identifier: GPL-2.0-or-later
/* pool.c - the same work on many items, by several threads */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <objtool/mem.h>
#include <objtool/pool.h>

/* What one call of pool_run() is about; on its stack. */
struct run {
	void (*fn)(void *ctx, unsigned int worker, size_t item);
	void *ctx;
	size_t nr;
	atomic_size_t taken; /* items, from either end; and */
	atomic_size_t back;  /* of these from the last one on */
	unsigned int joined; /* threads that ever worked on it: the next one's index */
	unsigned int active; /* and those that do now, but for the caller */
	bool over;	     /* all its items are taken */
	struct run *older;   /* in the pool's list */
};

struct pool {
	unsigned int workers;
	unsigned int started; /* of .threads */
	bool closing;
	pthread_mutex_t lock;	/* of all that is here, and in its runs, but .taken and .back */
	pthread_cond_t changed; /* there is a new run, one is done with, or it closes */
	struct run *runs;	/* the newest first */
	pthread_t threads[];	/* all but the caller's */
};

unsigned int pool_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

struct pool *pool_open(unsigned int workers)
{
	struct pool *pool;

	if (workers < 2)
		return NULL;
	pool = xcalloc(1, sizeof(*pool) + (workers - 1) * sizeof(pool->threads[0]));
	pool->workers = workers;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	return pool;
}

unsigned int pool_workers(const struct pool *pool)
{
	return pool ? pool->workers : 1;
}

/* The caller's items are those from the front, of which the first is done; see pool_run(). */
static void work(struct run *run, unsigned int worker)
{
	size_t item = 1;

	while (atomic_fetch_add_explicit(&run->taken, 1, memory_order_relaxed) < run->nr) {
		if (worker)
			item = run->nr - 1 -
			       atomic_fetch_add_explicit(&run->back, 1, memory_order_relaxed);
		run->fn(run->ctx, worker, item++);
	}
}

/* Take part in the newest run there is; with the lock held. False if there is none. */
static bool help(struct pool *pool)
{
	struct run *run = pool->runs;
	unsigned int worker;

	while (run && (run->over || run->joined == pool->workers))
		run = run->older;
	if (!run)
		return false;
	worker = run->joined++;
	run->active++;
	pthread_mutex_unlock(&pool->lock);
	work(run, worker);
	pthread_mutex_lock(&pool->lock);
	run->over = true;
	if (!--run->active)
		pthread_cond_broadcast(&pool->changed);
	return true;
}

static void *help_until_closed(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (!pool->closing)
		if (!help(pool))
			pthread_cond_wait(&pool->changed, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/*
 * Signals are for the thread that opened the pool, which holds them back while it writes a file; a
 * thread that did not would be ended by them then, and all of the process with it. But for
 * those that tell a thread of what it has done itself.
 */
static void block_signals(sigset_t *before)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPIPE};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigdelset(&all, own[i]);
	pthread_sigmask(SIG_BLOCK, &all, before);
}

/* So many as @nr items are worth; one that cannot be started may be the next time. */
static void start_threads(struct pool *pool, size_t nr)
{
	unsigned int wanted = nr < pool->workers ? (unsigned int)nr : pool->workers;
	sigset_t before;

	if (pool->started + 1 >= wanted)
		return;
	block_signals(&before);
	while (pool->started + 1 < wanted &&
	       !pthread_create(&pool->threads[pool->started], NULL, help_until_closed, pool))
		pool->started++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void add_run(struct pool *pool, struct run *run)
{
	pthread_mutex_lock(&pool->lock);
	run->older = pool->runs;
	pool->runs = run;
	start_threads(pool, run->nr);
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
}

/* Wait until nobody works on it any more. All its items were taken. */
static void end_run(struct pool *pool, struct run *run)
{
	struct run **at = &pool->runs;

	pthread_mutex_lock(&pool->lock);
	while (*at != run)
		at = &(*at)->older;
	*at = run->older;
	while (run->active)
		if (!help(pool))
			pthread_cond_wait(&pool->changed, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void pool_run(struct pool *pool, size_t nr, void (*fn)(void *ctx, unsigned int worker, size_t item),
	      void *ctx)
{
	struct run run = {.fn = fn, .ctx = ctx, .nr = nr, .taken = 1, .joined = 1};
	bool alone = !pool || nr < 2;

	if (!nr)
		return;
	if (!alone)
		add_run(pool, &run);
	fn(ctx, 0, 0);
	work(&run, 0);
	if (!alone)
		end_run(pool, &run);
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

void pool_ranges(struct pool *pool, size_t nr, size_t grain,
		 void (*fn)(void *ctx, unsigned int worker, size_t from, size_t end), void *ctx)
{
	struct ranges ranges = {.fn = fn, .ctx = ctx, .nr = nr, .grain = grain};

	pool_run(pool, nr / grain + (nr % grain != 0), run_range, &ranges);
}

void pool_close(struct pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->changed);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->started; i++)
		pthread_join(pool->threads[i], NULL);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void pool_once(unsigned int workers, size_t nr,
	       void (*fn)(void *ctx, unsigned int worker, size_t item), void *ctx)
{
	struct pool *pool = pool_open(workers < nr ? workers : (unsigned int)nr);

	pool_run(pool, nr, fn, ctx);
	pool_close(pool);
}
