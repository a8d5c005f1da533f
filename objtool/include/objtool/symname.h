/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * symname.h - what the names of an object's symbols say, found out once
 *
 * A name is a cache miss away from its symbol, and a kernel has 200,000. All
 * questions that are asked of every symbol are answered here, in one pass on all threads;
 * who asks later reads a byte beside those of the other symbols.
 */
#ifndef OBJTOOL_SYMNAME_H
#define OBJTOOL_SYMNAME_H

#include <objtool/elf.h>

/* Bits of symnames.traits; see names.h for what the functions mean. */
#define NAME_EMPTY	  0x01U
#define NAME_LABEL	  0x02U /* begins with ".L": the assembler's */
#define NAME_COUNTED	  0x04U /* name_has_counter() */
#define NAME_CONTENT	  0x08U /* name_is_content() */
#define NAME_STATIC_LOCAL 0x10U /* name_is_static_local() */
#define NAME_COLD	  0x20U /* name_is_cold() */
#define NAME_PREFIX	  0x40U /* "__cfi_f", "__pfx_f": the entry prefix of f */

struct symnames {
	u8 *traits; /* by symbol index: NAME_* */
	u64 *hash;  /* by symbol index: of the name without its counters; see symname_hash() */
};

/* Memory is the object's arena's. */
void symnames_read(struct object *obj, struct symnames *names);

/*
 * hash_bytes() of the first @len bytes of @name, without counters if it has any. Tokens say names
 * by it. Names whose hashes are equal are taken for equal.
 */
u64 symname_hash(const char *name, size_t len);

#endif
