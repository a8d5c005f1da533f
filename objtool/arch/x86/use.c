// SPDX-License-Identifier: GPL-2.0-or-later
/* use.c - what an x86 instruction does with an address it names (Intel SDM vol. 2) */
#include <objtool/arch.h>

u8 arch_argument(u8 reg)
{
	/* rdi, rsi, rdx, rcx, r8, r9: System V ABI for AMD64, 3.2.3 */
	static const u8 arguments[16] = {
		ARCH_NO_REG, 3,		  2,	       ARCH_NO_REG, ARCH_NO_REG, ARCH_NO_REG,
		1,	     0,		  4,	       5,	    ARCH_NO_REG, ARCH_NO_REG,
		ARCH_NO_REG, ARCH_NO_REG, ARCH_NO_REG, ARCH_NO_REG,
	};

	return reg < ARRAY_SIZE(arguments) ? arguments[reg] : ARCH_NO_REG;
}

bool arch_call_clobbers(u8 reg)
{
	/* rax, rcx, rdx, rsi, rdi, r8 to r11 (the same, 3.2.1) */
	return 0x0fc7 >> reg & 1;
}

/* Bits of a REX prefix: they make registers r8 to r15 of a ModRM byte's fields. */
#define REX_R 4 /* of reg */
#define REX_B 1 /* of rm, or of the register in the opcode */

static u8 rex_of(const u8 *op, const struct insn *insn)
{
	return insn->opcode_off && (op[-1] & 0xf0) == 0x40 ? op[-1] : 0;
}

static u8 reg_field(u8 modrm, u8 rex)
{
	return (u8)((modrm >> 3 & 7) | (rex & REX_R ? 8 : 0));
}

static u8 rm_field(u8 modrm, u8 rex)
{
	return (u8)((modrm & 7) | (rex & REX_B ? 8 : 0));
}

/* The ModRM byte of an instruction that has one; NULL if it is AVX, or has an address instead. */
static const u8 *modrm_of(const u8 *op)
{
	if (op[0] == 0x62 || op[0] == 0xc4 || op[0] == 0xc5 || (op[0] & 0xfc) == 0xa0)
		return NULL;
	if (op[0] != 0x0f)
		return op + 1;
	return op + (op[1] == 0x38 || op[1] == 0x3a ? 3 : 2);
}

/* Bit of a REX prefix that makes a SIB byte's index r8 to r15. */
#define REX_X 2

/* The register that is added to the displacement, its index or else its base; ARCH_NO_REG if none.
 */
static u8 index_register(const u8 *modrm, u8 rex)
{
	u8 mod = modrm[0] >> 6, rm = modrm[0] & 7, index, base;

	/* Only for this one there is a SIB byte. */
	if (rm != 4)
		return mod || rm != 5 ? rm_field(modrm[0], rex) : ARCH_NO_REG;
	index = modrm[1] >> 3 & 7;
	base = modrm[1] & 7;
	if (index != 4 || rex & REX_X)
		return (u8)(index | (rex & REX_X ? 8 : 0));
	return mod || base != 5 ? rm_field(modrm[1], rex) : ARCH_NO_REG;
}

enum address_use arch_address_use(const u8 *p, const struct insn *insn, bool immediate, u8 *reg)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	*reg = ARCH_NO_REG;
	if (!immediate) {
		if (op[0] == 0x8d && index_register(op + 1, rex) == ARCH_NO_REG) {
			*reg = reg_field(op[1], rex); /* lea */
			return USE_ADDRESS;
		}
		if (modrm_of(op))
			*reg = index_register(modrm_of(op), rex);
		return op[0] == 0x8d ? USE_INDEX : USE_MEMORY;
	}
	if (op[0] == 0x3d || (op[0] == 0x81 && (op[1] >> 3 & 7) == 7)) {
		if (op[0] == 0x3d)
			*reg = 0;
		else if (op[1] >= 0xc0)
			*reg = rm_field(op[1], rex);
		return USE_COMPARE; /* cmp $imm32, %rax or any other */
	}
	if ((op[0] & 0xf8) == 0xb8 || (op[0] == 0xc7 && op[1] >= 0xc0))
		*reg = rm_field(op[0] == 0xc7 ? op[1] : op[0], rex); /* mov $imm, %reg */
	return USE_ADDRESS;
}

