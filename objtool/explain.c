// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.c - why a record differs, in sentences
 *
 *   pair_rows()      in each stretch that differs, lines that do the same with something else
 *   tell_pair()      what the two of a pair differ in
 *   tell_targets()   what is called and used more or less often, but for pairs
 *   find_moved()     instructions that are gone here and came there
 *   print_notes()    equal findings once, with how many there are
 */
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/arch.h>
#include <objtool/explain.h>
#include <objtool/hash.h>
#include <objtool/inlined.h>
#include <objtool/match.h>
#include <objtool/names.h>
#include <objtool/seen.h>

/* In the order they are printed. */
enum note_kind {
	NOTE_PLACE,
	NOTE_CALL,
	NOTE_STRING,
	NOTE_USE,
	NOTE_INLINED,
	NOTE_ENTRY,
	NOTE_FRAME,
	NOTE_IMMEDIATE,
	NOTE_OFFSET,
	NOTE_DATA,
	NOTE_BRANCH,
	NOTE_REGISTERS,
	NOTE_STACK,
	NR_NOTE_KINDS
};

/* Of one kind as many are printed, and then how many more there are. */
#define MAX_NOTES 8

/* What has no one place. */
#define NO_AT 0xffffffffU

#define NO_NOTE 0xffffffffU

struct note {
	char *text;
	u32 kind, count, at;
	u32 order;
};

/* Something that one side refers to: for counting what is there more often. */
struct use {
	const char *text; /* in listing.names */
	u32 len, at;
	u32 call;
};

/* An instruction that has no partner. */
struct single {
	u64 key;
	u32 line;
	u32 moved; /* it has, elsewhere */
};

struct explaining {
	struct bodies *b;
	const struct diff_entry *e;
	struct note *notes;
	u32 nr_notes, cap;
	struct seen known;		/* by hash of a note's kind and text: its number */
	struct seen counts[NR_SIDES];	/* by hash of what is referred to: how often it is */
	struct buf uses[NR_SIDES];	/* struct use: all, and what a pair has instead */
	struct buf line_uses[NR_SIDES]; /* u32 by line, and one behind: index of its first target */
	struct buf single[NR_SIDES];	/* struct single: instructions that only one side has */
};

static const struct listing *side(const struct explaining *x, int s)
{
	return x->b->merged.side[s];
}

/* What the table has for a text; of what is in it first, @fresh. */
static u32 *known_text(struct seen *table, u32 kind, const char *text, size_t len, u32 fresh)
{
	u64 hash = hash_bytes(text, len) + kind;

	return seen_number(table, (u32)(hash >> 32), (u32)hash, fresh);
}

static u32 *note_number(struct explaining *x, enum note_kind kind, const char *text)
{
	return known_text(&x->known, kind, text, strlen(text), NO_NOTE);
}

/* Take back one note of @text; false if there is none. */
static bool take_note(struct explaining *x, enum note_kind kind, const char *text)
{
	u32 number = *note_number(x, kind, text);

	if (number == NO_NOTE || !x->notes[number].count)
		return false;
	x->notes[number].count--;
	return true;
}

/* Takes @text over. */
static struct note *add_note(struct explaining *x, enum note_kind kind, u32 at, char *text)
{
	u32 *number = note_number(x, kind, text);

	if (*number != NO_NOTE) {
		x->notes[*number].count++;
		free(text);
		return &x->notes[*number];
	}
	if (x->nr_notes == x->cap) {
		x->cap = x->cap ? x->cap * 2 : 32;
		x->notes = xreallocarray(x->notes, x->cap, sizeof(*x->notes));
	}
	*number = x->nr_notes++;
	x->notes[*number] = (struct note){text, kind, 1, at, *number};
	return &x->notes[*number];
}

/* ---- what a line refers to ---- */

static const struct list_target *targets(const struct explaining *x, int s)
{
	return (const void *)side(x, s)->targets.data;
}

static int compare_targets(const void *pa, const void *pb)
{
	const struct list_target *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->text > b->text) - (a->text < b->text);
}

static void index_targets(struct explaining *x, int s)
{
	struct listing *list = &x->b->body[s].list;
	struct list_target *t = (void *)list->targets.data;
	u32 nr = (u32)(list->targets.len / sizeof(*t)), i = 0;

	if (nr)
		qsort(t, nr, sizeof(*t), compare_targets);
	for (u32 k = 0; k < nr; k++)
		*known_text(&x->counts[s], 0, (const char *)list->names.data + t[k].text, t[k].len,
			    0) += 1;
	for (u32 line = 0; line <= list->nr; line++) {
		while (i < nr && t[i].line < line)
			i++;
		buf_add(&x->line_uses[s], &i, sizeof(i));
	}
}

