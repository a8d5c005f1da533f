/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * namesake.h - symbols of one canonical name: which of them is meant
 *
 * vmlinux.o has hundreds of static functions and objects that share a name, and
 * dropping counters (x.12, x.34) makes more. What tells them apart must not
 * depend on what else was linked in, nor on numbers: the source file, a size, a shape.
 */
#ifndef OBJTOOL_NAMESAKE_H
#define OBJTOOL_NAMESAKE_H

#include <objtool/check.h>

struct namesakes {
	const struct code *code;
	u32 *head;   /* by symbol: the first symbol of its canonical name, 0 if there is no other */
	u32 *rank;   /* by symbol: of a local function among its namesakes of the same file */
	u8 *counted; /* by symbol: its name has a counter, see names.h */
	u64 *locals; /* head << 32 | file of each local symbol with namesakes, sorted */
	u32 nr_locals;
};

/*
 * Find the namesakes of all symbols; memory is the object's arena's. Clones of one file
 * (foo.constprop.0 and .1) are ranked by number of instructions, then by their bytes.
 */
void namesakes_read(const struct code *code, struct namesakes *ns);

/*
 * The source file that unit @unit is from, as the index of an STT_FILE symbol, 0 if there is no
 * telling. A global's symbol does not say: then it is the file of the local
 * symbols around it, and among those the file it refers to most.
 */
u32 namesake_file(const struct namesakes *ns, u32 unit, struct insns *scratch);

/* True if file @file has a local symbol of the same name as @sym. */
bool namesake_is_local_in(const struct namesakes *ns, u32 sym, u32 file);

#endif
