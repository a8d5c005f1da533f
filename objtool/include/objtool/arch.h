/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arch.h - what the rest of the tool knows of a machine
 *
 * Pure functions on bytes, and const tables. A second architecture is a new
 * folder arch/NAME/ that provides these.
 */
#ifndef OBJTOOL_ARCH_H
#define OBJTOOL_ARCH_H

#include <objtool/util.h>

#define ARCH_MAX_INSN 15 /* bytes (Intel SDM vol. 2, 2.3.11) */

enum insn_class {
	INSN_OTHER,
	INSN_CALL,     /* direct, pc-relative */
	INSN_JMP,      /* direct, pc-relative, unconditional */
	INSN_JCC,      /* direct, pc-relative, conditional; loop and jrcxz too */
	INSN_CALL_IND, /* through a register or memory */
	INSN_JMP_IND,  /* jmpabs too, whose target is absolute */
	INSN_RET, /* ret, retf, iret, sysret, sysexit, rsm, eretu, erets, uiret: control does not go
		     on */
	INSN_TRAP,     /* ud0, ud1, ud2, udb (d6), int3, hlt */
	INSN_NOP = 8,  /* any documented no-operation: 90, 0f 1f /0, with prefixes; a bit that no
			  other class has */
	INSN_BAD = 16, /* a byte that is no instruction */
};

#define INSN_PCREL_DISP 0x1 /* the displacement is relative to the end of the insn */
#define INSN_PCREL_IMM	0x2 /* the immediate is: direct branches, xbegin */

/* One decoded instruction. Offsets are from its first byte; length 0: field absent. */
struct insn {
	u8 len;	       /* 1 .. ARCH_MAX_INSN */
	u8 cls;	       /* enum insn_class */
	u8 flags;      /* INSN_PCREL_* */
	u8 opcode_off; /* first opcode byte: after legacy prefixes and REX/REX2 (no 0f then); the
			  VEX/EVEX/XOP byte itself */
	u8 disp_off, disp_len; /* ModRM displacement: 1 or 4 bytes; or the 4/8 byte moffs */
	u8 imm_off, imm_len;   /* immediate or branch offset: 1, 2, 3 (enter), 4, 8 bytes */
};

/*
 * Decode the instruction at @p, of which @avail bytes may be read. Returns
 * its length and fills @insn, or returns 0 if the bytes are no instruction of
 * 64-bit mode, or end too early. Never reads past @avail or past 15 bytes.
 */
unsigned int arch_decode(const u8 *p, size_t avail, struct insn *insn);

/* One instruction of a stretch of code; what is not from its bytes alone is found out later. */
struct code_insn {
	struct insn insn; /* a byte that is none: .len 1, .cls INSN_BAD, all else 0 */
	u32 off;	  /* where it is in the data */
	u32 ordinal : 30; /* how many instructions of the stretch that count come before */
	u32 filler : 1;	  /* nops before a branch target, or behind the end: do not count */
	u32 line : 1;	  /* its immediate is a line number; see lines.h */
};

/* As many instructions as .ordinal can tell apart: no stretch has more. */
#define MAX_ORDINAL 0x3fffffffU

/* Code to decode: [@off, @end) of @data, of which @size bytes, and no less than @end, can be read.
 */
struct stretch {
	const u8 *data;
	u32 size, off, end;
	u32 nr;	      /* instructions before .off */
	u32 nr_notes; /* and those of them that were noted */
	u8 classes;   /* their enum insn_class, or'd */
};

/*
 * Decode up to @room instructions of @s to @insn, as none of them were filler or had a line, and
 * move @s behind them. Those of which there may be more to say than their bytes are noted: the
 * number that each has in the stretch is added to @note. They are all that are not INSN_OTHER, and
 * all that have a pc-relative field or one of 4 or 8 bytes, where an address can be: two in five.
 * Where one begins, its number is written to @at, by byte from @s->off on. At @insn and @note there
 * is room for @room, and at @at for as many bytes as these can take in @s. An instruction that does
 * not end by the end of @s is none. Returns how many were decoded, less than @room at the end only.
 */