/* The first target of the line, *@nr of them. */
static u32 first_target(const struct explaining *x, int s, u32 line, u32 *nr)
{
	const u32 *first = (const void *)x->line_uses[s].data;

	*nr = first[line + 1] - first[line];
	return first[line];
}

/* Target @k of a line, as text; the result is the caller's. */
static char *target_text(const struct explaining *x, int s, u32 k)
{
	const struct list_target *t = &targets(x, s)[k];
	char *text = xasprintf("%.*s", (int)t->len, (const char *)side(x, s)->names.data + t->text);

	/* Places within the record have labels, which mean nothing here. */
	for (char *p = text; *p; p++)
		if (*p == LABEL_MARK)
			*p = '.';
	return text;
}

/* ---- instructions ---- */

static const struct list_line *line_of(const struct explaining *x, int s, u32 i)
{
	return &side(x, s)->line[i];
}

/* The bytes of a line's instruction; none if it is no plain one. */
static struct span insn_bytes(const struct explaining *x, int s, u32 i)
{
	const struct list_line *line = line_of(x, s, i);
	const u8 *raw = side(x, s)->raw.data + line->raw;
	struct token t;
	struct token_field f;
	size_t at = 1;

	if (line->raw_len < 6 || raw[4] != TOKEN_INSN)
		return (struct span){NULL, 0};
	t = (struct token){.tag = TOKEN_INSN, .bytes = {raw + 4, get_u32(raw)}};
	return token_read_field(&t, &at, &f) ? f.bytes : (struct span){NULL, 0};
}

/* Decode a line's instruction into @bytes, 0 behind its end. */
static bool decode(const struct explaining *x, int s, u32 i, u8 bytes[32], struct insn *insn)
{
	struct span span = insn_bytes(x, s, i);

	memset(bytes, 0, 32);
	if (!span.size || span.size > 32)
		return false;
	memcpy(bytes, span.data, span.size);
	return arch_decode(bytes, ARCH_MAX_INSN, insn) != 0;
}

static bool is_call(const struct explaining *x, int s, u32 line)
{
	struct insn insn;
	u8 bytes[32];

	return line_of(x, s, line)->kind <= LINE_INSN && decode(x, s, line, bytes, &insn) &&
	       (insn.cls == INSN_CALL || insn.cls == INSN_JMP || insn.cls == INSN_JCC);
}

/* The text of a line, NUL-terminated; of labels, which differ from side to side, only ".L". */
static char *line_text(const struct explaining *x, int s, u32 i)
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

/* ---- pairs ---- */

enum likeness {
	LIKE_FIELDS,   /* the same but for immediates, displacements and references */
	LIKE_MNEMONIC, /* the same operation on something else */
	NR_LIKENESSES
};

/* What two lines must have in common to be a pair. */
static u64 shape(const struct explaining *x, int s, u32 i, enum likeness like)
{
	const struct list_line *line = line_of(x, s, i);
	struct insn insn = {0};
	u8 bytes[33];
	char *text;
	u64 hash;

	memset(bytes, 0, sizeof(bytes));
	if (line->kind == LINE_DATA)
		memcpy(bytes + 1, &line->at, sizeof(line->at));
	else if (line->kind == LINE_SPECIAL)
		bytes[1] = line->lane;
	else if (line->kind == LINE_HEAD)
		bytes[1] = side(x, s)->raw.data[line->raw + 4];
	else if (!decode(x, s, i, bytes + 1, &insn))
		return i | (u64)1 << (62 + s);
	if (line->kind == LINE_INSN || line->kind == LINE_REPL) {
		memset(bytes + 1 + insn.disp_off, 0, insn.disp_len);
		memset(bytes + 1 + insn.imm_off, 0, insn.imm_len);
	}
	bytes[0] = line->kind;
	hash = hash_bytes(bytes, sizeof(bytes));
	if (like == LIKE_MNEMONIC && (line->kind == LINE_INSN || line->kind == LINE_REPL)) {
		text = line_text(x, s, i);
		hash = hash_bytes(text, strcspn(text, " ")) ^ line->kind;
		free(text);
	}
	return hash;
}

static bool number_in(const char *text, char before, long long *num)
{
	const char *p = before ? strchr(text, before) : text;

	if (!p)
		return false;
	*num = strtoll(p + (before != 0), NULL, 0);
	return true;
}

