/* SPDX-License-Identifier: GPL-2.0-or-later */
/* distance.h - how far a word is from another, to guess which one was meant */
#ifndef OBJTOOL_DISTANCE_H
#define OBJTOOL_DISTANCE_H

#include <objtool/util.h>

#define DISTANCE_FAR 0xffffffffU

/*
 * How many letters to insert, delete or change to make @b of @a (V. Levenshtein): 1 for "dif"
 * and "diff". Of @len_a and @len_b letters; DISTANCE_FAR if these are more than 64.
 */
u32 distance(const char *a, size_t len_a, const char *b, size_t len_b);

#endif
