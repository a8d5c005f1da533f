// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * outside.c - loaded sections that no record covers, and why
 *
 * A quarter of a vmlinux.o is in them, most of that relocations of .orc_unwind_ip.
 */
#include <objtool/outside.h>

static const struct {
	const char *section; /* "foo*" is a prefix */
	enum outside is;
	const char *reason;
} sections[] = {
	{".discard.*", OUTSIDE_UNREAD, "thrown away by the linker script"},
	{".orc_unwind*", OUTSIDE_UNREAD,
	 "unwind data that the kernel's objtool derives from the code"},
	{".orc_header", OUTSIDE_UNREAD, "hash of the unwind format"},
	{".call_sites", OUTSIDE_UNREAD, "list of calls, derived from the code"},
	{".return_sites", OUTSIDE_UNREAD,
	 "list of jumps to the return thunk, derived from the code"},
	{".retpoline_sites", OUTSIDE_UNREAD,
	 "list of calls of indirect thunks, derived from the code"},
	{".ibt_endbr_seal", OUTSIDE_UNREAD, "endbr64 that nothing in the whole link refers to"},
	{".cfi_sites", OUTSIDE_UNREAD, "list of __cfi_ symbols, derived from the symbols"},
	{".note*", OUTSIDE, "build identification"},
	{".eh_frame*", OUTSIDE, "unwind tables of user space, thrown away by the linker script"},
	{".llvm*", OUTSIDE, "hints from compiler to linker"},
	{"__tracepoint_check", OUTSIDE,
	 "names of tracepoints in use, for scripts/tracepoint-update; no code reads them"},
};

enum outside outside_section(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++)
		if (str_matches(name, sections[i].section))
			return sections[i].is;
	return OUTSIDE_NOT;
}
