/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reading.h - an object as its records are made of it, and how a record is filled in
 *
 * Who makes all records of an object (checksum.h), those of what no unit covers (rest.h) or the
 * tokens of single ones (tracer.h) begins here, and so writes the same.
 */
#ifndef OBJTOOL_READING_H
#define OBJTOOL_READING_H

#include <objtool/canon.h>
#include <objtool/coverage.h>
#include <objtool/records.h>

/* Everything about an object that its units' tokens are made from, and what they cover. */
struct reading {
	struct code code;
	struct namesakes namesakes;
	struct lines lines;
	struct coverage coverage;
};

/* Returns 0, or -1 after a message. What is read is the object's, and ends with it. */
int reading_open(struct object *obj, struct reading *r);

/* For one thread, to write units' tokens with; to be released by canon_free(). */
void reading_canon(const struct reading *r, struct canon *c);

/* True if the unit is a record, and no part of another, label or empty. */
static inline bool reading_has_record(const struct unit *u)
{
	return u->parent == NO_UNIT && u->kind != UNIT_LABEL && u->len;
}

/*
 * Put the hash of each lane of @st, the lower half of which is shown, into @rec; and the hash of
 * the order of lanes and of these.
 */
void reading_fill(struct record *rec, struct stream *st);

/*
 * @name without its counters, if it is @counted; with "@file" if that is given. Nearly all
 * names are as they are in the object, and stay there; others are put into @arena.
 */
const char *reading_name(struct arena *arena, const char *name, bool counted, const char *file);

/* The same, of a symbol or section of which nothing is known but its name. */
const char *reading_canonical_name(struct arena *arena, const char *name);

#endif
