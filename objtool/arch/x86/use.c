// SPDX-License-Identifier: GPL-2.0-or-later
/* use.c - what an x86 instruction does with an address it names (Intel SDM vol. 2) */
#include <objtool/arch.h>

const u8 arch_first_argument = 7; /* rdi: System V ABI for AMD64, 3.2.3 */

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
