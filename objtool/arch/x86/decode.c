// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decode.c - where an x86-64 instruction ends, and where its fields lie
 *
 * A length decoder for 64-bit mode, driven by tables. It knows of an opcode
 * whether it exists with these prefixes, whether a ModRM byte follows, how
 * long the immediate is and where control goes next. It does not know the
 * operands: `lea %eax,%eax` (8d c0, #UD on a processor) has a length here.
 *
 * Facts: Intel SDM vol. 2 (chapter 2: formats, appendix A: opcode maps), Intel
 * APX specification (REX2, EVEX map 4), AMD64 APM vol. 3 (3DNow!, XOP, SSE4A),
 * VIA PadLock programming guide. Opcode maps checked against LLVM 22, binutils
 * 2.40 and Zydis 4.
 *
 * Where vendors differ Intel is followed: 66 before a near branch changes
 * nothing, so 66 e9 has four bytes of offset; AMD takes two. (objdump -M intel64
 * agrees; objdump, LLVM and capstone by default follow AMD, at least for jmp.)
 * ud0 (0f ff) has a ModRM byte as in the SDM; on older AMD processors it has none.
 */
#include <objtool/arch.h>

/*
 * All that is known of an instruction is the sum of what its prefixes, opcode, ModRM byte and
 * immediate each bring. So it is added up: struct insn as a number of eight bytes, low byte first.
 * None of them comes to more than 34, so none overflows into the next, and the bits of each that
 * are left tell, in tables, what else there is to an opcode:
 *   18     a closer look is needed behind a REX prefix: that has this bit, too, which carries
 *          into the next
 *   19..23 enum look: a closer look is needed, always if bit 19 is set
 *   25     only /0 of the group is as the table says
 *   26     there can be a SIB byte that says more
 *   27, 28 how prefixes change the length of the immediate
 *   30, 31 not 0: it is noted, see arch_decode_run(); of its parts two say so at most
 *   63     a ModRM byte follows
 * What has bits of its own in the low half is tested without a constant of 64 bits.
 */
#define WORD(len, cls, flags, opcode_off, disp_off, disp_len, imm_off, imm_len)        \
	((u64)(len) | (u64)(cls) << 8 | (u64)(flags) << 16 | (u64)(opcode_off) << 24 | \
	 (u64)(disp_off) << 32 | (u64)(disp_len) << 40 | (u64)(imm_off) << 48 |        \
	 (u64)(imm_len) << 56)
#define BIT(n) ((u64)1 << (n))

#define REXED  BIT(18)
#define ALWAYS BIT(19)
#define GROUP  BIT(25)
#define SIB    BIT(26)
#define IMM_Z  BIT(27) /* 2 bytes less with 66, but for REX.W */
#define IMM_V  BIT(28) /* 4 bytes more with REX.W: mov $imm,%rax */
#define NOTED  BIT(30)
#define MODRM  BIT(63)

#define LOOK(n)	   ((u64)LOOK_##n << 19)
#define LOOK_OF(a) ((a) >> 19 & 0x1f)

#define BEHIND(n) WORD(n, 0, 0, 0, n, 0, n, 0) /* what follows comes @n bytes later */
#define OPCODE(n) WORD(0, 0, 0, n, 0, 0, 0, 0) /* the opcode comes @n bytes later */
#define REX	  (BEHIND(1) + OPCODE(1) + REXED)
#define DISP(n)	  WORD(n, 0, 0, 0, 0, n, n, 0)
#define DISP4	  (DISP(4) + NOTED)
#define DISP8	  (DISP(8) + NOTED)
#define IMM(n)	  WORD(n, 0, 0, 0, 0, 0, 0, n)
#define IMM4	  (IMM(4) + NOTED)
#define IMM8	  (IMM(8) + NOTED)
#define CLS(c)	  (WORD(0, c, 0, 0, 0, 0, 0, 0) + NOTED)
#define REL	  WORD(0, 0, INSN_PCREL_IMM, 0, 0, 0, 0, 0)
#define RIP	  WORD(0, 0, INSN_PCREL_DISP, 0, 0, 0, 0, 0)

/* What is in tables only, and in no struct insn. */
#define IN_TABLES (REXED | LOOK(BITS) | GROUP | SIB | IMM_Z | IMM_V | 3 * NOTED | MODRM)

/* Those that are odd have ALWAYS. */
enum look {
	/* What most code uses needs none: /0 of a group, no prefix */
	LOOK_GRP3 = 2,	 /* f6, f7: test has an immediate; not, neg, mul, div have none */
	LOOK_GRP4 = 4,	 /* fe: inc, dec */
	LOOK_GRP5 = 6,	 /* ff: inc, dec, call, jmp, push */
	LOOK_GRP11 = 8,	 /* c6, c7: mov, xabort, xbegin */
	LOOK_HINT = 10,	 /* 0f 1f: /0 is the documented nop */
	LOOK_MOFFS = 12, /* a0..a3: an absolute address of 8 bytes, 4 with 67 */
	LOOK_NOP = 14,	 /* 90: xchg with REX.B, pause with f3 */
	LOOK_GRP1A = 1,	 /* 8f: pop, or XOP */
	LOOK_PREFIX = 3, /* the low byte is its bit of the prefixes seen */
	LOOK_BAD = 5,	 /* no instruction of 64-bit mode */
	LOOK_ESC = 7,	 /* 0f */
	LOOK_VEX = 9,	 /* c4, c5 */
	LOOK_EVEX = 11,
	LOOK_REX2 = 13,
	LOOK_GRP7 = 17, /* 0f 01: eretu, erets, uiret among much else */
	LOOK_0F38 = 19,
	LOOK_0F3A = 21,
	LOOK_SSE4A = 23, /* 0f 78: vmread; extrq and insertq with two immediate bytes */
	LOOK_FORM = 25,	 /* of 0f: none without a prefix */
	LOOK_BITS = 31,
};

/* Prefixes seen. */
#define PFX_66	 0x01
#define PFX_W	 0x02
#define PFX_F3	 0x08
#define PFX_F2	 0x0c
#define PFX_REP	 0x0c /* of f2 and f3 the last counts */
#define PFX_67	 0x10
#define PFX_LOCK 0x20
#define PFX_REX	 0x40
#define PFX_B	 0x80

/*
 * Cells of the opcode maps, named after the SDM's operand codes where it has one. Each is a sum,
 * and counts the opcode's own byte.
 */
#define N   BEHIND(1)
#define Ib  (N + IMM(1))
#define Iw  (N + IMM(2))
#define IwB (N + IMM(3)) /* enter */
#define Id  (N + IMM4)
#define Iz  (N + IMM4 + IMM_Z)
#define Iv  (N + IMM4 + IMM_Z + IMM_V + REXED)
#define E   (N + MODRM + SIB)
#define EIb (E + IMM(1))
#define EIw (E + IMM(2))
#define EId (E + IMM4)
#define EIz (E + IMM4 + IMM_Z)
#define Jcb (Ib + REL + CLS(INSN_JCC))
#define Jcz (Id + REL + CLS(INSN_JCC))
#define Jb  (Ib + REL + CLS(INSN_JMP))
#define Jz  (Id + REL + CLS(INSN_JMP))
#define Cz  (Id + REL + CLS(INSN_CALL))
#define R   (N + CLS(INSN_RET))
#define RIw (R + IMM(2))
#define T   (N + CLS(INSN_TRAP))
#define TE  (T + MODRM + SIB)
#define X   LOOK(BAD)
#define P   LOOK(PREFIX)
#define P66 (P + PFX_66)
#define P67 (P + PFX_67)
#define PF0 (P + PFX_LOCK)
#define PF2 (P + PFX_F2)
#define PF3 (P + PFX_F3)
#define ESC LOOK(ESC)
#define VEX LOOK(VEX)
#define EVX LOOK(EVEX)
#define RX2 LOOK(REX2)
#define ILL WORD(1, INSN_BAD, 0, 0, 0, 0, 0, 0)
#define MOF (N + DISP8 + LOOK(MOFFS))
#define NOP (N + CLS(INSN_NOP) + LOOK(NOP) + REXED)
#define G1A (E + LOOK(GRP1A))
#define G3b (EIb + GROUP + LOOK(GRP3))
#define G3z (EIz + GROUP + LOOK(GRP3))
#define G4  (E + GROUP + LOOK(GRP4))
#define G5  (E + GROUP + LOOK(GRP5))
#define GBb (EIb + GROUP + LOOK(GRP11))
#define GBz (EIz + GROUP + LOOK(GRP11))
#define G7  (E + LOOK(GRP7))
#define HNT (E + GROUP + CLS(INSN_NOP) + LOOK(HINT))
#define T38 LOOK(0F38)
#define T3A LOOK(0F3A)
#define CR  (N + BEHIND(1)) /* the mod field is ignored: no displacement */
#define S4A (E + LOOK(SSE4A))
#define NF  (N + LOOK(FORM))
#define EF  (E + LOOK(FORM))

/* clang-format off */
#define ROW(x, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p) \
	(x) + a, (x) + b, (x) + c, (x) + d, (x) + e, (x) + f, (x) + g, (x) + h, \
	(x) + i, (x) + j, (x) + k, (x) + l, (x) + m, (x) + n, (x) + o, (x) + p

/* The opcodes of one byte, each with @x added. */
#define MAP_1BYTE(x) \
/*          0    1    2    3    4    5    6    7    8    9    a    b    c    d    e    f */ \
/* 0 */ ROW(x, E,   E,   E,   E,   Ib,  Iz,  X,   X,   E,   E,   E,   E,   Ib,  Iz,  X,   ESC), \
/* 1 */ ROW(x, E,   E,   E,   E,   Ib,  Iz,  X,   X,   E,   E,   E,   E,   Ib,  Iz,  X,   X), \
/* 2 */ ROW(x, E,   E,   E,   E,   Ib,  Iz,  P,   X,   E,   E,   E,   E,   Ib,  Iz,  P,   X), \
/* 3 */ ROW(x, E,   E,   E,   E,   Ib,  Iz,  P,   X,   E,   E,   E,   E,   Ib,  Iz,  P,   X), \
/* 4 */ ROW(x, P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P,   P), \
/* 5 */ ROW(x, N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N,   N), \
/* 6 */ ROW(x, X,   X,   EVX, E,   P,   P,   P66, P67, Iz,  EIz, Ib,  EIb, N,   N,   N,   N), \
/* 7 */ ROW(x, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb, Jcb), \
/* 8 */ ROW(x, EIb, EIz, X,   EIb, E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   G1A), \
/* 9 */ ROW(x, NOP, N,   N,   N,   N,   N,   N,   N,   N,   N,   X,   N,   N,   N,   N,   N), \
/* a */ ROW(x, MOF, MOF, MOF, MOF, N,   N,   N,   N,   Ib,  Iz,  N,   N,   N,   N,   N,   N), \
/* b */ ROW(x, Ib,  Ib,  Ib,  Ib,  Ib,  Ib,  Ib,  Ib,  Iv,  Iv,  Iv,  Iv,  Iv,  Iv,  Iv,  Iv), \
/* c */ ROW(x, EIb, EIb, RIw, R,   VEX, VEX, GBb, GBz, IwB, N,   RIw, R,   T,   Ib,  X,   R), \
/* d */ ROW(x, E,   E,   E,   E,   X,   RX2, T,   N,   E,   E,   E,   E,   E,   E,   E,   E), \
/* e */ ROW(x, Jcb, Jcb, Jcb, Jcb, Ib,  Ib,  Ib,  Ib,  Cz,  Jz,  X,   Jb,  N,   N,   N,   N), \
/* f */ ROW(x, PF0, N,   PF2, PF3, T,   N,   G3b, G3z, N,   N,   N,   N,   N,   N,   G4,  G5)

static const u64 map_1byte[256] = {MAP_1BYTE(0)};
static const u64 map_rexed[256] = {MAP_1BYTE(REX)}; /* the same behind a REX prefix, and that */

/*
 * The shape of 0f opcodes; VEX and EVEX share it. What of it exists with which
 * prefixes is said by legacy_0f and so on below; NF and EF are those that are none without one.
 */
static const u64 map_0f[256] = {
	/*       0    1    2    3    4    5    6    7    8    9    a    b    c    d    e    f */
	/* 0 */  E,   G7,  E,   E,   NF,  N,   N,   R,   N,   N,   NF,  T,   NF,  E,   N,   EIb,
	/* 1 */  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   HNT,
	/* 2 */  CR,  CR,  CR,  CR,  NF,  NF,  NF,  NF,  E,   E,   E,   E,   E,   E,   E,   E,
	/* 3 */  N,   N,   N,   N,   N,   R,   NF,  N,   T38, NF,  T3A, NF,  NF,  NF,  NF,  NF,
	/* 4 */  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,
	/* 5 */  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,
	/* 6 */  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   EF,  EF,  E,   E,
	/* 7 */  EIb, EIb, EIb, EIb, E,   E,   E,   N,   S4A, E,   EF,  EF,  EF,  EF,  E,   E,
	/* 8 */  Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz, Jcz,
	/* 9 */  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,
	/* a */  N,   N,   N,   E,   EIb, E,   E,   E,   N,   N,   R,   E,   EIb, E,   E,   E,
	/* b */  E,   E,   E,   E,   E,   E,   E,   E,   EF,  TE,  EIb, E,   E,   E,   E,   E,
	/* c */  E,   E,   EIb, E,   EIb, EIb, EIb, E,   N,   N,   N,   N,   N,   N,   N,   N,
	/* d */  EF,  E,   E,   E,   E,   E,   EF,  E,   E,   E,   E,   E,   E,   E,   E,   E,
	/* e */  E,   E,   E,   E,   E,   E,   EF,  E,   E,   E,   E,   E,   E,   E,   E,   E,
	/* f */  EF,  E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   E,   TE,
};

/*
 * One hex digit for each opcode: the prefixes it is defined with. Bit 0: none,
 * bit 1: 66, bit 2: f3, bit 3: f2; the order of the pp field of VEX and EVEX.
 */
static const char legacy_0f[] =
	/* 00 */ "ffff0fffff0f0fff" "fff33373ffffffff" "ffff000033ffff33" "ffffff0ff0f00000"
	/* 40 */ "ffffffffffffffff" "3f553333fff7ffff" "3333333333332237" "f3333331bb00aa77"
	/* 80 */ "ffffffffffffffff" "ffffffffffffffff" "ffffffffffffffff" "ffffffff4fffffff"
	/* c0 */ "fff1333fffffffff" "a33333ef33333333" "333333e333333333" "833333333333333f";

static const char legacy_0f38[] =
	/* 00 */ "3333333333330000" "2000220200003330" "2222220022220000" "2222220222222222"
	/* 40 */ "2200000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "2220000000330000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000011111102" "0000000040026666" "0000000000000000" "bb000270e144f000";

static const char legacy_0f3a[] =
	/* 00 */ "0000000022222223" "0000222200000000" "2220000000000000" "0000000000000000"
	/* 40 */ "2220200000000000" "0000000000000000" "2222000000000000" "0000000000000000"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000001022" "0000000000000002" "0000000000000000" "4000000000000000";

static const char vex_0f[] =
	/* 00 */ "0000000000000000" "fff3337300000000" "0000000033c3cc33" "0000000000000000"
	/* 40 */ "0330333300330000" "3f553333fff7ffff" "2222222222222226" "e22222210000aa66"
	/* 80 */ "0000000000000000" "33bb000033000000" "0000000000000010" "0000000000000000"
	/* c0 */ "00f0223000000000" "a222222222222222" "222222e222222222" "8222222222222220";

static const char vex_0f38[] =
	/* 00 */ "2222222222222222" "0002002222202220" "2222220022222222" "2222222222222222"
	/* 40 */ "220002222bae0000" "ff2200002220c0f0" "0000000000003000" "0040000022000000"
	/* 80 */ "0000000000002020" "2222002222222222" "0000002222222222" "f600222222222222"
	/* c0 */ "0000000000088802" "0077000000f22222" "2222222222222222" "00110d8f00000000";

static const char vex_0f3a[] =
	/* 00 */ "2220222022222222" "0000222222000200" "2220000000000000" "2222000022000000"
	/* 40 */ "2220202022222000" "0000000000002222" "2222000022222222" "0000000022222222"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000000022" "0000000000000022" "0000000000000000" "8000000000000000";

static const char vex_map5[] =
	/* 00 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 40 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000f00";

static const char vex_map7[] =
	/* 00 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 40 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000000000" "0000000000000000" "0000000000000000" "000000c0c0000000";

static const char evex_0f[] =
	/* 00 */ "0000000000000000" "fff3337300000000" "0000000033c3ccff" "0000000000000000"
	/* 40 */ "0000000000000000" "0f003333fff7ffff" "222222222222222e" "e2222220ffee006e"
	/* 80 */ "0000000000000000" "33bb000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "00f0223000000000" "0222222022222222" "222222e222222222" "0222222022222220";

static const char evex_0f38[] =
	/* 00 */ "2000200000022200" "6666662022222222" "6666666666622200" "6666662266622222"
	/* 40 */ "2022222203ee2222" "fffa220022220000" "0022222280000f00" "22e2d22222222222"
	/* 80 */ "0002000022220202" "2222002222aa2222" "2222002222aa2222" "0000222222222222"
	/* c0 */ "0000202220222202" "0077000000c02222" "2222222222222222" "00330f8f00000000";

static const char evex_0f3a[] =
	/* 00 */ "2202220fb2320002" "0000222222220222" "222202b300000000" "0000000022220022"
	/* 40 */ "0062200000000000" "22b322b300000000" "000000b300000000" "2222000c00000000"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "00d0000000000022" "0000000000000000" "0000000000000000" "8000000000000000";

static const char evex_map4[] =
	/* 00 */ "ffff0000ffff0000" "3333000033330000" "fffff000fffff000" "ffff000033330000"
	/* 40 */ "ffffffffffffffff" "0000000000000000" "330002700f0f0000" "0000000000000000"
	/* 80 */ "ff0f3300f0130003" "0000000000000000" "00000f0000000f0f" "0000000000000000"
	/* c0 */ "ff00000000000000" "ffff000000000000" "0000000000000000" "7740ffffe300f0ff";

static const char evex_map5[] =
	/* 00 */ "0000000000000000" "44000000d00d0380" "0000000000404457" "0000000000000000"
	/* 40 */ "0000000000000000" "0700000077f77777" "00000000bbbbff6c" "0000d00077a63f60"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000";

static const char evex_map6[] =
	/* 00 */ "0000000000000000" "0003000000000000" "0000000000003200" "0000000000000000"
	/* 40 */ "0032000000003232" "000000cc00000000" "0000000000000000" "0000000000000000"
	/* 80 */ "0000000000000000" "0000002232323232" "0000002232323232" "0000002232323232"
	/* c0 */ "0000000000000000" "000000cc00000000" "0000000000000000" "0000000000000000";

static const char xop_map8[] =
	/* 00 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 40 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "0000011100000011" "0000011100000011" "0011001000000000" "0000001000000000"
	/* c0 */ "1111000000001111" "0000000000000000" "0000000000001111" "0000000000000000";

static const char xop_map9[] =
	/* 00 */ "0110000000000000" "0010000000000000" "0000000000000000" "0000000000000000"
	/* 40 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "1111000000000000" "1111111111110000" "0000000000000000" "0000000000000000"
	/* c0 */ "0111001100010000" "0111001100010000" "0111000000000000" "0000000000000000";

static const char xop_map10[] =
	/* 00 */ "0000000000000000" "1010000000000000" "0000000000000000" "0000000000000000"
	/* 40 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* 80 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000"
	/* c0 */ "0000000000000000" "0000000000000000" "0000000000000000" "0000000000000000";
/* clang-format on */

/* Opcode maps behind VEX, EVEX and XOP; forms NULL: no such map. */
struct map {
	const char *forms;
	u64 attr; /* map 1: taken from map_0f */
};

static const struct map vex_maps[8] = {
	[1] = {vex_0f, 0},   [2] = {vex_0f38, E},   [3] = {vex_0f3a, EIb},
	[5] = {vex_map5, E}, [7] = {vex_map7, EId},
};

static const struct map evex_maps[8] = {
	[1] = {evex_0f, 0},   [2] = {evex_0f38, E}, [3] = {evex_0f3a, EIb}, [4] = {evex_map4, E},
	[5] = {evex_map5, E}, [6] = {evex_map6, E}, [7] = {vex_map7, EId},
};

static const struct map xop_maps[3] = {
	{xop_map8, EIb},
	{xop_map9, E},
	{xop_map10, EId},
};

/*
 * What a ModRM byte brings, with reg field @r and a displacement @disp: without and with a SIB
 * byte. And, for a look at the bits that an opcode has, too: ALWAYS; GROUP, if it is not /0; SIB,
 * if the SIB byte tells whether there is a displacement.
 */
#define RM(r, disp)  (BEHIND(1) + (disp) + ALWAYS + ((r) ? GROUP : 0))
#define RMS(r, disp) (BEHIND(1) + RM(r, disp))
#define MOD(r, d)    RM(r, d), RM(r, d), RM(r, d), RM(r, d), RMS(r, d), RM(r, d), RM(r, d), RM(r, d)
#define MOD0(r) \
	RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0), RMS(r, SIB), RM(r, DISP4 + RIP), RM(r, 0), RM(r, 0)