static bool tell_frame(struct explaining *x, const char *old, const char *new, u32 at)
{
	long long a, b;

	if (!str_starts(old, "subq $") || !str_ends(old, ", %rsp") || !number_in(old, '$', &a) ||
	    !number_in(new, '$', &b))
		return false;
	add_note(x, NOTE_FRAME, at, xasprintf("stack frame 0x%llx -> 0x%llx", a, b));
	return true;
}

static bool is_stack(const char *text)
{
	return strstr(text, "(%rsp");
}

/* Two instructions that are the same but for numbers in them. */
static void tell_numbers(struct explaining *x, u32 old, u32 new)
{
	struct insn insn_a, insn_b;
	u8 a[32], b[32];
	char *text_a = line_text(x, SIDE_OLD, old), *text_b = line_text(x, SIDE_NEW, new);
	u32 at = line_of(x, SIDE_NEW, new)->at;
	s64 from, to;

	if (!decode(x, SIDE_OLD, old, a, &insn_a) || !decode(x, SIDE_NEW, new, b, &insn_b))
		goto out;
	from = arch_insn_imm(a, &insn_a);
	to = arch_insn_imm(b, &insn_b);
	if (insn_a.imm_len && insn_b.imm_len && from != to) {
		bool frame = tell_frame(x, text_a, text_b, at) ||
			     (str_starts(text_a, "addq $") && str_ends(text_a, ", %rsp"));

		if (!frame && (from > -256 && from < 256 && to > -256 && to < 256))
			add_note(x, NOTE_IMMEDIATE, at,
				 xasprintf("immediate %" PRId64 " -> %" PRId64, from, to));
		else if (!frame)
			add_note(x, NOTE_IMMEDIATE, at,
				 xasprintf("immediate 0x%" PRIx64 " -> 0x%" PRIx64,
					   (u64)from & 0xffffffff, (u64)to & 0xffffffff));
	}
	from = arch_insn_disp(a, &insn_a);
	to = arch_insn_disp(b, &insn_b);
	if (from != to && is_stack(text_a) && is_stack(text_b))
		add_note(x, NOTE_STACK, at, xstrdup("place on the stack is another"));
	else if (from != to)
		add_note(x, NOTE_OFFSET, at,
			 xasprintf("offset %s0x%" PRIx64 " -> %s0x%" PRIx64, from < 0 ? "-" : "",
				   from < 0 ? 0 - (u64)from : (u64)from, to < 0 ? "-" : "",
				   to < 0 ? 0 - (u64)to : (u64)to));
out:
	free(text_a);
	free(text_b);
}

static u32 count_uses(struct explaining *x, int s, const struct use *use)
{
	return *known_text(&x->counts[s], 0, use->text, use->len, 0);
}

static struct use use_of(const struct explaining *x, int s, u32 line, u32 k)
{
	const struct list_target *t = &targets(x, s)[k];

	return (struct use){(const char *)side(x, s)->names.data + t->text, t->len,
			    line_of(x, s, line)->at, is_call(x, s, line)};
}

/*
 * Two targets of a pair: has the one been put in the place of the other? Not if
 * there are as many of either as before: then lines that do not belong together were paired.
 */
static bool is_replaced(struct explaining *x, u32 old, u32 new, u32 ta, u32 tb)
{
	struct use a = use_of(x, SIDE_OLD, old, ta), b = use_of(x, SIDE_NEW, new, tb);

	if (count_uses(x, SIDE_OLD, &a) <= count_uses(x, SIDE_NEW, &a) ||
	    count_uses(x, SIDE_NEW, &b) <= count_uses(x, SIDE_OLD, &b))
		return false;
	/* So that these do not count again. */
	buf_add(&x->uses[SIDE_NEW], &a, sizeof(a));
	buf_add(&x->uses[SIDE_OLD], &b, sizeof(b));
	return true;
}

