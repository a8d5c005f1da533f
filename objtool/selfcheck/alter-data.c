// SPDX-License-Identifier: GPL-2.0-or-later
/* alter-data.c - strings, constants and data hold something else */
#include <objtool/target.h>
#include "alter-set.h"

/* What a source file's name ends in decides what is a line number. */
static bool is_ending(const u8 *s, u32 len, u32 i)
{
	return i + 4 > len && memchr(s + (len > 4 ? len - 4 : 0), '.', len > 4 ? 4 : len);
}

bool alter_string(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = subject_section(x, c->sec);
	u32 len = (u32)strnlen((const char *)sec->data + c->off, sec->size - c->off);

	for (int i = 0; len && i < TRIES; i++) {
		u32 at = subject_chance(x, len);
		u8 was = sec->data[c->off + at], is = flipped(x, was);

		if (is && is != '.' && was != '.' && !is_ending(sec->data + c->off, len, at))
			return set_byte(x, c->sec, c->off + at, is, alt);
	}
	return false;
}

bool alter_constant(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = subject_section(x, c->sec);
	u32 width = sec->entsize ? sec->entsize : 1, start = c->off - c->off % width;
	u32 end = sec->size - start < width ? sec->size : start + width;

	return flip_data(x, c->sec, start, end, (struct flip_except){0}, alt);
}

/* Zeros at the end of unnamed data may be alignment: only bytes that are not 0, and stay so. */
bool alter_unnamed(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	u32 unit = code_unit_at(x->code, c->sec, c->off), off = c->off, len;
	struct flip_except except = {.zeros = true};

	if (unit != NO_UNIT) {
		off = x->code->units[unit].off;
		len = x->code->units[unit].len;
	} else {
		len = target_at(x->code, c->sec, off).len;
	}
	except.line = lines_in_blob(x->code, c->sec, off, &len);
	return flip_data(x, c->sec, off, off + len, except, alt);
}

bool alter_data(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct unit *u = &x->code->units[c->index];

	return flip_data(x, u->sec, u->off, u->off + u->len,
			 (struct flip_except){.line = lines_in_unit(x->code, c->index)}, alt);
}
