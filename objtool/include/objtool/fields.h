/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fields.h - fields of an object to alter, and who must notice
 *
 * Each kind of field that a checksum promises to cover, and for each a choice of
 * alterations whose effect is known: which functions and data objects do something else then,
 * and that no others do. The last two kinds, any bit and any relocation, go everywhere that is
 * not excluded from checksums, and ask for any record to change. What is avoided, because
 * there is no effect, or no telling who else is concerned:
 *
 *   - functions that share their name with another static one, and clones: calls tell them
 *     apart by their instructions, so that altering one may show in the callers of all;
 *   - nops, traps, returns, and the instruction that a static branch patches;
 *   - code that has neither a symbol nor an alternative it replaces (.fixup, .altinstr_aux);
 *   - moving what refers to a place in a function (a branch, a jump table, a fixup, an entry's
 *     site, the length of what it patches) where others count that function's instructions, too;
 *   - moving a reference to unnamed data, which would end and begin somewhere else for others,
 *     into the middle of a function, or out of an object or string; and to empty objects;
 *   - bytes that a relocation fills, and zeros at the end of unnamed data;
 *   - line numbers in data and tables; the ends of source files' names, and pointers to
 *     those where there are few: they decide what is a line number;
 *   - what the end of a table before may be meant by, and other objects of one name, but for
 *     the compiler's number;
 *   - what no function or data object refers to, and alignment between functions.
 */
#ifndef OBJTOOL_FIELDS_H
#define OBJTOOL_FIELDS_H

#include <objtool/alter.h>

struct fields {
	const struct code *code; /* the subject's */
	struct subject subject;
	struct field_pool *pools; /* by kind */
	u32 nr_kinds;
	u32 max; /* candidates kept of each kind */
};

/*
 * Find what there is to alter in @code's object, which was opened from @image, and
 * keep a random choice of @max candidates of each kind. Release with fields_free().
 */
void fields_read(const struct code *code, struct span image, u64 seed, u32 max,
		 struct fields *fields);
void fields_free(struct fields *fields);

/* How many kinds of field there are: the same for all objects. */
u32 fields_nr_kinds(void);

/* What kind @kind is called, in at most 63 characters. */
void fields_name(u32 kind, char name[64]);

/*
 * Find the next alteration of kind @kind, false if there is none. .units of @alt is reused; it is
 * the caller's to free.
 */
bool fields_next(struct fields *fields, u32 kind, struct alteration *alt);

#endif
