/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inlined.h - which inlined functions the changed ones changed in
 *
 * An inlined function has no checksum: when it changes, those that it was inlined
 * into do. Debug information tells which instructions are a copy of which
 * function, and so whether what differs in a function is in such a copy.
 */
#ifndef OBJTOOL_INLINED_H
#define OBJTOOL_INLINED_H

#include <objtool/bodies.h>

/* An inlined function, in one that it is inlined into. */
struct inlined_copy {
	struct inline_func func; /* strings are the object's */
	u32 insns[NR_SIDES];	 /* its instructions, with what is inlined into it */
	u32 differ;		 /* rows of these that only one side has */
};

/*
 * The copies in the entry that @b was last given, by name: an array that is the caller's, of
 * *@nr. None if either object has no debug information.
 */
struct inlined_copy *inlined_copies(struct bodies *b, size_t *nr);

/*
 * Print, for each function whose inlined copies differ, which functions these are in:
 *
 *     do_x (x.h, inlined) -> a, b changed in it; c contains it and did not change
 *
 * First those of which no such function is unchanged, by how many changed in it: so it is of what
 * was edited, and of what that contains or is contained in.
 *
 * Returns how many objects with changes are not at hand, after a message for each, or have no
 * debug information, which is said once.
 */
size_t inlined_report(struct bodies *b, const struct diff *diff, FILE *out);

#endif
