// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * special.c - layouts of the x86 special sections, kernels 4.4 to 7.x
 *
 * Offsets and sizes are in bytes. Where a section has had several layouts,
 * they are told apart by entry size and by which fields carry relocations.
 */
#include <objtool/layout.h>

/* struct alt_instr, arch/x86/include/asm/alternative.h */
static const struct layout alternatives[] = {
	/* 6.3 and later: cpuid and flags in one u32 */
	{.stride = 14,
	 .site_len = 12,
	 .field = {{FIELD_SITE, 0, 4, 0},
		   {FIELD_REPL, 4, 4, 13},
		   {FIELD_BYTES, 8, 4, 0},    /* ft_flags */
		   {FIELD_BYTES, 12, 1, 0},   /* instrlen */
		   {FIELD_BYTES, 13, 1, 0}}}, /* replacementlen */
	/* 4.0 to 5.12: with padlen */
	{.stride = 13,
	 .site_len = 10,
	 .field = {{FIELD_SITE, 0, 4, 0},
		   {FIELD_REPL, 4, 4, 11},
		   {FIELD_BYTES, 8, 2, 0},    /* cpuid */
		   {FIELD_BYTES, 10, 3, 0}}}, /* instrlen, replacementlen, padlen */
	/* 5.13 to 6.2, and before 4.0 */
	{.stride = 12,
	 .site_len = 10,
	 .field = {{FIELD_SITE, 0, 4, 0},
		   {FIELD_REPL, 4, 4, 11},
		   {FIELD_BYTES, 8, 2, 0},
		   {FIELD_BYTES, 10, 2, 0}}},
};

/* struct jump_entry, include/linux/jump_label.h; the key's low two bits are in its addend */
static const struct layout jump_labels[] = {
	/* 4.20 and later */
	{.stride = 16,
	 .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_REF, 4, 4, 0}, {FIELD_REF, 8, 8, 0}}},
	{.stride = 24,
	 .field = {{FIELD_SITE, 0, 8, 0}, {FIELD_REF, 8, 8, 0}, {FIELD_REF, 16, 8, 0}}},
};

/* struct exception_table_entry, arch/x86/include/asm/extable.h */
static const struct layout extables[] = {
	/* 5.16 and later: type, register, flags, immediate */
	{.stride = 12,
	 .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_REF, 4, 4, 0}, {FIELD_BYTES, 8, 4, 0}}},
	/* 4.6 to 5.15: a handler */
	{.stride = 12,
	 .last_is_symbol = true,
	 .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_REF, 4, 4, 0}, {FIELD_REF, 8, 4, 0}}},
	/* before 4.6 */
	{.stride = 8, .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_REF, 4, 4, 0}}},
	{.stride = 16, .field = {{FIELD_SITE, 0, 8, 0}, {FIELD_REF, 8, 8, 0}}},
};

/* struct bug_entry, include/asm-generic/bug.h */
static const struct layout bugs[] = {
	/* about 6.19 and later: with the format */
	{.stride = 16,
	 .field = {{FIELD_SITE, 0, 4, 0},
		   {FIELD_REF, 4, 4, 0},
		   {FIELD_FILE, 8, 4, 0},
		   {FIELD_LINE, 12, 2, 0},
		   {FIELD_BYTES, 14, 2, 0}}}, /* flags */
	{.stride = 12,
	 .field = {{FIELD_SITE, 0, 4, 0},
		   {FIELD_FILE, 4, 4, 0},
		   {FIELD_LINE, 8, 2, 0},
		   {FIELD_BYTES, 10, 2, 0}}},
	/* without CONFIG_DEBUG_BUGVERBOSE */
	{.stride = 8, .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_BYTES, 4, 4, 0}}},
};

/* struct static_call_site, include/linux/static_call_types.h, 5.10 and later */
static const struct layout static_calls[] = {
	{.stride = 8, .field = {{FIELD_SITE, 0, 4, 0}, {FIELD_REF, 4, 4, 0}}},
};

/* struct paravirt_patch_site, arch/x86/include/asm/paravirt_types.h, to 6.7 */
static const struct layout paravirt[] = {
	{.stride = 16,
	 .tail = 4,
	 .site_len = 9,
	 .field = {{FIELD_SITE, 0, 8, 0},
		   {FIELD_BYTES, 8, 1, 0},    /* type */
		   {FIELD_BYTES, 9, 1, 0},    /* length */
		   {FIELD_BYTES, 10, 2, 0}}}, /* clobbers, in assembler files */
};

/* One pointer to code an entry */
static const struct layout pointers[] = {
	{.stride = 8, .field = {{FIELD_SITE, 0, 8, 0}}},
	{.stride = 4, .field = {{FIELD_SITE, 0, 4, 0}}},
};

#define TABLE(name, lane, layouts, ...)                               \
	{                                                             \
		name, lane, layouts, ARRAY_SIZE(layouts), __VA_ARGS__ \
	}

const struct special_table arch_special_tables[] = {
	TABLE(".altinstructions", LANE_ALT, alternatives, false),
	TABLE("__jump_table", LANE_JUMP_LABEL, jump_labels, false),
	TABLE("__ex_table", LANE_EXTABLE, extables, false),
	TABLE("__bug_table", LANE_BUG, bugs, false),
	TABLE(".static_call_sites", LANE_STATIC_CALL, static_calls, false),
	TABLE(".parainstructions", LANE_ALT, paravirt, false),
	/* the call __fentry__, and the nops of -fpatchable-function-entry, N bytes before the
	   function */
	TABLE("__mcount_loc", LANE_TRACE, pointers, false),
	TABLE("__patchable_function_entries", LANE_TRACE, pointers, true),
	/* lock prefixes, removed on one processor; to 6.x */
	TABLE(".smp_locks", LANE_OTHER, pointers, false),
	TABLE(".kcfi_traps", LANE_OTHER, pointers, false),
	TABLE("__kcfi_traps", LANE_OTHER, pointers, false),
	/* immediates replaced at boot, 6.11 and later; the section's name says by what */
	TABLE("runtime_ptr_*", LANE_OTHER, pointers, false),
	TABLE("runtime_shift_*", LANE_OTHER, pointers, false),
	TABLE("runtime_mask_*", LANE_OTHER, pointers, false),
};
const u32 arch_nr_special_tables = ARRAY_SIZE(arch_special_tables);
