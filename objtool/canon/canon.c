// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * canon.c - the canonical form of a function or data object
 *
 * A function is written part by part: its own code, its .cold part, its
 * prefix, then code without a symbol (.fixup, .altinstr_aux) in order of first use,
 * then unnamed data (jump tables, constants) in order of first use.
 *
 * An instruction is its bytes, with the field of a pc-relative operand
 * emptied, followed by what the field refers to:
 *
 *     e8 00 00 00 00   R_X86_64_PLT32 kfree-4          insn e8; ref pc32 kfree +0
 *     e8 1b 00 00 00   (kfree in the same section)     the same
 *     74 05                                            insn 0f84; branch part 0, instruction 12
 *     48 c7 c7 ...     R_X86_64_32S .rodata.str1.1+6   insn 48c7c7...; ref abs32s "text"
 *
 * Positions are ordinals of instructions, never offsets: "jmp" of two or five
 * bytes, or filler before a loop, move offsets but change nothing.
 *
 * Special-section entries are written before the instruction they apply to,
 * bracketed, each in the lane of its table.
 */
#include <stdlib.h>
#include <objtool/names.h>
#include "canon-write.h"

/* @number: of the part, or of the unnamed data, that is written from here on. */
static void watch_part(struct canon *c, u32 number)
{
	if (c->stream.watch)
		c->stream.watch->part = number;
}

/* ---- parts ---- */

static u32 add_part(struct canon *c, const char *word, u32 sec, u32 off, u32 end,
		    enum decode_end how)
{
	u32 p = parts_add(&c->parts, word, sec, off, end, how);

	canon_cover(c, sec, off, c->parts.part[p].end - off);
	return p;
}

static void add_unit_part(struct canon *c, const char *word, u32 unit, enum decode_end how)
{
	const struct unit *u;
	u32 p;

	if (unit == NO_UNIT)
		return;
	u = &c->code->units[unit];
	p = add_part(c, word, u->sec, u->off, u->off + u->len, how);
	c->parts.part[p].alone = code_is_alone(c->code, unit);
}

/* ---- data ---- */

static void write_bytes_less_line(struct canon *c, const u8 *data, u32 len,
				  const struct line_field *line)
{
	size_t at = token_open_bytes(&c->stream);

	buf_add(c->stream.out, data, len);
	for (u32 i = line->off; i < line->off + line->size; i++)
		c->stream.out->data[at + i] &= (u8) ~(line->mask >> (8 * ((i - line->off) & 3)));
	token_close_bytes(&c->stream, at);
}

static void write_data_lines(struct canon *c, u32 s, u32 off, const struct line_field *line)
{
	const u8 *data = canon_section(c, s)->data;

	for (u32 i = 0; data && i < line->size; i += 4)
		canon_write_line(c, get_u32(data + off + line->off + i) & line->mask);
}

/*
 * What @rel, @off bytes into data, points at. Entries of tables that clang makes are relative to
 * the table, ".long .Lcase - .Ltable": PC32 with the entry's own offset added. Of unnamed data
 * (@table) that is sure. In a named table ("type_name.rel") "ref pc32 .Lstr + 8" at 8 may be
 * relative to itself as well: the whole string counts, and the 8.
 */
static struct target data_target(const struct canon *c, const struct reloc *rel, s64 off,
				 bool table)
{
	struct reloc_type type = arch_reloc_type(rel->type);
	const struct symbol *sym = &c->code->obj->symbols[rel->sym];
	struct target t;
	u32 flags;

	if (type.kind == RELOC_OTHER)
		return target_of_reloc(c->code, rel, 0);
	if (type.kind != RELOC_PC || type.size != 4 || !symbol_defined(sym))
		return target_of_symbol(c->code, rel->sym, rel->addend);
	flags = canon_section(c, sym->sec)->flags;
	if (table && flags & (SF_EXEC | SF_STRINGS))
		return target_of_symbol(c->code, rel->sym, add_wrap(rel->addend, -off));
	if (rel->addend != off || sym->type == SYM_SECTION || !(flags & SF_STRINGS))
		return target_of_symbol(c->code, rel->sym, rel->addend);
	t = target_of_symbol(c->code, rel->sym, 0);
	t.delta = add_wrap(t.delta, off);
	return t;
}

/* Bytes and references of data. */
static void write_data(struct canon *c, u32 s, u32 off, u32 len, bool table,
		       const struct line_field *line)
{
	const struct section *sec = canon_section(c, s);
	struct reloc_cursor cur = parts_relocs(&c->parts, s, off);
	const struct reloc *rel;

	canon_watch_place(c, s, off);
	token_begin(&c->stream, TOKEN_BYTES, LANE_CONSTS);
	token_num(&c->stream, len);
	if (sec->data)
		write_bytes_less_line(c, sec->data + off, len, line);
	else
		token_word(&c->stream, "uninitialised");
	token_end(&c->stream);
	while (!canon_is_over(c) && (rel = reloc_next(&cur, (u64)off + len))) {
		s64 at = (s64)(rel->offset - off);
		struct target t;

		canon_fetch_identity(c, &cur);
		t = data_target(c, rel, at, table);
		if (t.kind == TARGET_BLOB && !t.len && !target_is_constant(c->code, &t))
			t = target_behind(c->code, &t);
		canon_write_data_ref(c, rel, at, &t);
	}
	/* The next data object comes next, what unnamed data does is anywhere. */
	if (!table)
		c->parts.last = cur;
}

/* ---- units ---- */

static void write_class(struct canon *c, u32 sec)
{
	token_begin(&c->stream, TOKEN_PLACE, LANE_PLACE);
	token_word(&c->stream, c->code->class[sec]);
	token_end(&c->stream);
}

