/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - what an object's sections are made of: functions, data, instructions
 *
 * A unit is a named stretch of a section: a function, a part of one, or a data
 * object. code_read() finds all of them; code_decode() turns one stretch of code into
 * instructions, with alignment filler marked so that it does not count.
 */
#ifndef OBJTOOL_CHECK_H
#define OBJTOOL_CHECK_H

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

/* Growable arrays of instructions, reused from function to function. Zero-initialise. */
struct insns {
	struct code_insn *insn;
	u32 *note; /* see arch_decode_run() */
	u32 nr, nr_notes, cap;
	u32 *at; /* by byte of what was decoded: the number, in its stretch, of the instruction
		    that begins there; anything where none does */
	size_t nr_at, most_at, cap_at; /* .most_at: that were ever used */
	u8 *target; /* scratch: a byte for each byte of the stretch that a branch goes to */
	u32 target_cap;
};

/* Forget all instructions; the memory is kept. */
static inline void insns_reset(struct insns *insns)
{
	insns->nr = insns->nr_notes = 0;
	insns->nr_at = 0;
}

void insns_free(struct insns *insns);

/* What the end of a stretch of code is. */
enum decode_end {
	DECODE_ALL,	/* exact: a symbol's size */
	DECODE_TO_NEXT, /* where something else begins: filler at the end does not count */
	DECODE_ROOM,	/* a symbol's size, of room before a function: no filler counts, and
			   where there is nothing else there are no instructions */
	DECODE_TO_EXIT, /* a limit: stop behind the first jump, return or trap */
};

/*
 * Decode [@off, @end) of section @sec, appending to @insns; returns how many
 * instructions were added.
 */
u32 code_decode(const struct code *code, u32 sec, u32 off, u32 end, enum decode_end how,
		struct insns *insns);

/* Index of the instruction that offset @off lies in; @nr if it lies behind the last. */
u32 code_insn_index(const struct code_insn *insn, u32 nr, u32 off);

/* The same in instructions that count: the ordinal. *@delta: how far into it @off lies. */
u32 code_ordinal(const struct code_insn *insn, u32 nr, u32 off, u32 *delta);

/*
 * Where the branch or pc-relative operand of an instruction at @off points when no
 * relocation fills it: an offset in its own section, possibly out of bounds.
 */
static inline s64 code_branch_target(const struct section *sec, const struct code_insn *ci)
{
	const u8 *p = sec->data + ci->off;
	s64 rel = ci->insn.flags & INSN_PCREL_IMM ? arch_insn_imm(p, &ci->insn)
						  : arch_insn_disp(p, &ci->insn);

	return (s64)ci->off + ci->insn.len + rel;
}

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
