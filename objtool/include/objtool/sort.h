/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort.h - sort many numbers without comparing them, and find one of them */
#ifndef OBJTOOL_SORT_H
#define OBJTOOL_SORT_H

#include <objtool/util.h>

/*
 * Sort @nr @keys by their upper 32 bits; those that are equal in these keep
 * their order. @tmp has room for as many.
 */
void sort_high(u64 *keys, u64 *tmp, size_t nr);

/* Index of the first of @nr ascending @keys that is not less than @key; @nr if all are. */
u32 sorted_from(const u64 *keys, u32 nr, u64 key);

#endif
