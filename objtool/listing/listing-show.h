/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listing-show.h - a listing that is being made, for the files that make it
 *
 *     listing.c         tokens, each to the file that shows it; labels
 *     listing-insn.c    instructions, branches, and line numbers in them
 *     listing-data.c    rows of bytes, and references between them
 *     listing-entry.c   special entries, around the code that replaces others
 *     listing-target.c  what is referred to
 *     listing-line.c    lines: their text, and their key
 *
 * Private to these. Tokens are read in order. Each goes to the line that is open, or opens one:
 * an instruction's line takes what it refers to, a special entry's line its fields, while the lines
 * of replacement code come in between. What a token says goes to the line's text, and as
 * it is, less the numbers that say where in the record a place is, to the line's key.
 */
#ifndef OBJTOOL_LISTING_SHOW_H
#define OBJTOOL_LISTING_SHOW_H

#include <objtool/listing.h>

/* Scopes of places that are no part of a function. */
#define SCOPE_DATA 0x40000000U
#define SCOPE_REPL 0x80000000U

#define MAX_FIELDS_SHOWN 4

/* A line that tokens are still added to. */
struct open_line {
	u32 line; /* NO_LINE: there is none */
	struct buf key, text, refs;
	struct buf notes; /* what goes behind an instruction */
	struct span insn; /* bytes of the instruction */
	struct disas_field field[MAX_FIELDS_SHOWN];
	char *field_text[MAX_FIELDS_SHOWN];
	size_t nr_fields;
	u32 nr_refs_shown; /* of a special entry: references and numbers so far */
};

/* The function's own code, or the replacement code of an entry within. */
struct frame {
	struct open_line entry; /* the special entry; not of the outermost frame */
	struct open_line insn;
	u32 scope, ordinal;
	u32 pending; /* first line of entries for the next instruction, or NO_LINE */
};

/* Data under way: bytes, and the references in them. */
struct data {
	struct span bytes;
	u32 size, at; /* bytes of it, and how far it is shown */
	bool open;
};

struct builder {
	struct listing *list;
	const struct listing_how *how;
	struct frame *frame;
	u32 depth, cap;	   /* frames open besides the first; allocated */
	struct buf places; /* struct place_line */
	struct data data;
	u32 chunk, repl; /* pieces and replacements so far */
	u32 part_off;	 /* where the part or data begins */
	bool own_data;	 /* the first data of the piece is the piece itself */
};

/* A place, and the line whose label stands for it. */
struct place_line {
	struct list_place place;
	u32 line;
};

static inline struct frame *builder_frame(const struct builder *b)
{
	return &b->frame[b->depth];
}

/* The line of the innermost frame that tokens go to which are no line of their own. */
static inline struct open_line *builder_attached(const struct builder *b)
{
	struct frame *f = builder_frame(b);

	return f->insn.line == NO_LINE && f->entry.line != NO_LINE ? &f->entry : &f->insn;
}

/* ---- text ---- */

void text_add(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_char(struct buf *b, char c);

/* "+0x8", "-0x8", or nothing. */
void text_offset(struct buf *b, s64 off);

/* "text", as a C programmer would write it; the NUL at its end is not shown. */
void text_quoted(struct buf *b, struct span s);

/* A symbol's or section's name: anything but NUL may be in it. */
void text_word(struct buf *b, struct span s);

/* "00 ff" */
void text_hex(struct buf *b, struct span s);

/* Append @from to @to; returns where. */
u32 text_append(struct buf *to, const struct buf *from);

/* ---- lines ---- */

/* A new line of the listing, of what @t was written for; returns its number. */
u32 line_new(struct builder *b, enum line_kind kind, const struct token *t);

/* The same, and @o is empty and for that line. */
void line_open(struct builder *b, struct open_line *o, enum line_kind kind, const struct token *t);

/* What was gathered becomes the line. Nothing is done if there is none. */
void line_finish(struct builder *b, struct open_line *o);
void line_free(struct open_line *o);

/* Line @line is where instruction @ord of @scope is, in this piece. */
void line_place(struct builder *b, u32 scope, u32 ord, u32 line);

/* Append to @text a mark for the label of that place, to which @o refers. */
void line_label(struct builder *b, struct open_line *o, struct buf *text, u32 scope, s64 ord);

/* ---- what a token says ---- */

/* Reads a token's fields, into a line's key. */
struct token_reader {
	const struct token *t;
	struct open_line *o;
	size_t at;  /* in the token */
	size_t key; /* where in .o's key it begins */
};

/* A token of the key, of fields that the caller appends to @o's key. */
size_t key_begin(struct open_line *o, u8 tag);
void key_end(struct open_line *o, size_t at);

struct token_reader take_begin(const struct token *t, struct open_line *o);
void take_end(struct token_reader *r);

/* The next field; false if there is none. */
bool take_field(struct token_reader *r, struct token_field *f);

/* The next field, if it is a number: else false, *@num is left alone, and it is still the next. */
bool take_num(struct token_reader *r, s64 *num);

/* A number that is left out of the key: it says where in the record something is. */
s64 take_place(struct token_reader *r);

/* The next field; nothing if it is a number. */
struct span take_bytes(struct token_reader *r);

/* How a reference is made: the first fields of its token. */
struct ref_how {
	struct span name; /* "pc32" */
	u32 size;	  /* bytes that it fills; 0 of a relocation without a name: */
	s64 type;	  /* its number */
};

struct ref_how take_ref_how(struct token_reader *r);

/* True if the field is @word. */
bool field_is(const struct token_field *f, const char *word);

/* ---- what is referred to ---- */

/* Append what the rest of the token refers to to @text. */
void show_target(struct builder *b, struct token_reader *r, struct buf *text);

/* The same, and remember it as what the line refers to, if it is outside. */
void show_noted_target(struct builder *b, struct token_reader *r, struct buf *text);

/* Append an instruction of this function, which the next two fields name, and maybe an offset. */
void show_own_place(struct builder *b, struct token_reader *r, struct buf *text);

/* ---- each kind of token ---- */

void show_insn(struct builder *b, const struct token *t);
void show_branch(struct builder *b, const struct token *t);
void show_line_number(struct builder *b, const struct token *t);
void show_insn_ref(struct builder *b, const struct token *t);

/* No token belongs to the instruction any more. */
void show_insn_end(struct builder *b);

/* Data begins: of a data object or a rest record, or unnamed and behind a function. */
void show_data(struct builder *b, const struct token *t);
void show_data_ref(struct builder *b, const struct token *t);

/* No token belongs to the data any more: what is left of its bytes is shown. */
void show_data_end(struct builder *b, const struct token *t);

/* A special entry, what belongs to it, and its end. */
void show_entry(struct builder *b, const struct token *t);
void show_entry_bytes(struct builder *b, const struct token *t);
void show_entry_ref(struct builder *b, const struct token *t);
void show_entry_end(struct builder *b);

#endif
