/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lines.h - line numbers outside of tables
 *
 * __LINE__ reaches code as an argument beside a file name, and data as a
 * member of what macros build. Moving a function down a line changes these,
 * and nothing that it does: they are told apart here, and only where there is no doubt.
 */
#ifndef OBJTOOL_LINES_H
#define OBJTOOL_LINES_H

#include <objtool/insns.h>

#define LINES_STRINGS 0xff /* a local symbol where strings may be: it may name a source file */

/* What lines_mark() has to look for, found once for an object. */
struct lines {
	const struct code *code;
	/*
	 * By symbol, a byte each, so that the relocations of a function are looked through without
	 * a cache miss for each: 1 + index of the callee in lines.c's table, LINES_STRINGS, or 0.
	 */
	u8 *symbol;
};

/* Memory is the object's arena's. */
void lines_read(const struct code *code, struct lines *lines);

/*
 * Mark (.line) those of @nr instructions of section @sec whose immediate is a line number:
 *
 *     mov $.LC3, %rdi          "kernel/fork.c"
 *     mov $562, %esi           marked
 *     call __might_sleep
 *
 * @relocs is at the first relocation of these instructions.
 */
void lines_mark(const struct lines *lines, struct reloc_cursor relocs, u32 sec,
		struct code_insn *insn, u32 nr);

/* Where a data object keeps a line number: @size bytes at @off, less the bits not in @mask. */
struct line_field {
	u32 off;
	u32 size; /* 0: nowhere */
	u32 mask; /* of a field of 4 bytes, little-endian */
};

/* The line number in data object @unit: of __dyndbg descriptors, allocation tags and such. */
struct line_field lines_in_unit(const struct code *code, u32 unit);

/*
 * The same for *@len bytes at @off of section @sec, which are known by content: line and column,
 * where a sanitizer or Rust describes a place. How large Rust's are is known, and put into *@len:
 * up to what is pointed at next may be more, dead constants, or less, without zeros at the end.
 */
struct line_field lines_in_blob(const struct code *code, u32 sec, u32 off, u32 *len);

#endif
