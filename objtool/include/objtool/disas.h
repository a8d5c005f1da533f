/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disas.h - one instruction as text, with names where addresses would be
 *
 * libcapstone does the work, and is loaded when the first instruction is to be shown: a
 * process that only checksums does not pay for it.
 */
#ifndef OBJTOOL_DISAS_H
#define OBJTOOL_DISAS_H

#include <objtool/arch.h>
#include <objtool/mem.h>

struct disas;

/*
 * Load the disassembler. If it is not installed that is said with one warning(), and
 * instructions are shown as their bytes. Never NULL.
 */
struct disas *disas_open(void);
void disas_close(struct disas *disas);

/* What takes the place of a field of an instruction. */
struct disas_field {
	u32 off;	  /* of the field, in the instruction; 0: the target of a branch */
	const char *text; /* "kfree", ".rodata+8" */
	bool shown;	  /* set if it could be put there */
};

/*
 * Append to @out the instruction whose canonical bytes (canon.h: a branch has no offset) are
 * the @len at @bytes, in AT&T syntax: "callq kfree", "movq vector+0x10(%rip), %rax".
 */
void disas_insn(struct disas *disas, const u8 *bytes, size_t len, struct disas_field *fields,
		size_t nr, struct buf *out);

#endif