/* "calls b instead of a": the two lines' targets number @ta and @tb. */
static bool tell_target(struct explaining *x, u32 old, u32 new, u32 ta, u32 tb)
{
	char *a = target_text(x, SIDE_OLD, ta), *b = target_text(x, SIDE_NEW, tb);
	const struct list_line *line = line_of(x, SIDE_NEW, new);
	bool differ = strcmp(a, b) != 0, call = is_call(x, SIDE_OLD, old);
	enum note_kind kind = NOTE_USE;
	char *text;

	if (!differ || !is_replaced(x, old, new, ta, tb)) {
		free(a);
		free(b);
		return differ;
	}
	if (line->kind == LINE_SPECIAL && line->lane == LANE_JUMP_LABEL) {
		kind = NOTE_ENTRY;
		text = xasprintf("static key %s -> %s", a, b);
	} else if (line->kind == LINE_SPECIAL && line->lane == LANE_STATIC_CALL) {
		kind = NOTE_ENTRY;
		text = xasprintf("static call %s -> %s", a, b);
	} else if (*a == '"' && *b == '"') {
		kind = NOTE_STRING;
		text = xasprintf("string %s -> %s", a, b);
	} else if (*a == '{' && *b == '{') {
		text = xasprintf("constant %s -> %s", a, b);
	} else if (line->kind == LINE_DATA) {
		kind = NOTE_DATA;
		text = xasprintf("points to %s instead of %s at +0x%x", b, a, line->at);
	} else {
		kind = call ? NOTE_CALL : NOTE_USE;
		text = xasprintf("%s %s instead of %s", call ? "calls" : "uses", b, a);
	}
	add_note(x, kind, line->kind == LINE_DATA ? NO_AT : line->at, text);
	free(a);
	free(b);
	return true;
}

/* The text of a special entry without its title. */
static void tell_entry(struct explaining *x, u32 old, u32 new)
{
	char *a = line_text(x, SIDE_OLD, old), *b = line_text(x, SIDE_NEW, new);
	const char *rest = strstr(b, ": ");

	if (!strcmp(a, b))
		add_note(x, NOTE_ENTRY, line_of(x, SIDE_NEW, new)->at,
			 xasprintf("%s: goes elsewhere",
				   lane_words(line_of(x, SIDE_NEW, new)->lane)));
	else
		add_note(x, NOTE_ENTRY, line_of(x, SIDE_NEW, new)->at,
			 xasprintf("%s -> %s", a + (str_starts(a, "; ") ? 2 : 0),
				   rest ? rest + 2 : b));
	free(a);
	free(b);
}

/* Of a row, "+0x0010: 61 62 63 |abc|": what is text as text, the rest as it is. */
static void tell_data(struct explaining *x, u32 old, u32 new)
{
	char *a = line_text(x, SIDE_OLD, old), *b = line_text(x, SIDE_NEW, new);
	char *text_a = strchr(a, '|'), *text_b = strchr(b, '|');
	bool text = text_a && text_b && !strchr(text_a, '.') && !strchr(text_b, '.');
	size_t head = text ? strcspn(a, ":") : strcspn(a, "|");

	add_note(x, NOTE_DATA, NO_AT,
		 xasprintf("%.*s%s%s -> %.*s", (int)head, a, text ? ": " : "", text ? text_a : "",
			   (int)strcspn(text ? text_b + 1 : b, "|") + 2 * text,
			   text ? text_b : b + (strchr(b, ':') ? 9 : 0)));
	free(a);
	free(b);
}

static void tell_head(struct explaining *x, u32 old, u32 new)
{
	char *a = line_text(x, SIDE_OLD, old), *b = line_text(x, SIDE_NEW, new);

	if (str_starts(a, "section ") && str_starts(b, "section "))
		add_note(x, NOTE_PLACE, NO_AT,
			 xasprintf("moved from section %s to %s", a + 8, b + 8));
	else
		add_note(x, NOTE_PLACE, NO_AT, xasprintf("%s -> %s", a, b));
	free(a);
	free(b);
}

static void tell_insns(struct explaining *x, u32 old, u32 new, enum likeness like)
{
	u32 nr_a, nr_b, a = first_target(x, SIDE_OLD, old, &nr_a);
	u32 b = first_target(x, SIDE_NEW, new, &nr_b);
	u32 at = line_of(x, SIDE_NEW, new)->at;
	struct span bytes_a = insn_bytes(x, SIDE_OLD, old), bytes_b = insn_bytes(x, SIDE_NEW, new);
	bool told = false;

	for (u32 k = 0; k < nr_a && k < nr_b; k++)
		told |= tell_target(x, old, new, a + k, b + k);
	if (like != LIKE_FIELDS) {
		if (!told)
			add_note(x, NOTE_REGISTERS, at,
				 xstrdup("does the same with other operands"));
	} else if (bytes_a.size == bytes_b.size &&
		   !memcmp(bytes_a.data, bytes_b.data, bytes_a.size)) {
		if (!told && nr_a == nr_b)
			add_note(x, NOTE_BRANCH, at, xstrdup("branch goes elsewhere"));
	} else {
		tell_numbers(x, old, new);
	}
}

