/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alter.h - one field of an object, altered so that it is known who must notice
 *
 * There is a way for each kind of field. It makes another value of the one that is there,
 * such that what the field belongs to is sure to do something else then. What has no effect
 * is avoided, and what has one that nobody can tell; the list is in fields.h.
 */
#ifndef OBJTOOL_ALTER_H
#define OBJTOOL_ALTER_H

#include <objtool/insns.h>
#include <objtool/owners.h>

/* The object whose fields are altered. */
struct subject {
	const struct code *code;
	struct span image;    /* the file it was opened from */
	struct owners owners; /* of its bytes */
	u32 *globals;	      /* symbols that a relocation may be made to refer to */
	u32 nr_globals;
	u64 seed;	    /* of the random numbers, which are the same for the same seed */
	struct insns insns; /* scratch */
};

/* A field; each kind uses what it needs. */
struct candidate {
	u32 sec, off; /* instruction, data or special-section field */
	u32 index;    /* of a relocation, special entry, or unit */
};

/* One field, altered: bytes at offset .at of the file. */
struct alteration {
	size_t at;
	u8 len; /* bytes */
	u8 was[8], is[8];
	u32 sec, off; /* what that alters: a byte of a section, or the field a relocation fills */
	bool any;     /* .units does not apply: some record must change, no matter which */
	struct buf units; /* u32: units whose records must change, and no others; see owners.h */
};

/* Fills @alt, but for .units. False if @c cannot be altered in a way that is sure to be noticed. */
typedef bool alter_fn(struct subject *x, const struct candidate *c, struct alteration *alt);

/* Instructions: .sec and .off. What relocations fill of them is left alone. */
alter_fn alter_opcode, alter_immediate, alter_displacement, alter_branch, alter_replacement;

/* Relocation .index of .sec: in the instruction at .off, or in data there. */
alter_fn alter_code_addend, alter_code_symbol, alter_data_reloc, alter_unnamed_reloc;

/* Bytes around .off of .sec; of a data object: unit .index. */
alter_fn alter_string, alter_constant, alter_unnamed, alter_data;

/* The field at .off of special entry .index, whose table is .sec. */
alter_fn alter_entry_site, alter_entry_pointer, alter_entry_replacement, alter_entry_file,
	alter_entry_bytes, alter_entry_line;

/* Whatever comes; and relocation .index of .sec, which fills .off. They set .any. */
alter_fn alter_any_bit, alter_any_addend;

/* ---- what offering fields, and altering them, have in common ---- */

static inline const struct section *subject_section(const struct subject *x, u32 sec)
{
	return &x->code->obj->sections[sec];
}

/* True if records cover the section's bytes. */
static inline bool subject_covers(const struct section *sec)
{
	return sec->data && !section_excluded(sec);
}

/*
 * Make ready to alter @code's object, which was opened from @image, by random numbers that begin
 * with @seed. Release with subject_free().
 */
void subject_read(const struct code *code, struct span image, u64 seed, struct subject *x);
void subject_free(struct subject *x);

/* The next random number below @below. */
u32 subject_chance(struct subject *x, u32 below);

/* True if a relocation fills a byte of [@off, @off + @len). */
bool subject_is_relocated(const struct section *sec, u32 off, u32 len);

/* Decode code unit @unit into .insns; returns how many instructions it has. */
u32 subject_decode(struct subject *x, u32 unit);

/* Code in a section; .len is 0 if there is none. */
struct code_range {
	u32 sec, off, len;
};

/* The code that @field of entry @e points at, to put in the place of other code. */
struct code_range subject_replacement(const struct subject *x, const struct special *e,
				      const struct field *field);

#endif
