/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parts.h - the code of one function, wherever it lies
 *
 * A function is its own symbol's code, its .cold part, its prefix, and code
 * without a symbol that it reaches (.fixup, .altinstr_aux). Places in it are a part and the
 * ordinal of an instruction, never offsets: these move when filler or a branch changes size.
 */
#ifndef OBJTOOL_PARTS_H
#define OBJTOOL_PARTS_H

#include <objtool/insns.h>
#include <objtool/lines.h>
#include <objtool/namesake.h>
#include <objtool/target.h>

#define NO_PART 0xffffffffU

struct part {
	u32 sec, off, end;
	u32 first, nr;		  /* its instructions in parts.insns */
	u32 first_note, nr_notes; /* and their notes */
	size_t first_at;	  /* and where their .at begins */
	u32 number;		  /* by which the stream refers to it */
	bool counts;		  /* there is more in it than filler */
	bool alone;		  /* it is one unit, and no other begins inside it */
	const char *word;	  /* what it is called in the stream */
};

/* What a function does with registers, wherever in it; a bit each by number. */
struct registers {
	u16 stepped;	  /* a constant is added to them, or */
	u16 stepped_down; /* taken from them */
	u16 compared[16]; /* by register: those it is compared with */
	bool known;
};

/* Zero-initialise, then set .code, .lines and .namesakes. */
struct parts {
	const struct code *code;
	const struct lines *lines;
	const struct namesakes *namesakes;
	u32 self;	  /* the function, NO_UNIT for code that belongs to none; and */
	u32 cold, prefix; /* its unit.cold and .prefix: asked of each call, where to look at what is
			     called would be a cache miss */
	struct part *part;
	u32 nr, cap;
	u32 nr_counting;      /* of them */
	struct insns insns;   /* of all parts; others may append theirs */
	struct insns other;   /* scratch: to decode another function */
	struct origin origin; /* see parts_origin() */
	bool origin_known;
	struct registers registers; /* see parts_registers() */
	struct reloc_cursor last;   /* where the walk of the last function's relocations ended */
};

/* Start over with function @self, of no parts yet. */
void parts_reset(struct parts *parts, u32 self);
void parts_free(struct parts *parts);

/* A cursor at the first relocation of section @sec at or after @off: often where .last is. */
struct reloc_cursor parts_relocs(const struct parts *parts, u32 sec, u32 off);

/* Decode [@off, @end) of section @sec as another part; returns its index. */
u32 parts_add(struct parts *parts, const char *word, u32 sec, u32 off, u32 end,
	      enum decode_end how);

/* The part that code without a symbol is in: a new one if no part has reached it yet. */
u32 parts_add_fragment(struct parts *parts, const struct target *t);

/* The part that contains offset @off of section @sec, NO_PART if none does. */
u32 parts_at(const struct parts *parts, u32 sec, s64 off);

/* True if @unit is this function or a part of it. */
static inline bool parts_is_self(const struct parts *parts, u32 unit)
{
	return unit != NO_UNIT &&
	       (unit == parts->self || unit == parts->cold || unit == parts->prefix);
}

/* The same as parts_at() if @t, which lies there, is in this function. */
static inline u32 parts_own(const struct parts *parts, const struct target *t, u32 sec, s64 off)
{
	return parts_is_self(parts, t->unit) ? parts_at(parts, sec, off) : NO_PART;
}

/* The source file that the function or object is from, as far as it can be told. */
const struct origin *parts_origin(struct parts *parts);

/* What the parts there are so far do with registers: found once. */
const struct registers *parts_registers(struct parts *parts);

/* The ordinal of offset @off in part @p; *@delta: bytes from the instruction's start. */
static inline u32 parts_ordinal(const struct parts *parts, u32 p, u32 off, u32 *delta)
{
	const struct part *part = &parts->part[p];
	const struct code_insn *insn = parts->insns.insn + part->first;
	bool inside = part->nr && off >= part->off && off < part->end;
	u32 i = inside ? parts->insns.at[part->first_at + (off - part->off)] : part->nr;

	if (i >= part->nr || insn[i].off != off)
		return code_ordinal(insn, part->nr, off, delta);
	*delta = 0;
	return insn[i].ordinal;
}

/* The instruction at or after @off, NULL if no part is there; *@end is behind that part's last. */
const struct code_insn *parts_insn(const struct parts *parts, u32 sec, u32 off,
				   const struct code_insn **end);

#endif