#define MOD1(r) MOD(r, DISP(1))
#define MOD2(r) MOD(r, DISP4)
#define MOD3(r) RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0), RM(r, 0)
#define REGS(m) m(0), m(1), m(2), m(3), m(4), m(5), m(6), m(7)

static const u64 map_modrm[256] = {REGS(MOD0), REGS(MOD1), REGS(MOD2), REGS(MOD3)};

/* A SIB byte, the second, that has no base but a displacement of 4. */
static inline bool without_base(u64 modrm_and_sib)
{
	return (modrm_and_sib & 0x07c7) == 0x0504;
}

/* The ModRM byte's reg field: the opcode extension of groups. */
static inline unsigned int reg_field(u8 modrm)
{
	return modrm >> 3 & 7;
}

static inline bool is_reg_form(u8 modrm)
{
	return modrm >= 0xc0;
}

/* Is opcode @op of the map @forms defined with prefix @pp of none, 66, f3, f2? */
static inline bool defined(const char *forms, u8 op, unsigned int pp)
{
	unsigned int digit = (u8)forms[op];

	/* '0'..'9' and 'a'..'f', without a branch */
	digit = (digit & 0xf) + 9 * (digit >> 6);
	return digit >> pp & 1;
}

/* The same from legacy prefixes: f2 and f3 go before 66. */
static inline unsigned int mandatory(unsigned int pfx)
{
	return pfx & PFX_REP ? (pfx & PFX_REP) >> 2 : pfx & PFX_66;
}