u32 arch_decode_run(struct stretch *s, struct code_insn *insn, u32 *note, u32 *at, u32 room);

/* A number of @len bytes, sign-extended, of unusual length. */
s64 arch_long_number(const u8 *p, unsigned int len);

/* The same, short for branches, most of which have 1 or 4. */
static inline s64 arch_number(const u8 *p, unsigned int len)
{
	return len == 4 ? get_s32(p) : len == 1 ? (int8_t)*p : arch_long_number(p, len);
}

/*
 * Sign-extended value of the displacement or immediate of a decoded
 * instruction, 0 if it has none. As encoded: an EVEX displacement of one byte
 * is not multiplied by the operand's size; the two immediates of enter, extrq
 * and insertq and a 3DNow! opcode are one number.
 */
static inline s64 arch_insn_disp(const u8 *p, const struct insn *insn)
{
	return arch_number(p + insn->disp_off, insn->disp_len);
}

static inline s64 arch_insn_imm(const u8 *p, const struct insn *insn)
{
	return arch_number(p + insn->imm_off, insn->imm_len);
}

/*
 * Make the bytes of a direct branch, at @bytes, with room for one more, canonical: the near
 * form without its offset (eb xx and e9 xx xx xx xx both give e9; 74 xx and 0f 84 ... both
 * give 0f 84; prefixes stay). Returns their number.
 * loop and jrcxz, which have no near form, keep their opcode.
 */
unsigned int arch_canonical_branch(u8 *bytes, const struct insn *insn);

/* What an instruction does with the address in one of its fields. */
enum address_use {
	USE_MEMORY,  /* reads, writes or jumps to what is there */
	USE_ADDRESS, /* takes the address: lea, mov $imm, push $imm */
	USE_INDEX,   /* computes an address from it: lea table(,%rcx,8) */
	USE_COMPARE, /* compares something with it */
};

#define ARCH_NO_REG 0xffU

/*
 * What instruction @p does with the address in its immediate, or else its
 * displacement. *@reg is the number of the register that an address goes to or is
 * compared with, or that is added to it; ARCH_NO_REG if none.
 */
enum address_use arch_address_use(const u8 *p, const struct insn *insn, bool immediate, u8 *reg);

/* The two registers that the instruction compares, a bit each by number; 0 if it does not. */
u16 arch_compares(const u8 *p, const struct insn *insn);

/*
 * The register, as a bit, that the instruction adds a constant to, or (*@down) takes
 * one from: as a loop over a table does. 0 if it is none.
 */
u16 arch_steps(const u8 *p, const struct insn *insn, bool *down);

/* Which argument of a call register @reg holds, from 0; ARCH_NO_REG if none. */
u8 arch_argument(u8 reg);
#define ARCH_MAX_ARGUMENTS 6

/* True if a call may change register @reg. */
bool arch_call_clobbers(u8 reg);

#define ARCH_EVERY_REG 0xffff

/* The registers that an instruction may write, a bit each by number; all where in doubt. */
u16 arch_writes(const u8 *p, const struct insn *insn);

/* The register that a "mov $imm32, %reg" writes, ARCH_NO_REG if the instruction is none. */
u8 arch_loads_immediate(const u8 *p, const struct insn *insn);

/*
 * Length of the alignment filler at @p, as assemblers and compilers emit it
 * between functions and before branch targets: one of the recommended
 * multi-byte nops of GNU as and LLVM, or int3. 0 if the bytes are anything
 * else, a nop with unusual operands included.
 */
unsigned int arch_padding(const u8 *p, size_t avail);

/* How many of the @len bytes at @p such fillers are, up to the first byte that is none of one. */
size_t arch_fillers(const u8 *p, size_t len);

#endif
