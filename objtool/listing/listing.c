// SPDX-License-Identifier: GPL-2.0-or-later
/* listing.c - the tokens of a record as lines for people */
#include <stdlib.h>
#include "listing-show.h"

/* ---- heads ---- */

static void end_scope(struct builder *b, const struct token *t)
{
	struct frame *f = &b->frame[0];

	show_insn_end(b);
	show_data_end(b, t);
	if (f->ordinal)
		line_place(b, f->scope, f->ordinal, b->list->nr);
	f->ordinal = 0;
	f->pending = NO_LINE;
}

static void read_head(struct builder *b, const struct token *t)
{
	static const char *const titles[NR_TOKEN_TAGS] = {
		[TOKEN_KIND] = "",
		[TOKEN_PLACE] = "section ",
		[TOKEN_PART] = "part ",
		[TOKEN_ALIAS] = "also called ",
	};
	struct open_line *o = &b->frame[0].insn;
	struct token_reader r;
	struct token_field f;

	end_scope(b, t);
	if (t->tag == TOKEN_PART) {
		b->frame[0].scope = t->part;
		b->part_off = t->off;
		b->own_data = false;
	}
	line_open(b, o, LINE_HEAD, t);
	r = take_begin(t, o);
	text_add(&o->text, "%s", titles[t->tag]);
	while (take_field(&r, &f)) {
		if (t->tag == TOKEN_KIND) {
			b->chunk++;
			b->own_data = !field_is(&f, "func");
		}
		text_word(&o->text, f.bytes);
	}
	take_end(&r);
	line_finish(b, o);
}

/* ---- tokens ---- */

/* A reference of an instruction, of an entry, or within data. */
static void read_ref(struct builder *b, const struct token *t)
{
	const struct open_line *o = builder_attached(b);

	if (o->line == NO_LINE)
		show_data_ref(b, t);
	else if (o == &builder_frame(b)->entry)
		show_entry_ref(b, t);
	else
		show_insn_ref(b, t);
}

static void read_bytes(struct builder *b, const struct token *t)
{
	if (b->depth)
		show_entry_bytes(b, t);
	else
		show_data(b, t);
}

static void read_end(struct builder *b, const struct token *t)
{
	(void)t;
	show_entry_end(b);
}

static void (*const read[NR_TOKEN_TAGS])(struct builder *b, const struct token *t) = {
	[TOKEN_KIND] = read_head,     [TOKEN_PLACE] = read_head, [TOKEN_PART] = read_head,
	[TOKEN_ALIAS] = read_head,    [TOKEN_INSN] = show_insn,	 [TOKEN_BAD] = show_insn,
	[TOKEN_BRANCH] = show_branch, [TOKEN_REF] = read_ref,	 [TOKEN_BYTES] = read_bytes,
	[TOKEN_SPECIAL] = show_entry, [TOKEN_END] = read_end,	 [TOKEN_LINE] = show_line_number,
};

/* ---- labels ---- */

static int compare_places(const void *pa, const void *pb)
{
	const struct list_place *a = pa, *b = pb;

	if (a->chunk != b->chunk)
		return a->chunk < b->chunk ? -1 : 1;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return (a->ord > b->ord) - (a->ord < b->ord);
}

static void resolve(struct builder *b)
{
	struct place_line *places = (void *)b->places.data, *found;
	struct list_ref *refs = (void *)b->list->refs.data;
	size_t nr = b->places.len / sizeof(*places);
	size_t nr_refs = b->list->refs.len / sizeof(*refs);

	if (!nr)
		return;
	qsort(places, nr, sizeof(*places), compare_places);
	for (size_t i = 0; i < nr_refs; i++) {
		found = bsearch(&refs[i].place, places, nr, sizeof(*places), compare_places);
		if (found)
			refs[i].line = found->line;
	}
}

void listing_make(struct listing *list, const struct buf *kept, const struct listing_how *how)
{
	struct builder b = {.list = list, .how = how, .cap = 4};
	struct token t = {0}, last = {0};
	size_t at = 0;

	*list = (struct listing){0};
	b.frame = xcalloc(b.cap, sizeof(*b.frame));
	b.frame[0].insn.line = b.frame[0].entry.line = b.frame[0].pending = NO_LINE;
	while (token_read(kept, &at, &t)) {
		read[t.tag](&b, &t);
		last = t;
	}
	end_scope(&b, &last);
	resolve(&b);
	for (u32 i = 0; i < b.cap; i++) {
		line_free(&b.frame[i].entry);
		line_free(&b.frame[i].insn);
	}
	free(b.frame);
	buf_free(&b.places);
}

void listing_free(struct listing *list)
{
	free(list->line);
	buf_free(&list->refs);
	buf_free(&list->targets);
	buf_free(&list->names);
	buf_free(&list->text);
	buf_free(&list->raw);
	*list = (struct listing){0};
}
