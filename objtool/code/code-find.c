// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code-find.c - where units are: an index of each section's, and what is looked up in it
 *
 * A section of @size bytes is cut into stretches of a power of two of bytes. Of each the index has
 * a cell, the first unit that starts in it or behind, and one more for the end of the last.
 */
#include "code-read.h"

/* How many cells the index of section @s takes. */
static u32 nr_cells(const struct code *code, u32 s)
{
	if (code->first_unit[s] == code->first_unit[s + 1])
		return 0;
	/* An offset can be the section's size: the stretch that this is in, and the end's. */
	return (code->obj->sections[s].size >> code->index[s].shift) + 2;
}

void code_make_index(struct code *code)
{
	struct object *obj = code->obj;
	size_t nr = 0;
	u32 *cells;

	code->index = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*code->index));
	for (u32 s = 0; s < obj->nr_sections; s++) {
		u32 units = code->first_unit[s + 1] - code->first_unit[s];

		while (units && obj->sections[s].size >> code->index[s].shift > units)
			code->index[s].shift++;
		nr += nr_cells(code, s);
	}
	cells = arena_alloc(&obj->arena, nr, sizeof(*cells));
	for (u32 s = 0; s < obj->nr_sections; s++) {
		nr = nr_cells(code, s);
		code->index[s].from = nr ? cells : NULL;
		cells += nr;
	}
}

void code_index_section(struct code *code, u32 s)
{
	struct unit_index *index = &code->index[s];
	u32 unit = code->first_unit[s], end = code->first_unit[s + 1], cells = nr_cells(code, s);

	for (u32 i = 0; i < cells; i++) {
		while (unit < end && code->units[unit].off >> index->shift < i)
			unit++;
		index->from[i] = unit;
	}
}

/*
 * The first unit of section @sec that starts at @key or behind, which is @off or the next
 * byte; NO_UNIT if @off is not in the section, or that has no units.
 */
static inline u32 first_unit_from(const struct code *code, u32 sec, u32 off, u64 key)
{
	const struct unit_index *index = &code->index[sec];
	u32 lo, hi;

	if (!index->from || off > code->obj->sections[sec].size)
		return NO_UNIT;
	lo = index->from[off >> index->shift];
	hi = index->from[(off >> index->shift) + 1];
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (code->units[mid].off < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

u32 code_unit_from(const struct code *code, u32 sec, u32 off)
{
	u32 unit = first_unit_from(code, sec, off, off);

	return unit != NO_UNIT && unit < code->first_unit[sec + 1] ? unit : NO_UNIT;
}

u32 code_unit_at(const struct code *code, u32 sec, u32 off)
{
	u32 lo = first_unit_from(code, sec, off, (u64)off + 1);

	if (lo == NO_UNIT || lo == code->first_unit[sec])
		return NO_UNIT;
	for (u32 u = lo - 1; u != NO_UNIT; u = code->units[u].outer)
		if (off - code->units[u].off < code->units[u].len)
			return u;
	return NO_UNIT;
}

u32 code_room_owner(const struct code *code, u32 s, u32 off)
{
	const struct section *sec = &code->obj->sections[s];
	u32 unit = code_unit_at(code, s, off), len;

	if (unit == NO_UNIT) {
		unit = code_unit_from(code, s, off);
		len = unit == NO_UNIT ? 0 : code->units[unit].off - off;
		if (unit == NO_UNIT || len > CODE_MAX_ROOM || !sec->data ||
		    arch_fillers(sec->data + off, len) != len)
			return NO_UNIT;
	}
	return code->units[unit].parent == NO_UNIT ? unit : code->units[unit].parent;
}

bool code_is_alone(const struct code *code, u32 unit)
{
	const struct unit *u = &code->units[unit], *next = u + 1;

	return unit + 1 == code->nr_units || next->sec != u->sec || next->off >= u->off + u->len;
}

u32 code_symbols_at(const struct code *code, u32 s, u32 off, u32 *nr)
{
	const struct object *obj = code->obj;
	const struct section *sec = &obj->sections[s];
	u32 lo = sec->first_sym, end = lo + sec->nr_syms, hi = end;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (obj->symbols[obj->by_addr[mid]].value < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (*nr = 0; lo + *nr < end && obj->symbols[obj->by_addr[lo + *nr]].value == off;)
		++*nr;
	effort_add_many(code->effort, *nr);
	return lo;
}
