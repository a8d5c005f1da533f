// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * listing.c - the tokens of a record as lines for people
 *
 * Tokens are read in order. Each goes to the line that is open, or opens one:
 * an instruction's line takes what it refers to, a special entry's line its
 * fields, while the lines of replacement code come in between. What a
 * token says goes to the line's text, and as it is, less the numbers that say where
 * in the record a place is, to the line's key.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <objtool/hash.h>
#include <objtool/listing.h>

/* Scopes of places that are no part of a function. */
#define SCOPE_DATA 0x40000000U
#define SCOPE_REPL 0x80000000U

#define MAX_FIELDS_SHOWN 4

/* A line that tokens are still added to. */
struct open_line {
	u32 line; /* NO_LINE: there is none */
	struct buf key, text, refs;
	struct buf notes; /* what goes behind an instruction */
	struct span insn; /* bytes of the instruction */
	struct disas_field field[MAX_FIELDS_SHOWN];
	char *field_text[MAX_FIELDS_SHOWN];
	size_t nr_fields;
	u32 nr_refs_shown; /* of a special entry: references and numbers so far */
};

/* The function's own code, or the replacement code of an entry within. */
struct frame {
	struct open_line entry; /* the special entry; not of the outermost frame */
	struct open_line insn;
	u32 scope, ordinal;
	u32 pending; /* first line of entries for the next instruction, or NO_LINE */
};

struct place_line {
	struct list_place place;
	u32 line;
};

/* Data under way: bytes, and the references in them. */
struct data {
	struct span bytes;
	u32 size, at; /* bytes of it, and how far it is shown */
	bool open;
};

struct builder {
	struct listing *list;
	const struct listing_how *how;
	struct frame *frame;
	u32 depth, cap;	   /* frames open besides the first; allocated */
	struct buf places; /* struct place_line */
	struct data data;
	u32 chunk, repl;	/* pieces and replacements so far */
	u32 part_off;		/* where the part or data begins */
	bool is_func, own_data; /* the first data of the piece is the piece itself */
};

/* What is printed at once is mostly shorter than this. */
#define SHORT 64U

static void __attribute__((format(printf, 2, 3))) add(struct buf *b, const char *fmt, ...)
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

static void add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static void add_offset(struct buf *b, s64 off)
{
	if (off)
		add(b, "%c0x%llx", off < 0 ? '-' : '+',
		    off < 0 ? 0 - (unsigned long long)off : (unsigned long long)off);
}

/* "text", as a C programmer would write it; the NUL at its end is not shown. */
static void add_quoted(struct buf *b, struct span s)
{
	static const char escapes[] = "\nn\tt\rr\"\"\\\\";

	if (s.size && !s.data[s.size - 1])
		s.size--;
	add(b, "\"");
	for (size_t i = 0; i < s.size; i++) {
		const char *e = s.data[i] ? strchr(escapes, s.data[i]) : NULL;

		if (e && (e - escapes) % 2 == 0)
			add(b, "\\%c", e[1]);
		else if (isprint(s.data[i]))
			add_char(b, (char)s.data[i]);
		else
			add(b, "\\%03o", s.data[i]);
	}
	add(b, "\"");
}

/* A symbol's or section's name: anything but NUL may be in it. */
static void add_word(struct buf *b, struct span s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] > 0x20 && s.data[i] < 0x7f)
			add_char(b, (char)s.data[i]);
		else
			add(b, "\\x%02x", s.data[i]);
}

/* "00 ff" */
static void add_hex(struct buf *b, struct span s)
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

static bool is_word(const struct token_field *f, const char *word)
{
	return !f->is_num && f->bytes.size == strlen(word) &&
	       !memcmp(f->bytes.data, word, f->bytes.size);
}

/* ---- lines ---- */

static u32 new_line(struct builder *b, enum line_kind kind, const struct token *t)
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

static u32 append(struct buf *to, const struct buf *from)
{
	size_t at = to->len;

	if (from->len)
		buf_add(to, from->data, from->len);
	return (u32)at;
}

