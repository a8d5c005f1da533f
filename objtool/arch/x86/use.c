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

enum address_use arch_address_use(const u8 *p, const struct insn *insn, bool immediate, u8 *reg)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	*reg = ARCH_NO_REG;
	if (!immediate) {
		if (op[0] != 0x8d)
			return USE_MEMORY;
		*reg = reg_field(op[1], rex); /* lea */
		return USE_ADDRESS;
	}
	if (op[0] == 0x3d || (op[0] == 0x81 && (op[1] >> 3 & 7) == 7))
		return USE_COMPARE; /* cmp $imm32, %rax or any other */
	if ((op[0] & 0xf8) == 0xb8 || (op[0] == 0xc7 && op[1] >= 0xc0))
		*reg = rm_field(op[0] == 0xc7 ? op[1] : op[0], rex); /* mov $imm, %reg */
	return USE_ADDRESS;
}

bool arch_compares_register(const u8 *p, const struct insn *insn, u8 reg)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	return insn->len - insn->opcode_off == 2 && (op[0] == 0x39 || op[0] == 0x3b) &&
	       op[1] >= 0xc0 && (reg_field(op[1], rex) == reg || rm_field(op[1], rex) == reg);
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
enum writes { WRITES_NONE, WRITES_REG, WRITES_RM, WRITES_OPCODE };

static const struct {
	u8 first, last; /* opcodes */
	u8 writes;
} plain[] = {
	{0x31, 0x31, WRITES_RM},				/* xor %reg, %rm: the usual zero */
	{0x33, 0x33, WRITES_REG},    {0x38, 0x3d, WRITES_NONE}, /* cmp */
	{0x50, 0x57, WRITES_NONE},				/* push */
	{0x63, 0x63, WRITES_REG},				/* movslq */
	{0x84, 0x85, WRITES_NONE},				/* test */
	{0x88, 0x89, WRITES_RM},				/* mov %reg, %rm */
	{0x8a, 0x8b, WRITES_REG},				/* mov %rm, %reg */
	{0x8d, 0x8d, WRITES_REG},				/* lea */
	{0x90, 0x90, WRITES_NONE},				/* nop */
	{0xb8, 0xbf, WRITES_OPCODE},				/* mov $imm, %reg */
	{0xc6, 0xc7, WRITES_RM},				/* mov $imm, %rm */
};

u16 arch_writes(const u8 *p, const struct insn *insn)
{
	const u8 *op = p + insn->opcode_off;
	u8 rex = rex_of(op, insn);

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (op[0] < plain[i].first || op[0] > plain[i].last)
			continue;
		switch ((enum writes)plain[i].writes) {
		case WRITES_NONE:
			return 0;
		case WRITES_REG:
			return (u16)(1U << reg_field(op[1], rex));
		case WRITES_RM:
			return op[1] >= 0xc0 ? (u16)(1U << rm_field(op[1], rex)) : 0;
		case WRITES_OPCODE:
			return (u16)(1U << rm_field(op[0], rex));
		}
	}
	return 0xffff;
}
