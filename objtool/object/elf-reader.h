/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * elf-reader.h - an object that is being read, for the files that read it
 *
 *     elf.c          the file and its sections; calls the others
 *     elf-symbols.c  symbols
 *     elf-relocs.c   relocations
 *
 * Private to these three. They alone meet ELF structures, and nobody else a struct reader.
 */
#ifndef OBJTOOL_ELF_READER_H
#define OBJTOOL_ELF_READER_H

#include <elf.h>
#include <objtool/elf.h>
#include <objtool/log.h>

#define RELA_BYTES sizeof(Elf64_Rela)

/* What is known while an object is being read. */
struct reader {
	struct object *obj;
	const char *path;
	struct span file;
	struct contents *contents; /* which .file is read to, NULL if it is all there */
	struct span section_names, symbol_names; /* each ends in NUL */
	const Elf64_Shdr *headers;		 /* one a section: in the file, or */
	Elf64_Shdr *copied_headers;		 /* a copy of those, NULL if there is none */
	u32 symtab;				 /* section index of the symbol table */
	u32 symtab_shndx; /* and of its extended section indexes, 0 if none */
	u32 *rela_first;  /* by section index: its first relocation section, 0 if none */
	u32 *rela_next;	  /* by relocation section index: the next one of the same section */
	bool *unread;	  /* by section: it is loaded, and nobody looks at it */
	u64 in_sections;  /* bytes of the file that are in sections, so far */
	u64 in_names;	  /* and of their names */
	bool gcc_lto;	  /* there are .gnu.lto_* sections */
};

/* A refusal that names section @i: "FILE: section 5 (.text): WHAT". */
#define section_error(r, i, fmt, ...) \
	error("%s: section %u (%s): " fmt, (r)->path, i, (r)->obj->sections[i].name, ##__VA_ARGS__)

/* Can structures of this alignment be used where they lie in the file? */
static inline bool reader_usable_in_place(const u8 *raw, size_t alignment)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && (uintptr_t)raw % alignment == 0;
}

/*
 * Names may share bytes: ".text" is the end of ".rela.text", and many symbols have one
 * name. But a hundred thousand that are all the end of one of a megabyte would be
 * too much to hash, and to write. In bytes.
 */
static inline u64 reader_names_limit(const struct reader *r)
{
	return (u64)r->file.size * 2;
}

/*
 * Check that section @i is an array of entries of @bytes each. Returns 0, or -1 after a message, as
 * all below that return an int do.
 */
int reader_check_array(const struct reader *r, u32 i, size_t bytes);

/*
 * Read and check all symbols, of the table that .symtab is; only the null symbol if there is none.
 * Sections are read. Of several that are bad, the first one is named.
 */
int reader_read_symbols(struct reader *r);

/* Fill by_addr and cuts, and each section's run in by_addr, from the symbols. */
void reader_index_symbols(struct object *obj);

/*
 * True if each of @names, one behind the other, is sure to be shorter than 256 bytes. A quick look:
 * false does not mean that one is longer.
 */
bool reader_names_are_short(struct span names);

/*
 * Refuse an object whose symbols have names that are too long together, that is GCC's slim LTO, or
 * that has too many for its size. They are indexed; @short_names is what
 * reader_names_are_short() says of .symbol_names, and may save looking at each.
 */
int reader_check_symbols(const struct reader *r, bool short_names);

/*
 * What is left once symbols are read: index and check them, and set, check, sort and index the
 * relocations of all sections that have some in .rela_first.
 */
int reader_read_rest(const struct reader *r);

#endif
