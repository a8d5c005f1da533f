// SPDX-License-Identifier: GPL-2.0-or-later
/* alter-any.c - any bit of any section, any relocation: somebody must notice */
#include "alter-set.h"

/* How likely a section is chosen. */
static u64 weight(const struct section *sec, bool by_size)
{
	return !subject_covers(sec) ? 0 : by_size ? sec->size / 8 + 1 : 1;
}

/* A section: each as likely as another, or by its size; 0 if there is none. */
static u32 any_section(struct subject *x, bool by_size)
{
	const struct object *obj = x->code->obj;
	u64 all = 0, at;

	for (u32 s = 1; s < obj->nr_sections; s++)
		all += weight(&obj->sections[s], by_size);
	if (!all)
		return 0;
	at = subject_chance(x, (u32)all);
	for (u32 s = 1; s < obj->nr_sections; s++) {
		u64 here = weight(&obj->sections[s], by_size);

		if (at < here)
			return s;
		at -= here;
	}
	return 0;
}

/* True if offset @off of section @s lies in the alignment between functions. */
static bool is_alignment(const struct subject *x, u32 s, u32 off)
{
	const struct code *code = x->code;
	const struct section *sec = subject_section(x, s);
	u32 next = code_unit_from(code, s, off);
	u32 at = 0, end = next == NO_UNIT ? sec->size : code->units[next].off;

	if (!(sec->flags & SF_EXEC) || code_unit_at(code, s, off) != NO_UNIT)
		return false;
	for (u32 i = code->first_unit[s]; i < code->first_unit[s + 1]; i++)
		if (code->units[i].off <= off && code->units[i].off + code->units[i].len > at)
			at = code->units[i].off + code->units[i].len;
	at += at < end ? (u32)arch_fillers(sec->data + at, end - at) : 0;
	return at > off;
}

bool alter_any_bit(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	u32 s = any_section(x, c->index & 1);

	alt->any = true;
	return s && flip_data(x, s, 0, subject_section(x, s)->size, (struct flip_except){0}, alt) &&
	       !is_alignment(x, s, alt->off);
}

/* What the string or constant at @off of section @s is; 0 bytes if there is none. */
static struct span content(const struct section *sec, s64 off)
{
	u32 width = sec->entsize ? sec->entsize : 1, at;

	if (!(sec->flags & SF_MERGE) || !sec->data || off < 0 || off >= sec->size)
		return (struct span){NULL, 0};
	at = (u32)off;
	if (sec->flags & SF_STRINGS)
		return (struct span){sec->data + at,
				     strnlen((const char *)sec->data + at, sec->size - at)};
	at -= at % width;
	return (struct span){sec->data + at, sec->size - at < width ? sec->size - at : width};
}

/* Does @rel point where nothing is but empty objects, lock class keys above all? */
static bool is_empty_place(const struct subject *x, const struct reloc *rel, s64 distance)
{
	u32 s = subject_symbol(x, rel)->sec;

	return symbol_defined(subject_symbol(x, rel)) && subject_section(x, s)->nobits &&
	       subject_unit_at(x, s, subject_points_at(x, rel, distance)) == NO_UNIT;
}

/* What stands for the name that others share with unit @unit; 0 if none do. */
static u32 head_of(const struct subject *x, u32 unit)
{
	return unit == NO_UNIT ? 0 : x->code->ids[x->code->units[unit].sym].head;
}

/* Are two objects of one name at these offsets? x.12 and x.34 are both x. */
static bool are_namesakes(const struct subject *x, u32 s, s64 a, s64 b)
{
	u32 was = subject_unit_at(x, s, a), is = subject_unit_at(x, s, b);

	return was != is && head_of(x, was) && head_of(x, was) == head_of(x, is);
}

/* Is the same string, or constant, at both offsets? */
static bool is_same_content(const struct section *sec, s64 a, s64 b)
{
	struct span was = content(sec, a), is = content(sec, b);

	return was.data && is.data && was.size == is.size && !memcmp(was.data, is.data, was.size);
}

/* Is an empty string at @off of section @s that lies among others, as with KASAN? */
static bool is_empty_string(const struct subject *x, u32 s, s64 off)
{
	static const u8 zeros[8];
	const struct section *sec = subject_section(x, s);

	return sec->data && !(sec->flags & (SF_WRITE | SF_EXEC)) && off >= 0 &&
	       off + (s64)sizeof(zeros) <= (s64)sec->size &&
	       memcmp(sec->data + off, zeros, sizeof(zeros)) == 0 &&
	       !subject_is_relocated(sec, (u32)off, sizeof(zeros)) &&
	       subject_unit_at(x, s, off) == NO_UNIT;
}

/* Is what counts as the same at @by bytes from where @rel points? */
static bool is_alike(const struct subject *x, const struct reloc *rel, s64 by)
{
	u32 s = subject_symbol(x, rel)->sec;

	/* Pc-relative fields count from up to 8 bytes further on. */
	for (s64 d = 0; symbol_defined(subject_symbol(x, rel)) && d <= 8; d++) {
		s64 was = subject_points_at(x, rel, d), is = add_wrap(was, by);

		if (are_namesakes(x, s, was, is) ||
		    is_same_content(subject_section(x, s), was, is) ||
		    (is_empty_string(x, s, was) && is_empty_string(x, s, is)))
			return true;
	}
	return false;
}

bool alter_any_addend(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	static const s64 steps[] = {1, -1, 2, 4, 8, -8, 16, 256};
	const struct reloc *rel = subject_reloc(x, c);
	s64 by = steps[subject_chance(x, ARRAY_SIZE(steps))];

	alt->any = true;
	return !entry_replaces_by_nothing(x, c->sec, c->off) && !is_alike(x, rel, by) &&
	       !is_empty_place(x, rel, 0) && !is_empty_place(x, rel, 4) &&
	       set_addend(x, c->sec, rel, by, alt);
}
