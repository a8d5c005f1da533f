/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * canon.h - the canonical form: one function or data object -> tokens
 *
 * What decides what a function does, and nothing else, in an order and in
 * words that do not depend on where the assembler, the linker or other functions put
 * things. See the top of canon.c.
 */
#ifndef OBJTOOL_CANON_H
#define OBJTOOL_CANON_H

#include <objtool/coverage.h>
#include <objtool/namesake.h>
#include <objtool/parts.h>
#include <objtool/seen.h>
#include <objtool/token.h>

/* One worker's state, reused from unit to unit; see canon_init(). */
struct canon {
	const struct code *code;
	const struct namesakes *namesakes;
	const struct coverage *coverage;
	struct stream stream;	 /* the tokens of the unit last given */
	struct parts parts;	 /* the code of the current function */
	u32 part;		 /* being written: index into .parts */
	u32 special;		 /* where the last function's entries ended */
	struct part replacement; /* being written; .nr is 0 if none is */
	struct target *blobs;	 /* unnamed data met, in order of first use */
	u32 nr_blobs, cap_blobs;
	struct seen seen; /* place -> index of blob */
	u32 bad, bad_off; /* undecodable bytes: how many, and where the first is */
	u32 bad_sec;
	u32 nested; /* replacements being written, each within the one before */
	u64 spent;  /* effort not yet added to the object's */
};

void canon_init(struct canon *canon, const struct code *code, const struct namesakes *namesakes,
		const struct lines *lines, const struct coverage *coverage);
void canon_free(struct canon *canon);

/* Add what has been spent to the effort of the object. */
void canon_settle_effort(struct canon *canon);

/* Write the tokens of unit @unit, a function or data object that is no part of another. */
void canon_unit(struct canon *canon, u32 unit);

/* Write the tokens of a common symbol: its size and alignment. */
void canon_common(struct canon *canon, const struct symbol *sym);

/* Write the tokens of bytes [@off, @off + @len) of section @sec, which belong to no unit. */
void canon_chunk(struct canon *canon, u32 sec, u32 off, u32 len);

#endif
