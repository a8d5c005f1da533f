/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - what a machine's relocations and special sections look like
 *
 * Const tables that arch/NAME/ provides: relocation types by meaning, and for
 * each special section the layouts its entries have had, kernel by kernel.
 * special-layout.c finds out from the object which layout it has before it.
 */
#ifndef OBJTOOL_LAYOUT_H
#define OBJTOOL_LAYOUT_H

#include <objtool/lane.h>
#include <objtool/util.h>

/* What a relocation computes, as far as two objects can differ in it. */
enum reloc_kind {
	RELOC_NONE,   /* does nothing */
	RELOC_ABS,    /* S + A */
	RELOC_SIGNED, /* S + A, sign-extended */
	RELOC_PC,     /* S + A - P; a PLT entry's address, which a kernel does not have, is S */
	RELOC_GOT,    /* G + GOT + A - P */
	RELOC_OTHER,  /* anything else: told apart by its type number alone */
};

struct reloc_type {
	u8 kind; /* enum reloc_kind */
	u8 size; /* bytes the relocation fills */
};

/* By psABI number; all others are RELOC_OTHER and fill 4 bytes. */
#define NR_RELOC_TYPES 43
extern const struct reloc_type arch_reloc_types[NR_RELOC_TYPES];

/* Meaning of relocation type @type (psABI number). */
static inline struct reloc_type arch_reloc_type(u32 type)
{
	return type < NR_RELOC_TYPES ? arch_reloc_types[type] : (struct reloc_type){RELOC_OTHER, 4};
}

/* What a field of a special-section entry is for. */
enum field_use {
	FIELD_END,   /* no more fields */
	FIELD_SITE,  /* pointer to the code the entry applies to; says who owns it */
	FIELD_REF,   /* pointer that is part of the meaning */
	FIELD_REPL,  /* pointer to replacement code, of as many bytes as .arg's offset in the entry
			says */
	FIELD_FILE,  /* pointer to a source file name; may be relative to the entry's start, see
			special-layout.c */
	FIELD_BYTES, /* plain bytes that are part of the meaning */
	FIELD_LINE,  /* line number: not meaning */
};

struct field {
	u8 use;	      /* enum field_use */
	u8 off, size; /* bytes, from the entry's start */
	u8 arg;
};

#define MAX_FIELDS 8

struct layout {
	u8 stride;   /* bytes from entry to entry */
	u8 site_len; /* offset of the byte that says how much code it applies to; 0: none does */
	u8 tail;     /* bytes the last entry may lack (unpadded ends of old .parainstructions) */
	bool last_is_symbol; /* the third pointer is a function by name, not a place in .text: old
				__ex_table */
	struct field field[MAX_FIELDS + 1]; /* up to FIELD_END */
};

struct special_table {
	const char *section; /* name; "foo*" is a prefix */
	enum lane lane;
	const struct layout *layouts; /* tried in order */
	u32 nr_layouts;
	bool before; /* the site may lie before the function it belongs to, by up to 64 bytes */
};

/* All special sections with a known layout. */
extern const struct special_table arch_special_tables[];
extern const u32 arch_nr_special_tables;

#endif
