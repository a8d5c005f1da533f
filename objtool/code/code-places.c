// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code-places.c - the places that relocations point at
 *
 * Data without a name begins there, and ends at the next: a bit for each byte of a section.
 */
#include <stdlib.h>
#include <objtool/pool.h>
#include "code-read.h"

/* In bytes. Strings and constants end where they say, whatever points at them. */
static u32 size_of_bits(const struct section *sec)
{
	if (!sec->data || !code_has_places(sec) || (sec->flags & SF_MERGE && !sec->nr_relocs))
		return 0;
	return sec->size / 8 + 1;
}

void code_make_places(struct code *code)
{
	struct object *obj = code->obj;
	size_t size = 0;
	u8 *bits;

	code->referenced = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*code->referenced));
	for (u32 s = 1; s < obj->nr_sections; s++)
		size += size_of_bits(&obj->sections[s]);
	bits = arena_alloc(&obj->arena, size, 1);
	for (u32 s = 1; s < obj->nr_sections; s++) {
		size = size_of_bits(&obj->sections[s]);
		code->referenced[s] = size ? bits : NULL;
		bits += size;
	}
}

/* All threads set bits. */
struct marking {
	const struct code *code;
	struct reloc_range *ranges;
	u8 **bits; /* by section, see code.referenced */
	u8 *any;   /* by section: one of its bits is set */
};

/* Places on their way to their bits: each of these is a cache miss, and so many wait at once. */
#define PLACES_AT_ONCE 32

struct place_queue {
	const struct marking *m;
	u32 nr;
	struct place place[PLACES_AT_ONCE];
};

static void mark_places(struct place_queue *q)
{
	for (u32 i = 0; i < q->nr; i++) {
		const struct place *p = &q->place[i];
		u8 *byte = &q->m->bits[p->sec][p->off >> 3], bit = (u8)(1U << (p->off & 7));

		if (__atomic_load_n(byte, __ATOMIC_RELAXED) & bit)
			continue;
		__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED);
		__atomic_store_n(&q->m->any[p->sec], 1, __ATOMIC_RELAXED);
	}
	q->nr = 0;
}

static void add_place(struct place_queue *q, u32 sec, u32 off)
{
	__builtin_prefetch(&q->m->bits[sec][off >> 3]);
	q->place[q->nr++] = (struct place){sec, off};
	if (q->nr == PLACES_AT_ONCE)
		mark_places(q);
}

/*
 * Mark the places that relocations point at, through section and local
 * symbols: where unnamed data begins, and what an alignment filler comes
 * before. For pc-relative fields of code 4 is assumed to be the distance to the end of
 * the instruction, true unless an immediate follows the field.
 */
static void mark_range(const struct marking *m, const struct reloc_range *range)
{
	const struct object *obj = m->code->obj;
	const struct section *sec = &obj->sections[range->sec];
	bool exec = sec->flags & SF_EXEC;
	u32 entry = 0, locals = obj->nr_locals;
	struct place_queue q = {m, .nr = 0};

	/* Unwind tables point behind every other instruction. */
	if (section_excluded(sec) || !special_section_leads(&m->code->specials, range->sec))
		return;
	for (u32 i = range->from; i < range->end; i++) {
		const struct reloc *rel = &sec->relocs[i];
		const struct identity *sym = &m->code->ids[rel->sym];
		s64 off;

		if (i + CODE_AHEAD < range->end && rel[CODE_AHEAD].sym < locals)
			__builtin_prefetch(&m->code->ids[rel[CODE_AHEAD].sym]);
		if (rel->sym >= locals) /* most are, and to look at them is a cache miss each */
			continue;
		if (sym->bind != BIND_LOCAL || !m->bits[sym->sec] ||
		    !special_leads_to_code(&m->code->specials, range->sec, rel, &entry))
			continue;
		off = add_wrap(sym->value, rel->addend);
		if (exec && arch_reloc_type(rel->type).kind == RELOC_PC)
			off = add_wrap(off, 4);
		if (off >= 0 && off < (s64)obj->sections[sym->sec].size)
			add_place(&q, sym->sec, (u32)off);
	}
	mark_places(&q);
}

static void mark_ranges(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct marking *m = ctx;

	(void)worker;
	for (size_t i = from; i < end; i++)
		mark_range(m, &m->ranges[i]);
}

void code_mark_places(struct code *code)
{
	struct object *obj = code->obj;
	struct marking m = {
		.code = code, .bits = code->referenced, .any = xcalloc(obj->nr_sections, 1)};
	u32 nr = object_reloc_ranges(obj, &m.ranges);

	pool_ranges(obj->pool, nr, RELOC_RANGES_AT_ONCE, mark_ranges, &m);
	for (u32 s = 1; s < obj->nr_sections; s++)
		if (!m.any[s])
			m.bits[s] = NULL;
	free(m.any);
	free(m.ranges);
}

u32 code_next_referenced(const struct code *code, u32 sec, u32 off, u32 end)
{
	const u8 *bits = code->referenced[sec];

	if (!bits)
		return end;
	for (u32 i = off + 1; i < end; i++) {
		if (!(i & 7) && !bits[i >> 3])
			i |= 7;
		else if (bits[i >> 3] >> (i & 7) & 1)
			end = i;
	}
	effort_add_many(code->effort, (end - off) / 8);
	return end;
}
