// SPDX-License-Identifier: GPL-2.0-or-later
/* reloc.c - x86-64 relocation types by meaning (x86-64 psABI 1.0, table 4.9) */
#include <objtool/layout.h>

static const struct reloc_type types[] = {
	[0] = {RELOC_NONE, 0}, /* R_X86_64_NONE */
	[1] = {RELOC_ABS, 8},  /* R_X86_64_64 */
	[2] = {RELOC_PC, 4},   /* R_X86_64_PC32 */
	[4] = {RELOC_PC, 4},   /* R_X86_64_PLT32: gas uses it for calls since 2.31, PC32 before */
	[9] = {RELOC_GOT, 4},  /* R_X86_64_GOTPCREL */
	[10] = {RELOC_ABS, 4}, /* R_X86_64_32 */
	[11] = {RELOC_SIGNED, 4}, /* R_X86_64_32S */
	[12] = {RELOC_ABS, 2},	  /* R_X86_64_16 */
	[13] = {RELOC_PC, 2},	  /* R_X86_64_PC16 */
	[14] = {RELOC_ABS, 1},	  /* R_X86_64_8 */
	[15] = {RELOC_PC, 1},	  /* R_X86_64_PC8 */
	[24] = {RELOC_PC, 8},	  /* R_X86_64_PC64 */
	[41] = {RELOC_GOT, 4},	  /* R_X86_64_GOTPCRELX */
	[42] = {RELOC_GOT, 4},	  /* R_X86_64_REX_GOTPCRELX */
};

/* Those of the others that fill eight bytes; the rest fill four. */
static const u8 wide_types[] = {
	5,  16, 17, 18, /* COPY, DTPMOD64, DTPOFF64, TPOFF64: not in kernels */
	25, 27, 28, 29, 30, 31, 33, 36, 37, 38,
};

struct reloc_type arch_reloc_type(u32 type)
{
	if (type < ARRAY_SIZE(types) && (types[type].size || type == 0))
		return types[type];
	for (size_t i = 0; i < ARRAY_SIZE(wide_types); i++)
		if (wide_types[i] == type)
			return (struct reloc_type){RELOC_OTHER, 8};
	return (struct reloc_type){RELOC_OTHER, 4};
}
