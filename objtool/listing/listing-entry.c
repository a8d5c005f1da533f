// SPDX-License-Identifier: GPL-2.0-or-later
/* listing-entry.c - the lines of special entries */
#include "listing-show.h"

static const struct {
	const char *title;
	const char *ref[3]; /* what references are, in order */
} entry_words[NR_LANES] = {
	[LANE_ALT] = {"alternative", {"replacement"}},
	[LANE_JUMP_LABEL] = {"static branch", {"to", "key"}},
	[LANE_EXTABLE] = {"exception", {"fixup", "handler"}},
	[LANE_BUG] = {"bug entry", {"", ""}},
	[LANE_STATIC_CALL] = {"static call", {"key"}},
	[LANE_TRACE] = {"ftrace", {""}},
};

static void open_frame(struct builder *b)
{
	struct frame *f;

	if (++b->depth == b->cap) {
		b->cap *= 2;
		b->frame = xreallocarray(b->frame, b->cap, sizeof(*b->frame));
		memset(b->frame + b->depth, 0, (b->cap - b->depth) * sizeof(*b->frame));
	}
	f = builder_frame(b);
	f->scope = SCOPE_REPL + b->repl++;
	f->ordinal = 0;
	f->pending = NO_LINE;
	f->insn.line = NO_LINE;
}

void show_entry(struct builder *b, const struct token *t)
{
	struct open_line *o;
	struct token_reader r;
	struct span name;
	s64 delta = 0;
	const char *title = entry_words[t->lane].title;

	show_insn_end(b);
	open_frame(b);
	o = &builder_frame(b)->entry;
	line_open(b, o, LINE_SPECIAL, t);
	if (b->frame[b->depth - 1].pending == NO_LINE)
		b->frame[b->depth - 1].pending = o->line;
	r = take_begin(t, o);
	name = take_bytes(&r);
	take_num(&r, &delta);
	text_add(&o->text, "; ");
	if (title)
		text_add(&o->text, "%s: ", title);
	if (!title || t->lane == LANE_TRACE || t->lane == LANE_OTHER ||
	    !memcmp(name.data, ".para", name.size < 5 ? name.size : 5))
		text_word(&o->text, name);
	if (delta)
		text_add(&o->text, " at %+lld", (long long)delta);
	while (take_field(&r, &(struct token_field){0}))
		;
	take_end(&r);
}

void show_entry_end(struct builder *b)
{
	struct frame *f = builder_frame(b);

	if (!b->depth)
		return;
	show_insn_end(b);
	line_place(b, f->scope, f->ordinal, b->list->nr);
	line_finish(b, &f->entry);
	b->depth--;
}

static u32 number_of(struct span s)
{
	u32 num = 0;

	for (size_t i = s.size < 4 ? s.size : 4; i--;)
		num = num << 8 | s.data[i];
	return num;
}

/* Plain bytes of an entry, by what is known of their meaning. */
static void add_entry_bytes(struct open_line *o, enum lane lane, struct span s)
{
	u32 num = number_of(s), nr = o->nr_refs_shown++;

	if (lane == LANE_ALT && !nr && s.size >= 2)
		text_add(&o->text, "%sfeature %u*32+%u%s",
			 num & (s.size == 2 ? 0x8000 : 0x10000) ? "not " : "", (num & 0x7fff) / 32,
			 num % 32, num >> 17 ? " and flags" : "");
	else if (lane == LANE_ALT && s.size == 1)
		text_add(&o->text, nr == 1 ? ", of %u" : " by %u bytes", num);
	else if (lane == LANE_ALT && s.size < 4)
		text_add(&o->text, ", of %u by %u bytes", s.data[0], s.data[1]);
	else if (lane == LANE_EXTABLE && s.size == 4)
		text_add(&o->text, ", type %u, register %u, immediate %d", num & 0xff,
			 num >> 8 & 0xf, (s16)(num >> 16));
	else if (lane == LANE_BUG && s.size <= 4)
		text_add(&o->text, ", flags 0x%x", num);
	else
		text_hex(&o->text, s);
}

void show_entry_bytes(struct builder *b, const struct token *t)
{
	struct open_line *o = &builder_frame(b)->entry;
	struct token_reader r;
	struct token_field f;

	show_insn_end(b);
	r = take_begin(t, o);
	while (take_field(&r, &f)) {
		if (f.is_num)
			text_add(&o->text, " %lld", (long long)f.num);
		else
			add_entry_bytes(o, t->lane, f.bytes);
	}
	take_end(&r);
}

void show_entry_ref(struct builder *b, const struct token *t)
{
	struct open_line *o = &builder_frame(b)->entry;
	struct token_reader r = take_begin(t, o);
	u32 nr = o->nr_refs_shown++;
	const char *word = nr < 3 ? entry_words[t->lane].ref[nr] : NULL;
	s64 field = 0;

	take_ref_how(&r);
	take_num(&r, &field);
	text_add(&o->text, "%s%s%s", nr ? ", " : "", word ? word : "", word && *word ? " " : "");
	show_noted_target(b, &r, &o->text);
	take_end(&r);
}
