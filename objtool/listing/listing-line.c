// SPDX-License-Identifier: GPL-2.0-or-later
/* listing-line.c - the lines of a listing: their text, and their key */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <objtool/hash.h>
#include "listing-show.h"

/* ---- text ---- */

/* What is printed at once is mostly shorter than this. */
#define SHORT 64U

void text_add(struct buf *b, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = (size_t)vsnprintf((char *)buf_reserve(b, SHORT), SHORT, fmt, args);
	va_end(args);
	if (len >= SHORT) {
		va_start(args, fmt);
		vsnprintf((char *)buf_reserve(b, len + 1), len + 1, fmt, args);
		va_end(args);
	}
	b->len += len;
}

void text_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void text_offset(struct buf *b, s64 off)
{
	if (off)
		text_add(b, "%c0x%llx", off < 0 ? '-' : '+',
			 off < 0 ? 0 - (unsigned long long)off : (unsigned long long)off);
}

void text_quoted(struct buf *b, struct span s)
{
	static const char escapes[] = "\nn\tt\rr\"\"\\\\";

	if (s.size && !s.data[s.size - 1])
		s.size--;
	text_add(b, "\"");
	for (size_t i = 0; i < s.size; i++) {
		const char *e = s.data[i] ? strchr(escapes, s.data[i]) : NULL;

		if (e && (e - escapes) % 2 == 0)
			text_add(b, "\\%c", e[1]);
		else if (isprint(s.data[i]))
			text_char(b, (char)s.data[i]);
		else
			text_add(b, "\\%03o", s.data[i]);
	}
	text_add(b, "\"");
}

void text_word(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] > 0x20 && s.data[i] < 0x7f)
			text_char(b, (char)s.data[i]);
		else
			text_add(b, "\\x%02x", s.data[i]);
}

void text_hex(struct buf *b, struct span s)
{
	static const char digits[] = "0123456789abcdef";
	u8 *p;

	if (!s.size)
		return;
	p = buf_reserve(b, 3 * s.size);
	for (size_t i = 0; i < s.size; i++) {
		*p++ = (u8)digits[s.data[i] >> 4];
		*p++ = (u8)digits[s.data[i] & 15];
		*p++ = ' ';
	}
	b->len += 3 * s.size - 1;
}

u32 text_append(struct buf *to, const struct buf *from)
{
	size_t at = to->len;

	if (from->len)
		buf_add(to, from->data, from->len);
	return (u32)at;
}

/* ---- lines ---- */

u32 line_new(struct builder *b, enum line_kind kind, const struct token *t)
{
	struct listing *list = b->list;

	if (list->nr == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 256;
		list->line = xreallocarray(list->line, list->cap, sizeof(*list->line));
	}
	list->line[list->nr] = (struct list_line){.kind = (u8)kind,
						  .lane = t->lane,
						  .sec = t->sec,
						  .off = t->off,
						  .at = t->off - b->part_off,
						  .depth = (u8)(b->depth < 255 ? b->depth : 255)};
	return list->nr++;
}

void line_finish(struct builder *b, struct open_line *o)
{
	struct list_line *line;

	if (o->line == NO_LINE)
		return;
	line = &b->list->line[o->line];
	line->key = hash_bytes(o->key.data, o->key.len);
	line->raw = text_append(&b->list->raw, &o->key);
	line->raw_len = (u32)o->key.len;
	line->text = text_append(&b->list->text, &o->text);
	line->len = (u32)o->text.len;
	line->ref = text_append(&b->list->refs, &o->refs) / (u32)sizeof(struct list_ref);
	line->nr_refs = (u32)(o->refs.len / sizeof(struct list_ref));
	o->line = NO_LINE;
}

void line_open(struct builder *b, struct open_line *o, enum line_kind kind, const struct token *t)
{
	o->line = line_new(b, kind, t);
	o->key.len = o->text.len = o->refs.len = o->notes.len = 0;
	o->nr_fields = o->nr_refs_shown = 0;
	o->insn = (struct span){NULL, 0};
}

void line_free(struct open_line *o)
{
	buf_free(&o->key);
	buf_free(&o->text);
	buf_free(&o->refs);
	buf_free(&o->notes);
}

void line_place(struct builder *b, u32 scope, u32 ord, u32 line)
{
	struct place_line p = {{b->chunk, scope, ord}, line};

	buf_add(&b->places, &p, sizeof(p));
}

void line_label(struct builder *b, struct open_line *o, struct buf *text, u32 scope, s64 ord)
{
	struct list_ref ref = {{b->chunk, scope, (u32)ord}, NO_LINE};

	buf_add(&o->refs, &ref, sizeof(ref));
	text_char(text, LABEL_MARK);
}

/* ---- what a token says ---- */

size_t key_begin(struct open_line *o, u8 tag)
{
	u32 len = 0;

	buf_add(&o->key, &len, sizeof(len));
	buf_add(&o->key, &tag, 1);
	return o->key.len;
}

void key_end(struct open_line *o, size_t at)
{
	u32 len = (u32)(o->key.len - at + 1);

	memcpy(o->key.data + at - 1 - sizeof(len), &len, sizeof(len));
}

struct token_reader take_begin(const struct token *t, struct open_line *o)
{
	return (struct token_reader){.t = t, .o = o, .at = 1, .key = key_begin(o, t->tag)};
}

void take_end(struct token_reader *r)
{
	key_end(r->o, r->key);
}

bool take_field(struct token_reader *r, struct token_field *f)
{
	if (!token_read_field(r->t, &r->at, f))
		return false;
	buf_add(&r->o->key, f->raw.data, f->raw.size);
	return true;
}

bool take_num(struct token_reader *r, s64 *num)
{
	struct token_field f;
	size_t before = r->at;

	if (!token_read_field(r->t, &r->at, &f) || !f.is_num) {
		r->at = before;
		return false;
	}
	buf_add(&r->o->key, f.raw.data, f.raw.size);
	*num = f.num;
	return true;
}

s64 take_place(struct token_reader *r)
{
	struct token_field f;

	return token_read_field(r->t, &r->at, &f) && f.is_num ? f.num : 0;
}

struct span take_bytes(struct token_reader *r)
{
	struct token_field f;

	return take_field(r, &f) && !f.is_num ? f.bytes : (struct span){NULL, 0};
}

bool field_is(const struct token_field *f, const char *word)
{
	return !f->is_num && span_is(f->bytes, word);
}