/*
 * The instruction whose opcode ends at @off, less where the opcode is; @attr tells what there is
 * to it. Reads the ModRM byte and the one behind it.
 */
static inline u64 fields(const u8 *p, unsigned int off, u64 attr, unsigned int pfx)
{
	u64 word = (attr & ~IN_TABLES) + (off - 1) * BEHIND(1);

	if (attr & IMM_V && pfx & PFX_W)
		word += IMM(4);
	else if (attr & IMM_Z && pfx & PFX_66 && !(pfx & PFX_W))
		word -= IMM(2);
	if (attr & MODRM) {
		word += map_modrm[p[off]] & ~IN_TABLES;
		if (without_base(get_u16(p + off)))
			word += DISP(4);
	}
	return word;
}

/* What of a cell is the opcode's shape, and not what it does. */
#define SHAPE (MODRM | IMM_Z | IMM_V | BEHIND(0xff) | IMM(0xff))

/* A processor refuses these before VEX, EVEX, XOP and REX2 (#UD). */
static bool bad_before_vex(unsigned int pfx)
{
	return pfx & (PFX_66 | PFX_REP | PFX_LOCK | PFX_REX);
}

/* Shared end of VEX, EVEX and XOP: @off is the opcode's place. */
static u64 mapped(const u8 *p, unsigned int off, const struct map *map, unsigned int pp,
		  unsigned int pfx)
{
	u64 attr = map->attr;
	u8 op = p[off++];

	if (!map->forms || !defined(map->forms, op, pp))
		return 0;
	if (!attr)
		attr = map_0f[op] & SHAPE;
	return fields(p, off, attr, pfx);
}

