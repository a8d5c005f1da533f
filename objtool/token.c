// SPDX-License-Identifier: GPL-2.0-or-later
/* token.c - a stream of tokens, serialised for hashing and for reading */
#include <stdlib.h>
#include <objtool/token.h>

void stream_reset(struct stream *st)
{
	for (int i = 0; i < NR_LANES; i++)
		st->lane[i].len = 0;
	st->order.len = 0;
	st->within = st->cur = st->run = NR_LANES;
}

void stream_free(struct stream *st)
{
	for (int i = 0; i < NR_LANES; i++)
		buf_free(&st->lane[i]);
	buf_free(&st->order);
}

size_t stream_len(const struct stream *st)
{
	size_t len = st->order.len;

	for (int i = 0; i < NR_LANES; i++)
		len += st->lane[i].len;
	return len;
}

static void add_order(struct stream *st, u32 what, u64 num)
{
	put_u64(buf_reserve(&st->order, 8), (u64)what << 56 | num);
	st->order.len += 8;
}

static void end_run(struct stream *st)
{
	if (st->run != NR_LANES)
		add_order(st, st->run, st->lane[st->run].len);
}

void stream_switch(struct stream *st, enum lane lane)
{
	st->cur = lane;
	st->out = &st->lane[lane];
	/* Line numbers come and go without a trace. */
	if (lane == LANE_LINES || lane == st->run)
		return;
	end_run(st);
	st->run = lane;
}

u32 stream_end(struct stream *st)
{
	u32 lanes = 0;

	for (int i = 0; i < NR_LANES; i++)
		lanes |= (u32)(st->lane[i].len != 0) << i;
	end_run(st);
	add_order(st, ORDER_END, lanes & ~(1U << LANE_LINES));
	return lanes;
}

void token_position(struct stream *st, s64 num)
{
	st->position_at = st->out->len;
	st->position = num;
	if (st->cur != LANE_LINES)
		add_order(st, ORDER_POSITION, (u64)num);
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

void token_print(const struct stream *st)
{
	static const char *const names[NR_TOKEN_TAGS] = {
		[TOKEN_KIND] = "kind", [TOKEN_PLACE] = "place", [TOKEN_PART] = "part",
		[TOKEN_INSN] = "insn", [TOKEN_BAD] = "bad",	[TOKEN_BRANCH] = "branch",
		[TOKEN_REF] = "ref",   [TOKEN_BYTES] = "bytes", [TOKEN_SPECIAL] = "special",
		[TOKEN_END] = "end",   [TOKEN_LINE] = "line",	[TOKEN_ALIAS] = "alias",
	};
	const u8 *p = st->out->data + st->start, *end = st->out->data + st->out->len;
	u8 tag = *p++;

	fprintf(st->dump, "%-10s %s", lane_name(st->cur), names[tag]);
	while (p < end) {
		if (p == st->out->data + st->position_at)
			fprintf(st->dump, " %+lld", (long long)st->position);
		if (*p++ == TOKEN_FIELD_NUM) {
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
	u8 *p;

	token_begin(st, TOKEN_INSN, LANE_CODE);
	p = buf_reserve(st->out, INSN_ROOM);
	p[0] = TOKEN_FIELD_BYTES;
	put_u32(p + 1, len);
	copy_insn(p + INSN_HEAD - 1, bytes, len);
	st->out->len += INSN_HEAD - 1 + len;
	token_end(st);
}
