// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * seen.c - numbers for places already met
 *
 * Open addressing; a slot of an older generation is empty, so that a table
 * grown for one large function costs the small ones after it nothing.
 */
#include <stdlib.h>
#include <objtool/hash.h>
#include <objtool/mem.h>
#include <objtool/seen.h>

struct seen_slot {
	u64 key;
	u32 number, generation;
};

static struct seen_slot *find(const struct seen *seen, u64 key)
{
	u32 i = table_slot(key, seen->key, seen->cap);

	while (seen->slot[i].generation == seen->generation && seen->slot[i].key != key)
		i = (i + 1) & (seen->cap - 1);
	return &seen->slot[i];
}

static void grow(struct seen *seen)
{
	struct seen old = *seen;

	seen->key = table_key();
	seen->cap = old.cap ? old.cap * 2 : 64;
	seen->slot = xcalloc(seen->cap, sizeof(*seen->slot));
	seen->generation = 1;
	for (u32 i = 0; i < old.cap; i++) {
		struct seen_slot slot = old.slot[i];

		if (slot.generation != old.generation)
			continue;
		slot.generation = 1;
		*find(seen, slot.key) = slot;
	}
	free(old.slot);
}

u32 *seen_number(struct seen *seen, u32 kind, u32 id, u32 fresh)
{
	u64 key = (u64)kind << 32 | id;
	struct seen_slot *slot;

	if (seen->nr * 2 >= seen->cap)
		grow(seen);
	slot = find(seen, key);
	if (slot->generation != seen->generation) {
		*slot = (struct seen_slot){key, fresh, seen->generation};
		seen->nr++;
	}
	return &slot->number;
}

void seen_reset(struct seen *seen)
{
	seen->nr = 0;
	seen->generation++;
}

void seen_free(struct seen *seen)
{
	free(seen->slot);
	*seen = (struct seen){0};
}