/* EVEX map 4: the one-byte opcodes that APX promotes, with their immediates. */
static u64 apx_attr(u8 op, u8 modrm)
{
	bool test = reg_field(modrm) < 2;

	switch (op) {
	case 0x24: /* shld */
	case 0x2c: /* shrd */
	case 0x6b:
	case 0x80:
	case 0x83:
	case 0xc0:
	case 0xc1:
		return EIb;
	case 0x69:
	case 0x81:
		return EIz;
	case 0xf6:
		return test ? EIb : E;
	case 0xf7:
		return test ? EIz : E;
	}
	return E;
}

/* @off is the first byte behind 62. */
static u64 evex(const u8 *p, unsigned int off)
{
	const u8 *payload = p + off;
	struct map map = evex_maps[payload[0] & 7];
	unsigned int pp = payload[1] & 3;
	unsigned int pfx = (pp == 1 ? PFX_66 : 0) | (payload[1] & 0x80 ? PFX_W : 0);

	if ((payload[0] & 7) == 4)
		map.attr = apx_attr(payload[3], payload[4]);
	return mapped(p, off + 3, &map, pp, pfx);
}

/* c5, c4 or 8f; @off is the byte behind it. */
static u64 vex(const u8 *p, unsigned int off)
{
	unsigned int map = p[off] & 0x1f;

	switch (p[off - 1]) {
	case 0xc5:
		return mapped(p, off + 1, &vex_maps[1], p[off] & 3, 0);
	case 0xc4:
		if (map >= ARRAY_SIZE(vex_maps))
			return 0;
		return mapped(p, off + 2, &vex_maps[map], p[off + 1] & 3, 0);
	default:
		map -= 8;
		if (map >= ARRAY_SIZE(xop_maps))
			return 0;
		return mapped(p, off + 2, &xop_maps[map], p[off + 1] & 3, 0);
	}
}