/* What the two of a pair differ in. */
static void tell_pair(struct explaining *x, u32 old, u32 new, enum likeness like)
{
	const struct list_line *line = line_of(x, SIDE_NEW, new);
	u32 nr_a, nr_b, a = first_target(x, SIDE_OLD, old, &nr_a);
	u32 b = first_target(x, SIDE_NEW, new, &nr_b);
	bool told = false;

	if (line->kind == LINE_INSN || line->kind == LINE_REPL) {
		tell_insns(x, old, new, like);
		return;
	}
	for (u32 k = 0; k < nr_a && k < nr_b; k++)
		told |= tell_target(x, old, new, a + k, b + k);
	if (told)
		return;
	if (line->kind == LINE_SPECIAL)
		tell_entry(x, old, new);
	else if (line->kind == LINE_DATA)
		tell_data(x, old, new);
	else
		tell_head(x, old, new);
}

/* ---- what only one side has ---- */

/* An entry that came, or went; neither if the same went, or came, elsewhere. */
static void tell_single_entry(struct explaining *x, int s, u32 line, enum note_kind kind)
{
	static const char *const words[NR_SIDES] = {"removed", "added"};
	char *text = line_text(x, s, line);
	const char *rest = text + (str_starts(text, "; ") ? 2 : 0);
	char *other = xasprintf("%s: %s", words[!s], rest);

	if (!take_note(x, kind, other))
		add_note(x, kind, kind == NOTE_PLACE ? NO_AT : line_of(x, s, line)->at,
			 xasprintf("%s: %s", words[s], rest));
	free(other);
	free(text);
}

static void tell_single(struct explaining *x, int s, u32 line)
{
	const struct list_line *l = line_of(x, s, line);
	struct single single = {l->key, line, 0};

	if (l->kind == LINE_INSN)
		buf_add(&x->single[s], &single, sizeof(single));
	else if (l->kind == LINE_SPECIAL)
		tell_single_entry(x, s, line, NOTE_ENTRY);
	else if (l->kind == LINE_HEAD)
		tell_single_entry(x, s, line, NOTE_PLACE);
	else if (l->kind == LINE_DATA && x->e->kind == RECORD_DATA)
		add_note(x, NOTE_DATA, NO_AT,
			 xstrdup(s == SIDE_NEW ? "data is added" : "data is removed"));
}

/* Lines [@from, @end) of rows, those of side @s; returns how many. */
static u32 collect(const struct explaining *x, u32 from, u32 end, int s, u32 *lines)
{
	const struct row *row = x->b->merged.row;
	u32 nr = 0;

	for (u32 i = from; i < end; i++)
		if (!row[i].label && row[i].line[s] != NO_LINE)
			lines[nr++] = row[i].line[s];
	return nr;
}

/* Match what is left of both sides, by likeness; what was matched is taken out. */
static void pair_lines(struct explaining *x, u32 *lines[NR_SIDES], u32 nr[NR_SIDES],
		       enum likeness like)
{
	u64 *key[NR_SIDES];
	u32 *match = xcalloc((size_t)nr[SIDE_OLD] + 1, sizeof(*match)), left = 0;
	u8 *taken = xcalloc((size_t)nr[SIDE_NEW] + 1, 1);

	for (int s = 0; s < NR_SIDES; s++) {
		key[s] = xcalloc((size_t)nr[s] + 1, sizeof(u64));
		for (u32 i = 0; i < nr[s]; i++)
			key[s][i] = shape(x, s, lines[s][i], like);
	}
	match_sequences(key[SIDE_OLD], nr[SIDE_OLD], key[SIDE_NEW], nr[SIDE_NEW], match);
	for (u32 i = 0; i < nr[SIDE_OLD]; i++) {
		if (match[i] == NO_MATCH) {
			lines[SIDE_OLD][left++] = lines[SIDE_OLD][i];
			continue;
		}
		tell_pair(x, lines[SIDE_OLD][i], lines[SIDE_NEW][match[i]], like);
		taken[match[i]] = 1;
	}
	nr[SIDE_OLD] = left;
	left = 0;
	for (u32 i = 0; i < nr[SIDE_NEW]; i++)
		if (!taken[i])
			lines[SIDE_NEW][left++] = lines[SIDE_NEW][i];
	nr[SIDE_NEW] = left;
	for (int s = 0; s < NR_SIDES; s++)
		free(key[s]);
	free(match);
	free(taken);
}

/* Rows [@from, @end), which all differ: pairs, and what is left. */
static void tell_block(struct explaining *x, u32 from, u32 end)
{
	u32 *lines[NR_SIDES], nr[NR_SIDES];

	for (int s = 0; s < NR_SIDES; s++) {
		lines[s] = xcalloc(end - from, sizeof(u32));
		nr[s] = collect(x, from, end, s, lines[s]);
	}
	pair_lines(x, lines, nr, LIKE_FIELDS);
	/* Where much differs, what has the same name by chance is no pair. */
	if (nr[SIDE_OLD] == nr[SIDE_NEW])
		pair_lines(x, lines, nr, LIKE_MNEMONIC);
	for (int s = 0; s < NR_SIDES; s++) {
		for (u32 i = 0; i < nr[s]; i++)
			tell_single(x, s, lines[s][i]);
		free(lines[s]);
	}
}

