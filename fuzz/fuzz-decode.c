// SPDX-License-Identifier: GPL-2.0-or-later
/* fuzz-decode.c - the decoder on any bytes: lengths and fields lie within the instruction */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/arch.h>
#include "fuzz.h"

const size_t fuzz_floor = 512U << 10;

/* @p is a copy of just the bytes that may be read, so that a sanitizer sees the next. */
static void check_insn(const u8 *p, const struct insn *insn, unsigned int len, size_t avail)
{
	u8 out[ARCH_MAX_INSN + 1] = {0};
	unsigned int n;
	bool down;
	u8 reg;

	REQUIRE(len == insn->len && len <= avail && len <= ARCH_MAX_INSN);
	REQUIRE(insn->opcode_off < len);
	REQUIRE(insn->disp_off + insn->disp_len <= len);
	REQUIRE(insn->imm_off + insn->imm_len <= len);
	arch_insn_disp(p, insn);
	arch_insn_imm(p, insn);
	reg = ARCH_NO_REG;
	if (insn->disp_len)
		arch_address_use(p, insn, false, &reg);
	if (insn->imm_len)
		arch_address_use(p, insn, true, &reg);
	if (reg != ARCH_NO_REG) {
		arch_argument(reg);
		arch_call_clobbers(reg);
	}
	arch_writes(p, insn);
	arch_compares(p, insn);
	arch_steps(p, insn, &down);
	arch_loads_immediate(p, insn);
	if (insn->flags & INSN_PCREL_IMM) {
		memcpy(out, p, len);
		n = arch_canonical_branch(out, insn);
		REQUIRE(n && n <= sizeof(out));
	}
}

void fuzz_one(const u8 *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t avail = size - at;
		struct insn insn = {0}, again = {0};
		unsigned int len = arch_decode(data + at, avail, &insn);
		unsigned int filler = arch_padding(data + at, avail);
		u8 *copy;

		REQUIRE(filler <= avail);
		if (len) {
			copy = malloc(len);
			REQUIRE(copy);
			memcpy(copy, data + at, len);
			/* What follows an instruction does not change it. */
			REQUIRE(arch_decode(copy, len, &again) == len);
			REQUIRE(!memcmp(&insn, &again, sizeof(insn)));
			check_insn(copy, &insn, len, avail);
			/* And without its last byte it is none. */
			REQUIRE(!arch_decode(data + at, len - 1, &again));
			free(copy);
		}
		at += len ? len : 1;
	}
}