/* Opcodes of the 0f map; @off is the byte behind 0f, or behind a REX2 that selects the map. */
static u64 two_byte(const u8 *p, unsigned int off, unsigned int pfx)
{
	unsigned int pp = mandatory(pfx);
	u8 op = p[off++];
	u64 attr;

	if (!defined(legacy_0f, op, pp))
		return 0;
	attr = map_0f[op];
	switch (LOOK_OF(attr)) {
	case LOOK_0F38:
		if (!defined(legacy_0f38, p[off++], pp))
			return 0;
		attr = E;
		break;
	case LOOK_0F3A:
		if (!defined(legacy_0f3a, p[off++], pp))
			return 0;
		attr = EIb;
		break;
	case LOOK_GRP7:
		/* eretu (f3) and erets (f2); uiret */
		if ((p[off] == 0xca && pp >= 2) || (p[off] == 0xec && pp == 2))
			attr += CLS(INSN_RET);
		break;
	case LOOK_HINT:
		if (reg_field(p[off]) != 0)
			attr = E;
		break;
	case LOOK_SSE4A:
		if (pp && !is_reg_form(p[off]))
			return 0;
		attr = pp ? EIw : attr;
		break;
	}
	return fields(p, off, attr, pfx);
}

/* ff: inc, dec, call, far call, jmp, far jmp, push, undefined. 0 if undefined. */
static u64 grp5(u8 modrm)
{
	static const u64 attr[8] = {
		E,
		E,
		E + CLS(INSN_CALL_IND),
		E + CLS(INSN_CALL_IND),
		E + CLS(INSN_JMP_IND),
		E + CLS(INSN_JMP_IND),
		E,
		0,
	};
	unsigned int reg = reg_field(modrm);

	/* a far pointer lies in memory */
	if (is_reg_form(modrm) && (reg == 3 || reg == 5))
		return 0;
	return attr[reg];
}

