// SPDX-License-Identifier: GPL-2.0-or-later
/* listing-insn.c - the lines of instructions */
#include <stdlib.h>
#include "listing-show.h"

static void add_note(struct open_line *o, const char *text)
{
	text_add(&o->notes, "%s%s", o->notes.len ? ", " : "", text);
}

void show_insn_end(struct builder *b)
{
	struct open_line *o = &builder_frame(b)->insn;

	if (o->line == NO_LINE)
		return;
	if (o->insn.size && b->how->disas)
		disas_insn(b->how->disas, o->insn.data, o->insn.size, o->field, o->nr_fields,
			   &o->text);
	for (size_t i = 0; i < o->nr_fields; i++) {
		if (!o->field[i].shown)
			add_note(o, o->field_text[i]);
		free(o->field_text[i]);
	}
	if (o->notes.len) {
		text_add(&o->text, "  # ");
		text_append(&o->text, &o->notes);
	}
	/* What comes late, of an object that is damaged, is no field of it any more. */
	o->nr_fields = 0;
	o->insn = (struct span){NULL, 0};
	line_finish(b, o);
}

static void open_insn(struct builder *b, const struct token *t)
{
	struct frame *f = builder_frame(b);

	show_insn_end(b);
	line_open(b, &f->insn, b->depth ? LINE_REPL : LINE_INSN, t);
	line_place(b, f->scope, f->ordinal++, f->pending == NO_LINE ? f->insn.line : f->pending);
	f->pending = NO_LINE;
}

static void add_insn_field(struct open_line *o, u32 off, struct buf *text)
{
	buf_add(text, "", 1);
	if (o->insn.size && o->nr_fields < MAX_FIELDS_SHOWN) {
		o->field_text[o->nr_fields] = (char *)text->data;
		o->field[o->nr_fields++] =
			(struct disas_field){.off = off, .text = (char *)text->data};
		return;
	}
	add_note(o, (char *)text->data);
	buf_free(text);
}

void show_insn(struct builder *b, const struct token *t)
{
	struct open_line *o = &builder_frame(b)->insn;
	struct token_reader r;

	open_insn(b, t);
	r = take_begin(t, o);
	if (t->tag == TOKEN_BAD) {
		text_add(&o->text, ".byte 0x");
		text_hex(&o->text, take_bytes(&r));
		text_add(&o->text, "  # no instruction");
	} else {
		o->insn = take_bytes(&r);
	}
	take_end(&r);
}

void show_branch(struct builder *b, const struct token *t)
{
	struct frame *frame = builder_frame(b);
	struct open_line *o = &frame->insn;
	struct token_reader r;
	struct token_field f = {0};
	struct buf text = {0};
	s64 ord, delta = 0;
	size_t first = 1;

	token_read_field(t, &first, &f);
	if (field_is(&f, "(static)"))
		open_insn(b, t);
	r = take_begin(t, o);
	if (f.is_num) {
		show_own_place(b, &r, &text);
	} else if (take_field(&r, &f) && field_is(&f, "(static)")) {
		text_add(&o->text, "jmp or nop  # static branch");
	} else {
		ord = take_place(&r);
		line_label(b, o, &text, frame->scope, ord);
		take_num(&r, &delta);
		text_offset(&text, delta);
	}
	take_end(&r);
	if (text.len)
		add_insn_field(o, 0, &text);
}

/* Where the instruction's immediate is: the only number that can be a line. */
static u32 immediate_at(struct span bytes)
{
	struct insn insn;
	u8 padded[32] = {0};

	memcpy(padded, bytes.data, bytes.size);
	arch_decode(padded, ARCH_MAX_INSN, &insn);
	return insn.imm_off;
}

void show_line_number(struct builder *b, const struct token *t)
{
	struct open_line *o = builder_attached(b);
	bool counts = b->how->lines || t->lane != LANE_LINES, data;
	struct token_reader r;
	struct buf text = {0};
	size_t key;
	s64 num = 0;

	if (o->line == NO_LINE && !counts)
		return;
	if (o->line == NO_LINE)
		line_open(b, o, LINE_DATA, t);
	data = b->list->line[o->line].kind == LINE_DATA;
	key = o->key.len;
	r = take_begin(t, o);
	take_num(&r, &num);
	take_end(&r);
	if (!counts)
		o->key.len = key;
	if (o->insn.size) {
		if (counts)
			text_add(&text, "<line %lld>", (long long)num);
		else
			text_add(&text, "<line>");
		add_insn_field(o, immediate_at(o->insn), &text);
	} else if (counts) {
		text_add(&o->text, data ? "line %lld" : ", line %lld", (long long)num);
	}
	if (data)
		line_finish(b, o);
}

void show_insn_ref(struct builder *b, const struct token *t)
{
	struct open_line *o = &builder_frame(b)->insn;
	struct token_reader r = take_begin(t, o);
	struct ref_how how = take_ref_how(&r);
	struct buf text = {0};
	s64 field = 0;

	take_num(&r, &field);
	show_noted_target(b, &r, &text);
	if (!how.size)
		text_add(&text, "@type%lld", (long long)how.type);
	else if (span_is(how.name, "got32"))
		text_add(&text, "@GOT");
	add_insn_field(o, (u32)field, &text);
	take_end(&r);
}
