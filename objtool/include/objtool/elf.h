/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf.h - a relocatable ELF object, validated once, read in place
 *
 * object_open() reads a file, checks everything the rest
 * of the tool relies on, and fills arrays of sections, symbols and
 * relocations. After that every index and offset in these structures is in
 * range and callers use them without checks:
 *
 *   - section names and symbol names are NUL-terminated; those of loaded sections and
 *     of symbols defined here are not empty (STT_FILE and STT_SECTION may be);
 *   - a symbol's .sec is a valid section index, or one of the SEC_* values;
 *     a symbol defined in a section has .value <= the section's size, and
 *     .value + .size never exceeds it: a larger size is refused;
 *   - a relocation's .sym is a valid symbol index and its .offset lies within
 *     the section it applies to, with room for the field its type fills;
 *   - relocations of a section are sorted by offset, equal offsets in file order;
 *   - what outside.h says is unread has a size, but neither contents nor relocations;
 *   - sections are smaller than 4 GiB, so that offsets fit in 32 bits.
 *
 * Only little-endian x86-64 ET_REL files are accepted (ELF-64 object file
 * format 1.5; x86-64 psABI 1.0). No other file of this tool sees ELF types.
 */
#ifndef OBJTOOL_ELF_H
#define OBJTOOL_ELF_H

#include <objtool/contents.h>
#include <objtool/mem.h>
#include <objtool/pool.h>
#include <objtool/util.h>

/* Values of struct symbol's .sec that are not section indexes. */
#define SEC_UNDEF  0U
#define SEC_ABS	   0xfffffff1U
#define SEC_COMMON 0xfffffff2U

/* Section flags and types used outside elf.c, with their ELF values (gABI). */
#define SF_WRITE	 0x1U
#define SF_ALLOC	 0x2U
#define SF_EXEC		 0x4U
#define SF_MERGE	 0x10U
#define SF_STRINGS	 0x20U
#define SF_LINK_ORDER	 0x80U
#define SECTION_PROGBITS 1U

enum symbol_type { /* STT_* */
		   SYM_NOTYPE = 0,
		   SYM_OBJECT = 1,
		   SYM_FUNC = 2,
		   SYM_SECTION = 3,
		   SYM_FILE = 4,
		   SYM_COMMON = 5,
		   SYM_TLS = 6,
		   SYM_IFUNC = 10,
};

enum symbol_bind { BIND_LOCAL = 0, BIND_GLOBAL = 1, BIND_WEAK = 2, BIND_UNIQUE = 10 };

/* One relocation, laid out as Elf64_Rela on a little-endian host. */
struct reloc {
	u64 offset; /* within the section it applies to */
	u32 type;   /* R_X86_64_* */
	u32 sym;    /* index into object.symbols */
	s64 addend;
};

struct section {
	const char *name;
	const u8 *data; /* NULL if .nobits, and for empty sections */
	const struct reloc *relocs;
	/*
	 * By offset >> RELOC_CELL: the first relocation at or after the cell's start; and one for
	 * the section's end. NULL if there are few. Private to elf-relocs.c.
	 */
	u32 *reloc_cells;
	u32 nr_relocs;
	u32 size;  /* bytes; 0 for the null section */
	u32 type;  /* SHT_* */
	u32 flags; /* SF_* and other SHF_* bits below 2^32 */
	u32 entsize;
	u32 align;
	u32 first_sym; /* range of this section's symbols in object.by_addr */
	u32 nr_syms;
	bool nobits;   /* SHT_NOBITS, or its contents are not read: see outside.h */
	bool excluded; /* no record covers it */
};

struct symbol {
	const char *name; /* "" if it has none; a section's name for STT_SECTION */
	u64 value;	  /* offset in .sec; alignment for SEC_COMMON */
	u32 size;	  /* bytes */
	u32 sec;	  /* section index or SEC_* */
	u32 file;	  /* index of the STT_FILE symbol before it, 0 if none or not local */
	u8 type;	  /* enum symbol_type */
	u8 bind;	  /* enum symbol_bind */
	u8 visibility;
};

