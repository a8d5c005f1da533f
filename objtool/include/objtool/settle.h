/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * settle.h - which of the objects that meet at one place is meant
 *
 * Where the assembler wrote a section and an offset, the end of one object, an
 * empty one and the start of the next can be the same place. What the
 * function does with the address tells which it is:
 *
 *     cmp $table+96, %rbx; jne 1b                the end of the table a loop walks
 *     mov $table+96, %r15; ...; cmp %rbx, %r15   the same
 *     mov $key, %rdx; call __mutex_init          an empty lock class key
 */
#ifndef OBJTOOL_SETTLE_H
#define OBJTOOL_SETTLE_H

#include <objtool/parts.h>

/*
 * Replace @t, what relocation @rel in instruction @ci of section @sec points at, by what
 * is meant. @immediate: the relocation fills the immediate, else the displacement.
 */
void settle(struct parts *parts, struct target *t, const struct reloc *rel, u32 sec,
	    const struct code_insn *ci, bool immediate);

#endif