u16 arch_compares(const u8 *p, const struct insn *insn)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	if (insn->len - insn->opcode_off != 2 || (op[0] != 0x39 && op[0] != 0x3b) || op[1] < 0xc0)
		return 0;
	return (u16)(1U << reg_field(op[1], rex) | 1U << rm_field(op[1], rex));
}

u16 arch_steps(const u8 *p, const struct insn *insn, bool *down)
{
	const u8 *op = p + insn->opcode_off;
	u8 digit;

	if ((op[0] != 0x81 && op[0] != 0x83 && op[0] != 0xff) || op[1] < 0xc0)
		return 0;
	digit = op[1] >> 3 & 7;
	*down = digit != 0;
	if (op[0] == 0xff ? digit < 2 : digit == 0 || digit == 5) /* inc, dec; add, sub */
		return (u16)(1U << rm_field(op[1], rex_of(op, insn)));
	return 0;
}

u8 arch_loads_immediate(const u8 *p, const struct insn *insn)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	if (insn->imm_len != 4)
		return ARCH_NO_REG;
	if ((op[0] & 0xf8) == 0xb8)
		return rm_field(op[0], rex);
	if (op[0] == 0xc7 && op[1] >= 0xc0)
		return rm_field(op[1], rex);
	return ARCH_NO_REG;
}

/*
 * How the plain instructions between the loading of arguments and a call write
 * registers. What is not here may write anything.
 */
enum writes {
	WRITES_NONE,
	WRITES_REG,
	WRITES_RM,
	WRITES_OPCODE, /* the register in the opcode's low bits */
	WRITES_RAX,
	WRITES_RAX_RDX,
	WRITES_MOVS, /* with rep or not */
	WRITES_STOS,
	WRITES_GROUP1, /* 80, 81, 83: all but cmp */
	WRITES_GROUP3, /* f6, f7: test, not, neg, mul, div */
	WRITES_GROUP4, /* fe, ff: inc, dec; push */
	NR_WRITES,     /* anything, for all we know */
};

struct writing {
	u8 first, last; /* opcodes */
	u8 writes;
};

/* Eight instructions that differ in what they compute: add, or, adc, sbb, and, sub, xor, (cmp). */
#define ARITHMETIC(op)                                         \
	{op, op + 1, WRITES_RM}, {op + 2, op + 3, WRITES_REG}, \
	{                                                      \
		op + 4, op + 5, WRITES_RAX                     \
	}

static const struct writing one_byte[] = {
	ARITHMETIC(0x00),
	ARITHMETIC(0x08),
	ARITHMETIC(0x10),
	ARITHMETIC(0x18),
	ARITHMETIC(0x20),
	ARITHMETIC(0x28),
	ARITHMETIC(0x30),
	{0x38, 0x3d, WRITES_NONE},   /* cmp */
	{0x50, 0x57, WRITES_NONE},   /* push */
	{0x58, 0x5f, WRITES_OPCODE}, /* pop */
	{0x63, 0x63, WRITES_REG},    /* movslq */
	{0x69, 0x69, WRITES_REG},    /* imul */
	{0x6b, 0x6b, WRITES_REG},
	{0x80, 0x83, WRITES_GROUP1},
	{0x84, 0x85, WRITES_NONE}, /* test */
	{0x88, 0x89, WRITES_RM},   /* mov */
	{0x8a, 0x8b, WRITES_REG},
	{0x8d, 0x8d, WRITES_REG},  /* lea */
	{0x90, 0x90, WRITES_NONE}, /* nop */
	{0x98, 0x99, WRITES_RAX_RDX},
	{0xa4, 0xa5, WRITES_MOVS},
	{0xa8, 0xa9, WRITES_NONE}, /* test $imm, %rax */
	{0xaa, 0xab, WRITES_STOS},
	{0xb0, 0xbf, WRITES_OPCODE},
	{0xc0, 0xc1, WRITES_RM},   /* shifts */
	{0xc6, 0xc7, WRITES_RM},   /* mov $imm */
	{0xd0, 0xd3, WRITES_RM},   /* shifts */
	{0xc9, 0xc9, WRITES_NONE}, /* leave: no register of an argument */
	{0xf6, 0xf7, WRITES_GROUP3},
	{0xfe, 0xff, WRITES_GROUP4},
};

