/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seen.h - numbers for places already met, in a table that is forgotten at once */
#ifndef OBJTOOL_SEEN_H
#define OBJTOOL_SEEN_H

#include <objtool/util.h>

/* Zero-initialise. */
struct seen {
	struct seen_slot *slot;
	u64 key; /* see table_slot() */
	u32 cap, nr, generation;
};

/*
 * The number of (@kind, @id), which is @fresh if it has none yet. The pointer
 * is good until the next call.
 */
u32 *seen_number(struct seen *seen, u32 kind, u32 id, u32 fresh);

/* Forget everything; costs nothing. */
void seen_reset(struct seen *seen);

void seen_free(struct seen *seen);

#endif
