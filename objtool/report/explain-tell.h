/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-tell.h - what is found of a record that differs, for the files that find and tell it
 *
 *     explain.c         a record: its head, the notes, and what is the same
 *     explain-pairs.c   which lines of both sides belong together, and which have no partner
 *     explain-words.c   what is said of a pair, or of a line that came or went
 *     explain-uses.c    what is called and used instead, or more or less often
 *     explain-insns.c   instructions as such: added, removed, moved
 *     explain-notes.c   what was said: equal findings once, with how many there are
 *
 * Private to these. Rows that differ are paired, what is said of them becomes notes, and
 * these are printed by kind, in the end.
 */
#ifndef OBJTOOL_EXPLAIN_TELL_H
#define OBJTOOL_EXPLAIN_TELL_H

#include <objtool/bodies.h>
#include <objtool/seen.h>

/* ---- notes ---- */

/* In the order they are printed. */
enum note_kind {
	NOTE_PLACE,
	NOTE_CALL,
	NOTE_STRING,
	NOTE_USE,
	NOTE_INLINED,
	NOTE_ENTRY,
	NOTE_FRAME,
	NOTE_IMMEDIATE,
	NOTE_OFFSET,
	NOTE_DATA,
	NOTE_BRANCH,
	NOTE_REGISTERS,
	NOTE_STACK,
	NR_NOTE_KINDS
};

struct note {
	char *text;
	u32 kind, count, at;
	u32 order;
};

/* Zero-initialise. */
struct notes {
	struct note *note;
	u32 nr, cap;
	struct seen known; /* by hash of a note's kind and text: its number */
};

/* What has no one place. */
#define NO_AT 0xffffffffU

/* Note what is at @at bytes from the start of the part, or one more of it. */
void note_add(struct notes *notes, enum note_kind kind, u32 at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Take back one note of @text; false if there is none. */
bool note_take(struct notes *notes, enum note_kind kind, const char *text);

/* True if something of that kind was noted. */
bool notes_have(const struct notes *notes, enum note_kind kind);

/* Print all, and no more can be added. */
void notes_print(struct notes *notes, FILE *out);
void notes_free(struct notes *notes);

/* What @table has for a text of @kind; @fresh, if it was not asked for it before. */
u32 *known_text(struct seen *table, u32 kind, const char *text, size_t len, u32 fresh);

/* ---- both sides ---- */

struct explaining {
	struct bodies *b;
	const struct diff_entry *e;
	struct notes notes;
	struct seen counts[NR_SIDES];	/* by hash of what is referred to: how often it is */
	struct buf uses[NR_SIDES];	/* struct use: all, and what a pair has instead */
	struct buf line_uses[NR_SIDES]; /* u32 by line, and one behind: index of its first target */
	struct buf single[NR_SIDES];	/* struct single: instructions that only one side has */
};

static inline const struct listing *side(const struct explaining *x, int s)
{
	return x->b->merged.side[s];
}

static inline const struct list_line *line_of(const struct explaining *x, int s, u32 i)
{
	return &side(x, s)->line[i];
}

static inline bool line_is_code(const struct list_line *line)
{
	return line->kind == LINE_INSN || line->kind == LINE_REPL;
}

/* The text of a line; of labels, which differ from side to side, only ".L". The caller's. */
char *line_text(const struct explaining *x, int s, u32 i);

/* ---- instructions ---- */

/* The bytes of a line's instruction; none if it is no plain one. */
struct span insn_bytes(const struct explaining *x, int s, u32 i);

/* Decode a line's instruction into @bytes, 0 behind its end. False if it is no plain one. */
bool insn_decode(const struct explaining *x, int s, u32 i, u8 bytes[32], struct insn *insn);

/* Line @i, an instruction, has no partner. */
void insns_add_single(struct explaining *x, int s, u32 i);

/* Print how many instructions were added, removed and moved, and of few of them which. */
void insns_print(struct explaining *x, FILE *out);

/* ---- what lines refer to ---- */

/* Targets of a line: .nr from .first on. */
struct targets {
	u32 first, nr;
};

/* Make ready for the functions below. */
void uses_read(struct explaining *x);

struct targets uses_of_line(const struct explaining *x, int s, u32 line);

/* Target @k of side @s as text, which is the caller's. */
char *target_text(const struct explaining *x, int s, u32 k);

/* One of them; for counting what is there more often. */
struct use {
	const char *text; /* in listing.names */
	u32 len, at;
	bool call; /* it is called, or jumped to */
};

struct use uses_target(const struct explaining *x, int s, u32 k);

/*
 * Two targets of a pair of lines: has the one been put in the place of the other? Not if
 * there are as many of either as before: then lines that do not belong together were paired.
 * If so they do not count again.
 */
bool uses_replaced(struct explaining *x, u32 old, u32 new);

/* Tell what is called and used more or less often, but for what was replaced. */
void uses_tell(struct explaining *x);

/* ---- pairs ---- */

/* What two lines have in common. */
enum likeness {
	LIKE_FIELDS,   /* the same but for immediates, displacements and references */
	LIKE_MNEMONIC, /* the same operation on something else */
};

/* Find the pairs in each stretch of rows that differs, and tell what they differ in. */
void pairs_tell(struct explaining *x);

/* What the two of a pair differ in. */
void tell_pair(struct explaining *x, u32 old, u32 new, enum likeness like);

/* That line @line of side @s has no partner. */
void tell_single(struct explaining *x, int s, u32 line);

/* That @use is there @old and @new times. */
void tell_use(struct explaining *x, const struct use *use, u32 old, u32 new);

/* Which functions are inlined that were not, are no longer, or otherwise. */
void tell_inlined(struct explaining *x);

#endif
