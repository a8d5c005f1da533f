// SPDX-License-Identifier: GPL-2.0-or-later
/* reading.c - an object as its records are made of it, and how a record is filled in */
#include <objtool/hash.h>
#include <objtool/names.h>
#include <objtool/reading.h>

int reading_open(struct object *obj, struct reading *r)
{
	if (code_read(obj, &r->code))
		return -1;
	namesakes_read(&r->code, &r->namesakes);
	lines_read(&r->code, &r->lines);
	coverage_init(&r->coverage, obj);
	return 0;
}

void reading_canon(const struct reading *r, struct canon *c)
{
	canon_init(c, &r->code, &r->namesakes, &r->lines, &r->coverage);
}

void reading_fill(struct record *rec, struct stream *st)
{
	stream_end(st);
	rec->lanes = (u16)st->lanes;
	for (enum lane i = lanes_next(st->lanes, 0); i < NR_LANES;
	     i = lanes_next(st->lanes, i + 1)) {
		u64 hash = hash_bytes(st->lane[i].data, st->lane[i].len);

		rec->lane[i] = (u32)hash;
		if (i == LANE_LINES)
			continue;
		put_u64(buf_reserve(&st->order, 8), hash);
		st->order.len += 8;
	}
	rec->checksum = hash_bytes(st->order.data, st->order.len);
}

const char *reading_name(struct arena *arena, const char *name, bool counted, const char *file)
{
	struct buf b = {0};

	if (!file && !counted)
		return name;
	/* As much as it takes at most: a canonical name is no longer than the name. */
	b.cap = strlen(name) + (file ? strlen(file) + 1 : 0) + 1;
	b.data = arena_take(arena, b.cap, 1);
	name_canonical(name, &b);
	if (file) {
		buf_add(&b, "@", 1);
		buf_add(&b, file, strlen(file));
	}
	buf_add(&b, "", 1);
	return (const char *)b.data;
}

const char *reading_canonical_name(struct arena *arena, const char *name)
{
	return reading_name(arena, name, name_has_counter(name), NULL);
}
