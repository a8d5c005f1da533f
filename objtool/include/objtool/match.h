/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.h - which elements of two sequences belong together
 *
 * What a line diff is made of: the longest run of lines that are in both, in
 * order, or nearly that. Elements are compared by a key of 64 bits.
 */
#ifndef OBJTOOL_MATCH_H
#define OBJTOOL_MATCH_H

#include <objtool/util.h>

#define NO_MATCH 0xffffffffU

/*
 * For each of the @nr_a elements of @a, store in @match the index of the
 * element of @b that it is matched with, or NO_MATCH. Matches do not cross, and their keys
 * are equal. What is there once on both sides goes first (a call of one
 * function holds better than one of a hundred "pop"); between these as many as possible match.
 */
void match_sequences(const u64 *a, u32 nr_a, const u64 *b, u32 nr_b, u32 *match);

#endif