static const struct writing two_byte[] = {
	{0x1f, 0x1f, WRITES_NONE}, /* nop */
	{0x40, 0x4f, WRITES_REG},  /* cmov */
	{0x90, 0x9f, WRITES_RM},   /* set */
	{0xa3, 0xa3, WRITES_NONE}, /* bt */
	{0xaf, 0xaf, WRITES_REG},  /* imul */
	{0xb6, 0xb7, WRITES_REG},  /* movzx */
	{0xbe, 0xbf, WRITES_REG},  /* movsx */
};

static enum writes find_writing(const struct writing *table, size_t nr, u8 op,
				enum writes otherwise)
{
	for (size_t i = 0; i < nr; i++)
		if (op >= table[i].first && op <= table[i].last)
			return table[i].writes;
	return otherwise;
}

/* True if the operands are bytes: even opcodes, but for those with a register in them. */
static bool is_byte_wide(const u8 *op)
{
	if (op[0] == 0x0f)
		return (op[1] & 0xf0) == 0x90;
	return (op[0] & 0xf0) == 0xb0 ? op[0] < 0xb8 : !(op[0] & 1);
}

/* The bit of register @reg; bytes 4 to 7 without REX are %ah, %ch, %dh and %bh. */
static u16 bit_of(u8 reg, const u8 *op, u8 rex)
{
	if (!rex && reg >= 4 && reg < 8 && is_byte_wide(op))
		reg = (u8)(reg - 4);
	return (u16)(1U << reg);
}

#define RAX 0x01
#define RCX 0x02
#define RDX 0x04
#define RSI 0x40
#define RDI 0x80

u16 arch_writes(const u8 *p, const struct insn *insn)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn), modrm, digit;
	bool two = op[0] == 0x0f;
	enum writes writes;
	u16 rm;

	if (two)
		writes = find_writing(two_byte, ARRAY_SIZE(two_byte), op[1], NR_WRITES);
	else
		writes = find_writing(one_byte, ARRAY_SIZE(one_byte), op[0], NR_WRITES);
	/* Not every instruction has one, and the last of a file has nothing behind it. */
	modrm = op + two + 1 < p + insn->len ? op[two + 1] : 0;
	digit = modrm >> 3 & 7;
	rm = modrm >= 0xc0 ? bit_of(rm_field(modrm, rex), op, rex) : 0;
	if (insn->opcode_off && p[insn->opcode_off - 1] == 0xd5)
		return ARCH_EVERY_REG; /* REX2: more registers than a call has arguments */
	switch (writes) {
	case WRITES_NONE:
		return 0;
	case WRITES_REG:
		return bit_of(reg_field(modrm, rex), op, rex);
	case WRITES_RM:
		return rm;
	case WRITES_OPCODE:
		return bit_of(rm_field(op[0], rex), op, rex);
	case WRITES_RAX:
		return RAX;
	case WRITES_RAX_RDX:
		return RAX | RDX;
	case WRITES_MOVS:
		return RDI | RSI | RCX;
	case WRITES_STOS:
		return RDI | RCX;
	case WRITES_GROUP1:
		return digit == 7 ? 0 : rm;
	case WRITES_GROUP3:
		return digit < 2 ? 0 : digit < 4 ? rm : RAX | RDX;
	case WRITES_GROUP4:
		return digit < 2 ? rm : digit == 6 ? 0 : ARCH_EVERY_REG;
	case NR_WRITES:
		break;
	}
	return ARCH_EVERY_REG;
}