/* What was gathered becomes the line. */
static void finish_line(struct builder *b, struct open_line *o)
{
	struct list_line *line;

	if (o->line == NO_LINE)
		return;
	line = &b->list->line[o->line];
	line->key = hash_bytes(o->key.data, o->key.len);
	line->raw = append(&b->list->raw, &o->key);
	line->raw_len = (u32)o->key.len;
	line->text = append(&b->list->text, &o->text);
	line->len = (u32)o->text.len;
	line->ref = append(&b->list->refs, &o->refs) / (u32)sizeof(struct list_ref);
	line->nr_refs = (u32)(o->refs.len / sizeof(struct list_ref));
	o->line = NO_LINE;
}

static void open_line(struct builder *b, struct open_line *o, enum line_kind kind,
		      const struct token *t)
{
	o->line = new_line(b, kind, t);
	o->key.len = o->text.len = o->refs.len = o->notes.len = 0;
	o->nr_fields = o->nr_refs_shown = 0;
	o->insn = (struct span){NULL, 0};
}

static void free_open(struct open_line *o)
{
	buf_free(&o->key);
	buf_free(&o->text);
	buf_free(&o->refs);
	buf_free(&o->notes);
}

static void note_place(struct builder *b, u32 scope, u32 ord, u32 line)
{
	struct place_line p = {{b->chunk, scope, ord}, line};

	buf_add(&b->places, &p, sizeof(p));
}

/* ---- keys ---- */

/* The token's bytes are added to the key as they are read; see key_begin() and key_end(). */
static size_t key_begin(struct open_line *o, enum token_tag tag)
{
	u32 len = 0;
	u8 byte = (u8)tag;

	buf_add(&o->key, &len, sizeof(len));
	buf_add(&o->key, &byte, 1);
	return o->key.len;
}

static void key_end(struct open_line *o, size_t at)
{
	u32 len = (u32)(o->key.len - at + 1);

	memcpy(o->key.data + at - 1 - sizeof(len), &len, sizeof(len));
}

/* Reads a token's fields into a line's key. */
struct reader {
	const struct token *t;
	struct open_line *o;
	size_t at;
};

static bool next(struct reader *r, struct token_field *f)
{
	if (!token_read_field(r->t, &r->at, f))
		return false;
	buf_add(&r->o->key, f->raw.data, f->raw.size);
	return true;
}

static bool next_num(struct reader *r, s64 *num)
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

/* A number that is left out of the key: it says where in the record something is. */
static s64 next_place(struct reader *r)
{
	struct token_field f;

	return token_read_field(r->t, &r->at, &f) && f.is_num ? f.num : 0;
}

static struct span next_bytes(struct reader *r)
{
	struct token_field f;

	return next(r, &f) && !f.is_num ? f.bytes : (struct span){NULL, 0};
}

/* ---- what is pointed at ---- */

static void add_label(struct builder *b, struct open_line *o, struct buf *text, u32 scope, s64 ord)
{
	struct list_ref ref = {{b->chunk, scope, (u32)ord}, NO_LINE};

	buf_add(&o->refs, &ref, sizeof(ref));
	add_char(text, LABEL_MARK);
}

static void add_own_place(struct builder *b, struct reader *r, struct buf *text)
{
	u32 part = (u32)next_place(r);
	s64 ord = next_place(r), delta = 0;

	add_label(b, r->o, text, part, ord);
	if (next_num(r, &delta))
		add_offset(text, delta);
}

/* "(string)" or "(const)", maybe a section class, bytes, offset into them. */
static void add_content(struct reader *r, bool string, struct buf *text)
{
	struct span bytes = next_bytes(r), class = {NULL, 0};
	s64 delta = 0;

	if (!next_num(r, &delta)) {
		class = bytes;
		bytes = next_bytes(r);
		next_num(r, &delta);
	}
	if (string) {
		add_quoted(text, bytes);
	} else {
		add(text, "{");
		add_hex(text, bytes);
		add(text, "}");
	}
	add_offset(text, delta);
	if (class.size) {
		add(text, " in ");
		add_word(text, class);
	}
}

static void add_unnamed(struct builder *b, struct reader *r, struct buf *text)
{
	struct token_field f;
	size_t before = r->at;
	s64 delta = 0;

	if (token_read_field(r->t, &r->at, &f) && f.is_num)
		r->at = before;
	else
		buf_add(&r->o->key, f.raw.data, f.raw.size);
	add_label(b, r->o, text, SCOPE_DATA + (u32)next_place(r), 0);
	next_num(r, &delta);
	add_offset(text, delta);
}

static void add_target(struct builder *b, struct reader *r, struct buf *text);