/* c6, c7 of @attr: mov, xabort (c6 f8), xbegin (c7 f8). 0 if undefined. */
static u64 grp11(u8 op, u8 modrm, u64 attr)
{
	if (reg_field(modrm) == 0)
		return attr;
	if (modrm != 0xf8)
		return 0;
	return op == 0xc7 ? attr + REL : attr;
}

/* What opcode @op of a group, of @attr, is with this ModRM byte; 0 if undefined. */
static u64 group_attr(u8 op, u8 modrm, u64 attr)
{
	switch (LOOK_OF(attr)) {
	case LOOK_GRP1A:
		return reg_field(modrm) == 0 ? E : 0;
	case LOOK_GRP3:
		return reg_field(modrm) < 2 ? attr : E;
	case LOOK_GRP4:
		return reg_field(modrm) < 2 ? E : 0;
	case LOOK_GRP5:
		return grp5(modrm);
	case LOOK_GRP11:
		return grp11(op, modrm, attr);
	}
	return attr;
}

/* An opcode of the one-byte map that decides by its ModRM byte; @off is the byte behind it. */
static u64 group(const u8 *p, unsigned int off, u64 attr, unsigned int pfx)
{
	attr = group_attr(p[off - 1], p[off], attr);
	return attr ? fields(p, off, attr, pfx) : 0;
}

/* a0..a3: the address takes the place of a displacement. */
static u64 moffs(const u8 *p, unsigned int off, unsigned int pfx)
{
	return fields(p, off, N + (pfx & PFX_67 ? DISP(4) : DISP(8)), pfx);
}

/* nop, unless REX.B makes it xchg %r8,%rax or f3 makes it pause. */
static u64 nop(const u8 *p, unsigned int off, unsigned int pfx)
{
	bool is_nop = !(pfx & PFX_B) && (pfx & PFX_REP) != PFX_F3;

	return fields(p, off, is_nop ? N + CLS(INSN_NOP) : N, pfx);
}

/*
 * @off is the byte behind d5. Not with REX2: opcodes of rows 4, 7, a, e of the
 * one-byte map and 3, 8 of the 0f map, prefixes, escapes. a1 is jmpabs instead.
 */
static u64 rex2(const u8 *p, unsigned int off, unsigned int pfx)
{
	u8 payload = p[off++], op = p[off];
	unsigned int row = op >> 4;
	u64 attr = map_1byte[op];

	pfx |= (payload & 0x08 ? PFX_W : 0) | (payload & 0x11 ? PFX_B : 0);
	if (payload & 0x80)
		return row == 3 || row == 8 ? 0 : two_byte(p, off, pfx);
	off++;
	/* An absolute target, so not the pc-relative INSN_JMP. */
	if (op == 0xa1 && !(pfx & (PFX_66 | PFX_67 | PFX_REP | PFX_LOCK | PFX_W)))
		return fields(p, off, N + IMM8 + CLS(INSN_JMP_IND), pfx);
	if (row == 4 || row == 7 || row == 0xa || row == 0xe)
		return 0;
	switch (LOOK_OF(attr)) {
	case 0:
		return fields(p, off, attr, pfx);
	case LOOK_NOP:
		return nop(p, off, pfx);
	case LOOK_GRP1A:
	case LOOK_GRP3:
	case LOOK_GRP4:
	case LOOK_GRP5:
	case LOOK_GRP11:
		return group(p, off, attr, pfx);
	}
	return 0;
}

