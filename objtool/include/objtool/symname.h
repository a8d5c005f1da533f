/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symname.h - what the names of an object's symbols say, and what they name
 *
 * A name is a cache miss away from its symbol, and a kernel has 200,000. All
 * questions that are asked of every symbol's are answered here, in one pass on all threads;
 * who asks later finds the answer beside the others.
 */
#ifndef OBJTOOL_SYMNAME_H
#define OBJTOOL_SYMNAME_H

#include <objtool/elf.h>

/* Bits of identity.traits; see names.h for what the functions mean. */
#define NAME_EMPTY	  0x01U
#define NAME_LABEL	  0x02U /* begins with ".L": the assembler's */
#define NAME_COUNTED	  0x04U /* name_has_counter() */
#define NAME_CONTENT	  0x08U /* name_is_content() */
#define NAME_STATIC_LOCAL 0x10U /* name_is_static_local() */
#define NAME_COLD	  0x20U /* name_is_cold() */
#define NAME_PREFIX	  0x40U /* "__cfi_f", "__pfx_f": the entry prefix of f */
#define NAME_ABSOLUTE	  0x80U /* of a number: the symbol's section is SEC_ABS */

#define NO_UNIT 0xffffffffU

/*
 * What a reference needs to know of the symbol that it names, side by side: a kernel makes 600,000
 * references to 200,000 symbols, in no order, and each array that is asked is a cache miss.
 */
struct identity {
	u64 name;	/* symname_hash() of its name */
	u32 unit;	/* that it names, NO_UNIT if none; by code_read() */
	u32 sec, value; /* as struct symbol has them; 0 if it is not defined in a section */
	u32 head;	/* first symbol of its canonical name, 0 if there is no other */
	u32 rank;	/* of a local function in its file: by namesakes_read() */
	u8 traits;	/* NAME_* */
	u8 bind, type;	/* enum symbol_bind, enum symbol_type */
	bool only; /* its name says all there is to say of it: no counter, and no other has it */
};

/*
 * Fill @ids, by symbol index, as far as the symbols and their names tell; and @shared with the
 * local symbols whose canonical name others have, too: those of one name ascending, in no order
 * otherwise. Both have room for all symbols, @ids zeroed. No arena is used. Returns how many are
 * shared.
 */
u32 symnames_read(const struct object *obj, struct identity *ids, u32 *shared);

/*
 * hash_bytes() of the first @len bytes of @name, without counters if it has any. Tokens say names
 * by it. Names whose hashes are equal are taken for equal.
 */
u64 symname_hash(const char *name, size_t len);

#endif
