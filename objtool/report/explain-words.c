// SPDX-License-Identifier: GPL-2.0-or-later
/* explain-words.c - what is said of lines that differ, and of what they refer to */
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/inlined.h>
#include "explain-tell.h"

char *line_text(const struct explaining *x, int s, u32 i)
{
	const struct list_line *line = line_of(x, s, i);
	const u8 *text = side(x, s)->text.data + line->text;
	struct buf out = {0};

	for (u32 k = 0; k < line->len; k++) {
		if (text[k] == LABEL_MARK)
			buf_add(&out, ".L", 2);
		else
			buf_add(&out, text + k, 1);
	}
	buf_add(&out, "", 1);
	return (char *)out.data;
}

/* Two lines that belong together, as text, and where that is. */
struct pair {
	u32 line[NR_SIDES];
	char *text[NR_SIDES];
	const struct list_line *new;
	enum likeness like;
	bool told; /* by what they refer to */
};

/* ---- what they refer to ---- */

/* @a was replaced by @b. */
static void tell_replaced(struct explaining *x, const struct pair *p, const char *a, const char *b,
			  bool call)
{
	struct notes *n = &x->notes;
	u8 kind = p->new->kind, lane = p->new->lane;
	u32 at = kind == LINE_DATA ? NO_AT : p->new->at;

	if (kind == LINE_SPECIAL && lane == LANE_JUMP_LABEL)
		note_add(n, NOTE_ENTRY, at, "static key %s -> %s", a, b);
	else if (kind == LINE_SPECIAL && lane == LANE_STATIC_CALL)
		note_add(n, NOTE_ENTRY, at, "static call %s -> %s", a, b);
	else if (*a == '"' && *b == '"')
		note_add(n, NOTE_STRING, at, "string %s -> %s", a, b);
	else if (*a == '{' && *b == '{')
		note_add(n, NOTE_USE, at, "constant %s -> %s", a, b);
	else if (kind == LINE_DATA)
		note_add(n, NOTE_DATA, at, "points to %s instead of %s at +0x%x", b, a, p->new->at);
	else if (call)
		note_add(n, NOTE_CALL, at, "calls %s instead of %s", b, a);
	else
		note_add(n, NOTE_USE, at, "uses %s instead of %s", b, a);
}

/* Targets number @ta and @tb of the two lines; returns if they differ, which may be told later. */
static bool tell_target(struct explaining *x, const struct pair *p, u32 ta, u32 tb)
{
	char *a = target_text(x, SIDE_OLD, ta), *b = target_text(x, SIDE_NEW, tb);
	bool differ = strcmp(a, b) != 0;

	if (differ && uses_replaced(x, ta, tb))
		tell_replaced(x, p, a, b, uses_target(x, SIDE_OLD, ta).call);
	free(a);
	free(b);
	return differ;
}

void tell_use(struct explaining *x, const struct use *use, u32 old, u32 new)
{
	enum note_kind kind = use->call ? NOTE_CALL : *use->text == '"' ? NOTE_STRING : NOTE_USE;
	const char *verb = use->call ? "call" : "use", *what = *use->text == '"' ? "string " : "";
	int len = (int)use->len;

	if (!old)
		note_add(&x->notes, kind, use->at, "now %ss %s%.*s", verb, what, len, use->text);
	else if (!new)
		note_add(&x->notes, kind, use->at, "no longer %ss %s%.*s", verb, what, len,
			 use->text);
	else
		note_add(&x->notes, kind, NO_AT, "%ss %.*s %u time%s, not %u", verb, len, use->text,
			 new, new == 1 ? "" : "s", old);
}

/* ---- instructions ---- */

static bool is_to_stack(const char *text, const char *operation)
{
	return str_starts(text, operation) && str_ends(text, ", %rsp");
}

static bool number_in(const char *text, long long *num)
{
	const char *p = strchr(text, '$');

	if (p)
		*num = strtoll(p + 1, NULL, 0);
	return p;
}

/* Told where it is made; what undoes it goes without saying. */
static bool tell_frame(struct explaining *x, const struct pair *p)
{
	long long a, b;

	if (is_to_stack(p->text[SIDE_OLD], "addq $"))
		return true;
	if (!is_to_stack(p->text[SIDE_OLD], "subq $") || !number_in(p->text[SIDE_OLD], &a) ||
	    !number_in(p->text[SIDE_NEW], &b))
		return false;
	note_add(&x->notes, NOTE_FRAME, p->new->at, "stack frame 0x%llx -> 0x%llx", a, b);
	return true;
}

