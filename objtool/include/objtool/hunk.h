/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hunk.h - two listings as one: what both have, and what only one has
 *
 * Labels are numbered here, after lines were matched: a label has one name on
 * both sides if it is at the same place of both, so that an inserted
 * instruction does not rename all labels behind it. A branch whose target is
 * another place differs. Two listings have no row that only one of them has
 * if and only if their tokens are equal.
 */
#ifndef OBJTOOL_HUNK_H
#define OBJTOOL_HUNK_H

#include <stdio.h>
#include <objtool/listing.h>

enum { SIDE_OLD, SIDE_NEW, NR_SIDES };

/* A line, or a label in front of one; of one side, or of both. */
struct row {
	u32 line[NR_SIDES]; /* NO_LINE if the side does not have it */
	u32 label;	    /* number of the label; 0: it is a line */
};

struct merged {
	const struct listing *side[NR_SIDES];
	struct row *row;
	u32 nr, cap;
	u32 *label[NR_SIDES]; /* by line, and one behind the last: number of the label there, or 0
			       */
	u32 differ;	      /* rows that only one side has */
};

/* Merge two listings, which must outlive the result. */
void merge_listings(struct merged *m, const struct listing *old, const struct listing *new);
void merged_free(struct merged *m);

static inline bool row_differs(const struct row *row)
{
	return row->line[SIDE_OLD] == NO_LINE || row->line[SIDE_NEW] == NO_LINE;
}

struct hunk_style {
	u32 context; /* rows around what differs */
	u32 columns; /* of the terminal, for two columns side by side; 0: one, as a unified diff */
	bool colour;
};

/* Print what differs, as the hunks of a unified diff; @name is the record's. */
void hunks_print(const struct merged *m, const char *name, const struct hunk_style *style,
		 FILE *out);

/* Append to @out the text of line @line of side @side, with its labels. */
void merged_text(const struct merged *m, int side, u32 line, struct buf *out);

#endif
