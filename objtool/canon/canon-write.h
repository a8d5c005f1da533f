/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * canon-write.h - the parts of the canonical form, for its own files
 *
 *     canon.c        a function or data object: its parts, one behind the other
 *     canon-code.c   the instructions of a part, with the entries that apply to them
 *     canon-ref.c    what an instruction, an entry or a datum refers to
 *
 * All write to canon.stream. What one of them finds that is to be written later, code and data
 * without a name, it adds to canon.parts and canon.blobs.
 */
#ifndef OBJTOOL_CANON_WRITE_H
#define OBJTOOL_CANON_WRITE_H

#include <objtool/canon.h>

static inline const struct section *canon_section(const struct canon *c, u32 sec)
{
	return &c->code->obj->sections[sec];
}

static inline const struct identity *canon_identity(const struct canon *c, u32 sym)
{
	return &c->code->ids[sym];
}

/*
 * What references name is all over the table, and each a cache miss: so what will be named so many
 * references later is asked for now, be it by this function or by one of those behind it.
 */
#define REFERENCES_AHEAD 32U

static ALWAYS_INLINE void canon_fetch_identity(const struct canon *c,
					       const struct reloc_cursor *cur)
{
	if (cur->sec->nr_relocs - cur->next > REFERENCES_AHEAD)
		__builtin_prefetch(
			&c->code->ids[cur->sec->relocs[cur->next + REFERENCES_AHEAD].sym]);
}

/* Who watches is told that what follows is made of what is at @off of section @sec. */
static inline void canon_watch_place(struct canon *c, u32 sec, u32 off)
{
	if (c->stream.watch) {
		c->stream.watch->sec = sec;
		c->stream.watch->off = off;
	}
}

/* Spend @steps of the object's effort, which are added to it now and then; see effort.h. */
void canon_spend(struct canon *c, u64 steps);

/* True if the object is refused: what is written then does not matter, but that it ends soon. */
bool canon_is_over(struct canon *c);

/* Bytes [@off, @off + @len) of section @sec are part of the record that is made. */
void canon_cover(struct canon *c, u32 sec, u32 off, u32 len);

/* The number of the part that is code without a symbol at @t: a new one if nothing led there yet.
 */
u32 canon_fragment(struct canon *c, const struct target *t);

/* Write the place of @off in part @part of this function: a field or more of a token. */
void canon_write_place(struct canon *c, u32 part, u32 off);

/* Write the name of symbol @sym, without its counters: a field. */
void canon_write_name(struct canon *c, u32 sym);

/* Write how a relocation of that type refers to something: a field. */
void canon_write_how(struct canon *c, u32 reloc_type_number);

/* Write what @t is: the rest of a token. */
void canon_write_target(struct canon *c, const struct target *t);

/* Where references to @t belong, as far as who refers does not say. */
static inline enum lane canon_target_lane(const struct target *t)
{
	return t->kind == TARGET_BYTES || t->kind == TARGET_BLOB ? LANE_CONSTS : LANE_REFS;
}

/* What it means that a field with no relocation points somewhere in its own section. */
#define CANON_RESOLVED 2U /* R_X86_64_PC32 */

/* Write a reference made as relocation type @how, at byte @field of what the token before says. */
void canon_write_ref(struct canon *c, enum lane lane, u32 how, u32 field, const struct target *t);

/* Write a reference made by @rel, @position bytes from the start of the data. */
void canon_write_data_ref(struct canon *c, const struct reloc *rel, s64 position,
			  const struct target *t);

/* Write line number @line, which is in no checksum. */
void canon_write_line(struct canon *c, s64 line);

/* Write the instructions of @part, whose are in canon.parts. */
void canon_write_insns(struct canon *c, const struct part *part);

/* Write the entries for the room before @u: -fpatchable-function-entry=16,16 and kCFI. */
void canon_write_specials_before(struct canon *c, const struct unit *u);

#endif
