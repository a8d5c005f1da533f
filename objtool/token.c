// SPDX-License-Identifier: GPL-2.0-or-later
/* token.c - a stream of tokens, serialised for hashing and for reading */
#include <stdlib.h>
#include <objtool/token.h>

/* Types of fields. */
#define FIELD_NUM   'n'
#define FIELD_BYTES 'b'

static void put_u32(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
	p[2] = (u8)(v >> 16);
	p[3] = (u8)(v >> 24);
}

static void put_u64(u8 *p, u64 v)
{
	put_u32(p, (u32)v);
	put_u32(p + 4, (u32)(v >> 32));
}

void stream_reset(struct stream *st)
{
	st->all.len = 0;
	for (int i = 0; i < NR_LANES; i++)
		st->lane[i].len = 0;
	st->within = NR_LANES;
}

void stream_free(struct stream *st)
{
	buf_free(&st->all);
	for (int i = 0; i < NR_LANES; i++)
		buf_free(&st->lane[i]);
}

void token_begin(struct stream *st, enum token_tag tag, enum lane lane)
{
	st->cur = st->within == NR_LANES || lane == LANE_LINES ? lane : st->within;
	st->start = st->all.len;
	st->skip_len = 0;
	*buf_reserve(&st->all, 1) = (u8)tag;
	st->all.len++;
}

void token_num(struct stream *st, s64 num)
{
	u8 *p = buf_reserve(&st->all, 9);

	p[0] = FIELD_NUM;
	put_u64(p + 1, (u64)num);
	st->all.len += 9;
}

void token_position(struct stream *st, s64 num)
{
	st->skip = st->all.len;
	token_num(st, num);
	st->skip_len = st->all.len - st->skip;
}

size_t token_open_bytes(struct stream *st)
{
	u8 *p = buf_reserve(&st->all, 5);

	p[0] = FIELD_BYTES;
	st->all.len += 5;
	return st->all.len;
}

void token_close_bytes(struct stream *st, size_t at)
{
	put_u32(st->all.data + at - 4, (u32)(st->all.len - at));
}

void token_bytes(struct stream *st, const void *data, size_t len)
{
	size_t at = token_open_bytes(st);

	buf_add(&st->all, data, len);
	token_close_bytes(st, at);
}

void token_word(struct stream *st, const char *word)
{
	token_bytes(st, word, strlen(word));
}

/* How a field is printed; in all three no two fields look alike. */
enum look {
	LOOK_WORD, /* as it is */
	LOOK_TEXT, /* "quoted", with \xNN for what cannot be printed */
	LOOK_HEX,  /* deadbeef */
};

static enum look look_of(const u8 *p, size_t len)
{
	bool word = len > 0, text = len > 0, hex = len % 2 == 0;

	for (size_t i = 0; i < len; i++) {
		bool graph = p[i] > 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\';
		bool nul = !p[i] && i == len - 1 && len > 1; /* the end of a string */

		word = word && graph;
		text = text && (graph || nul || strchr(" \t\n\"\\", p[i]));
		hex = hex && p[i] && strchr("0123456789abcdef", p[i]);
	}
	return word && !hex ? LOOK_WORD : text ? LOOK_TEXT : LOOK_HEX;
}

static void print_bytes(FILE *out, const u8 *p, size_t len, enum look look)
{
	fputs(look == LOOK_TEXT ? " \"" : " ", out);
	for (size_t i = 0; i < len; i++) {
		if (look == LOOK_HEX)
			fprintf(out, "%02x", p[i]);
		else if (p[i] < 0x20 || p[i] >= 0x7f || p[i] == '"' || p[i] == '\\')
			fprintf(out, "\\x%02x", p[i]);
		else
			fputc(p[i], out);
	}
	if (look == LOOK_TEXT)
		fputc('"', out);
}

/* Read back the token that was just written, and print it on a line. */
static void print_token(const struct stream *st)
{
	static const char *const names[NR_TOKEN_TAGS] = {
		[TOKEN_KIND] = "kind", [TOKEN_PLACE] = "place", [TOKEN_PART] = "part",
		[TOKEN_INSN] = "insn", [TOKEN_BAD] = "bad",	[TOKEN_BRANCH] = "branch",
		[TOKEN_REF] = "ref",   [TOKEN_BYTES] = "bytes", [TOKEN_SPECIAL] = "special",
		[TOKEN_END] = "end",   [TOKEN_LINE] = "line",	[TOKEN_ALIAS] = "alias",
	};
	const u8 *p = st->all.data + st->start, *end = st->all.data + st->all.len;
	u8 tag = *p++;

	fprintf(st->dump, "%-10s %s", lane_name(st->cur), names[tag]);
	while (p < end) {
		if (*p++ == FIELD_NUM) {
			fprintf(st->dump, " %+lld", (long long)get_u64(p));
			p += 8;
		} else {
			u32 len = get_u32(p);

			print_bytes(st->dump, p + 4, len,
				    tag == TOKEN_INSN || tag == TOKEN_BAD ? LOOK_HEX
									  : look_of(p + 4, len));
			p += 4 + len;
		}
	}
	fputc('\n', st->dump);
}

void token_end(struct stream *st)
{
	const u8 *token = st->all.data + st->start;
	size_t len = st->all.len - st->start;

	if (st->skip_len) {
		size_t head = st->skip - st->start;

		buf_add(&st->lane[st->cur], token, head);
		buf_add(&st->lane[st->cur], token + head + st->skip_len, len - head - st->skip_len);
	} else {
		buf_add(&st->lane[st->cur], token, len);
	}
	if (st->dump)
		print_token(st);
	if (st->cur == LANE_LINES)
		st->all.len = st->start;
}

/* Tag, field type and length before the bytes of an instruction; and the most there can be of all.
 */
#define INSN_HEAD 6
#define INSN_ROOM 32

/* Copy up to 26 bytes without a loop: lengths are short and vary too much to predict. */
static void copy_insn(u8 *to, const u8 *from, unsigned int len)
{
	if (len >= 8) {
		memcpy(to, from, 8);
		if (len > 16)
			memcpy(to + 8, from + 8, 8);
		memcpy(to + len - 8, from + len - 8, 8);
	} else if (len >= 4) {
		memcpy(to, from, 4);
		memcpy(to + len - 4, from + len - 4, 4);
	} else {
		for (unsigned int i = 0; i < len; i++)
			to[i] = from[i];
	}
}

void token_insn(struct stream *st, const u8 *bytes, unsigned int len)
{
	u8 *p = buf_reserve(&st->all, INSN_ROOM);
	struct buf *lane;

	st->cur = st->within == NR_LANES ? LANE_CODE : st->within;
	st->start = st->all.len;
	p[0] = TOKEN_INSN;
	p[1] = FIELD_BYTES;
	put_u32(p + 2, len);
	copy_insn(p + INSN_HEAD, bytes, len);
	st->all.len += INSN_HEAD + len;
	lane = &st->lane[st->cur];
	memcpy(buf_reserve(lane, INSN_ROOM), p, INSN_ROOM);
	lane->len += INSN_HEAD + len;
	if (st->dump)
		print_token(st);
}
