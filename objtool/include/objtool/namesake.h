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

#include <stdatomic.h>
#include <objtool/insns.h>

struct namesakes {
	const struct code *code;
	u64 *plain; /* of clang's objects: head << 32 | file of locals without a counter, sorted */
	u32 nr_plain;
	bool clang;
	_Atomic u32 *told; /* by unit: 1 + the file its references tell of, once somebody asked */
	u64 *locals;	   /* head << 32 | file of each local symbol with namesakes, sorted */
	u32 nr_locals;
	u32 *filed; /* units with a local symbol of a known file, ascending */
	u32 nr_filed;
};

/*
 * Find what tells namesakes apart; memory is the object's arena's. Clones of one file
 * (foo.constprop.0 and .1) are ranked by number of instructions, then by their bytes.
 */
void namesakes_read(const struct code *code, struct namesakes *ns);

/*
 * Which source file a unit may be from: those of STT_FILE symbols (by index) @lo to @hi, and,
 * if that can be told, @file of these; else 0.
 */
struct origin {
	u32 lo, hi, file;
};

/*
 * The origin of @unit. A global's symbol does not say: then it is a file of the local
 * symbols around it, or one between them, and of those the one it refers to most.
 * @insns: its instructions, if they are decoded already; else NULL.
 */
struct origin namesake_origin(const struct namesakes *ns, u32 unit, const struct insns *insns,
			      struct insns *scratch);

/* True if what @origin tells of may see a local symbol of file @file. */
static inline bool origin_sees(const struct origin *origin, u32 file)
{
	return origin->file ? origin->file == file : file >= origin->lo && file <= origin->hi;
}

/*
 * True if local symbol @sym goes without its file where something of @origin refers
 * to it: it is of that file, or may be, and no other function of its name may.
 */
bool namesake_is_near(const struct namesakes *ns, const struct origin *origin, u32 sym);

/*
 * True if the number of @sym is no counter. clang splits "static struct blob_sizes x" into
 * objects x.0, x.1, ..., one a member, and leaves no x (LLVM's GlobalOpt); x.1 beside an x of the
 * same file is another function's x, or, with LTO, another file's.
 */
bool namesake_is_field(const struct namesakes *ns, u32 sym);

/* True if file @file has a local symbol of the same name as @sym. */
bool namesake_is_local_in(const struct namesakes *ns, u32 sym, u32 file);

#endif
