/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * code.h - what an object's sections are made of: functions and data
 *
 * A unit is a named stretch of a section: a function, a part of one, or a data
 * object. code_read() finds all of them.
 */
#ifndef OBJTOOL_CODE_H
#define OBJTOOL_CODE_H

#include <objtool/arch.h>
#include <objtool/effort.h>
#include <objtool/elf.h>
#include <objtool/special.h>
#include <objtool/symname.h>

enum unit_kind {
	UNIT_FUNC,
	UNIT_DATA,
	UNIT_LABEL, /* names a constant whose content is what counts: .LC5, CSWTCH.3, __func__.1 */
};

struct unit {
	u32 sec, off,
		len; /* extent in bytes; a label ends at the next symbol; an empty object has 0 */
	u32 sym;     /* the symbol it is known by; aliases: see code_read() */
	u32 outer;   /* innermost unit that encloses its start, NO_UNIT if none */
	u32 parent;  /* for a cold part or a prefix: the function; else NO_UNIT */
	u32 cold, prefix;    /* for a function: its parts, NO_UNIT if none */
	u8 kind;	     /* enum unit_kind */
	bool aliased : 1;    /* other symbols name it, too */
	bool sized : 1;	     /* its symbol has a size; else it is bounded by what follows */
	bool named_part : 1; /* its symbol's name says that it is a cold part or a prefix */
	bool filed : 1;	     /* its symbol is local, and its file known */
	u8 depth;	     /* how many .outer there are one after the other */
};

/*
 * Where to begin looking for the units around an offset: a section is cut into about as many
 * stretches of equal size as it has units, so that one of them has one or two.
 */
struct unit_index {
	u32 *from; /* by offset >> .shift: the first unit at or after the stretch's start */
	u32 shift;
};

struct code {
	struct object *obj;
	struct unit *units; /* sorted by section, offset, then longest first */
	u32 nr_units;
	u32 *first_unit;	  /* by section index, nr_sections + 1 of them */
	struct unit_index *index; /* by section index */
	u8 **referenced; /* by section index: a bit for each byte that a relocation points at; NULL
			    if none, and for strings and constants */
	const char **class;   /* by section index: its section class, see names.h */
	struct identity *ids; /* by symbol index: the unit it names, and what its name says */
	u32 *shared;	      /* local symbols with namesakes, as in symname.h */
	u32 nr_shared;
	struct specials specials;
	struct effort *effort; /* of all who work on this object, added to by functions below */
};

/*
 * Find the units of @obj. Symbols with one extent, or without a size at a
 * unit's start, are one unit, known by the first of them in this order: a global symbol
 * before a weak one before a local one, a shorter name before a longer one, then bytewise.
 * All memory is the object's arena's. Returns 0, or -1 after a message: symbols that are
 * nested deeper than any compiler does.
 */
int code_read(struct object *obj, struct code *code);

/* The symbols at offset @off of section @sec: @nr of object.by_addr, from the index returned on. */
u32 code_symbols_at(const struct code *code, u32 sec, u32 off, u32 *nr);

/* The innermost unit of section @sec that contains @off, or NO_UNIT. */
u32 code_unit_at(const struct code *code, u32 sec, u32 off);

/* The first unit of section @sec that starts at or after @off, or NO_UNIT. */
u32 code_unit_from(const struct code *code, u32 sec, u32 off);

/* Bytes of room for patches that there may be before a function: 16 on x86, and kCFI's. */
#define CODE_MAX_ROOM 64

/*
 * The function that a place of that room belongs to, or of the function; NO_UNIT if none does.
 * Where no symbol names it, all is filler from there to the function: otherwise it is the room,
 * or the start, of a weak function that the linker dropped the symbol of, and left the code.
 */
u32 code_room_owner(const struct code *code, u32 sec, u32 off);

/* True if no other unit begins inside unit @unit. */
bool code_is_alone(const struct code *code, u32 unit);

/* The first place after @off, up to @end, that a relocation points at; @end if none. */
u32 code_next_referenced(const struct code *code, u32 sec, u32 off, u32 end);

/*
 * True if relocation @rel of code is for a place before the start of an object. Compilers write
 * that, "arr[i - 1]" with a constant added, with movabs, and only that so: their model of kernel
 * code has no negative offsets in 32 bits (gcc's x86_64_immediate_operand(), LLVM's
 * isOffsetSuitableForCodeModel()).
 */
static inline bool reloc_is_before_start(const struct reloc *rel)
{
	struct reloc_type type = arch_reloc_type(rel->type);

	return type.kind == RELOC_ABS && type.size == 8;
}

#endif
