/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - what a reference points at
 *
 * Turns a symbol and an addend, or a bare place in a section, into the thing
 * meant, in a way that does not depend on how the assembler wrote it down: by
 * symbol, by section and addend, or resolved with no relocation at all.
 */
#ifndef OBJTOOL_TARGET_H
#define OBJTOOL_TARGET_H

#include <objtool/code.h>

enum target_kind {
	TARGET_NAME,  /* .sym by name, .delta bytes from its start; .unit if it is defined here */
	TARGET_CODE,  /* inside function .unit, .delta bytes from its start, not 0 */
	TARGET_BYTES, /* a string or constant: .len bytes at .sec, .off; .delta bytes into it */
	TARGET_BLOB,  /* unnamed data: .len bytes at .sec, .off; .delta bytes into it */
	TARGET_FRAGMENT, /* code without a symbol at .sec, .off; at most .len bytes */
	TARGET_ENTRY,	 /* the entry of special section .sec that lies at .off */
	TARGET_NOWHERE,	 /* outside every section or unit: .delta is the offset in .sec, or a plain
			    number */
};

struct target {
	u8 kind;  /* enum target_kind */
	u32 sym;  /* index of the symbol */
	u32 unit; /* NO_UNIT if none */
	u32 sec, off, len;
	s64 delta;
};

/* Where @t lies: an offset in section *@sec, which is 0 if it lies in none. */
s64 target_offset(const struct code *code, const struct target *t, u32 *sec);

/*
 * @t, zeros without a name, as a place behind the object before it: "arr + N + 1" is another
 * place than "arr + N". @t itself if there is no object before.
 */
struct target target_behind(const struct code *code, const struct target *t);

/*
 * May @t, zeros without a name, be "" or {0}, and not a place behind the object before? With KASAN
 * such strings are in .rodata among others, and each has zeros behind it. In code it may
 * still be "arr + N" with a member's offset added, to compare with.
 */
bool target_is_constant(const struct code *code, const struct target *t);

/* @delta bytes from the start of unit @unit, which may be outside of it. */
struct target target_from(const struct code *code, u32 unit, s64 delta);

/*
 * A place can be the start of one object, the end of the one before ("arr + N"),
 * and an empty object's ("static struct lock_class_key __key" without lockdep) all at
 * once, and a section symbol and offset do not say which is meant.
 * target_of_symbol() says the first of: the object that starts there, the
 * empty one, unnamed data of length 0. These give the empty one, and the one that
 * ends there, or NO_UNIT.
 */
u32 target_empty_here(const struct code *code, const struct target *t);
u32 target_ends_here(const struct code *code, const struct target *t);

/* The same as target_of_symbol(), for what is more than the name of a global. */
struct target target_of_other(const struct code *code, u32 sym, s64 addend);

/* What symbol @sym plus @addend points at. */
static inline struct target target_of_symbol(const struct code *code, u32 sym, s64 addend)
{
	const struct identity *id = &code->ids[sym];

	if (id->bind != BIND_LOCAL && !(id->traits & NAME_ABSOLUTE) &&
	    (id->unit == NO_UNIT || !addend))
		return (struct target){
			.kind = TARGET_NAME, .sym = sym, .unit = id->unit, .delta = addend};
	return target_of_other(code, sym, addend);
}

/*
 * What a relocation points at. @pc_end is the end of the instruction whose
 * pc-relative field it fills, from which that field counts; 0 if it fills none.
 */
static inline struct target target_of_reloc(const struct code *code, const struct reloc *rel,
					    u64 pc_end)
{
	struct reloc_type type = arch_reloc_type(rel->type);

	if (type.kind == RELOC_OTHER)
		return (struct target){.kind = TARGET_NAME,
				       .sym = rel->sym,
				       .unit = code->ids[rel->sym].unit,
				       .delta = rel->addend};
	if (pc_end && (type.kind == RELOC_PC || type.kind == RELOC_GOT))
		return target_of_symbol(code, rel->sym,
					add_wrap(rel->addend, (s64)(pc_end - rel->offset)));
	return target_of_symbol(code, rel->sym, rel->addend);
}

/* What offset @off of section @sec, which may lie outside of it, is. */
struct target target_at(const struct code *code, u32 sec, s64 off);

#endif
