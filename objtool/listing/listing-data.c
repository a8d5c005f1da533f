// SPDX-License-Identifier: GPL-2.0-or-later
/* listing-data.c - the lines of data: rows of bytes, and references between them */
#include <ctype.h>
#include "listing-show.h"

/* Bytes a row shows. */
#define ROW 16U

/* @o is for what is @off bytes into the data that @t belongs to. */
static void place_row(struct builder *b, struct open_line *o, const struct token *t, u32 off)
{
	struct list_line *line;

	o->line = line_new(b, LINE_DATA, t);
	line = &b->list->line[o->line];
	line->off += off;
	line->at = off;
	text_add(&o->text, "+0x%04x: ", off);
}

static void add_row(struct builder *b, const struct token *t, u32 off, u32 len, bool zero)
{
	struct span bytes = {b->data.bytes.data + off, len};
	struct open_line o = {0};
	size_t key;

	place_row(b, &o, t, off);
	key = key_begin(&o, TOKEN_BYTES);
	token_add_bytes(&o.key, bytes.data, bytes.size);
	key_end(&o, key);
	if (zero) {
		text_add(&o.text, "%u zero bytes", len);
	} else {
		text_hex(&o.text, bytes);
		text_add(&o.text, "%*s", (int)(3 * (ROW - len) + 2), "|");
		for (u32 i = 0; i < len; i++)
			text_char(&o.text, isprint(bytes.data[i]) ? (char)bytes.data[i] : '.');
		text_add(&o.text, "|");
	}
	line_finish(b, &o);
	line_free(&o);
}

static u32 zeros(const struct data *d, u32 from, u32 end)
{
	u32 n = 0;

	while (from + n < end && !d->bytes.data[from + n])
		n++;
	return n;
}

/* Show the bytes up to @end. */
static void add_rows(struct builder *b, const struct token *t, u32 end)
{
	struct data *d = &b->data;

	if (end > d->bytes.size)
		end = (u32)d->bytes.size;
	while (d->at < end) {
		u32 len = ROW - d->at % ROW, zero = zeros(d, d->at, end);

		if (len > end - d->at)
			len = end - d->at;
		if (zero >= 2 * ROW)
			len = zero - (zero < end - d->at ? (d->at + zero) % ROW : 0);
		add_row(b, t, d->at, len, zero >= 2 * ROW);
		d->at += len;
	}
}

void show_data_end(struct builder *b, const struct token *t)
{
	if (b->data.open)
		add_rows(b, t, b->data.size);
	b->data.open = false;
}

/*
 * What else there is to say of a reference at @off, to @end: bytes that the linker will replace,
 * which count all the same, and that it reaches back into what is shown already.
 */
static void add_hidden(struct data *d, struct open_line *o, u32 off, u32 end)
{
	u32 behind = d->at - off, size = end > d->at ? end - d->at : 0;
	size_t key;

	if (!behind && zeros(d, d->at, end) == size) {
		d->at += size;
		return;
	}
	key = key_begin(o, TOKEN_BYTES);
	token_add_bytes(&o->key, &behind, sizeof(behind));
	token_add_bytes(&o->key, d->bytes.data + d->at, size);
	key_end(o, key);
	d->at += size;
}

void show_data_ref(struct builder *b, const struct token *t)
{
	struct data *d = &b->data;
	struct open_line o = {.line = NO_LINE};
	struct token_reader r = take_begin(t, &o);
	struct ref_how how = take_ref_how(&r);
	u32 off = (u32)take_place(&r);
	u32 end = off + how.size < d->bytes.size ? off + how.size : (u32)d->bytes.size;

	add_rows(b, t, off);
	place_row(b, &o, t, off);
	show_noted_target(b, &r, &o.text);
	if (how.size != 8)
		text_add(&o.text, "  (%.*s)", (int)how.name.size, how.name.data);
	take_end(&r);
	add_hidden(d, &o, off, end);
	line_finish(b, &o);
	line_free(&o);
}

void show_data(struct builder *b, const struct token *t)
{
	struct frame *f = &b->frame[0];
	struct open_line *o = &f->insn;
	struct token_reader r;
	struct token_field field;
	s64 size = 0, align = 0;
	bool own = b->own_data;

	show_insn_end(b);
	show_data_end(b, t);
	b->own_data = false;
	b->part_off = t->off;
	line_open(b, o, LINE_HEAD, t);
	if (!own)
		line_place(b, SCOPE_DATA + t->part, 0, o->line);
	r = take_begin(t, o);
	take_num(&r, &size);
	text_add(&o->text, "%s%lld bytes", own ? "" : "unnamed data, ", (long long)size);
	b->data = (struct data){.size = (u32)size, .open = true};
	if (take_num(&r, &align)) {
		text_add(&o->text, ", aligned to %lld", (long long)align);
	} else {
		/* The rows have the bytes. */
		token_read_field(t, &r.at, &field);
		if (field_is(&field, "uninitialised") && size != (s64)field.bytes.size) {
			buf_add(&o->key, field.raw.data, field.raw.size);
			text_add(&o->text, ", uninitialised");
		} else {
			b->data.bytes = field.bytes;
		}
	}
	take_end(&r);
	line_finish(b, o);
}
