/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sort.h - sort many numbers without comparing them */
#ifndef OBJTOOL_SORT_H
#define OBJTOOL_SORT_H

#include <objtool/util.h>

/*
 * Sort @nr @keys by their upper 32 bits; those that are equal in these keep
 * their order. @tmp has room for as many.
 */
void sort_high(u64 *keys, u64 *tmp, size_t nr);

#endif
