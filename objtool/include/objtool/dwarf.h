/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarf.h - which code of an object is an inlined copy of which function
 *
 * From DW_TAG_inlined_subroutine of its debug information (DWARF 5, 3.3.8), which gcc
 * and clang write alike. The function's name is that of its abstract origin, which may be
 * in another unit (LTO). libdw reads it, and is loaded when that is asked for.
 */
#ifndef OBJTOOL_DWARF_H
#define OBJTOOL_DWARF_H

#include <objtool/input.h>

#define NO_INLINE 0xffffffffU

/* Copies within copies: of deeper ones, the outermost are left out. */
#define MAX_COPIES 64U

/* A function that was inlined. */
struct inline_func {
	const char *name;
	const char *file; /* last part of the source file it is declared in; "" if unknown */
};

/* A stretch of a section that is a copy of function .func, or of what was inlined into it. */
struct inline_range {
	u32 sec, off, end;
	u32 func;
	u32 depth; /* how many copies it is within */
	u64 reach; /* see set_reach() */
};

struct inlines {
	struct inline_func *func; /* sorted by name and file, each once */
	u32 nr_funcs;
	struct inline_range *range; /* sorted by section and offset, outer ones first */
	u32 nr_ranges;
	struct arena arena;
};

/*
 * Read those of an object. Returns NULL if it has no debug information, or, after a warning(),
 * if that cannot be read.
 */
struct inlines *inlines_read(const struct image *image, const struct input *in);
void inlines_free(struct inlines *inl);

/*
 * The functions whose copies offset @off of section @sec is in, each once, stored in @funcs,
 * which has room for MAX_COPIES; returns how many.
 */
u32 inlines_at(const struct inlines *inl, u32 sec, u32 off, u32 *funcs);

/* The function of that name and file, or NO_INLINE. */
u32 inlines_find(const struct inlines *inl, const struct inline_func *func);

#endif
