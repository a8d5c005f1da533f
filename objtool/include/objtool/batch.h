/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * batch.h - the same work on many files, as a command does it
 *
 * On top of a pool: messages in the order of the items whoever did them when,
 * a line on the terminal if it takes long, and an end between two files when
 * somebody presses ^C, so that nothing half-done is left behind.
 */
#ifndef OBJTOOL_BATCH_H
#define OBJTOOL_BATCH_H

#include <objtool/util.h>

struct batch {
	size_t nr;	    /* items */
	unsigned int jobs;  /* threads at most, 1 or more */
	const char *doing;  /* for the progress line: "checksum" */
	const u64 *weights; /* bytes of each item: the largest are begun first; NULL if all alike */
	int (*run)(void *ctx, size_t item); /* 0, or -1 after a message; from any thread */
	void *ctx;
};

/*
 * Run them all; a failed one does not stop the others. Returns how many failed.
 * A signal that ends the process (SIGHUP, SIGINT, SIGQUIT, SIGTERM) is let
 * through once every thread has ended the item it was at.
 */
size_t batch_run(const struct batch *batch);

#endif