static void add_entry(struct builder *b, struct reader *r, struct buf *text)
{
	s64 delta = 0, nth = 0;

	add(text, "entry of ");
	add_word(text, next_bytes(r));
	next_num(r, &delta);
	next_num(r, &nth);
	add_offset(text, delta);
	if (nth)
		add(text, ", number %lld", (long long)nth + 1);
	add(text, ", for ");
	add_target(b, r, text);
}

/*
 * A name and an offset; what tells namesakes apart behind them counts, and is not shown, but for
 * what an object holds at first, which is behind the code.
 */
static void add_named(struct builder *b, struct reader *r, struct span name, const char *self,
		      struct buf *text)
{
	struct token_field f;
	s64 num = 0;

	if (self)
		add(text, "%s", self);
	else
		add_word(text, name);
	if (next_num(r, &num)) {
		add_offset(text, num);
	} else if (next(r, &f) && is_word(&f, "(insn)") && next_num(r, &num)) {
		add(text, "+<%lld instructions>", (long long)num);
	}
	do {
		if (!r->t->data_at || r->at != r->t->data_at)
			continue;
		add(text, "{");
		add_label(b, r->o, text, SCOPE_DATA + (u32)next_place(r), 0);
		add(text, "}");
	} while (next(r, &f));
}

static void add_target(struct builder *b, struct reader *r, struct buf *text)
{
	struct token_field f;
	s64 num = 0;

	if (!next(r, &f) || f.is_num)
		return;
	if (is_word(&f, "(here)") || is_word(&f, "(fragment)")) {
		add_own_place(b, r, text);
	} else if (is_word(&f, "(string)") || is_word(&f, "(const)")) {
		add_content(r, is_word(&f, "(string)"), text);
	} else if (is_word(&f, "(data)")) {
		add_unnamed(b, r, text);
	} else if (is_word(&f, "(entry)")) {
		add_entry(b, r, text);
	} else if (is_word(&f, "(nowhere)")) {
		add_word(text, next_bytes(r));
		next_num(r, &num);
		add(text, "%+lld", (long long)num);
	} else {
		add_named(b, r, f.bytes, is_word(&f, "(self)") ? b->how->name : NULL, text);
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

/* ---- instructions ---- */

/* Where tokens that are no line of their own go. */
static struct open_line *attached(struct builder *b)
{
	struct frame *f = &b->frame[b->depth];

	return f->insn.line == NO_LINE && f->entry.line != NO_LINE ? &f->entry : &f->insn;
}

static void close_insn(struct builder *b)
{
	struct open_line *o = &b->frame[b->depth].insn;

	if (o->line == NO_LINE)
		return;
	if (o->insn.size && b->how->disas)
		disas_insn(b->how->disas, o->insn.data, o->insn.size, o->field, o->nr_fields,
			   &o->text);
	for (size_t i = 0; i < o->nr_fields; i++) {
		if (!o->field[i].shown)
			add(&o->notes, "%s%s", o->notes.len ? ", " : "", o->field_text[i]);
		free(o->field_text[i]);
	}
	if (o->notes.len) {
		add(&o->text, "  # ");
		append(&o->text, &o->notes);
	}
	/* What comes late, of an object that is damaged, is no field of it any more. */
	o->nr_fields = 0;
	o->insn = (struct span){NULL, 0};
	finish_line(b, o);
}

static void open_insn(struct builder *b, const struct token *t)
{
	struct frame *f = &b->frame[b->depth];

	close_insn(b);
	open_line(b, &f->insn, b->depth ? LINE_REPL : LINE_INSN, t);
	note_place(b, f->scope, f->ordinal++, f->pending == NO_LINE ? f->insn.line : f->pending);
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
	add(&o->notes, "%s%s", o->notes.len ? ", " : "", (char *)text->data);
	buf_free(text);
}

static void read_insn(struct builder *b, const struct token *t)
{
	struct open_line *o = &b->frame[b->depth].insn;
	struct reader r = {t, o, 1};
	size_t key;

	open_insn(b, t);
	key = key_begin(o, t->tag);
	if (t->tag == TOKEN_BAD) {
		add(&o->text, ".byte 0x");
		add_hex(&o->text, next_bytes(&r));
		add(&o->text, "  # no instruction");
	} else {
		o->insn = next_bytes(&r);
	}
	key_end(o, key);
}

static void read_branch(struct builder *b, const struct token *t)
{
	struct frame *frame = &b->frame[b->depth];
	struct open_line *o = &frame->insn;
	struct reader r = {t, o, 1};
	struct token_field f;
	struct buf text = {0};
	s64 ord, delta = 0;
	size_t key, before = 1;

	token_read_field(t, &before, &f);
	if (is_word(&f, "(static)"))
		open_insn(b, t);
	key = key_begin(o, t->tag);
	if (f.is_num) {
		add_own_place(b, &r, &text);
	} else if (next(&r, &f) && is_word(&f, "(static)")) {
		add(&o->text, "jmp or nop  # static branch");
	} else {
		ord = next_place(&r);
		add_label(b, o, &text, frame->scope, ord);
		next_num(&r, &delta);
		add_offset(&text, delta);
	}
	key_end(o, key);
	if (text.len)
		add_insn_field(o, 0, &text);
}

static void read_line(struct builder *b, const struct token *t)
{
	struct open_line *o = attached(b);
	struct reader r = {t, o, 1};
	struct buf text = {0};
	struct insn insn;
	u8 padded[32] = {0};
	size_t key = o->key.len;
	s64 num = 0;
	bool counts = b->how->lines || t->lane != LANE_LINES, data;

	if (o->line == NO_LINE && !counts)
		return;
	if (o->line == NO_LINE)
		open_line(b, o, LINE_DATA, t);
	data = b->list->line[o->line].kind == LINE_DATA;
	key = key_begin(o, t->tag);
	next_num(&r, &num);
	key_end(o, key);
	if (counts)
		add(&text, "<line %lld>", (long long)num);
	else
		o->key.len = key - 1 - sizeof(u32);
	if (!counts)
		add(&text, "<line>");
	if (o->insn.size) {
		memcpy(padded, o->insn.data, o->insn.size);
		arch_decode(padded, ARCH_MAX_INSN, &insn);
		add_insn_field(o, insn.imm_off, &text);
	} else {
		if (counts)
			add(&o->text, data ? "line %lld" : ", line %lld", (long long)num);
		buf_free(&text);
	}
	if (data)
		finish_line(b, o);
}

/* ---- data ---- */

/* Bytes a row shows. */
#define ROW 16U

static void add_row(struct builder *b, const struct token *t, u32 off, u32 len, bool zero)
{
	struct span bytes = {b->data.bytes.data + off, len};
	struct open_line o = {0};
	size_t key;

	open_line(b, &o, LINE_DATA, t);
	b->list->line[o.line].off += off;
	b->list->line[o.line].at = off;
	key = key_begin(&o, TOKEN_BYTES);
	token_add_bytes(&o.key, bytes.data, bytes.size);
	key_end(&o, key);
	add(&o.text, "+0x%04x: ", off);
	if (zero) {
		add(&o.text, "%u zero bytes", len);
	} else {
		add_hex(&o.text, bytes);
		add(&o.text, "%*s", (int)(3 * (ROW - len) + 2), "|");
		for (u32 i = 0; i < len; i++)
			add_char(&o.text, isprint(bytes.data[i]) ? (char)bytes.data[i] : '.');
		add(&o.text, "|");
	}
	finish_line(b, &o);
	free_open(&o);
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

static void close_data(struct builder *b, const struct token *t)
{
	if (b->data.open)
		add_rows(b, t, b->data.size);
	b->data.open = false;
}

static u32 size_of(const char *how, size_t len)
{
	static const struct {
		const char *word;
		u32 size;
	} sizes[] = {{"abs64", 8}, {"pc64", 8},	 {"abs32", 4}, {"abs32s", 4}, {"pc32", 4},
		     {"got32", 4}, {"abs16", 2}, {"pc16", 2},  {"abs8", 1},   {"pc8", 1}};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (len == strlen(sizes[i].word) && !memcmp(how, sizes[i].word, len))
			return sizes[i].size;
	return 0;
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

static void read_data_ref(struct builder *b, const struct token *t)
{
	struct data *d = &b->data;
	struct open_line o = {0};
	struct reader r = {t, &o, 1};
	struct span how;
	u32 off, size, end;
	size_t key, from;
	s64 number = 0;

	o.line = NO_LINE;
	key = key_begin(&o, t->tag);
	how = next_bytes(&r);
	size = size_of((const char *)how.data, how.size);
	if (!size)
		next_num(&r, &number);
	off = (u32)next_place(&r);
	add_rows(b, t, off);
	o.line = new_line(b, LINE_DATA, t);
	b->list->line[o.line].off += off;
	b->list->line[o.line].at = off;
	add(&o.text, "+0x%04x: ", off);
	from = o.text.len;
	add_target(b, &r, &o.text);
	note_target(b, o.line, &o.text, from);
	if (size != 8)
		add(&o.text, "  (%.*s)", (int)how.size, how.data);
	end = off + size < d->bytes.size ? off + size : (u32)d->bytes.size;
	key_end(&o, key);
	add_hidden(d, &o, off, end);
	finish_line(b, &o);
	free_open(&o);
}

/* Data begins: of a data object or a rest record, or unnamed and behind a function. */
static void read_data(struct builder *b, const struct token *t)
{
	struct frame *f = &b->frame[0];
	struct open_line *o = &f->insn;
	struct reader r = {t, o, 1};
	struct token_field field;
	size_t key;
	s64 size = 0, align = 0;
	bool own = b->own_data;

	close_insn(b);
	close_data(b, t);
	b->own_data = false;
	b->part_off = t->off;
	open_line(b, o, LINE_HEAD, t);
	if (!own)
		note_place(b, SCOPE_DATA + t->part, 0, o->line);
	key = key_begin(o, t->tag);
	next_num(&r, &size);
	add(&o->text, "%s%lld bytes", own ? "" : "unnamed data, ", (long long)size);
	b->data = (struct data){.size = (u32)size, .open = true};
	if (next_num(&r, &align)) {
		add(&o->text, ", aligned to %lld", (long long)align);
	} else {
		/* The rows have the bytes. */
		token_read_field(t, &r.at, &field);
		if (is_word(&field, "uninitialised") && size != (s64)field.bytes.size) {
			buf_add(&o->key, field.raw.data, field.raw.size);
			add(&o->text, ", uninitialised");
		} else {
			b->data.bytes = field.bytes;
		}
	}
	key_end(o, key);
	finish_line(b, o);
}

/* ---- special entries ---- */

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
	f = &b->frame[b->depth];
	f->scope = SCOPE_REPL + b->repl++;
	f->ordinal = 0;
	f->pending = NO_LINE;
	f->insn.line = NO_LINE;
}

static void read_special(struct builder *b, const struct token *t)
{
	struct open_line *o;
	struct reader r;
	struct span name;
	s64 delta = 0;
	size_t key;
	const char *title = entry_words[t->lane].title;

	close_insn(b);
	open_frame(b);
	o = &b->frame[b->depth].entry;
	open_line(b, o, LINE_SPECIAL, t);
	if (b->frame[b->depth - 1].pending == NO_LINE)
		b->frame[b->depth - 1].pending = o->line;
	r = (struct reader){t, o, 1};
	key = key_begin(o, t->tag);
	name = next_bytes(&r);
	next_num(&r, &delta);
	add(&o->text, "; ");
	if (title)
		add(&o->text, "%s: ", title);
	if (!title || t->lane == LANE_TRACE || t->lane == LANE_OTHER ||
	    !memcmp(name.data, ".para", name.size < 5 ? name.size : 5))
		add_word(&o->text, name);
	if (delta)
		add(&o->text, " at %+lld", (long long)delta);
	while (next(&r, &(struct token_field){0}))
		;
	key_end(o, key);
}

static void close_entry(struct builder *b)
{
	struct frame *f = &b->frame[b->depth];

	if (!b->depth)
		return;
	close_insn(b);
	note_place(b, f->scope, f->ordinal, b->list->nr);
	finish_line(b, &f->entry);
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
		add(&o->text, "%sfeature %u*32+%u%s",
		    num & (s.size == 2 ? 0x8000 : 0x10000) ? "not " : "", (num & 0x7fff) / 32,
		    num % 32, num >> 17 ? " and flags" : "");
	else if (lane == LANE_ALT && s.size == 1)
		add(&o->text, nr == 1 ? ", of %u" : " by %u bytes", num);
	else if (lane == LANE_ALT && s.size < 4)
		add(&o->text, ", of %u by %u bytes", s.data[0], s.data[1]);
	else if (lane == LANE_EXTABLE && s.size == 4)
		add(&o->text, ", type %u, register %u, immediate %d", num & 0xff, num >> 8 & 0xf,
		    (s16)(num >> 16));
	else if (lane == LANE_BUG && s.size <= 4)
		add(&o->text, ", flags 0x%x", num);
	else
		add_hex(&o->text, s);
}

static void read_entry_bytes(struct builder *b, const struct token *t)
{
	struct open_line *o = &b->frame[b->depth].entry;
	struct reader r = {t, o, 1};
	struct token_field f;
	size_t key;

	close_insn(b);
	key = key_begin(o, t->tag);
	while (next(&r, &f)) {
		if (f.is_num)
			add(&o->text, " %lld", (long long)f.num);
		else
			add_entry_bytes(o, t->lane, f.bytes);
	}
	key_end(o, key);
}

static void add_entry_ref(struct builder *b, struct open_line *o, struct reader *r, enum lane lane)
{
	u32 nr = o->nr_refs_shown++;
	const char *word = nr < 3 ? entry_words[lane].ref[nr] : NULL;
	size_t from;

	if (nr)
		add(&o->text, ", ");
	if (word && *word)
		add(&o->text, "%s ", word);
	from = o->text.len;
	add_target(b, r, &o->text);
	note_target(b, o->line, &o->text, from);
}

/* A reference of an instruction, of an entry, or within data. */
static void read_ref(struct builder *b, const struct token *t)
{
	struct open_line *o = attached(b);
	struct reader r = {t, o, 1};
	struct buf text = {0};
	size_t key;
	s64 field = 0, number = 0;
	struct span how;

	if (o->line == NO_LINE) {
		read_data_ref(b, t);
		return;
	}
	key = key_begin(o, t->tag);
	how = next_bytes(&r);
	if (!size_of((const char *)how.data, how.size))
		next_num(&r, &number);
	next_num(&r, &field);
	if (o == &b->frame[b->depth].entry) {
		add_entry_ref(b, o, &r, t->lane);
	} else {
		add_target(b, &r, &text);
		note_target(b, o->line, &text, 0);
		if (!size_of((const char *)how.data, how.size))
			add(&text, "@type%lld", (long long)number);
		else if (how.size == 5 && !memcmp(how.data, "got32", 5))
			add(&text, "@GOT");
		add_insn_field(o, (u32)field, &text);
	}
	key_end(o, key);
}

/* ---- heads ---- */

static void end_scope(struct builder *b, const struct token *t)
{
	struct frame *f = &b->frame[0];

	close_insn(b);
	close_data(b, t);
	if (f->ordinal)
		note_place(b, f->scope, f->ordinal, b->list->nr);
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
	struct reader r = {t, o, 1};
	struct token_field f;
	size_t key;

	end_scope(b, t);
	if (t->tag == TOKEN_PART) {
		b->frame[0].scope = t->part;
		b->part_off = t->off;
		b->own_data = false;
	}
	open_line(b, o, LINE_HEAD, t);
	key = key_begin(o, t->tag);
	add(&o->text, "%s", titles[t->tag]);
	while (next(&r, &f)) {
		if (t->tag == TOKEN_KIND) {
			b->chunk++;
			b->own_data = !is_word(&f, "func");
		}
		add_word(&o->text, f.bytes);
	}
	key_end(o, key);
	finish_line(b, o);
}

static void read_bytes(struct builder *b, const struct token *t)
{
	if (b->depth)
		read_entry_bytes(b, t);
	else
		read_data(b, t);
}

static void read_end(struct builder *b, const struct token *t)
{
	(void)t;
	close_entry(b);
}

static void (*const read[NR_TOKEN_TAGS])(struct builder *b, const struct token *t) = {
	[TOKEN_KIND] = read_head,	[TOKEN_PLACE] = read_head, [TOKEN_PART] = read_head,
	[TOKEN_ALIAS] = read_head,	[TOKEN_INSN] = read_insn,  [TOKEN_BAD] = read_insn,
	[TOKEN_BRANCH] = read_branch,	[TOKEN_REF] = read_ref,	   [TOKEN_BYTES] = read_bytes,
	[TOKEN_SPECIAL] = read_special, [TOKEN_END] = read_end,	   [TOKEN_LINE] = read_line,
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
		free_open(&b.frame[i].entry);
		free_open(&b.frame[i].insn);
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
