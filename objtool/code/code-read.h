/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code-read.h - the passes of code_read(), for the files that make them
 *
 *     code.c         the passes, one after the other; calls the others
 *     code-units.c   symbols -> units: their extents, and which symbols name them
 *     code-links.c   names and branches -> which unit is a part of which
 *     code-places.c  relocations -> the places that they point at
 *     code-find.c    the index of units, and what is looked up in it
 *
 * Private to these five; what all others ask is in code.h. None calls code.c, and
 * what a pass needs of one before it is in struct code.
 */
#ifndef OBJTOOL_CODE_READ_H
#define OBJTOOL_CODE_READ_H

#include <objtool/code.h>

/*
 * Symbols are met in the order of addresses or of references, not in that they are in: those that
 * are this many ahead are asked for, and have come from memory when it is their turn.
 */
#define CODE_AHEAD 12U

/* Relocations and names are a half of all bytes, and have no places that anything points at. */
static inline bool code_has_places(const struct section *sec)
{
	return sec->flags & SF_ALLOC || sec->type == SECTION_PROGBITS;
}

/*
 * Set .units, .nr_units, .first_unit and .index, and .unit of .ids, from the symbols: .ids says all
 * else of these already, and .specials is read. Parts are not linked to their functions. Refuses
 * the object, see effort.h, after a message, if symbols are nested too deep. Messages and the
 * object's arena and scratch are for one thread: whoever calls this is that one.
 */
void code_collect_units(struct code *code);

/* Set .cold, .prefix and .parent of units: "f.cold", "__cfi_f" and "__pfx_f" are parts of f. */
void code_link_parts(struct code *code);

/* Set .referenced: bits for all sections that may have some, none of them set. */
void code_make_places(struct code *code);

/*
 * Set the bits of .referenced, and it to NULL where none is. It takes neither arena nor scratch,
 * and looks at no unit, so that units may be collected beside it.
 */
void code_mark_places(struct code *code);

/* Make room for the index of all sections, whose units .first_unit tells the number of. */
void code_make_index(struct code *code);

/* Fill the index of section @s, whose units have their places: then look-ups know them. */
void code_index_section(struct code *code, u32 s);

#endif
