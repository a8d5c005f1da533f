/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bodies.h - from what a diff says differs back to the two objects, and what is in them
 *
 * Checksums tell that a record differs; its tokens, which tell how, are made
 * again from the objects. Where a build is only .checksums files, there is nothing to make
 * them from: that is said once for each object.
 */
#ifndef OBJTOOL_BODIES_H
#define OBJTOOL_BODIES_H

#include <objtool/dwarf.h>
#include <objtool/hunk.h>
#include <objtool/load.h>

struct body {
	struct buf tokens; /* for token_read(); empty if there are none */
	struct listing list;
};

struct bodies {
	const struct loaded *builds;
	struct disas *disas;
	bool lines;		    /* line numbers count */
	struct body body[NR_SIDES]; /* of the entry last given */
	struct merged merged;
	struct open_object {
		const char *name; /* path in its build; NULL: none was opened yet */
		struct input in;
		struct tracer *tracer; /* NULL if the object cannot be had */
		const struct image *image;
		struct inlines *inlines; /* see bodies_inlines() */
		bool inlines_read;
		bool refused; /* it was said that it is too much, see TRACE_BASE */
	} open[NR_SIDES];
};

void bodies_init(struct bodies *b, const struct loaded *builds, bool lines);

/*
 * Make .body and .merged of @e, which must have an old or a new record; the side it does not
 * have is empty. Best called in the order of the diff, since objects are opened
 * one at a time. Returns 0, or -1 if an object is not at hand, is not what it was, or is too
 * much to be shown: after a message, one an object.
 */
int bodies_get(struct bodies *b, const struct diff_entry *e);

/*
 * What is inlined in the object of side @side that the entry last given is of; read when it is
 * asked for. NULL if it has no debug information.
 */
const struct inlines *bodies_inlines(struct bodies *b, int side);

/* The function that a place of that object belongs to; see tracer_function_at(). */
const char *bodies_function_at(const struct bodies *b, int side, u32 sec, u32 off);

void bodies_free(struct bodies *b);

/*
 * Print the hunks of @e, with a head that names both sides. Returns 0, or -1 as bodies_get().
 */
int bodies_print_patch(struct bodies *b, const struct diff_entry *e, const struct hunk_style *style,
		       FILE *out);

#endif
