// SPDX-License-Identifier: GPL-2.0-or-later
/* token.c - a stream of tokens, serialised for hashing and for reading */
#include <stdlib.h>
#include <objtool/names.h>
#include <objtool/token.h>

void stream_reset(struct stream *st)
{
	for (enum lane i = lanes_next(st->lanes, 0); i < NR_LANES; i = lanes_next(st->lanes, i + 1))
		st->lane[i].len = st->insns[i] = 0;
	st->order.len = 0;
	st->lanes = 0;
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

	for (enum lane i = lanes_next(st->lanes, 0); i < NR_LANES; i = lanes_next(st->lanes, i + 1))
		len += st->lane[i].len;
	return len;
}

void stream_end(struct stream *st)
{
	if (st->run != NR_LANES)
		stream_order(st, st->run, st->lane[st->run].len);
	stream_order(st, ORDER_END, st->lanes & ~(1U << LANE_LINES));
}

void token_position(struct stream *st, s64 num)
{
	st->position_at = st->out->len;
	st->position = num;
	if (st->cur != LANE_LINES)
		stream_order(st, ORDER_POSITION, (u64)num);
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

void token_print(const u8 *token, size_t size, FILE *out)
{
	static const char *const names[NR_TOKEN_TAGS] = {
		[TOKEN_KIND] = "kind", [TOKEN_PLACE] = "place", [TOKEN_PART] = "part",
		[TOKEN_INSN] = "insn", [TOKEN_BAD] = "bad",	[TOKEN_BRANCH] = "branch",
		[TOKEN_REF] = "ref",   [TOKEN_BYTES] = "bytes", [TOKEN_SPECIAL] = "special",
		[TOKEN_END] = "end",   [TOKEN_LINE] = "line",	[TOKEN_ALIAS] = "alias",
	};
	struct token t = {.tag = token[0], .bytes = {token, size}};
	struct token_field f;
	size_t at = 1;

	fputs(names[t.tag], out);
	while (token_read_field(&t, &at, &f)) {
		if (f.is_num)
			fprintf(out, " %+lld", (long long)f.num);
		else
			print_bytes(out, f.bytes.data, f.bytes.size,
				    t.tag == TOKEN_INSN || t.tag == TOKEN_BAD
					    ? LOOK_HEX
					    : look_of(f.bytes.data, f.bytes.size));
	}
}

/* ---- tokens that are kept ---- */

/* In front of the bytes of a token that is kept. */
struct kept {
	u32 len, part, sec, off;
	u32 lane, data_at;
};

void token_add_bytes(struct buf *b, const void *data, size_t len)
{
	u8 *p = buf_reserve(b, 5);

	p[0] = TOKEN_FIELD_BYTES;
	put_u32(p + 1, (u32)len);
	b->len += 5;
	if (len)
		buf_add(b, data, len);
}

void token_add_num(struct buf *b, s64 num)
{
	u8 *p = buf_reserve(b, 9);

	p[0] = TOKEN_FIELD_NUM;
	put_u64(p + 1, (u64)num);
	b->len += 9;
}

static size_t copy_up_to(const struct stream *st, size_t from, size_t end, struct buf *to)
{
	buf_add(to, st->out->data + from, end - from);
	return end;
}

/*
 * Append the token that was just written, with its position, which lanes do not have, and with
 * its symbol's name in place of the hash. No name comes before a position. Returns how much longer
 * it got before that name's end, which is where it is longer at all.
 */
static size_t copy_token(const struct stream *st, struct buf *to)
{
	const struct token_watch *watch = st->watch;
	size_t at = st->start, before = to->len, more;
	struct buf name = {0};

	/* An instruction is the last bytes of a token. */
	if (st->insns[st->cur]) {
		buf_add(to, &(u8){TOKEN_INSN}, 1);
		token_add_bytes(to, st->out->data + at, st->out->len - at);
		return 0;
	}
	if (st->position_at) {
		at = copy_up_to(st, at, st->position_at, to);
		token_add_num(to, st->position);
	}
	if (watch->name) {
		copy_up_to(st, at, watch->name_at, to);
		at = watch->name_at + TOKEN_NAME_SIZE;
		name_canonical(watch->name, &name);
		token_add_bytes(to, name.data, name.len);
		buf_free(&name);
	}
	more = to->len - before - (at - st->start);
	copy_up_to(st, at, st->out->len, to);
	return more;
}

void token_watched(const struct stream *st)
{
	struct token_watch *watch = st->watch;
	struct kept head = {0, watch->part, watch->sec, watch->off, st->cur, watch->data_at};
	struct buf text = {0}, *keep = watch->keep ? watch->keep : &text;
	size_t at = keep->len + sizeof(head), more;

	watch->over |= watch->keep && keep->len > watch->most;
	if (watch->over)
		return;
	buf_add(keep, &head, sizeof(head));
	more = copy_token(st, keep);
	/* The content of what is named comes behind its name. */
	if (head.data_at)
		head.data_at += (u32)more;
	watch->data_at = 0;
	watch->name = NULL;
	head.len = (u32)(keep->len - at);
	memcpy(keep->data + at - sizeof(head), &head, sizeof(head));
	if (watch->dump) {
		fprintf(watch->dump, "%-10s ", lane_name(st->cur));
		token_print(keep->data + at, head.len, watch->dump);
		fputc('\n', watch->dump);
	}
	buf_free(&text);
}

bool token_read(const struct buf *kept, size_t *at, struct token *t)
{
	struct kept head;

	if (*at == kept->len)
		return false;
	memcpy(&head, kept->data + *at, sizeof(head));
	*at += sizeof(head);
	*t = (struct token){.tag = kept->data[*at],
			    .lane = (u8)head.lane,
			    .part = head.part,
			    .sec = head.sec,
			    .off = head.off,
			    .data_at = head.data_at,
			    .bytes = {kept->data + *at, head.len}};
	*at += head.len;
	return true;
}

bool token_read_field(const struct token *t, size_t *at, struct token_field *f)
{
	const u8 *p = t->bytes.data + *at;

	if (*at == t->bytes.size)
		return false;
	if (*p == TOKEN_FIELD_NUM)
		*f = (struct token_field){true, (s64)get_u64(p + 1), {NULL, 0}, {p, 9}};
	else
		*f = (struct token_field){
			false, 0, {p + 5, get_u32(p + 1)}, {p, 5 + (size_t)get_u32(p + 1)}};
	*at += f->raw.size;
	return true;
}
