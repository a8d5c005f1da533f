// SPDX-License-Identifier: GPL-2.0-or-later
/* target.c - what a reference points at */
#include <objtool/target.h>

static struct target named(const struct code *code, u32 unit, s64 delta)
{
	const struct unit *u = &code->units[unit];

	if (u->kind == UNIT_FUNC && delta > 0 && delta < (s64)u->len)
		return (struct target){
			.kind = TARGET_CODE, .sym = u->sym, .unit = unit, .delta = delta};
	return (struct target){.kind = TARGET_NAME, .sym = u->sym, .unit = unit, .delta = delta};
}

static struct target content_of(const struct code *code, u32 unit, s64 delta)
{
	const struct unit *u = &code->units[unit];

	return (struct target){.kind = TARGET_BLOB,
			       .unit = NO_UNIT,
			       .sec = u->sec,
			       .off = u->off,
			       .len = u->len,
			       .delta = delta};
}

struct target target_from(const struct code *code, u32 unit, s64 delta)
{
	return code->units[unit].kind == UNIT_LABEL ? content_of(code, unit, delta)
						    : named(code, unit, delta);
}

/* A string of characters of @width bytes, up to and with its NUL, from @off on. */
static u32 string_length(const struct section *sec, u32 off, u32 width)
{
	const u8 *nul;
	u32 i;

	if (width == 1) {
		nul = memchr(sec->data + off, 0, sec->size - off);
		return nul ? (u32)(nul - sec->data) + 1 - off : sec->size - off;
	}
	for (i = off; width <= sec->size - i; i += width) {
		u32 n = 0;

		while (n < width && !sec->data[i + n])
			n++;
		if (n == width)
			return i + width - off;
	}
	return sec->size - off;
}

static struct target mergeable(const struct section *sec, u32 s, u32 off)
{
	u32 width = sec->entsize ? sec->entsize : 1, start;

	if (sec->flags & SF_STRINGS)
		return (struct target){.kind = TARGET_BYTES,
				       .unit = NO_UNIT,
				       .sec = s,
				       .off = off,
				       .len = string_length(sec, off, width)};
	start = off - off % width;
	return (struct target){.kind = TARGET_BYTES,
			       .unit = NO_UNIT,
			       .sec = s,
			       .off = start,
			       .len = sec->size - start < width ? sec->size - start : width,
			       .delta = off - start};
}

/* Zeros with no relocation do not count at the end of unnamed data: they may be alignment. */
static u32 trim_zeros(const struct code *code, const struct section *sec, u32 off, u32 len)
{
	u32 i, min = 0, all;

	if (!sec->data)
		return 0;
	i = section_reloc_from(sec, (u64)off + len);
	if (i > 0 && sec->relocs[i - 1].offset >= off)
		min = (u32)sec->relocs[i - 1].offset - off +
		      arch_reloc_type(sec->relocs[i - 1].type).size;
	if (min > len)
		min = len;
	all = len;
	while (len > min && !sec->data[off + len - 1])
		len--;
	effort_add_many(code->effort, all - len);
	return len;
}

/* Unnamed data ends where something else begins: a unit, or what another reference points at. */
static struct target blob(const struct code *code, u32 s, u32 off)
{
	const struct section *sec = &code->obj->sections[s];
	u32 next = code_unit_from(code, s, off), end = sec->size;

	if (next != NO_UNIT)
		end = code->units[next].off;
	if (!sec->nobits)
		end = code_next_referenced(code, s, off, end);
	return (struct target){.kind = TARGET_BLOB,
			       .unit = NO_UNIT,
			       .sec = s,
			       .off = off,
			       .len = trim_zeros(code, sec, off, end - off)};
}

/* The first unit that starts at @off exactly and is empty, or NO_UNIT. */
static u32 empty_at(const struct code *code, u32 s, u32 off)
{
	for (u32 i = code_unit_from(code, s, off);
	     i < code->first_unit[s + 1] && code->units[i].off == off; i++)
		if (!code->units[i].len)
			return i;
	return NO_UNIT;
}

/* The last unit that is not empty and lies before @off, or NO_UNIT. */
static u32 last_before(const struct code *code, u32 s, u32 off)
{
	u32 next = code_unit_from(code, s, off);
	u32 i = next != NO_UNIT ? next : code->first_unit[s + 1], from = i;

	while (i > code->first_unit[s] && !code->units[i - 1].len)
		i--;
	effort_add_many(code->effort, from - i);
	return i > code->first_unit[s] ? i - 1 : NO_UNIT;
}

u32 target_empty_here(const struct code *code, const struct target *t)
{
	u32 sec;
	s64 off = target_offset(code, t, &sec);

	return off < 0 ? NO_UNIT : empty_at(code, sec, (u32)off);
}

u32 target_ends_here(const struct code *code, const struct target *t)
{
	u32 sec, prev;
	s64 off = target_offset(code, t, &sec);

	prev = off < 0 ? NO_UNIT : last_before(code, sec, (u32)off);
	if (prev == NO_UNIT || code->units[prev].off + code->units[prev].len != off)
		return NO_UNIT;
	return prev;
}

