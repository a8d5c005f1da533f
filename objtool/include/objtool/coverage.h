/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coverage.h - which bytes of an object some record covers
 *
 * A bit for each byte of each section that counts, set by all threads while
 * they write functions and data, and read when they are done: what is left
 * is the rest. A bit is only ever set, so the order does not matter.
 */
#ifndef OBJTOOL_COVERAGE_H
#define OBJTOOL_COVERAGE_H

#include <stdatomic.h>
#include <objtool/elf.h>

struct coverage {
	_Atomic u64 **bits; /* by section index; NULL: nothing in the section counts */
};

/* No byte is covered yet. Memory is the object's arena's. */
void coverage_init(struct coverage *cov, struct object *obj);

/* Bytes [@off, @off + @len) of section @sec are covered. From any thread. */
void coverage_add(const struct coverage *cov, u32 sec, u32 off, u32 len);

/* The first byte at or after @off that is not covered, up to @end; @end if all are. */
u32 coverage_gap(const struct coverage *cov, u32 sec, u32 off, u32 end);

/* The first byte at or after @off that is covered, up to @end; @end if none is. */
u32 coverage_gap_end(const struct coverage *cov, u32 sec, u32 off, u32 end);

#endif
