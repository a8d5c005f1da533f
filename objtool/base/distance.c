// SPDX-License-Identifier: GPL-2.0-or-later
/* distance.c - how far a word is from another, to guess which one was meant */
#include <objtool/distance.h>

u32 distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	u32 row[64 + 1];

	if (len_a >= ARRAY_SIZE(row) || len_b >= ARRAY_SIZE(row))
		return DISTANCE_FAR;
	for (u32 k = 0; k <= len_b; k++)
		row[k] = k;
	for (u32 i = 1; i <= len_a; i++) {
		u32 diagonal = row[0];

		row[0] = i;
		for (u32 k = 1; k <= len_b; k++) {
			u32 best = diagonal + (a[i - 1] != b[k - 1]);

			diagonal = row[k];
			best = row[k] + 1 < best ? row[k] + 1 : best;
			row[k] = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
		}
	}
	return row[len_b];
}
