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

#include <objtool/check.h>
#include <objtool/lines.h>
#include <objtool/namesake.h>
#include <objtool/seen.h>
#include <objtool/target.h>
#include <objtool/token.h>

/* A stretch of a section that some record covers. */
struct covered {
	u32 sec, off, len;
};

/* Code of the current function: its own part, .cold, and code without a symbol. */
struct part {
	u32 sec, off, end;
	u32 first, nr; /* instructions in canon.insns */
	const char *word;
};

/* One worker's state, reused from unit to unit. Zero-initialise, then set the first three. */
struct canon {
	const struct code *code;
	const struct namesakes *namesakes;
	const struct lines *lines;
	struct stream stream; /* the tokens of the unit last given */
	u32 self;	      /* the unit itself, NO_UNIT for a chunk */
	u32 file;	      /* the source file it is from, if that was needed so far */
	struct insns insns;
	struct insns other; /* scratch: another function, to count its instructions */
	struct part *parts;
	u32 nr_parts, cap_parts;
	struct target *blobs; /* unnamed data met, in order of first use */
	u32 nr_blobs, cap_blobs;
	struct seen seen;   /* place -> index of blob */
	struct buf covered; /* struct covered, growing over all units */
	u32 bad, bad_off;   /* undecodable bytes: how many, and where the first is */
	u32 bad_sec;
};

/* Write the tokens of unit @unit, a function or data object that is no part of another. */
void canon_unit(struct canon *canon, u32 unit);

/* Write the tokens of a common symbol: its size and alignment. */
void canon_common(struct canon *canon, const struct symbol *sym);

/* Write the tokens of bytes [@off, @off + @len) of section @sec, which belong to no unit. */
void canon_chunk(struct canon *canon, u32 sec, u32 off, u32 len);

void canon_free(struct canon *canon);

#endif
