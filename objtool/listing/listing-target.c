// SPDX-License-Identifier: GPL-2.0-or-later
/* listing-target.c - what a listing's lines refer to */
#include "listing-show.h"

/* Bytes that a reference fills, which is made as @how; 0 if that is only a number. */
static u32 size_of(struct span how)
{
	static const struct {
		const char *word;
		u32 size;
	} sizes[] = {{"abs64", 8}, {"pc64", 8},	 {"abs32", 4}, {"abs32s", 4}, {"pc32", 4},
		     {"got32", 4}, {"abs16", 2}, {"pc16", 2},  {"abs8", 1},   {"pc8", 1}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (span_is(how, sizes[i].word))
			return sizes[i].size;
	return 0;
}

struct ref_how take_ref_how(struct token_reader *r)
{
	struct ref_how how = {.name = take_bytes(r)};

	how.size = size_of(how.name);
	if (!how.size)
		take_num(r, &how.type);
	return how;
}

void show_own_place(struct builder *b, struct token_reader *r, struct buf *text)
{
	u32 part = (u32)take_place(r);
	s64 ord = take_place(r), delta = 0;

	line_label(b, r->o, text, part, ord);
	if (take_num(r, &delta))
		text_offset(text, delta);
}

/* "(string)" or "(const)", maybe a section class, bytes, offset into them. */
static void add_content(struct token_reader *r, bool string, struct buf *text)
{
	struct span bytes = take_bytes(r), class = {NULL, 0};
	s64 delta = 0;

	if (!take_num(r, &delta)) {
		class = bytes;
		bytes = take_bytes(r);
		take_num(r, &delta);
	}
	if (string) {
		text_quoted(text, bytes);
	} else {
		text_add(text, "{");
		text_hex(text, bytes);
		text_add(text, "}");
	}
	text_offset(text, delta);
	if (class.size) {
		text_add(text, " in ");
		text_word(text, class);
	}
}

static void add_unnamed(struct builder *b, struct token_reader *r, struct buf *text)
{
	struct token_field f;
	size_t before = r->at;
	s64 delta = 0;

	if (token_read_field(r->t, &r->at, &f) && f.is_num)
		r->at = before;
	else
		buf_add(&r->o->key, f.raw.data, f.raw.size);
	line_label(b, r->o, text, SCOPE_DATA + (u32)take_place(r), 0);
	take_num(r, &delta);
	text_offset(text, delta);
}

static void add_entry(struct builder *b, struct token_reader *r, struct buf *text)
{
	s64 delta = 0, nth = 0;

	text_add(text, "entry of ");
	text_word(text, take_bytes(r));
	take_num(r, &delta);
	take_num(r, &nth);
	text_offset(text, delta);
	if (nth)
		text_add(text, ", number %lld", (long long)nth + 1);
	text_add(text, ", for ");
	show_target(b, r, text);
}

/*
 * A name and an offset; what tells namesakes apart behind them counts, and is not shown, but for
 * what an object holds at first, which is behind the code.
 */
static void add_named(struct builder *b, struct token_reader *r, struct span name, const char *self,
		      struct buf *text)
{
	struct token_field f;
	s64 num = 0;

	if (self)
		text_add(text, "%s", self);
	else
		text_word(text, name);
	if (take_num(r, &num)) {
		text_offset(text, num);
	} else if (take_field(r, &f) && field_is(&f, "(insn)") && take_num(r, &num)) {
		text_add(text, "+<%lld instructions>", (long long)num);
	}
	do {
		if (!r->t->data_at || r->at != r->t->data_at)
			continue;
		text_add(text, "{");
		line_label(b, r->o, text, SCOPE_DATA + (u32)take_place(r), 0);
		text_add(text, "}");
	} while (take_field(r, &f));
}

void show_target(struct builder *b, struct token_reader *r, struct buf *text)
{
	struct token_field f;
	s64 num = 0;

	if (!take_field(r, &f) || f.is_num)
		return;
	if (field_is(&f, "(here)") || field_is(&f, "(fragment)")) {
		show_own_place(b, r, text);
	} else if (field_is(&f, "(string)") || field_is(&f, "(const)")) {
		add_content(r, field_is(&f, "(string)"), text);
	} else if (field_is(&f, "(data)")) {
		add_unnamed(b, r, text);
	} else if (field_is(&f, "(entry)")) {
		add_entry(b, r, text);
	} else if (field_is(&f, "(nowhere)")) {
		text_word(text, take_bytes(r));
		take_num(r, &num);
		text_add(text, "%+lld", (long long)num);
	} else {
		add_named(b, r, f.bytes, field_is(&f, "(self)") ? b->how->name : NULL, text);
	}
}

/*
 * Remember what is behind @from in @text as what line @line refers to, if it is outside: "kfree",
 * and of "x{.L3}", whose content is at .L3, "x".
 */
static void note_target(struct builder *b, u32 line, const struct buf *text, size_t from)
{
	size_t all = text->len - from;
	struct list_target target = {line, (u32)b->list->names.len, (u32)all};
	const u8 *name, *mark;

	if (!all) /* and there may be no text at all */
		return;
	name = text->data + from;
	mark = memchr(name, LABEL_MARK, all);
	if (mark)
		target.len = mark > name ? (u32)(mark - name - 1) : 0;
	if (!target.len)
		return;
	buf_add(&b->list->names, name, target.len);
	buf_add(&b->list->targets, &target, sizeof(target));
}

void show_noted_target(struct builder *b, struct token_reader *r, struct buf *text)
{
	size_t from = text->len;

	show_target(b, r, text);
	note_target(b, r->o->line, text, from);
}
