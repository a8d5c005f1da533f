// SPDX-License-Identifier: GPL-2.0-or-later
/* batch.c - the same work on many files, as a command does it */
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <objtool/batch.h>
#include <objtool/log.h>
#include <objtool/mem.h>
#include <objtool/pool.h>

/* The progress line: milliseconds before it is first shown, and between two. */
#define SHOW_AFTER 1000
#define SHOW_EVERY 100

struct run {
	const struct batch *batch;
	struct log_text *said; /* by item */
	size_t *order;	       /* NULL: as they come */
	atomic_size_t begun, done, failed;
	sigset_t fatal;
	bool terminal;
	/* Of the first worker alone: */
	u64 show_at; /* milliseconds() */
	bool shown;
};

static u64 milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000 + (u64)now.tv_nsec / 1000000;
}

/*
 * The signals that end this process. Not those it was told to ignore (nohup):
 * they would be pending for ever, and end nothing.
 */
static void get_fatal(sigset_t *set)
{
	static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
	struct sigaction action;

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(set, signals[i]);
}

/* True if one of them waits to be let through. */
static bool interrupted(const sigset_t *fatal)
{
	sigset_t waiting;

	sigpending(&waiting);
	sigandset(&waiting, &waiting, fatal);
	return !sigisemptyset(&waiting);
}

static void show_progress(struct run *run)
{
	u64 now = milliseconds();

	if (!run->terminal || now < run->show_at)
		return;
	dprintf(STDERR_FILENO, "\robjtool: %s: %zu of %zu\033[K", run->batch->doing,
		atomic_load(&run->done), run->batch->nr);
	run->show_at = now + SHOW_EVERY;
	run->shown = true;
}

/* The next in order, whichever the pool would have taken: from the other end, it is the smallest.
 */
static void run_next(void *ctx, unsigned int worker, size_t any)
{
	struct run *run = ctx;
	size_t next = atomic_fetch_add(&run->begun, 1);
	size_t item = run->order ? run->order[next] : next;
	struct log_text *before;

	(void)any;
	if (interrupted(&run->fatal))
		return;
	before = log_keep(&run->said[item]);
	if (run->batch->run(run->batch->ctx, item))
		atomic_fetch_add(&run->failed, 1);
	log_keep(before);
	atomic_fetch_add(&run->done, 1);
	if (!worker)
		show_progress(run);
}

static int heavier(const void *va, const void *vb, void *ctx)
{
	const u64 *weights = ctx;
	size_t a = *(const size_t *)va, b = *(const size_t *)vb;

	if (weights[a] != weights[b])
		return weights[a] > weights[b] ? -1 : 1;
	return (a > b) - (a < b);
}

/* Largest first: a vmlinux.o begun last would run alone while all others wait for it. */
static size_t *order_by_weight(const struct batch *batch)
{
	size_t *order;

	if (!batch->weights || batch->jobs == 1)
		return NULL;
	order = xcalloc(batch->nr, sizeof(*order));
	for (size_t i = 0; i < batch->nr; i++)
		order[i] = i;
	qsort_r(order, batch->nr, sizeof(*order), heavier, (void *)(uintptr_t)batch->weights);
	return order;
}

size_t batch_run(const struct batch *batch)
{
	struct run run = {.batch = batch};
	sigset_t before;
	size_t done;

	/* Alone, an item may use threads of its own, whose messages could not be kept. */
	if (batch->nr <= 1)
		return batch->nr && batch->run(batch->ctx, 0) ? 1 : 0;
	mem_reuse();
	run.said = xcalloc(batch->nr, sizeof(*run.said));
	run.order = order_by_weight(batch);
	run.terminal = isatty(STDERR_FILENO);
	run.show_at = milliseconds() + SHOW_AFTER;
	get_fatal(&run.fatal);
	pthread_sigmask(SIG_BLOCK, &run.fatal, &before);
	pool_once(batch->jobs, batch->nr, run_next, &run);
	if (run.shown)
		dprintf(STDERR_FILENO, "\r\033[K");
	for (size_t i = 0; i < batch->nr; i++)
		log_print(&run.said[i]);
	free(run.said);
	free(run.order);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	/* Here only if nothing ended us: all items were done, or a debugger ate the signal. */
	done = atomic_load(&run.done);
	return atomic_load(&run.failed) + (batch->nr - done);
}
