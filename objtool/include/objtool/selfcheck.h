/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * selfcheck.h - proof, on an object of anybody's, that its checksums notice
 *
 * Fields of a copy of the object in memory are altered, one at a time (fields.h says which
 * and which are avoided), and the copy is checksummed like any object: the
 * record of each function and data object that the field belongs to must change, and that of no
 * other. A record that only says of another line number has changed, too: 'objtool diff' reports
 * it. Rest records may come and go with what functions refer to, and are not held against it.
 */
#ifndef OBJTOOL_SELFCHECK_H
#define OBJTOOL_SELFCHECK_H

#include <stdio.h>
#include <objtool/input.h>

/* What came of all alterations of one kind of field. */
struct selfcheck_row {
	u32 cases;
	u32 noticed; /* everywhere it should be */
	u32 missed;
	u32 wrong; /* noticed where it should not be, too */
};

/* Sums over all objects checked. Zero-initialise, set .seed; release with selfcheck_free(). */
struct selfcheck {
	u64 seed;		    /* the same seed makes the same alterations */
	struct selfcheck_row *rows; /* by kind of field */
	u32 objects;		    /* that were checked */
	u32 lines;		    /* alterations that were noticed as line numbers only */
};

/*
 * Check each of @images, with up to @jobs threads, and print a line to @out for each alteration
 * that was missed, or noticed by others: the object, the function, and the bytes of the file, so
 * that it can be repeated. Large objects get fewer alterations. Does not depend on @jobs.
 * Returns how many objects could not be read, each after a message.
 */
size_t selfcheck_run(struct selfcheck *sc, const struct images *images, unsigned int jobs,
		     FILE *out);

/* Print the table, and a line that sums it up. Returns true if nothing was missed or wrong. */
bool selfcheck_report(const struct selfcheck *sc, FILE *out);

void selfcheck_free(struct selfcheck *sc);

#endif
