/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objfile.h - the code of ELF objects, archives and binaries, for tests
 *
 * A few lines of our own rather than the tool's ELF layer: a fault there must
 * not hide code from the decoder's tests.
 */
#ifndef TESTS_DECODE_OBJFILE_H
#define TESTS_DECODE_OBJFILE_H

#include <elf.h>
#include <objtool/util.h>

/* A stretch of code: a function, or a whole section if there are no symbols. */
struct code {
	const char *name; /* of the function, or the section */
	bool is_function; /* so it holds only whole instructions */
	const u8 *data;
	size_t size;		  /* bytes */
	u64 off;		  /* in its section, or the symbol's value in a linked file */
	const Elf64_Rela *relocs; /* of the section, sorted by offset; NULL: none */
	size_t nr_relocs;
};

typedef void code_fn(void *arg, const char *file, const struct code *code);

/* Call @fn with all code of @path, an ELF file or an archive. False if it is neither. */
bool for_each_code(const char *path, code_fn *fn, void *arg);

#endif
