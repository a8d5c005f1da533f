// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-pool.c - what pool.h promises
 *
 *     test-pool
 *
 * With one to four workers: each item is done once, item 0 by the caller, no two threads are the
 * same worker, all has been done when pool_run() returns, and the threads are those of the run
 * before. Who has nothing to do in one run helps in another. Threads of a pool leave signals to
 * the caller. Prints what does not hold, and a count; status 0 if all does, else 1.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <objtool/pool.h>

#define ITEMS	10000
#define WORKERS 4

/* Seconds after which what has not happened never will. */
#define PATIENCE 10

static int wrong(const char *what, unsigned int workers)
{
	printf("FAIL %s, %u workers\n", what, workers);
	return 1;
}

/* ---- one run ---- */

struct once {
	atomic_uint done[ITEMS];
	atomic_bool busy[WORKERS]; /* by worker */
	atomic_uint twice, strangers;
	pthread_t caller;
	unsigned int workers;
	bool by_caller; /* item 0 */
};

static void do_once(void *ctx, unsigned int worker, size_t item)
{
	struct once *o = ctx;

	if (worker >= o->workers) {
		atomic_fetch_add(&o->strangers, 1);
		return;
	}
	if (atomic_exchange(&o->busy[worker], true))
		atomic_fetch_add(&o->twice, 1);
	if (!item)
		o->by_caller = pthread_equal(pthread_self(), o->caller);
	atomic_fetch_add(&o->done[item], 1);
	atomic_store(&o->busy[worker], false);
}

static int test_once(struct pool *pool, unsigned int workers, size_t nr)
{
	struct once *o = calloc(1, sizeof(*o));
	int failed = 0;

	if (!o)
		return wrong("no memory", workers);
	o->caller = pthread_self();
	o->workers = workers;
	pool_run(pool, nr, do_once, o);
	for (size_t i = 0; i < ITEMS; i++)
		if (atomic_load(&o->done[i]) != (i < nr))
			failed = wrong("an item is done once", workers);
	if (atomic_load(&o->twice) || atomic_load(&o->strangers))
		failed = wrong("a worker is one thread", workers);
	if (nr && !o->by_caller)
		failed = wrong("the caller does item 0", workers);
	free(o);
	return failed;
}

/* ---- one run within another, and the threads of both ---- */

struct within {
	struct pool *pool;
	pthread_t caller;
	atomic_uint inner;
	atomic_bool helped; /* the caller of the outer run came to the inner one */
	atomic_bool signals, ours;
};

static bool wait_for(atomic_bool *what)
{
	time_t end = time(NULL) + PATIENCE;

	while (!atomic_load(what) && time(NULL) < end)
		nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
	return atomic_load(what);
}

static void do_inner(void *ctx, unsigned int worker, size_t item)
{
	struct within *w = ctx;

	(void)worker;
	atomic_fetch_add(&w->inner, 1);
	if (pthread_equal(pthread_self(), w->caller))
		atomic_store(&w->helped, true);
	else if (!item && pool_workers(w->pool) == 2) /* of more, others may do all the rest */
		wait_for(&w->helped);
}

static void do_outer(void *ctx, unsigned int worker, size_t item)
{
	struct within *w = ctx;
	sigset_t blocked;

	(void)worker;
	if (!item) {
		wait_for(&w->signals); /* until another thread has item 1 */
		return;
	}
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	atomic_store(&w->ours, sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGTERM) &&
				       !sigismember(&blocked, SIGSEGV) &&
				       !sigismember(&blocked, SIGPIPE));
	atomic_store(&w->signals, true);
	pool_run(w->pool, 100, do_inner, w);
}

static int test_within(struct pool *pool, unsigned int workers)
{
	struct within w = {.pool = pool, .caller = pthread_self()};
	sigset_t blocked;
	int failed = 0;

	pool_run(pool, 2, do_outer, &w);
	if (atomic_load(&w.inner) != 100)
		failed = wrong("a run within another is done when it returns", workers);
	if (workers == 2 && !atomic_load(&w.helped))
		failed = wrong("who has nothing to do helps", workers);
	if (!atomic_load(&w.ours))
		failed = wrong("threads leave signals to the caller", workers);
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	if (sigismember(&blocked, SIGINT) || sigismember(&blocked, SIGTERM))
		failed = wrong("the caller still takes signals", workers);
	return failed;
}

int main(void)
{
	int failed = 0, done = 0;

	for (unsigned int workers = 1; workers <= WORKERS; workers++) {
		struct pool *pool = pool_open(workers);

		failed += pool_workers(pool) != workers && wrong("so many as were asked", workers);
		for (size_t round = 0; round < 200; round++, done++)
			failed += test_once(pool, workers, round * round % ITEMS);
		for (size_t round = 0; workers > 1 && round < 20; round++, done++)
			failed += test_within(pool, workers);
		pool_close(pool);
	}
	printf("%d rounds, %d wrong\n", done, failed);
	return failed != 0;
}
