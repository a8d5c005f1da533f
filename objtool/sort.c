// SPDX-License-Identifier: GPL-2.0-or-later
/* sort.c - sort many numbers without comparing them, and find one of them */
#include <objtool/sort.h>

void sort_high(u64 *keys, u64 *tmp, size_t nr)
{
	u64 *from = keys, *to = tmp;

	for (unsigned int shift = 32; shift < 64; shift += 8) {
		size_t start[256] = {0}, at = 0;
		u64 *swap = from;

		for (size_t i = 0; i < nr; i++)
			start[(u8)(from[i] >> shift)]++;
		if (start[(u8)(from[0] >> shift)] == nr)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(start); i++) {
			size_t count = start[i];

			start[i] = at;
			at += count;
		}
		for (size_t i = 0; i < nr; i++)
			to[start[(u8)(from[i] >> shift)]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, nr * sizeof(*keys));
}

u32 sorted_from(const u64 *keys, u32 nr, u64 key)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (keys[mid] < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
