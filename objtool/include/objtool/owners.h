/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owners.h - which functions and data objects a byte of an object is the business of
 *
 * The answer that selfcheck holds checksums against. It is found the other way
 * round: a checksum follows references from a function to what it uses, this goes from
 * what is used to everybody who refers to it. Extents of functions and data objects, and
 * the layouts of special sections, are taken from code.h and special.h.
 */
#ifndef OBJTOOL_OWNERS_H
#define OBJTOOL_OWNERS_H

#include <objtool/code.h>

enum reference_kind {
	REFERENCE_PLACE, /* to what lies at the place */
	REFERENCE_NAME,	 /* to a symbol, whatever lies there */
	REFERENCE_REPL,	 /* from an alternative to its replacement code */
	REFERENCE_DOUBT, /* to the place or not: who refers to it is not known then */
};

/* A relocation, or a pc-relative operand that leaves its function without one. */
struct reference {
	struct place to, from; /* .from: the field that holds it */
	u8 kind;	       /* enum reference_kind */
};

struct owners {
	const struct code *code;
	struct reference *refs; /* sorted by .to, then .from */
	u32 nr_refs, cap_refs;
};

/* Find all references of @code's object; release with owners_free(). */
void owners_read(const struct code *code, struct owners *owners);
void owners_free(struct owners *owners);

/*
 * Append the units (u32, ascending, each once) whose records cover the byte at @off of
 * section @sec to @units, which is empty: the function or data objects it lies in, or, for
 * strings, constants, unnamed data, replacement code and special-section entries, those that
 * refer to it, by way of unnamed data too. Returns false if there is no telling: code without
 * a symbol that is no replacement, and what clang's relative tables point at.
 */
bool owners_of(const struct owners *owners, u32 sec, u32 off, struct buf *units);

/* True if nobody but the function itself refers to places inside of code unit @unit. */
bool owners_alone_inside(const struct owners *owners, u32 unit);

/*
 * Where the unnamed data around @off of section @sec begins: a constant's label, or the last
 * place before @off that is referred to. False if that is none, or there are several.
 */
bool owners_unnamed_start(const struct owners *owners, u32 sec, u32 off, u32 *start);

#endif
