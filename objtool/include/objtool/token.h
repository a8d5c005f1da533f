/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * token.h - a stream of tokens, serialised for hashing and for reading
 *
 * A token is a tag byte and fields, each a type byte and a value: a number of
 * 8 bytes, bytes behind their 4-byte length, or the name of a symbol by its hash of 8 bytes, since
 * names are most of what a kernel's references say. The encoding can be read back
 * without knowing the token, so two different streams never have the same
 * bytes, and a dump prints what is hashed, with names in place of their hashes. Numbers are
 * little-endian.
 *
 * A token is written once, behind the others of its lane. What the order of
 * tokens of different lanes was is kept apart, as numbers of 8 bytes; those of
 *
 *     code insn 31ff; code insn e8; refs ref "pc32" 0 "kfree" 0; code insn c3
 *
 * say "code up to byte 9, refs up to byte 35, code up to byte 10". So each byte is hashed once for
 * its lane, and the checksum of all is that of the order and the lanes' hashes.
 *
 * Instructions with no other token of their lane between them are one TOKEN_INSN, of two bytes at
 * first and three in the end here: where one of them ends is seen by decoding them, as of a branch
 * nothing is left of what says where it goes. Who watches sees one at a time.
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
	TOKEN_INSN,	/* instructions, one after the other, without what references fill */
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

/* The order of tokens: entries with this in the highest byte, a number in the rest. */
enum order {
	/* enum lane: a run of tokens of that lane ended where the lane has this many bytes */
	ORDER_END = 0xfe,      /* of the stream; the lanes that have tokens, a bit each */
	ORDER_POSITION = 0xff, /* the next token that has a position, has this one */
};

/* Who wants to see each token as it is written. */
struct token_watch {
	FILE *dump;	  /* to print it to, or NULL */
	struct buf *keep; /* to keep it in for token_read(), or NULL */
	u64 most;	  /* bytes that .keep may have before another is added; else .over is set */
	bool over;
	u32 part;	  /* what is being written: the number of the part or unnamed data, */
	u32 sec, off;	  /* and the place; they are kept beside the token */
	u32 data_at;	  /* where in the token an object's content has its number; 0: nowhere */
	const char *name; /* of the symbol that the token names; NULL if it names none */
	size_t name_at;	  /* where in .out its hash is */
};

struct stream {
	struct buf lane[NR_LANES]; /* the tokens of each, less their positions */
	struct buf order;	   /* u64, little-endian: see enum order */
	struct buf *out;	   /* .lane[.cur] */
	u32 lanes;		   /* those that have tokens, a bit each */
	enum lane within;	   /* NR_LANES, or the lane that all tokens go to now */
	enum lane cur;		   /* lane of the token being written */
	enum lane run;		   /* lane of the last token that was not of LANE_LINES, NR_LANES
				      if none */
	size_t start;		   /* where in .out the token being written begins */
	size_t insns[NR_LANES];	   /* where in .lane the bytes of its last token begin, if that is a
				      TOKEN_INSN; else 0 */
	size_t position_at;	   /* where in .out its position would be, 0 if it has none */
	s64 position;
	struct token_watch *watch; /* NULL: nobody */
};

/* Forget all tokens; the memory is kept. */
void stream_reset(struct stream *st);
void stream_free(struct stream *st);

/* How many bytes have been written. */
size_t stream_len(const struct stream *st);

/*
 * All has been written: .lanes is final, and .order is whole but for the lanes' hashes, which the
 * caller appends: 8 bytes each, LANE_LINES left out.
 */
void stream_end(struct stream *st);

/* The first of @lanes, a bit each, at or after @from; NR_LANES if there is none. */
static inline enum lane lanes_next(u32 lanes, enum lane from)
{
	u32 left = lanes >> from << from;

	return left ? (enum lane)__builtin_ctz(left) : NR_LANES;
}

static inline void stream_order(struct stream *st, u32 what, u64 num)
{
	put_u64(buf_reserve(&st->order, 8), (u64)what << 56 | num);
	st->order.len += 8;
}

/* The next token is of @lane, which is another than that of the one before. */
static inline void stream_switch(struct stream *st, enum lane lane)
{
	st->cur = lane;
	st->out = &st->lane[lane];
	st->lanes |= 1U << lane;
	/* Line numbers come and go without a trace. */
	if (lane == LANE_LINES || lane == st->run)
		return;
	if (st->run != NR_LANES)
		stream_order(st, st->run, st->lane[st->run].len);
	st->run = lane;
}

/* Types of fields. */
#define TOKEN_FIELD_NUM	  'n'
#define TOKEN_FIELD_BYTES 'b'
#define TOKEN_FIELD_NAME  'h'

/* What a name takes: the field's type and the hash. */
#define TOKEN_NAME_SIZE 9U

/*
 * A token in one piece, for those that there are most of: open with room for all that will
 * be put, put each field where the last one ended, token_put(). (A byte written to the stream could
 * be part of *st for all the compiler knows, which makes step by step slow.)
 */
static inline u8 *token_open(struct stream *st, enum token_tag tag, enum lane lane, size_t room)
{
	enum lane cur = st->within == NR_LANES || lane == LANE_LINES ? lane : st->within;
	u8 *p;

	if (cur != st->cur)
		stream_switch(st, cur);
	p = buf_reserve(st->out, 1 + room);
	st->start = st->out->len;
	st->position_at = 0;
	st->insns[cur] = 0;
	*p = (u8)tag;
	return p + 1;
}

/* What was put in room reserved in .out ends at @end. */
static inline void token_put(struct stream *st, const u8 *end)
{
	st->out->len = (size_t)(end - st->out->data);
}