/* An opcode of the one-byte map that is not what the table alone says; @off is the byte behind. */
static u64 look(const u8 *p, unsigned int off, u64 attr, unsigned int pfx)
{
	u64 word;

	switch (LOOK_OF(attr)) {
	case LOOK_BAD:
		return 0;
	case LOOK_VEX:
		return bad_before_vex(pfx) ? 0 : vex(p, off);
	case LOOK_EVEX:
		return bad_before_vex(pfx) ? 0 : evex(p, off);
	case LOOK_REX2:
		word = pfx & PFX_REX ? 0 : rex2(p, off, pfx);
		return word ? word + OPCODE(2) : 0; /* it counts as a prefix, of two bytes */
	case LOOK_MOFFS:
		return moffs(p, off, pfx);
	case LOOK_NOP:
		return nop(p, off, pfx);
	case LOOK_GRP1A:
		/* pop is /0, so its ModRM byte never looks like an XOP map, 8 and up */
		if ((p[off] & 0x1f) >= 8)
			return bad_before_vex(pfx) ? 0 : vex(p, off);
		break;
	}
	return group(p, off, attr, pfx);
}

/*
 * Decode without regard to the end of the bytes. Reads at most @max_pfx + 8
 * bytes: a REX or prefix more, then EVEX (4), opcode, ModRM, SIB; immediates
 * and displacements are not read.
 */
static inline u64 decode(const u8 *p, unsigned int max_pfx)
{
	unsigned int off = 0, pfx = 0, rex;
	u64 attr, word;
	u8 byte;

	for (;;) {
		byte = p[off];
		rex = (byte & 0xf0) == 0x40;
		attr = map_1byte[p[off + rex]];
		if (LOOK_OF(attr) != LOOK_PREFIX)
			break;
		/* A prefix, or a REX that does not count as a prefix follows it. */
		if (off++ == max_pfx)
			return 0;
		attr = map_1byte[byte];
		if (attr & PFX_REP)
			pfx &= ~(unsigned int)PFX_REP;
		pfx |= attr & 0xff;
	}
	if (rex)
		pfx |= PFX_REX | (byte & 8 ? PFX_W : 0) | (byte & 1 ? PFX_B : 0);
	off += rex;
	if (!LOOK_OF(attr))
		word = fields(p, off + 1, attr, pfx);
	else if (LOOK_OF(attr) == LOOK_ESC)
		word = two_byte(p, off + 1, pfx);
	else
		word = look(p, off + 1, attr, pfx);
	return word ? word + OPCODE((u64)off) : 0;
}

/*
 * The common instructions, from at least 8 bytes, with what is in tables only; false for all
 * others. Most have a REX prefix or none, and are what the tables alone say. There is one after the
 * other, and where the next begins is known when this one is done: what counts is how few steps
 * lead from its bytes to its length, and that no step is a guess of the processor that is often
 * wrong (half of all instructions have a REX prefix). So what would be without a REX prefix, and
 * with one, is looked up side by side, and one of them taken; branches are for what is rare.
 */
static inline bool decode_common(const u8 *p, u64 *word)
{
	bool rex = (p[0] & 0xf0) == 0x40;
	u64 attr = map_1byte[p[0]], modrm = map_modrm[p[1]];
	u64 attr2 = map_rexed[p[1]], modrm2 = map_modrm[p[2]];

	attr = rex ? attr2 : attr;
	modrm = rex ? modrm2 : modrm;
	/* One in ten is of the 0f map, one in a hundred has a SIB byte without a base. */
	if (__builtin_expect(!!(attr & modrm & (ALWAYS | GROUP | SIB)), 0)) {
		p += rex;
		if (p[0] == 0x0f) {
			p++;
			attr = map_0f[p[0]] + (rex ? BEHIND(1) + REX : BEHIND(1));
			modrm = map_modrm[p[1]];
		}
		if (attr & modrm & (ALWAYS | GROUP))
			return false;
		if (attr & modrm & SIB)
			modrm += without_base(get_u16(p + 1)) ? DISP4 - SIB : -SIB;
	}
	modrm += attr;
	*word = attr & MODRM ? modrm : attr;
	return true;
}

/* Any instruction, near the end of what can be read, or with many prefixes; 0 if it is none. */
static __attribute__((noinline)) u64 decode_edge(const u8 *p, size_t avail)
{
	/* Room for what decode() may look at behind 14 prefixes. */
	u8 copy[ARCH_MAX_INSN + 8] = {0};
	u64 word;

	avail = avail < ARCH_MAX_INSN ? avail : ARCH_MAX_INSN;
	memcpy(copy, p, avail);
	word = decode(copy, ARCH_MAX_INSN - 1);
	return (u8)word <= avail ? word : 0;
}

/* What is noted has one of these bits: fields of 4 or 8 bytes are the only ones that long. */
#define NOTE_BITS WORD(0, 0xff, INSN_PCREL_DISP | INSN_PCREL_IMM, 0, 0, 0x0c, 0, 0x0c)

/* Any instruction, without what is in tables only; 0 if it is none. */
static __attribute__((noinline)) u64 decode_any(const u8 *p, size_t avail)
{
	u64 word = avail >= ARCH_MAX_INSN ? decode(p, ARCH_MAX_INSN - 8) : 0;

	/* Near the end, many prefixes, or undefined: rare. */
	if (!word)
		word = decode_edge(p, avail);
	else if ((u8)word > ARCH_MAX_INSN)
		word = 0;
	return word;
}

unsigned int arch_decode(const u8 *p, size_t avail, struct insn *insn)
{
	u64 word;

	if (avail >= ARCH_MAX_INSN && decode_common(p, &word))
		word &= ~IN_TABLES;
	else
		word = decode_any(p, avail);
	put_u64((u8 *)insn, word);
	return (u8)word;
}