static bool is_small(s64 num)
{
	return num > -256 && num < 256;
}

static void tell_immediate(struct explaining *x, const struct pair *p, s64 from, s64 to)
{
	if (from == to || tell_frame(x, p))
		return;
	if (is_small(from) && is_small(to))
		note_add(&x->notes, NOTE_IMMEDIATE, p->new->at, "immediate %" PRId64 " -> %" PRId64,
			 from, to);
	else
		note_add(&x->notes, NOTE_IMMEDIATE, p->new->at,
			 "immediate 0x%" PRIx64 " -> 0x%" PRIx64, (u64)from & 0xffffffff,
			 (u64)to & 0xffffffff);
}

static void tell_displacement(struct explaining *x, const struct pair *p, s64 from, s64 to)
{
	if (from == to)
		return;
	if (strstr(p->text[SIDE_OLD], "(%rsp") && strstr(p->text[SIDE_NEW], "(%rsp"))
		note_add(&x->notes, NOTE_STACK, p->new->at, "place on the stack is another");
	else
		note_add(&x->notes, NOTE_OFFSET, p->new->at,
			 "offset %s0x%" PRIx64 " -> %s0x%" PRIx64, from < 0 ? "-" : "",
			 from < 0 ? 0 - (u64)from : (u64)from, to < 0 ? "-" : "",
			 to < 0 ? 0 - (u64)to : (u64)to);
}

/* Two instructions that are the same but for numbers in them. */
static void tell_numbers(struct explaining *x, const struct pair *p)
{
	struct insn insn_a, insn_b;
	u8 a[32], b[32];

	if (!insn_decode(x, SIDE_OLD, p->line[SIDE_OLD], a, &insn_a) ||
	    !insn_decode(x, SIDE_NEW, p->line[SIDE_NEW], b, &insn_b))
		return;
	if (insn_a.imm_len && insn_b.imm_len)
		tell_immediate(x, p, arch_insn_imm(a, &insn_a), arch_insn_imm(b, &insn_b));
	tell_displacement(x, p, arch_insn_disp(a, &insn_a), arch_insn_disp(b, &insn_b));
}

static void tell_insn(struct explaining *x, const struct pair *p)
{
	struct span a = insn_bytes(x, SIDE_OLD, p->line[SIDE_OLD]);
	struct span b = insn_bytes(x, SIDE_NEW, p->line[SIDE_NEW]);
	bool same = a.size == b.size && !memcmp(a.data, b.data, a.size);

	if (p->like == LIKE_FIELDS && !same)
		tell_numbers(x, p);
	else if (!p->told && p->like != LIKE_FIELDS)
		note_add(&x->notes, NOTE_REGISTERS, p->new->at,
			 "does the same with other operands");
	else if (!p->told && uses_of_line(x, SIDE_OLD, p->line[SIDE_OLD]).nr ==
				     uses_of_line(x, SIDE_NEW, p->line[SIDE_NEW]).nr)
		note_add(&x->notes, NOTE_BRANCH, p->new->at, "branch goes elsewhere");
}

/* ---- everything else ---- */

/* The text of a special entry without what is before its title. */
static const char *entry_title(const char *text)
{
	return text + (str_starts(text, "; ") ? 2 : 0);
}

static void tell_entry(struct explaining *x, const struct pair *p)
{
	const char *a = p->text[SIDE_OLD], *b = p->text[SIDE_NEW], *rest = strstr(b, ": ");

	if (!strcmp(a, b))
		note_add(&x->notes, NOTE_ENTRY, p->new->at, "%s: goes elsewhere",
			 lane_words(p->new->lane));
	else
		note_add(&x->notes, NOTE_ENTRY, p->new->at, "%s -> %s", entry_title(a),
			 rest ? rest + 2 : b);
}

/* As much of @row as are bytes, without the text behind them. */
static int bytes_of_row(const char *row)
{
	size_t len = strcspn(row, "|");

	while (len && row[len - 1] == ' ')
		len--;
	return (int)len;
}

