// SPDX-License-Identifier: GPL-2.0-or-later
/* reloc.c - x86-64 relocation types by meaning (x86-64 psABI 1.0, table 4.9) */
#include <objtool/layout.h>

/* What kernels do not use, or use where only the number counts. */
#define OTHER {RELOC_OTHER, 4}
#define WIDE  {RELOC_OTHER, 8}

/* clang-format off */
const struct reloc_type arch_reloc_types[NR_RELOC_TYPES] = {
	[0] = {RELOC_NONE, 0}, /* R_X86_64_NONE */
	[1] = {RELOC_ABS, 8}, /* R_X86_64_64 */
	[2] = {RELOC_PC, 4}, /* R_X86_64_PC32 */
	[3] = OTHER,
	[4] = {RELOC_PC, 4}, /* R_X86_64_PLT32: gas uses it for calls since 2.31, PC32 before */
	[5] = WIDE,
	[6] = OTHER, [7] = OTHER, [8] = OTHER,
	[9] = {RELOC_GOT, 4}, /* R_X86_64_GOTPCREL */
	[10] = {RELOC_ABS, 4}, /* R_X86_64_32 */
	[11] = {RELOC_SIGNED, 4}, /* R_X86_64_32S */
	[12] = {RELOC_ABS, 2}, /* R_X86_64_16 */
	[13] = {RELOC_PC, 2}, /* R_X86_64_PC16 */
	[14] = {RELOC_ABS, 1}, /* R_X86_64_8 */
	[15] = {RELOC_PC, 1}, /* R_X86_64_PC8 */
	[16] = WIDE, [17] = WIDE, [18] = WIDE,
	[19] = OTHER, [20] = OTHER, [21] = OTHER, [22] = OTHER, [23] = OTHER,
	[24] = {RELOC_PC, 8}, /* R_X86_64_PC64 */
	[25] = WIDE,
	[26] = OTHER,
	[27] = WIDE, [28] = WIDE, [29] = WIDE, [30] = WIDE, [31] = WIDE,
	[32] = OTHER,
	[33] = WIDE,
	[34] = OTHER, [35] = OTHER,
	[36] = WIDE, [37] = WIDE, [38] = WIDE,
	[39] = OTHER, [40] = OTHER,
	[41] = {RELOC_GOT, 4}, /* R_X86_64_GOTPCRELX */
	[42] = {RELOC_GOT, 4}, /* R_X86_64_REX_GOTPCRELX */
};
/* clang-format on */
