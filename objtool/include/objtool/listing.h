/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listing.h - the tokens of a record as lines for people
 *
 * A listing is made of the very tokens that are hashed: two records
 * have equal checksums if and only if their listings have the same lines with
 * their labels at the same lines. So what differs in a checksum can be shown,
 * and what does not differ cannot show.
 *
 *     func
 *     section .text
 *     ; ftrace: __mcount_loc
 *     callq __fentry__
 *     ; static branch: to <0>, key trace_key+0x1
 *     nopl (%rax, %rax)
 *     cmpq $0, 0x10(%rdi)
 *     je <1>
 */
#ifndef OBJTOOL_LISTING_H
#define OBJTOOL_LISTING_H

#include <objtool/disas.h>
#include <objtool/token.h>

#define NO_LINE 0xffffffffU

/* In a line's text, stands for the label of its next reference. */
#define LABEL_MARK '\001'

enum line_kind {
	LINE_HEAD,    /* what the record is, a part, unnamed data */
	LINE_INSN,    /* an instruction and what it refers to */
	LINE_SPECIAL, /* an entry of a special section, for the instruction that follows */
	LINE_REPL,    /* an instruction that replaces others: of the entry before it */
	LINE_DATA,    /* bytes or a reference of data */
};

/*
 * A place of the record: instruction @ord of part @scope, or unnamed data. In what order
 * parts are, and how many instructions come before, means nothing to a reader.
 */
struct list_place {
	u32 chunk; /* counts the pieces of a rest record */
	u32 scope, ord;
};

struct list_ref {
	struct list_place place;
	u32 line; /* the label is in front of it; NO_LINE if no line shows the place */
};

struct list_line {
	u64 key;	  /* hash of .raw: equal for equal lines, wherever their labels are */
	u32 text, len;	  /* in listing.text */
	u32 raw, raw_len; /* in listing.raw: u32 length and token, less places; again and again */
	u32 ref, nr_refs; /* in listing.refs */
	u32 sec, off;	  /* where it lies in the object; of instructions and data */
	u32 at;		  /* bytes from the start of its part or data */
	u8 kind;	  /* enum line_kind */
	u8 lane;	  /* enum lane: of a special entry and its replacement, that of the table */
	u8 depth;	  /* of entries and replacement code within others */
};

/* What a line refers to outside the record: "kfree", "\"text\"", "{00 ff}". */
struct list_target {
	u32 line;
	u32 text, len; /* in listing.names */
};

struct listing {
	struct list_line *line;
	u32 nr, cap;
	struct buf refs;    /* struct list_ref */
	struct buf targets; /* struct list_target, those of a line in its order */
	struct buf text, raw, names;
};

struct listing_how {
	const char *name;    /* the record's, for references to itself */
	struct disas *disas; /* instructions are not decoded if it is NULL */
	bool lines;	     /* line numbers count */
};

/* Make the listing of the tokens @kept (see tracer_record()). */
void listing_make(struct listing *list, const struct buf *kept, const struct listing_how *how);
void listing_free(struct listing *list);

static inline const struct list_ref *listing_ref(const struct listing *list,
						 const struct list_line *line, u32 i)
{
	return (const struct list_ref *)(const void *)list->refs.data + line->ref + i;
}

#endif