static struct target unnamed_data(const struct code *code, u32 s, u32 off)
{
	u32 empty = empty_at(code, s, off);

	return empty != NO_UNIT ? named(code, empty, 0) : blob(code, s, off);
}

static struct target fragment(const struct code *code, u32 s, u32 off)
{
	u32 next = code_unit_from(code, s, off);
	u32 end = next != NO_UNIT ? code->units[next].off : code->obj->sections[s].size;

	return (struct target){
		.kind = TARGET_FRAGMENT, .unit = NO_UNIT, .sec = s, .off = off, .len = end - off};
}

/* Before a section's start or behind its end: counted from the unit that is next to it. */
static struct target outside(const struct code *code, u32 s, s64 off)
{
	u32 first = code->first_unit[s], end = code->first_unit[s + 1], unit;

	if (first == end)
		return (struct target){
			.kind = TARGET_NOWHERE, .unit = NO_UNIT, .sec = s, .delta = off};
	unit = off < 0 ? first : end - 1;
	return target_from(code, unit, add_wrap(off, -(s64)code->units[unit].off));
}

struct target target_at(const struct code *code, u32 s, s64 off)
{
	const struct section *sec = &code->obj->sections[s];
	struct special entry;
	u32 unit;

	if (off < 0 || off >= (s64)sec->size)
		return outside(code, s, off);
	if (specials_at(code->obj, &code->specials, s, (u32)off, &entry))
		return (struct target){
			.kind = TARGET_ENTRY, .unit = NO_UNIT, .sec = s, .off = (u32)off};
	unit = code_unit_at(code, s, (u32)off);
	if (unit != NO_UNIT)
		return target_from(code, unit, off - (s64)code->units[unit].off);
	if (sec->flags & SF_MERGE && sec->data && !sec->nr_relocs)
		return mergeable(sec, s, (u32)off);
	if (sec->flags & SF_EXEC && sec->data)
		return fragment(code, s, (u32)off);
	return unnamed_data(code, s, (u32)off);
}

/*
 * The symbol of a string, and an addend that leads out of it: in a table of
 * ".long .Lstr - table" that is the entry's distance from the table's start.
 */
static struct target at_label(const struct code *code, const struct identity *id, s64 addend)
{
	struct target t;

	if (id->type != SYM_SECTION && code->obj->sections[id->sec].flags & SF_STRINGS) {
		t = target_at(code, id->sec, id->value);
		if (t.kind == TARGET_BYTES && (addend < 0 || addend >= (s64)t.len)) {
			t.delta = addend;
			return t;
		}
	}
	return target_at(code, id->sec, add_wrap(id->value, addend));
}

/* What symbol @s, which is not defined in a section, plus @addend is. */
static struct target elsewhere(const struct code *code, u32 s, s64 addend)
{
	const struct symbol *sym = &code->obj->symbols[s];

	if (s == 0)
		return (struct target){.kind = TARGET_NOWHERE, .unit = NO_UNIT, .delta = addend};
	return (struct target){.kind = TARGET_NAME,
			       .sym = s,
			       .unit = NO_UNIT,
			       .delta = sym->sec == SEC_ABS ? add_wrap((s64)sym->value, addend)
							    : addend};
}

struct target target_of_other(const struct code *code, u32 s, s64 addend)
{
	const struct identity *id = &code->ids[s];
	u32 unit = id->unit;
	struct target t;

	if (!id->sec)
		return elsewhere(code, s, addend);
	if (id->bind == BIND_LOCAL) {
		/* A symbol says which object is meant even where the address has left it. */
		if (unit != NO_UNIT && (addend < 0 || addend >= (s64)code->units[unit].len))
			return target_from(code, unit, addend);
		return unit == NO_UNIT ? at_label(code, id, addend)
				       : target_at(code, id->sec, add_wrap(id->value, addend));
	}
	/* A global is meant by its own name, not by its aliases': another file may say which it is.
	 */
	t = named(code, unit, addend);
	t.sym = s;
	return t;
}

s64 target_offset(const struct code *code, const struct target *t, u32 *sec)
{
	const struct unit *u;

	*sec = t->sec;
	if (t->unit == NO_UNIT)
		return add_wrap(t->off, t->delta);
	u = &code->units[t->unit];
	*sec = u->sec;
	return add_wrap(u->off, t->delta);
}

struct target target_behind(const struct code *code, const struct target *t)
{
	u32 before = last_before(code, t->sec, t->off);

	if (before == NO_UNIT)
		return *t;
	return target_from(code, before, (s64)t->off - code->units[before].off);
}

/* Past the end of an array is not that far past it. */
#define GAP 16

bool target_is_constant(const struct code *code, const struct target *t)
{
	const struct section *sec = &code->obj->sections[t->sec];
	u32 before = last_before(code, t->sec, t->off);

	return sec->data && !(sec->flags & SF_WRITE) &&
	       (before == NO_UNIT ||
		t->off >= code->units[before].off + code->units[before].len + GAP);
}