static void write_kind(struct canon *c, const char *word)
{
	token_begin(&c->stream, TOKEN_KIND, LANE_PLACE);
	token_word(&c->stream, word);
	token_end(&c->stream);
}

/* Named data has a record of its own, which covers it and has its line numbers. */
static void write_blob(struct canon *c, struct target t)
{
	struct line_field line = lines_in_blob(c->code, t.sec, t.off, &t.len);

	write_data(c, t.sec, t.off, t.len, true, &line);
	if (t.unit == NO_UNIT) {
		write_data_lines(c, t.sec, t.off, &line);
		canon_cover(c, t.sec, t.off, t.len);
	}
}

/* Parts may be added while parts are written, and blobs while blobs are. */
static void write_parts_and_blobs(struct canon *c)
{
	u32 part = 0, blob = 0;

	while ((part < c->parts.nr || blob < c->nr_blobs) && !canon_is_over(c)) {
		if (part < c->parts.nr) {
			struct part p = c->parts.part[part];

			c->part = part++;
			if (!p.counts)
				continue;
			watch_part(c, p.number);
			canon_watch_place(c, p.sec, p.off);
			token_begin(&c->stream, TOKEN_PART, LANE_CODE);
			token_word(&c->stream, p.word);
			token_end(&c->stream);
			write_class(c, p.sec);
			canon_write_insns(c, &p);
		} else {
			watch_part(c, blob);
			write_blob(c, c->blobs[blob++]);
		}
	}
}

/* Labels of the linker script mark where a section begins, not what lies there. */
static bool is_alias(const struct symbol *sym, const struct unit *u)
{
	return sym->bind != BIND_LOCAL && !name_is_for_modpost(sym->name) &&
	       !(sym->type == SYM_NOTYPE && !sym->size && u->sized);
}

struct alias {
	const char *name;
	u32 sym;
};

static int compare_aliases(const void *pa, const void *pb)
{
	const struct alias *a = pa, *b = pb;

	return strcmp(a->name, b->name);
}

/*
 * Other names by which other objects know the unit: a call of "h" is another
 * call when h, an alias of f so far, becomes one of g.
 */
static void write_aliases(struct canon *c, u32 unit)
{
	const struct object *obj = c->code->obj;
	const struct unit *u = &c->code->units[unit];
	u32 nr, n = 0, first;
	struct alias *names;

	if (!u->aliased)
		return;
	first = code_symbols_at(c->code, u->sec, u->off, &nr);
	names = xcalloc(nr, sizeof(*names));
	for (u32 i = first; i < first + nr; i++) {
		u32 s = obj->by_addr[i];

		if (s != u->sym && canon_identity(c, s)->unit == unit &&
		    is_alias(&obj->symbols[s], u))
			names[n++] = (struct alias){obj->symbols[s].name, s};
	}
	qsort(names, n, sizeof(*names), compare_aliases);
	for (u32 i = 0; i < n; i++) {
		token_begin(&c->stream, TOKEN_ALIAS, LANE_PLACE);
		canon_write_name(c, names[i].sym);
		token_end(&c->stream);
	}
	free(names);
}

void canon_init(struct canon *c, const struct code *code, const struct namesakes *namesakes,
		const struct lines *lines, const struct coverage *coverage)
{
	*c = (struct canon){.code = code,
			    .namesakes = namesakes,
			    .coverage = coverage,
			    .parts = {.code = code, .lines = lines, .namesakes = namesakes}};
}

static void begin(struct canon *c, u32 self)
{
	stream_reset(&c->stream);
	seen_reset(&c->seen);
	c->nr_blobs = 0;
	c->bad = 0;
	parts_reset(&c->parts, self);
}

void canon_unit(struct canon *c, u32 unit)
{
	const struct unit *u = &c->code->units[unit];
	struct line_field line;

	begin(c, unit);
	if (u->kind == UNIT_FUNC) {
		write_kind(c, "func");
		add_unit_part(c, "text", unit, u->sized ? DECODE_ALL : DECODE_TO_NEXT);
		add_unit_part(c, "cold", u->cold, DECODE_ALL);
		add_unit_part(c, "prefix", u->prefix, DECODE_ROOM);
		canon_write_specials_before(c, u);
	} else {
		write_kind(c, "data");
		write_class(c, u->sec);
		canon_cover(c, u->sec, u->off, u->len);
		line = lines_in_unit(c->code, unit);
		write_data(c, u->sec, u->off, u->len, false, &line);
		write_data_lines(c, u->sec, u->off, &line);
	}
	write_aliases(c, unit);
	write_parts_and_blobs(c);
	canon_spend(c, stream_len(&c->stream));
}

void canon_common(struct canon *c, const struct symbol *sym)
{
	begin(c, NO_UNIT);
	write_kind(c, "common");
	token_begin(&c->stream, TOKEN_BYTES, LANE_CONSTS);
	token_num(&c->stream, (s64)sym->size);
	token_num(&c->stream, (s64)sym->value);
	token_end(&c->stream);
}

void canon_chunk(struct canon *c, u32 sec, u32 off, u32 len)
{
	begin(c, NO_UNIT);
	write_kind(c, "rest");
	if (canon_section(c, sec)->flags & SF_EXEC && canon_section(c, sec)->data)
		add_part(c, "text", sec, off, off + len, DECODE_TO_NEXT);
	else
		write_data(c, sec, off, len, false, &(struct line_field){0, 0, 0});
	write_parts_and_blobs(c);
	canon_spend(c, stream_len(&c->stream));
}

void canon_free(struct canon *c)
{
	stream_free(&c->stream);
	parts_free(&c->parts);
	free(c->blobs);
	seen_free(&c->seen);
	*c = (struct canon){0};
}