/* Write one token: begin, its fields, end. A token of LANE_LINES is in no checksum. */
static inline void token_begin(struct stream *st, enum token_tag tag, enum lane lane)
{
	token_put(st, token_open(st, tag, lane, 0));
}

static inline void token_num(struct stream *st, s64 num)
{
	u8 *p = buf_reserve(st->out, 9);

	p[0] = TOKEN_FIELD_NUM;
	put_u64(p + 1, (u64)num);
	st->out->len += 9;
}

/* The bytes field of a token whose content the caller appends to st->out itself. */
static inline size_t token_open_bytes(struct stream *st)
{
	u8 *p = buf_reserve(st->out, 5);

	p[0] = TOKEN_FIELD_BYTES;
	st->out->len += 5;
	return st->out->len;
}

static inline void token_close_bytes(struct stream *st, size_t at)
{
	put_u32(st->out->data + at - 4, (u32)(st->out->len - at));
}

static inline void token_bytes(struct stream *st, const void *data, size_t len)
{
	u8 *p = buf_reserve(st->out, 5 + len);

	p[0] = TOKEN_FIELD_BYTES;
	put_u32(p + 1, (u32)len);
	if (len)
		memcpy(p + 5, data, len);
	st->out->len += 5 + len;
}

static inline void token_word(struct stream *st, const char *word)
{
	token_bytes(st, word, strlen(word));
}

/*
 * The name of a symbol, once a token at most: hash_bytes() of what name_canonical() makes of it.
 * Who watches needs the name itself, too: in .watch->name.
 */
static inline void token_name(struct stream *st, u64 hash)
{
	u8 *p = buf_reserve(st->out, TOKEN_NAME_SIZE);

	if (st->watch)
		st->watch->name_at = st->out->len;
	p[0] = TOKEN_FIELD_NAME;
	put_u64(p + 1, hash);
	st->out->len += TOKEN_NAME_SIZE;
}

/* Once a token at most, and below 2^56; lanes do not have it. */
void token_position(struct stream *st, s64 num);

/* Print or keep the token that was just written. */
void token_watched(const struct stream *st);

static inline void token_end(struct stream *st)
{
	if (st->watch)
		token_watched(st);
}

static inline u8 *token_put_num(u8 *p, s64 num)
{
	p[0] = TOKEN_FIELD_NUM;
	put_u64(p + 1, (u64)num);
	return p + 9;
}

static inline u8 *token_put_bytes(u8 *p, const void *data, size_t len)
{
	p[0] = TOKEN_FIELD_BYTES;
	put_u32(p + 1, (u32)len);
	memcpy(p + 5, data, len);
	return p + 5 + len;
}

/* Like token_name(), when nobody watches. */
static inline u8 *token_put_name(u8 *p, u64 hash)
{
	p[0] = TOKEN_FIELD_NAME;
	put_u64(p + 1, hash);
	return p + TOKEN_NAME_SIZE;
}

/* What is before the bytes of instructions: tag, field type, length. */
#define TOKEN_INSNS_HEAD 6

/*
 * Where to put instructions, @room bytes of them: at the end of the TOKEN_INSN that is the last
 * token of LANE_CODE, if one is, or in a new one. While somebody watches, one at a time.
 */
static inline u8 *token_open_insns(struct stream *st, size_t room)
{
	enum lane cur = st->within == NR_LANES ? LANE_CODE : st->within;
	u8 *p;

	if (cur != st->cur)
		stream_switch(st, cur);
	p = buf_reserve(st->out, TOKEN_INSNS_HEAD + room);
	if (!st->insns[cur]) {
		p[0] = TOKEN_INSN;
		p[1] = TOKEN_FIELD_BYTES;
		p += TOKEN_INSNS_HEAD;
		st->insns[cur] = (size_t)(p - st->out->data);
	}
	st->start = (size_t)(p - st->out->data);
	st->position_at = 0;
	return p;
}

/* They end at @end. */
static inline void token_close_insns(struct stream *st, const u8 *end)
{
	u8 *start = st->out->data + st->insns[st->cur];

	put_u32(start - 4, (u32)(end - start));
	token_put(st, end);
	token_end(st);
}

/* What a TOKEN_BRANCH takes. */
#define TOKEN_BRANCH_ROOM 19

/*
 * The same for a branch to instruction @ordinal of part @part: instead of token_close_insns(), with
 * room for TOKEN_BRANCH_ROOM more. Not while somebody watches.
 */
static inline void token_close_branch(struct stream *st, u8 *end, u32 part, u32 ordinal)
{
	token_close_insns(st, end);
	st->insns[st->cur] = 0;
	*end = TOKEN_BRANCH;
	token_put(st, token_put_num(token_put_num(end + 1, part), ordinal));
}

/* A token that was kept. */
struct token {
	u8 tag;	 /* enum token_tag */
	u8 lane; /* enum lane: within a special entry that of its table */
	u32 part, sec, off, data_at;
	struct span bytes; /* the tag and the fields, with the position */
};

/* One field of a token. */
struct token_field {
	bool is_num;
	s64 num;
	struct span bytes; /* if it is no number */
	struct span raw;   /* its serialised form */
};

/* The token at *@at of @kept, where *@at is 0 at first and is moved on; false at the end. */
bool token_read(const struct buf *kept, size_t *at, struct token *t);

/* The field at *@at of @t's bytes, where *@at is 1 at first and is moved on; false at the end. */
bool token_read_field(const struct token *t, size_t *at, struct token_field *f);

/* Append to @b the serialised form of a field of bytes, of a number. */
void token_add_bytes(struct buf *b, const void *data, size_t len);
void token_add_num(struct buf *b, s64 num);

/* Print @size bytes of a token as a dump has them: "insn 4889c7". */
void token_print(const u8 *token, size_t size, FILE *out);

#endif
