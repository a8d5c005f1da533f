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
	u32 *next; /* by symbol: the next symbol of its canonical name, around in a ring; itself if
		      alone */
};

/* Find the namesakes of all symbols; memory is the object's arena's. */
void namesakes_read(const struct code *code, struct namesakes *ns);

static inline bool has_namesake(const struct namesakes *ns, u32 sym)
{
	return ns->next[sym] != sym;
}

/*
 * The source file that unit @unit is from, as the index of an STT_FILE symbol, 0 if there is no
 * telling. A global's symbol does not say: then it is the file of the local
 * symbols around it, and among those the file it refers to most.
 */
u32 namesake_file(const struct namesakes *ns, u32 unit, struct insns *scratch);

/* True if file @file has a local symbol of the same name as @sym, which is none of its own. */
bool namesake_is_local_in(const struct namesakes *ns, u32 sym, u32 file);

/*
 * The rank of local function @sym among its namesakes of the same file (clones: foo.constprop.0
 * and .1), by number of instructions and then their bytes; 0 for the smallest.
 */
u32 namesake_rank(const struct namesakes *ns, u32 sym, struct insns *scratch);

#endif