/* Where the next instruction is, and where decoded ones go. */
struct sink {
	const u8 *p;
	u32 off, nr; /* of it */
	struct code_insn *insn;
	u32 *note, *at;
	u64 seen; /* all of them, or'd */
};

/* Instruction @word. Whether it is noted cannot be foreseen: so it is, and stays or not. */
static inline void put_insn(struct sink *to, u64 word, bool noted)
{
	size_t len = (u8)word;

	put_u64((u8 *)&to->insn->insn, word);
	to->insn->off = to->off;
	to->insn->ordinal = to->nr & MAX_ORDINAL;
	to->insn->filler = 0;
	to->insn->line = 0;
	*to->at = to->nr;
	*to->note = to->nr;
	to->p += len;
	to->off += (u32)len;
	to->nr++;
	to->insn++;
	to->at += len;
	to->note += noted;
	to->seen |= word;
}

u32 arch_decode_run(struct stretch *s, struct code_insn *insn, u32 *note, u32 *at, u32 room)
{
	const u8 *end = s->data + s->end;
	/* What is read of a common instruction is in the data, if not in the stretch. */
	const u8 *common =
		s->size < ARCH_MAX_INSN ? s->data : s->data + s->size - ARCH_MAX_INSN + 1;
	struct code_insn *limit = insn + room;
	struct sink to = {s->data + s->off, s->off, s->nr, insn, note, at, 0};
	u64 word;

	common = common < end ? common : end;
	while (to.insn < limit && to.p < end) {
		/* There is room for those in so many bytes, whatever they are. */
		const u8 *stop =
			common - to.p < limit - to.insn ? common : to.p + (limit - to.insn);

		while (to.p < stop && decode_common(to.p, &word))
			put_insn(&to, word & ~IN_TABLES, (u32)word >= NOTED);
		if (to.p > end) {
			/* The last one does not end by the end. */
			to.insn--;
			to.nr--;
			to.note -= to.note > note && to.note[-1] == to.nr;
			to.at -= to.insn->insn.len;
			to.off = to.insn->off;
			to.p = s->data + to.off;
		}
		if (to.insn < limit && to.p < end) {
			word = decode_any(to.p, (size_t)(end - to.p));
			word = word ? word : ILL;
			put_insn(&to, word, word & NOTE_BITS);
		}
	}
	s->off = to.off;
	s->nr = to.nr;
	s->nr_notes += (u32)(to.note - note);
	s->classes |= (u8)(to.seen >> 8);
	return (u32)(to.insn - insn);
}

s64 arch_long_number(const u8 *p, unsigned int len)
{
	u64 value = 0, sign;

	if (!len)
		return 0;
	for (unsigned int i = 0; i < len; i++)
		value |= (u64)p[i] << (8 * i);
	sign = (u64)1 << (8 * len - 1);
	return (s64)((value ^ sign) - sign);
}

/* Without branches of its own: which form it has cannot be foreseen. */
unsigned int arch_canonical_branch(u8 *bytes, const struct insn *insn)
{
	unsigned int len = insn->imm_off;
	u8 *op = bytes + insn->opcode_off, first = *op, cond = first ^ 0x70;
	bool is_short = cond < 0x10;

	bytes[len] = 0x80 | cond;
	first = first == 0xeb ? 0xe9 : first;
	first = is_short ? 0x0f : first;
	*op = first;
	return len + is_short;
}

/*
 * Fillers: a number of 66 prefixes, then one of these. GNU as fills with up to
 * 11 bytes (two 66), LLVM up to 15 (six); 66 66 90 and 66 66 66 90 are what
 * was recommended for K8.
 */
static const struct filler {
	u8 min66, max66, len;
	u8 bytes[9];
} fillers[] = {
	{0, 3, 1, {0x90}},
	{0, 0, 1, {0xcc}},
	{0, 0, 3, {0x0f, 0x1f, 0x00}},
	{0, 0, 4, {0x0f, 0x1f, 0x40}},
	{0, 1, 5, {0x0f, 0x1f, 0x44}},
	{0, 0, 7, {0x0f, 0x1f, 0x80}},
	{0, 1, 8, {0x0f, 0x1f, 0x84}},
	{1, 6, 9, {0x2e, 0x0f, 0x1f, 0x84}},
};

/* The first byte tells most fillers from what is none, the third one from another. */
static bool begins_alike(const struct filler *f, const u8 *p)
{
	return f->len == 1 || p[2] == f->bytes[2];
}

unsigned int arch_padding(const u8 *p, size_t avail)
{
	unsigned int n = 0;

	while (n < avail && n < 6 && p[n] == 0x66)
		n++;
	for (unsigned int i = 0; n < avail && i < ARRAY_SIZE(fillers); i++) {
		const struct filler *f = &fillers[i];

		if (p[n] == f->bytes[0] && n >= f->min66 && n <= f->max66 && f->len <= avail - n &&
		    begins_alike(f, p + n) && !memcmp(p + n, f->bytes, f->len))
			return n + f->len;
	}
	return 0;
}

size_t arch_fillers(const u8 *p, size_t len)
{
	size_t at = 0;
	unsigned int n = 1;

	while (at < len && n) {
		/* Room for patches is nops of one byte, often 16 of them. */
		while (len - at >= 8 && get_u64(p + at) == 0x9090909090909090)
			at += 8;
		n = at < len ? arch_padding(p + at, len - at) : 0;
		at += n;
	}
	return at;
}
