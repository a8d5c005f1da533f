/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - why a record differs, in sentences
 *
 * Made of what "diff -p" shows, so that nothing is left out that a checksum
 * covers: what has no sentence of its own counts as instructions added and removed.
 */
#ifndef OBJTOOL_EXPLAIN_H
#define OBJTOOL_EXPLAIN_H

#include <objtool/bodies.h>

/*
 * Print a paragraph on @e to @out: a head that says what happened to it, then, of what is in
 * both builds, a line for each thing that differs, and one with what does not:
 *
 *     kfree_rcu_work (kernel/rcu/tree.o) changed: 312 -> 318 bytes
 *       calls kfree_sensitive instead of kfree at +0x4c
 *       stack frame 0x40 -> 0x48
 *       3 instructions added, 1 removed, of 84
 *       the same: strings and constants, alternatives, section
 *
 * Returns 0, or -1 after a message if an object is not at hand: then what kind of thing
 * differs is all there is.
 */
int explain_entry(struct bodies *b, const struct diff_entry *e, FILE *out);

#endif
