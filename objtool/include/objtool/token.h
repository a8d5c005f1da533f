/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - a stream of tokens, serialised for hashing and for reading
 *
 * A token is a tag byte and fields, each a type byte and a value: a number of
 * 8 bytes, or bytes behind their 4-byte length. The encoding can be read back
 * without knowing the token, so two different streams never have the same
 * bytes, and a dump prints exactly what is hashed. Numbers are little-endian.
 *
 * Each token is also copied to the stream of its lane, less its position.
 */
#ifndef OBJTOOL_TOKEN_H
#define OBJTOOL_TOKEN_H

#include <stdio.h>
#include <objtool/lane.h>
#include <objtool/mem.h>

enum token_tag {
	TOKEN_KIND = 1, /* func, data, ...; what the record is */
	TOKEN_PLACE,	/* section class */
	TOKEN_PART,	/* a part of a function begins: cold, fragment, ... */
	TOKEN_INSN,	/* instruction bytes without what references fill */
	TOKEN_BAD,	/* a byte that is no instruction */
	TOKEN_BRANCH,	/* to a place in the same function */
	TOKEN_REF,	/* reference to anything else */
	TOKEN_BYTES,	/* data */
	TOKEN_SPECIAL,	/* entry of a special section begins, applying to the instruction that
			   follows */
	TOKEN_END,	/* it ends */
	TOKEN_LINE,	/* a line number; in no checksum */
	TOKEN_ALIAS,	/* another name by which other objects know it */
	NR_TOKEN_TAGS
};

struct stream {
	struct buf all; /* what is hashed */
	struct buf lane[NR_LANES];
	enum lane within;      /* NR_LANES, or the lane that all tokens go to now */
	enum lane cur;	       /* lane of the token being written */
	size_t start;	       /* where in .all it begins */
	size_t skip, skip_len; /* its position field */
	FILE *dump;	       /* where to print each token, or NULL */
};

/* Forget all tokens; the memory is kept. */
void stream_reset(struct stream *st);
void stream_free(struct stream *st);

/* Write one token: begin, its fields, end. A token of LANE_LINES is in no checksum. */
void token_begin(struct stream *st, enum token_tag tag, enum lane lane);
void token_word(struct stream *st, const char *word);
void token_bytes(struct stream *st, const void *data, size_t len);
void token_num(struct stream *st, s64 num);
void token_position(struct stream *st, s64 num); /* once a token at most; lanes do not have it */
void token_end(struct stream *st);

/* The bytes field of a token whose content the caller appends to st->all itself. */
size_t token_open_bytes(struct stream *st);
void token_close_bytes(struct stream *st, size_t at);

/* A whole TOKEN_INSN, which has one field: the hot path. */
void token_insn(struct stream *st, const u8 *bytes, unsigned int len);

#endif