static void tell_rows(struct explaining *x)
{
	const struct merged *m = &x->b->merged;

	for (u32 i = 0, end; i < m->nr; i = end) {
		end = i + 1;
		if (!row_differs(&m->row[i]))
			continue;
		while (end < m->nr && row_differs(&m->row[end]))
			end++;
		tell_block(x, i, end);
	}
}

/* ---- moved instructions ---- */

static int compare_singles(const void *pa, const void *pb)
{
	const struct single *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int compare_single_lines(const void *pa, const void *pb)
{
	const struct single *a = pa, *b = pb;

	return (a->line > b->line) - (a->line < b->line);
}

static struct single *singles(struct explaining *x, int s, u32 *nr)
{
	*nr = (u32)(x->single[s].len / sizeof(struct single));
	return (void *)x->single[s].data;
}

/* Mark what both sides have, in different places; returns how many. */
static u32 find_moved(struct explaining *x)
{
	u32 nr[NR_SIDES], i = 0, k = 0, moved = 0;
	struct single *old = singles(x, SIDE_OLD, &nr[SIDE_OLD]);
	struct single *new = singles(x, SIDE_NEW, &nr[SIDE_NEW]);

	if (!nr[SIDE_OLD] || !nr[SIDE_NEW])
		return 0;
	qsort(old, nr[SIDE_OLD], sizeof(*old), compare_singles);
	qsort(new, nr[SIDE_NEW], sizeof(*new), compare_singles);
	while (i < nr[SIDE_OLD] && k < nr[SIDE_NEW]) {
		u64 a = old[i].key, b = new[k].key;

		if (a == b) {
			old[i].moved = new[k].moved = 1;
			moved++;
		}
		i += a <= b;
		k += b <= a;
	}
	qsort(old, nr[SIDE_OLD], sizeof(*old), compare_single_lines);
	qsort(new, nr[SIDE_NEW], sizeof(*new), compare_single_lines);
	return moved;
}

/* ---- calls and uses, by how many ---- */

static int compare_uses(const void *pa, const void *pb)
{
	const struct use *a = pa, *b = pb;
	int cmp = a->call != b->call ? (a->call < b->call ? 1 : -1)
				     : memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	cmp = cmp ? cmp : (a->len > b->len) - (a->len < b->len);
	return cmp;
}

/* @use is there more often on one side. */
static void tell_use(struct explaining *x, const struct use *use)
{
	u32 old = count_uses(x, SIDE_OLD, use), new = count_uses(x, SIDE_NEW, use);
	enum note_kind kind = use->call ? NOTE_CALL : *use->text == '"' ? NOTE_STRING : NOTE_USE;
	const char *verb = use->call ? "call" : "use", *what = *use->text == '"' ? "string " : "";
	char *text;

	if (!old)
		text = xasprintf("now %ss %s%.*s", verb, what, (int)use->len, use->text);
	else if (!new)
		text = xasprintf("no longer %ss %s%.*s", verb, what, (int)use->len, use->text);
	else
		text = xasprintf("%ss %.*s %u time%s, not %u", verb, (int)use->len, use->text, new,
				 new == 1 ? "" : "s", old);
	/* The text has the number. */
	add_note(x, kind, old && new ? NO_AT : use->at, text)->count = 1;
}

static void collect_uses(struct explaining *x, int s)
{
	const struct list_target *t = targets(x, s);

	for (u32 k = 0; k < side(x, s)->targets.len / sizeof(*t); k++) {
		struct use use = use_of(x, s, t[k].line, k);

		if (memchr(use.text, LABEL_MARK, use.len))
			continue;
		buf_add(&x->uses[s], &use, sizeof(use));
	}
}

/* How many uses there are like the first of @nr. */
static size_t run_of(const struct use *use, size_t nr)
{
	size_t i = 0;

	while (i < nr && !compare_uses(&use[0], &use[i]))
		i++;
	return i;
}

/* Go on behind the first @n; of none there may be no array. */
static void skip_uses(struct use **use, size_t *nr, size_t n)
{
	if (n)
		*use += n;
	*nr -= n;
}

static void tell_targets(struct explaining *x)
{
	struct use *use[NR_SIDES];
	size_t nr[NR_SIDES];

	for (int s = 0; s < NR_SIDES; s++) {
		collect_uses(x, s);
		use[s] = (void *)x->uses[s].data;
		nr[s] = x->uses[s].len / sizeof(struct use);
		if (nr[s])
			qsort(use[s], nr[s], sizeof(struct use), compare_uses);
	}
	while (nr[SIDE_OLD] || nr[SIDE_NEW]) {
		int cmp = !nr[SIDE_OLD]	  ? 1
			  : !nr[SIDE_NEW] ? -1
					  : compare_uses(use[SIDE_OLD], use[SIDE_NEW]);
		size_t old = cmp <= 0 ? run_of(use[SIDE_OLD], nr[SIDE_OLD]) : 0;
		size_t new = cmp >= 0 ? run_of(use[SIDE_NEW], nr[SIDE_NEW]) : 0;

		if (old != new)
			tell_use(x, cmp >= 0 ? use[SIDE_NEW] : use[SIDE_OLD]);
		skip_uses(&use[SIDE_OLD], &nr[SIDE_OLD], old);
		skip_uses(&use[SIDE_NEW], &nr[SIDE_NEW], new);
	}
}

/* ---- inlined functions ---- */

static void tell_inlined(struct explaining *x)
{
	size_t nr;
	struct inlined_copy *copies = inlined_copies(x->b, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct inlined_copy *c = &copies[i];

		if (!c->insns[SIDE_OLD])
			add_note(x, NOTE_INLINED, NO_AT, xasprintf("now inlines %s", c->func.name));
		else if (!c->insns[SIDE_NEW])
			add_note(x, NOTE_INLINED, NO_AT,
				 xasprintf("no longer inlines %s", c->func.name));
		else if (c->differ)
			add_note(x, NOTE_INLINED, NO_AT,
				 xasprintf("inlined copy of %s changed: %u -> %u instructions",
					   c->func.name, c->insns[SIDE_OLD], c->insns[SIDE_NEW]));
	}
	free(copies);
}

/* ---- sentences ---- */

static int compare_notes(const void *pa, const void *pb)
{
	const struct note *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static void print_note(const struct note *note, FILE *out)
{
	static const char *const words[NR_NOTE_KINDS][2] = {
		[NOTE_BRANCH] = {"branch goes elsewhere", "branches go elsewhere"},
		[NOTE_REGISTERS] = {"instruction has other operands",
				    "instructions have other operands"},
		[NOTE_STACK] = {"place on the stack is another", "places on the stack are others"},
	};

	if (!note->count)
		return;
	if (words[note->kind][0])
		fprintf(out, "  %u %s", note->count, words[note->kind][note->count > 1]);
	else
		fprintf(out, "  %s", note->text);
	if (note->count > 1 && !words[note->kind][0])
		fprintf(out, " in %u places", note->count);
	else if (note->count == 1 && note->at != NO_AT)
		fprintf(out, " at +0x%x", note->at);
	putc('\n', out);
}

static void print_notes(const struct explaining *x, FILE *out)
{
	for (u32 i = 0, end; i < x->nr_notes; i = end) {
		u32 places = 0;

		for (end = i; end < x->nr_notes && x->notes[end].kind == x->notes[i].kind; end++)
			if (end - i < MAX_NOTES)
				print_note(&x->notes[end], out);
			else
				places += x->notes[end].count;
		if (places)
			fprintf(out, "  ... and %u more of this kind\n", places);
	}
}

static u32 count_insns(const struct listing *list)
{
	u32 nr = 0;

	for (u32 i = 0; i < list->nr; i++)
		nr += list->line[i].kind == LINE_INSN;
	return nr;
}

/* Of so few instructions it is said which. */
#define FEW 3

/* ", 2 added: testb $0x80, 0x38(%rdi); jne ." */
static void print_singles(struct explaining *x, int s, u32 moved, const char *word,
			  const char **separator, FILE *out)
{
	u32 nr, count;
	const struct single *single = singles(x, s, &nr);
	const char *next = ": ";

	count = nr - moved;
	if (!count)
		return;
	fprintf(out, "%s%u", *separator, count);
	if (**separator == ' ' || **separator == '\n')
		fprintf(out, " instruction%s", count == 1 ? "" : "s");
	fprintf(out, " %s", word);
	*separator = ", ";
	for (u32 i = 0; i < nr && count <= FEW; i++) {
		char *text = single[i].moved ? NULL : line_text(x, s, single[i].line);

		if (text)
			fprintf(out, "%s%s", next, text);
		next = text ? "; " : next;
		free(text);
	}
	if (count <= FEW)
		*separator = "\n  ";
}

static void print_counts(struct explaining *x, FILE *out)
{
	u32 moved = find_moved(x);
	const char *separator = "  ";

	print_singles(x, SIDE_NEW, moved, "added", &separator, out);
	print_singles(x, SIDE_OLD, moved, "removed", &separator, out);
	if (moved)
		fprintf(out, "%s%u moved", separator, moved);
	if (separator[0] != ' ' || moved)
		fprintf(out, *separator == ',' || moved ? ", of %u\n" : "\n",
			count_insns(side(x, SIDE_OLD)));
}

/* "same: a, b": the lanes of @lanes, in words; nothing if there are none. */
static void print_lanes(const char *head, unsigned int lanes, FILE *out)
{
	const char *separator = head;

	for (enum lane lane = 0; lane < NR_LANES; lane++)
		if (lanes >> lane & 1) {
			fprintf(out, "%s%s", separator, lane_words(lane));
			separator = ", ";
		}
	if (separator != head)
		putc('\n', out);
}

static void print_path(const char *path, FILE *out)
{
	for (; *path; path++)
		putc((u8)*path < 0x20 || *path == 0x7f ? '?' : *path, out);
}

static void print_head(const struct diff_entry *e, FILE *out)
{
	const char *clone;
	size_t len;

	fprintf(out, "%s (", e->name);
	print_path(e->object, out);
	fputs(")", out);
	clone = e->kind == RECORD_FUNC ? name_clone(e->name, &len) : NULL;
	if (clone)
		fprintf(out, ", a %s of %.*s,", clone, (int)len, e->name);
	switch ((enum diff_status)e->status) {
	case DIFF_CHANGED:
		fprintf(out, " changed: %" PRIu64 " -> %" PRIu64 " bytes\n", e->old->size,
			e->new->size);
		break;
	case DIFF_LINES:
		fputs(" differs in line numbers only\n", out);
		break;
	case DIFF_ADDED:
		fprintf(out, " is new: %" PRIu64 " bytes\n", e->new->size);
		break;
	case DIFF_REMOVED:
		fprintf(out, " is gone: it had %" PRIu64 " bytes\n", e->old->size);
		break;
	case DIFF_RENAMED:
		fprintf(out, " is what was %s (", e->old->name);
		print_path(e->old_object, out);
		fputs(") and has not changed\n", out);
		break;
	case DIFF_AMBIGUOUS:
		fprintf(out,
			" in the %s build, %" PRIu64 " bytes: one of several of its name that "
			"differ; which became which cannot be told\n",
			e->old ? "old" : "new", (e->old ? e->old : e->new)->size);
		break;
	case NR_DIFF_STATUS:
		break;
	}
}

static void free_explaining(struct explaining *x)
{
	for (u32 i = 0; i < x->nr_notes; i++)
		free(x->notes[i].text);
	free(x->notes);
	seen_free(&x->known);
	for (int s = 0; s < NR_SIDES; s++) {
		buf_free(&x->uses[s]);
		buf_free(&x->single[s]);
		buf_free(&x->line_uses[s]);
		seen_free(&x->counts[s]);
	}
}

static bool tells_uses(const struct explaining *x)
{
	for (u32 i = 0; i < x->nr_notes; i++)
		if (x->notes[i].kind == NOTE_CALL || x->notes[i].kind == NOTE_USE)
			return true;
	return false;
}

int explain_entry(struct bodies *b, const struct diff_entry *e, FILE *out)
{
	struct explaining x = {.b = b, .e = e};

	print_head(e, out);
	if (e->status != DIFF_CHANGED)
		return 0;
	if (bodies_get(b, e)) {
		print_lanes("  differs in: ", e->lanes, out);
		return -1;
	}
	index_targets(&x, SIDE_OLD);
	index_targets(&x, SIDE_NEW);
	tell_rows(&x);
	tell_targets(&x);
	tell_inlined(&x);
	if (x.nr_notes)
		qsort(x.notes, x.nr_notes, sizeof(*x.notes), compare_notes);
	print_notes(&x, out);
	print_counts(&x, out);
	if (e->kind == RECORD_FUNC && e->lanes >> LANE_REFS & 1 && !tells_uses(&x))
		fputs("  calls and uses the same, in another order\n", out);
	if (e->lanes >> LANE_LINES & 1 && e->status == DIFF_CHANGED)
		fputs("  line numbers differ, too, which does not count\n", out);
	print_lanes("  the same: ", e->old->lanes & e->new->lanes &(unsigned int)~e->lanes, out);
	free_explaining(&x);
	return 0;
}
