// SPDX-License-Identifier: GPL-2.0-or-later
/* coverage.c - which bytes of an object some record covers */
#include <objtool/coverage.h>
#include <objtool/special.h>

static bool is_covered(const struct section *sec)
{
	return sec->data && !section_excluded(sec);
}

void coverage_init(struct coverage *cov, struct object *obj)
{
	size_t words = 0;
	_Atomic u64 *bits;

	for (u32 s = 1; s < obj->nr_sections; s++)
		words += is_covered(&obj->sections[s]) ? obj->sections[s].size / 64 + 1 : 0;
	cov->bits = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*cov->bits));
	bits = arena_alloc(&obj->arena, words, sizeof(*bits));
	for (u32 s = 1; s < obj->nr_sections; s++) {
		if (!is_covered(&obj->sections[s]))
			continue;
		cov->bits[s] = bits;
		bits += obj->sections[s].size / 64 + 1;
	}
}

/* Most of what is set a second time, a string for one, need not be written. */
static void set(_Atomic u64 *word, u64 mask)
{
	if ((atomic_load_explicit(word, memory_order_relaxed) & mask) != mask)
		atomic_fetch_or_explicit(word, mask, memory_order_relaxed);
}

void coverage_add(const struct coverage *cov, u32 sec, u32 off, u32 len)
{
	_Atomic u64 *bits = cov->bits[sec];
	u64 head = ~(u64)0 << (off & 63), tail;
	u32 first = off >> 6, last;

	if (!bits || !len)
		return;
	last = (off + len - 1) >> 6;
	tail = ~(u64)0 >> (63 - ((off + len - 1) & 63));
	if (first == last) {
		set(&bits[first], head & tail);
		return;
	}
	set(&bits[first], head);
	for (u32 i = first + 1; i < last; i++)
		atomic_store_explicit(&bits[i], ~(u64)0, memory_order_relaxed);
	set(&bits[last], tail);
}

/* The first byte at or after @off whose bit, xor those of @flip, is 1; @end if there is none. */
static u32 find(const _Atomic u64 *bits, u64 flip, u32 off, u32 end)
{
	u64 word;
	u32 i = off >> 6;

	if (off >= end)
		return end;
	word = (atomic_load_explicit(&bits[i], memory_order_relaxed) ^ flip) &
	       ~(u64)0 << (off & 63);
	while (!word) {
		if (++i > (end - 1) >> 6)
			return end;
		word = atomic_load_explicit(&bits[i], memory_order_relaxed) ^ flip;
	}
	off = (i << 6) + (u32)__builtin_ctzll(word);
	return off < end ? off : end;
}

u32 coverage_gap(const struct coverage *cov, u32 sec, u32 off, u32 end)
{
	return find(cov->bits[sec], ~(u64)0, off, end);
}

u32 coverage_gap_end(const struct coverage *cov, u32 sec, u32 off, u32 end)
{
	return find(cov->bits[sec], 0, off, end);
}