struct object {
	const char *path;	  /* as given; for messages only */
	struct section *sections; /* [0] is the null section */
	u32 nr_sections;
	struct symbol *symbols; /* [0] is the null symbol, in file order */
	u32 nr_symbols;
	u32 nr_locals; /* none from this index on is local: gABI, as far as the file keeps to it */
	bool has_commons; /* some symbol's .sec is SEC_COMMON */
	/*
	 * Symbols defined in sections, no STT_SECTION or STT_FILE, ordered by
	 * section, value, then symbol index. A section's own run is
	 * [first_sym, first_sym + nr_syms).
	 */
	u32 *by_addr;
	u32 nr_by_addr;
	u32 *cuts; /* .nr_cuts + 1 section indexes; for object_each_section() */
	u32 nr_cuts;
	size_t file_size;
	struct pool *pool;	   /* who works on it; the caller's */
	struct arena arena;	   /* everything derived from this file, by any layer */
	struct scratch scratch;	   /* for whoever reads it; one at a time */
	struct contents *contents; /* of the file, NULL if the caller has them; private to elf.c */
};

/*
 * Open and validate the object at @path. Returns NULL after one message that
 * names the file, the section or symbol, the offset and what is wrong: not an
 * ELF file, truncated, a linked executable or shared object, 32-bit, another
 * machine, LLVM bitcode, GCC slim LTO, no symbol table, a directory, ...
 *
 * This and all later work on the object is @pool's; the caller's alone, if the file is so
 * small that starting others would take longer.
 */
struct object *object_open(const char *path, struct pool *pool, enum contents_use use);

/*
 * The same for @size bytes at @image, which must stay in place and unchanged
 * until object_close(). @path is used in messages. However small it is, @pool is used.
 */
struct object *object_open_mem(const char *path, const void *image, size_t size, struct pool *pool);

/*
 * Release all that was made of the object's bytes, and not these: the names of its symbols are
 * among them. Of a kernel it is 40 MB, which go to @spare. What is left of the object is to be
 * confirmed and closed.
 */
void object_forget(struct object *obj, struct arena *spare);

/*
 * To be asked when all has been made of the object: was its file what it was when it was opened?
 * See contents_confirm(). Returns 0, or -1 after a message.
 */
int object_confirm(const struct object *obj);

/* Release everything; NULL is fine. */
void object_close(struct object *obj);

/* The first section called @name, or NULL. Linear: not for loops. */
const struct section *object_section(const struct object *obj, const char *name);

static inline u32 section_index(const struct object *obj, const struct section *sec)
{
	return (u32)(sec - obj->sections);
}

/* True if the symbol is defined in a section of this object. */
static inline bool symbol_defined(const struct symbol *sym)
{
	return sym->sec != SEC_UNDEF && sym->sec < SEC_ABS;
}

typedef void section_fn(void *ctx, unsigned int worker, size_t from, size_t end);

/*
 * Call @fn for all sections, those of indexes [@from, @end) at once, from as many threads as may
 * work on @obj. What is much work is that for a section's symbols.
 */
void object_each_section(const struct object *obj, section_fn *fn, void *ctx);

/* Some relocations of a section: [.from, .end) of them. */
struct reloc_range {
	u32 sec, from, end;
};

/* Ranges that one thread should take at once. */
#define RELOC_RANGES_AT_ONCE 8

/*
 * All relocations of @obj as ranges of 4096 at most, so that several threads can share those of
 * one large section. Returns how many; *@ranges is the caller's to free().
 */
u32 object_reloc_ranges(const struct object *obj, struct reloc_range **ranges);

/* Index of the first relocation of @sec at or after @off; sec->nr_relocs if none. */
u32 section_reloc_from(const struct section *sec, u64 off);

#endif
