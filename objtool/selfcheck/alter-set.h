/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alter-set.h - what the kinds of alteration share, for their own files
 *
 *     alter.c        bytes, addends and symbols are set to something
 *     alter-code.c   another instruction
 *     alter-ref.c    another target of a reference
 *     alter-data.c   other strings, constants and data
 *     alter-entry.c  another special entry
 *     alter-any.c    another bit or addend, wherever it is
 */
#ifndef OBJTOOL_ALTER_SET_H
#define OBJTOOL_ALTER_SET_H

#include <objtool/alter.h>
#include <objtool/lines.h>

/* How often to draw again when what was drawn does not do. */
#define TRIES 16

static inline const struct symbol *subject_symbol(const struct subject *x, const struct reloc *rel)
{
	return &x->code->obj->symbols[rel->sym];
}

/* Relocation .index of section .sec. */
static inline const struct reloc *subject_reloc(const struct subject *x, const struct candidate *c)
{
	return &subject_section(x, c->sec)->relocs[c->index];
}

/* Where @rel points: at an offset of its symbol's section. @distance: see ref_leeway(). */
static inline s64 subject_points_at(const struct subject *x, const struct reloc *rel, s64 distance)
{
	return add_wrap((s64)subject_symbol(x, rel)->value, add_wrap(rel->addend, distance));
}

/* The innermost unit around @off of section @s, NO_UNIT if none is, or @off is out of it. */
u32 subject_unit_at(const struct subject *x, u32 s, s64 off);

/* True if no other unit lies in @unit, nor it in another. */
bool subject_is_single(const struct subject *x, u32 unit);

/* The instruction at @off. */
struct insn subject_insn_at(const struct section *sec, u32 off);

/*
 * Each of these fills @alt, but for .any and .units, and returns false if nothing is altered by it:
 * @len bytes at @at, which is in the image; byte @off of section @s; the addend, which grows
 * by @by, and the symbol of relocation @rel of section @s.
 */
bool set_bytes(const struct subject *x, const u8 *at, const void *bytes, u8 len,
	       struct alteration *alt);
bool set_byte(const struct subject *x, u32 s, u32 off, u8 byte, struct alteration *alt);
bool set_addend(const struct subject *x, u32 s, const struct reloc *rel, s64 by,
		struct alteration *alt);
bool set_symbol(const struct subject *x, u32 s, const struct reloc *rel, u32 sym,
		struct alteration *alt);

/* @byte, and one bit of it is another. */
u8 flipped(struct subject *x, u8 byte);

/* Where flip_data() must not alter anything. */
struct flip_except {
	struct line_field line; /* bytes, counted from the start */
	bool zeros;		/* bytes that are 0, or would be */
};

/* Flip a bit in [@off, @end) of section @s where no relocation is. */
bool flip_data(struct subject *x, u32 s, u32 off, u32 end, struct flip_except except,
	       struct alteration *alt);

/*
 * Another instruction of the function around @off of section @s, of another number; false if
 * somebody else counts instructions of it. None before or among nops, which may become alignment
 * then.
 */
bool code_other_insn(struct subject *x, u32 s, s64 off, u32 *to);

/* True if @rel points into the middle of a function here; *@to: where. */
bool ref_is_inside_code(const struct subject *x, const struct reloc *rel, s64 distance,
			struct place *to);

/* Make relocation @rel of section @s, which points at @to, point at another instruction there. */
bool ref_move_in_code(struct subject *x, u32 s, const struct reloc *rel, struct place to,
		      struct alteration *alt);

/* What may be done to the addend of a relocation, and to its symbol. */
struct leeway {
	bool symbol; /* may be another */
	u32 unit;    /* that it points into, NO_UNIT if none */
	s64 lo, hi;  /* the addend may grow by any of [lo, hi), 0 excepted */
};

/* @distance: bytes from where @rel is to where its value counts from. */
struct leeway ref_leeway(const struct subject *x, const struct reloc *rel, s64 distance);

/* Make @rel of section @s refer to a global symbol of another name; or that, or its addend. */
bool ref_set_symbol(struct subject *x, u32 s, const struct reloc *rel, s64 distance,
		    struct alteration *alt);
bool ref_set_either(struct subject *x, u32 s, const struct reloc *rel, struct alteration *alt);

/* True if @off of section @s is where an entry points at its replacement, and there is none. */
bool entry_replaces_by_nothing(const struct subject *x, u32 s, u32 off);

#endif