/* Of a row, "+0x0010: 61 62 63 |abc|": what is text as text, the rest as it is. */
static void tell_data(struct explaining *x, const struct pair *p)
{
	const char *a = p->text[SIDE_OLD], *b = p->text[SIDE_NEW];
	const char *text_a = strchr(a, '|'), *text_b = strchr(b, '|');
	const char *place = strstr(b, ": "), *bytes = place ? place + 2 : b;

	if (text_a && text_b && !strchr(text_a, '.') && !strchr(text_b, '.'))
		note_add(&x->notes, NOTE_DATA, NO_AT, "%.*s: %s -> %s", (int)strcspn(a, ":"), a,
			 text_a, text_b);
	else
		note_add(&x->notes, NOTE_DATA, NO_AT, "%.*s -> %.*s", bytes_of_row(a), a,
			 bytes_of_row(bytes), bytes);
}

static void tell_head(struct explaining *x, const struct pair *p)
{
	const char *a = p->text[SIDE_OLD], *b = p->text[SIDE_NEW];

	if (str_starts(a, "section ") && str_starts(b, "section "))
		note_add(&x->notes, NOTE_PLACE, NO_AT, "moved from section %s to %s", a + 8, b + 8);
	else
		note_add(&x->notes, NOTE_PLACE, NO_AT, "%s -> %s", a, b);
}

/* ---- pairs, and what has no partner ---- */

/* By kind of line, if what the two refer to does not tell it all. */
static void tell_rest(struct explaining *x, const struct pair *p)
{
	switch ((enum line_kind)p->new->kind) {
	case LINE_INSN:
	case LINE_REPL:
		tell_insn(x, p);
		break;
	case LINE_SPECIAL:
		tell_entry(x, p);
		break;
	case LINE_DATA:
		tell_data(x, p);
		break;
	case LINE_HEAD:
		tell_head(x, p);
		break;
	}
}

void tell_pair(struct explaining *x, u32 old, u32 new, enum likeness like)
{
	struct targets a = uses_of_line(x, SIDE_OLD, old), b = uses_of_line(x, SIDE_NEW, new);
	struct pair p = {.line = {old, new},
			 .text = {line_text(x, SIDE_OLD, old), line_text(x, SIDE_NEW, new)},
			 .new = line_of(x, SIDE_NEW, new),
			 .like = like};

	for (u32 k = 0; k < a.nr && k < b.nr; k++)
		p.told |= tell_target(x, &p, a.first + k, b.first + k);
	if (!p.told || line_is_code(p.new))
		tell_rest(x, &p);
	free(p.text[SIDE_OLD]);
	free(p.text[SIDE_NEW]);
}

/* An entry that came, or went; neither if the same went, or came, elsewhere. */
static void tell_single_entry(struct explaining *x, int s, u32 line, enum note_kind kind, u32 at)
{
	static const char *const words[NR_SIDES] = {"removed", "added"};
	char *text = line_text(x, s, line);
	char *other = xasprintf("%s: %s", words[!s], entry_title(text));

	if (!note_take(&x->notes, kind, other))
		note_add(&x->notes, kind, at, "%s: %s", words[s], entry_title(text));
	free(other);
	free(text);
}

void tell_single(struct explaining *x, int s, u32 line)
{
	const struct list_line *l = line_of(x, s, line);

	if (l->kind == LINE_INSN)
		insns_add_single(x, s, line);
	else if (l->kind == LINE_SPECIAL)
		tell_single_entry(x, s, line, NOTE_ENTRY, l->at);
	else if (l->kind == LINE_HEAD)
		tell_single_entry(x, s, line, NOTE_PLACE, NO_AT);
	else if (l->kind == LINE_DATA && x->e->kind == RECORD_DATA)
		note_add(&x->notes, NOTE_DATA, NO_AT,
			 s == SIDE_NEW ? "data is added" : "data is removed");
}

void tell_inlined(struct explaining *x)
{
	size_t nr;
	struct inlined_copy *copies = inlined_copies(x->b, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct inlined_copy *c = &copies[i];

		if (!c->insns[SIDE_OLD])
			note_add(&x->notes, NOTE_INLINED, NO_AT, "now inlines %s", c->func.name);
		else if (!c->insns[SIDE_NEW])
			note_add(&x->notes, NOTE_INLINED, NO_AT, "no longer inlines %s",
				 c->func.name);
		else if (c->differ)
			note_add(&x->notes, NOTE_INLINED, NO_AT,
				 "inlined copy of %s changed: %u -> %u instructions", c->func.name,
				 c->insns[SIDE_OLD], c->insns[SIDE_NEW]);
	}
	free(copies);
}
