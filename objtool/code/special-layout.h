/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * special-layout.h - how special sections are laid out, for who reads their entries
 *
 *     special.c         entries of all sections, by the place they apply to; calls the other
 *     special-layout.c  a section's bytes and relocations -> its layout, and where entries begin
 *
 * Private to these two; what all others ask is in special.h.
 */
#ifndef OBJTOOL_SPECIAL_LAYOUT_H
#define OBJTOOL_SPECIAL_LAYOUT_H

#include <objtool/special.h>

/*
 * Find out how @sec is laid out, by its name, or, if that says nothing, by its entries, each of
 * which points at code. Fills @found, zeroed before, with arrays that are @arena's; its .layout and
 * .table stay NULL if @sec is no table. False, without a message, if its name is that of one, and
 * it fits no layout of those.
 */
bool special_find_layout(const struct object *obj, struct arena *arena, const struct section *sec,
			 struct special_section *found);

/* The first field of @layout that is for @use; NULL if none. */
const struct field *special_field(const struct layout *layout, enum field_use use);

/* Index of the entry of @how that offset @off lies in or behind; how->nr if before all of them. */
u32 special_entry_index(const struct special_section *how, u32 off);

/*
 * True if the string that @rel points at, less @bias bytes, is a source file's name: "drivers/x.c".
 */
bool special_names_source(const struct object *obj, const struct reloc *rel, s64 bias);

#endif
