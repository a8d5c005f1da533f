/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * insns.h - the instructions of a stretch of code
 *
 * code_decode() finds them, and marks alignment filler, which does not count: a number that tells
 * of a place is that of an instruction among those that do.
 */
#ifndef OBJTOOL_INSNS_H
#define OBJTOOL_INSNS_H

#include <objtool/code.h>

/* Growable arrays of instructions, reused from function to function. Zero-initialise. */
struct insns {
	struct code_insn *insn;
	u32 *note; /* see arch_decode_run() */
	u32 nr, nr_notes, cap;
	u32 *at; /* by byte of what was decoded: the number, in its stretch, of the instruction
		    that begins there; anything where none does */
	size_t nr_at, most_at, cap_at; /* .most_at: that were ever used */
	u8 *target; /* scratch: a byte for each byte of the stretch that a branch goes to */
	u32 target_cap;
};

/* Forget all instructions; the memory is kept. */
static inline void insns_reset(struct insns *insns)
{
	insns->nr = insns->nr_notes = 0;
	insns->nr_at = 0;
}

void insns_free(struct insns *insns);

/* What the end of a stretch of code is. */
enum decode_end {
	DECODE_ALL,	/* exact: a symbol's size */
	DECODE_TO_NEXT, /* where something else begins: filler at the end does not count */
	DECODE_ROOM,	/* a symbol's size, of room before a function: no filler counts, and
			   where there is nothing else there are no instructions */
	DECODE_TO_EXIT, /* a limit: stop behind the first jump, return or trap */
};

/*
 * Decode [@off, @end) of section @sec, appending to @insns; returns how many
 * instructions were added.
 */
u32 code_decode(const struct code *code, u32 sec, u32 off, u32 end, enum decode_end how,
		struct insns *insns);

/* Index of the instruction that offset @off lies in; @nr if it lies behind the last. */
u32 code_insn_index(const struct code_insn *insn, u32 nr, u32 off);

/* The same in instructions that count: the ordinal. *@delta: how far into it @off lies. */
u32 code_ordinal(const struct code_insn *insn, u32 nr, u32 off, u32 *delta);

/*
 * Where the branch or pc-relative operand of an instruction at @off points when no
 * relocation fills it: an offset in its own section, possibly out of bounds.
 */
static inline s64 code_branch_target(const struct section *sec, const struct code_insn *ci)
{
	const u8 *p = sec->data + ci->off;
	s64 rel = ci->insn.flags & INSN_PCREL_IMM ? arch_insn_imm(p, &ci->insn)
						  : arch_insn_disp(p, &ci->insn);

	return (s64)ci->off + ci->insn.len + rel;
}

#endif
