// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fields.c - fields of an object to alter, and who must notice
 *
 * First everything that could be altered is offered to its kind's pool, which
 * keeps a fair choice of it. Then, one at a time, a candidate is
 * drawn and altered, if it can be in a way that is sure to be noticed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/fields.h>
#include <objtool/lines.h>
#include <objtool/names.h>

/* How often to draw again when what was drawn does not do. */
#define TRIES 16

/* What is known of a candidate when it is offered; each kind uses what it needs. */
struct candidate {
	u32 sec, off; /* instruction, data or special-section field */
	u32 index;    /* of a relocation, special entry, or unit */
};

struct field_pool {
	struct candidate *candidate;
	u32 nr, offered;
};

/* ---- chance ---- */

/* splitmix64 (Steele, Lea, Flood 2014): the next number below @below. */
static u32 chance(struct fields *f, u32 below)
{
	u64 z = f->seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (u32)((z ^ z >> 31) % below);
}

/* Each of all that are offered has the same chance to be kept. */
static void offer(struct fields *f, u32 kind, u32 sec, u32 off, u32 index)
{
	struct field_pool *pool = &f->pools[kind];
	u32 i = pool->nr;

	pool->offered++;
	if (i == f->max)
		i = chance(f, pool->offered);
	else
		pool->nr++;
	if (i < f->max)
		pool->candidate[i] = (struct candidate){sec, off, index};
}

/* ---- what there is ---- */

static const struct object *object(const struct fields *f)
{
	return f->code->obj;
}

static const struct section *section(const struct fields *f, u32 sec)
{
	return &f->code->obj->sections[sec];
}

/* True if a relocation fills a byte of [@off, @off + @len). */
static bool is_relocated(const struct section *sec, u32 off, u32 len)
{
	struct reloc_cursor cur = reloc_cursor(sec, off > 8 ? off - 8 : 0);
	const struct reloc *rel;

	while ((rel = reloc_next(&cur, (u64)off + len)))
		if (rel->offset + arch_reloc_type(rel->type).size > off)
			return true;
	return false;
}

static struct insn decode_at(const struct section *sec, u32 off)
{
	struct insn insn = {0};

	arch_decode(sec->data + off, sec->size - off, &insn);
	return insn;
}

/* Bytes from @rel, in the instruction at @off, to where its value counts from. */
static s64 distance_of(const struct section *sec, u32 off, const struct reloc *rel)
{
	struct insn insn = decode_at(sec, off);
	u64 at = rel->offset - off;
	u8 kind = arch_reloc_type(rel->type).kind;
	bool pcrel = (insn.flags & INSN_PCREL_DISP && insn.disp_off == at) ||
		     (insn.flags & INSN_PCREL_IMM && insn.imm_off == at);

	return pcrel && (kind == RELOC_PC || kind == RELOC_GOT) ? (s64)(insn.len - at) : 0;
}

/* Where unit @unit of code has its instructions; decoded into f->insns. */
static u32 decode_unit(struct fields *f, u32 unit)
{
	const struct unit *u = &f->code->units[unit];
	bool prefix = u->parent != NO_UNIT && f->code->units[u->parent].prefix == unit;

	insns_reset(&f->insns);
	return code_decode(f->code, u->sec, u->off, u->off + u->len,
			   prefix     ? DECODE_ROOM
			   : u->sized ? DECODE_ALL
				      : DECODE_TO_NEXT,
			   &f->insns);
}

/* True if no other unit lies in @unit, nor it in another. */
static bool is_single(const struct code *code, u32 unit)
{
	const struct unit *u = &code->units[unit];
	u32 next = unit + 1;

	return u->outer == NO_UNIT && (next == code->nr_units || code->units[next].sec != u->sec ||
				       code->units[next].off >= u->off + u->len);
}

/* ---- alterations ---- */

static bool set_bytes(const struct fields *f, const u8 *at, const void *bytes, u8 len,
		      struct alteration *alt)
{
	alt->at = (size_t)(at - f->image.data);
	alt->len = len;
	memcpy(alt->was, at, len);
	memcpy(alt->is, bytes, len);
	return memcmp(alt->was, alt->is, len) != 0;
}

/* Byte @off of section @s becomes @byte. */
static bool set_byte(const struct fields *f, u32 s, u32 off, u8 byte, struct alteration *alt)
{
	alt->sec = s;
	alt->off = off;
	return set_bytes(f, section(f, s)->data + off, &byte, 1, alt);
}

static u8 flipped(struct fields *f, u8 byte)
{
	return (u8)(byte ^ 1U << chance(f, 8));
}

/*
 * Where relocation @rel of section @s stands in the file: in a section called ".rela" and
 * then as @s. NULL if there are several like it.
 */
static const u8 *reloc_in_file(const struct fields *f, u32 s, const struct reloc *rel)
{
	const struct object *obj = object(f);
	const u8 *found = NULL;

	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct section *in = &obj->sections[i];

		if (!str_starts(in->name, ".rela") || !in->data ||
		    strcmp(in->name + strlen(".rela"), section(f, s)->name) != 0)
			continue;
		for (u32 at = 0; at + sizeof(*rel) <= in->size; at += (u32)sizeof(*rel)) {
			if (memcmp(in->data + at, rel, sizeof(*rel)) != 0)
				continue;
			if (found)
				return NULL;
			found = in->data + at;
		}
	}
	return found;
}

static bool set_addend(const struct fields *f, u32 s, const struct reloc *rel, s64 addend,
		       struct alteration *alt)
{
	const u8 *at = reloc_in_file(f, s, rel);

	alt->sec = s;
	alt->off = (u32)rel->offset;
	return at &&
	       set_bytes(f, at + offsetof(struct reloc, addend), &addend, sizeof(addend), alt);
}

static bool set_symbol(const struct fields *f, u32 s, const struct reloc *rel, u32 sym,
		       struct alteration *alt)
{
	const u8 *at = reloc_in_file(f, s, rel);

	alt->sec = s;
	alt->off = (u32)rel->offset;
	return at && set_bytes(f, at + offsetof(struct reloc, sym), &sym, sizeof(sym), alt);
}

/* ---- instructions ---- */

/* Flip a bit of @len bytes from @from on of an instruction that stays as long and of its class. */
static bool flip_insn(struct fields *f, u32 s, u32 off, u8 from, u8 len, struct alteration *alt)
{
	const struct section *sec = section(f, s);
	struct insn was = decode_at(sec, off), is;
	u8 bytes[ARCH_MAX_INSN];

	for (int i = 0; len && i < TRIES; i++) {
		u8 at = (u8)(from + chance(f, len));

		memcpy(bytes, sec->data + off, was.len);
		bytes[at] = flipped(f, bytes[at]);
		if (is_relocated(sec, off + at, 1))
			continue;
		if (arch_decode(bytes, was.len, &is) != was.len || is.cls != was.cls ||
		    is.flags != was.flags || is.disp_off != was.disp_off ||
		    is.disp_len != was.disp_len || is.imm_off != was.imm_off ||
		    is.imm_len != was.imm_len || arch_padding(bytes, was.len))
			continue;
		return set_byte(f, s, off + at, bytes[at], alt);
	}
	return false;
}

static bool alter_opcode(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = decode_at(section(f, c->sec), c->off);
	u8 head = insn.disp_off ? insn.disp_off : insn.imm_off ? insn.imm_off : insn.len;

	return flip_insn(f, c->sec, c->off, 0, head, alt);
}

static bool alter_immediate(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = decode_at(section(f, c->sec), c->off);

	return flip_insn(f, c->sec, c->off, insn.imm_off, insn.imm_len, alt);
}

static bool alter_displacement(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = decode_at(section(f, c->sec), c->off);

	return flip_insn(f, c->sec, c->off, insn.disp_off, insn.disp_len, alt);
}

static bool alter_replacement(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	bool (*const how[])(struct fields *, const struct candidate *, struct alteration *) = {
		alter_opcode, alter_immediate, alter_displacement};
	struct insn insn = decode_at(section(f, c->sec), c->off);
	u32 i = chance(f, 3);

	/* What is relative to the instruction may come to the same after the change. */
	if ((i == 1 && insn.flags & INSN_PCREL_IMM) || (i == 2 && insn.flags & INSN_PCREL_DISP))
		i = 0;
	return how[i](f, c, alt) || how[0](f, c, alt);
}

/*
 * Another instruction of the function around @off, of another number; false if somebody else
 * counts instructions of it. None before or among nops, which may become alignment then.
 */
static bool other_insn(struct fields *f, u32 s, s64 off, u32 *to)
{
	u32 unit = off >= 0 && off < section(f, s)->size ? code_unit_at(f->code, s, (u32)off)
							 : NO_UNIT;
	u32 nr, delta, ordinal;

	if (unit == NO_UNIT || f->code->units[unit].kind != UNIT_FUNC ||
	    !is_single(f->code, unit) || !owners_alone_inside(&f->owners, unit))
		return false;
	nr = decode_unit(f, unit);
	ordinal = code_ordinal(f->insns.insn, nr, (u32)off, &delta);
	for (int i = 0; nr > 1 && i < TRIES; i++) {
		const struct code_insn *ci = &f->insns.insn[1 + chance(f, nr - 1)];

		if (ci->filler || ci->insn.cls == INSN_BAD || ci->insn.cls == INSN_NOP ||
		    ci[-1].insn.cls == INSN_NOP || ci->ordinal == ordinal)
			continue;
		*to = ci->off;
		return true;
	}
	return false;
}

static bool alter_branch(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	struct insn insn = decode_at(sec, c->off);
	s64 end = (s64)c->off + insn.len, was = arch_insn_imm(sec->data + c->off, &insn);
	u32 to;

	alt->sec = c->sec;
	alt->off = c->off + insn.imm_off;
	for (int i = 0; i < TRIES; i++) {
		s64 rel;

		if (!other_insn(f, c->sec, end + was, &to))
			return false;
		rel = to - end;
		if (insn.imm_len == 1 && rel != (int8_t)rel)
			continue;
		/* Little-endian: as many of the low bytes as the field has. */
		return set_bytes(f, sec->data + alt->off, &rel, insn.imm_len, alt);
	}
	return false;
}

/* ---- relocations ---- */

/* What may be done to the addend of a relocation, and to its symbol. */
struct leeway {
	bool symbol; /* may be another */
	u32 unit;    /* that it points into, NO_UNIT if none */
	s64 lo, hi;  /* the addend may grow by any of [lo, hi), 0 excepted */
};

/* May the first instruction at @off be referred to by its second byte? Alignment is not then. */
static bool has_inside(const struct section *sec, u32 off)
{
	return decode_at(sec, off).len > 1;
}

static struct leeway leeway_of_string(const struct section *sec, u32 off)
{
	struct leeway way = {.symbol = true, .unit = NO_UNIT};

	if (!(sec->flags & SF_STRINGS) || sec->entsize > 1 || !sec->data[off])
		return way;
	for (way.hi = 1; off + way.hi < sec->size && sec->data[off + way.hi];)
		way.hi++;
	return way;
}

/* Of relocation @rel that points at @off of section @s, in this object and not by a global name. */
static struct leeway leeway_of_place(const struct fields *f, u32 s, u32 off)
{
	const struct code *code = f->code;
	const struct section *sec = section(f, s);
	u32 unit = code_unit_at(code, s, off);
	const struct unit *u = unit == NO_UNIT ? NULL : &code->units[unit];
	struct leeway way = {.unit = unit};

	if (section_excluded(sec) || (!u && code->specials.sections[s].layout))
		return way;
	if (!u)
		return sec->flags & SF_MERGE && sec->data && !sec->nr_relocs
			       ? leeway_of_string(sec, off)
			       : way;
	if (u->kind == UNIT_LABEL || u->len < 2 || !is_single(code, unit))
		return way;
	if (u->kind == UNIT_DATA) {
		way.symbol = true;
		way.lo = (s64)u->off - off + 1;
		way.hi = (s64)u->off - off + u->len;
	} else if (off == u->off) {
		way.symbol = true;
		way.hi = has_inside(sec, off) ? 2 : 0;
	}
	return way;
}

static struct leeway leeway_of(const struct fields *f, const struct reloc *rel, s64 distance)
{
	const struct code *code = f->code;
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	u32 unit = code->ids[rel->sym].unit;
	s64 delta = add_wrap(rel->addend, distance), off = add_wrap((s64)sym->value, delta);
	struct leeway way = {.symbol = true, .unit = unit, .hi = 4};

	if (!rel->sym)
		return (struct leeway){.unit = NO_UNIT};
	if (!symbol_defined(sym) || sym->bind != BIND_LOCAL) {
		if (unit != NO_UNIT && code->units[unit].len < 2)
			return (struct leeway){.unit = unit};
		if (unit != NO_UNIT && code->units[unit].kind == UNIT_FUNC)
			way.hi =
				!delta && has_inside(section(f, sym->sec), (u32)sym->value) ? 2 : 0;
		return way;
	}
	if (off < 0 || off >= (s64)section(f, sym->sec)->size)
		return (struct leeway){.unit = unit};
	way = leeway_of_place(f, sym->sec, (u32)off);
	/* A local symbol with an addend that leaves it goes by the symbol. */
	if (sym->type != SYM_SECTION && unit != NO_UNIT && unit != way.unit)
		return (struct leeway){.unit = unit};
	return way;
}

static bool alter_addend(struct fields *f, u32 s, const struct reloc *rel, s64 distance,
			 struct alteration *alt)
{
	struct leeway way = leeway_of(f, rel, distance);
	u32 range = (u32)(way.hi - way.lo);

	for (int i = 0; way.hi > way.lo && i < TRIES; i++) {
		/* Low bits have a meaning of their own where keys are pointed at. */
		s64 by = way.hi > 1 && chance(f, 2)
				 ? 1 + chance(f, way.hi < 4 ? (u32)way.hi - 1 : 3)
				 : way.lo + chance(f, range);

		if (by)
			return set_addend(f, s, rel, add_wrap(rel->addend, by), alt);
	}
	return false;
}

static bool is_function(const struct fields *f, u32 sym)
{
	u32 unit = f->code->ids[sym].unit;

	return unit != NO_UNIT && f->code->units[unit].kind == UNIT_FUNC;
}

/* Make the relocation refer to a global symbol of another name. */
static bool alter_symbol(struct fields *f, u32 s, const struct reloc *rel, s64 distance,
			 struct alteration *alt)
{
	const struct object *obj = object(f);
	struct leeway way = leeway_of(f, rel, distance);

	for (int i = 0; way.symbol && f->nr_globals && i < TRIES; i++) {
		u32 sym = f->globals[chance(f, f->nr_globals)];
		const char *name = obj->symbols[sym].name;

		if (strcmp(name, obj->symbols[rel->sym].name) == 0 ||
		    /* The middle of a function that was nobody's business would be somebody's. */
		    (add_wrap(rel->addend, distance) && is_function(f, sym)) ||
		    (way.unit != NO_UNIT &&
		     (f->code->ids[sym].unit == way.unit ||
		      strcmp(name, obj->symbols[f->code->units[way.unit].sym].name) == 0)))
			continue;
		return set_symbol(f, s, rel, sym, alt);
	}
	return false;
}

static bool alter_reloc(struct fields *f, u32 s, const struct reloc *rel, s64 distance,
			struct alteration *alt)
{
	return chance(f, 2) ? alter_addend(f, s, rel, distance, alt)
			    : alter_symbol(f, s, rel, distance, alt);
}

/* Make @rel, which points at @off of code section @to, point at another instruction there. */
static bool alter_code_pointer(struct fields *f, u32 s, const struct reloc *rel, u32 to, s64 off,
			       struct alteration *alt)
{
	u32 other;

	return other_insn(f, to, off, &other) &&
	       set_addend(f, s, rel, add_wrap(rel->addend, (s64)other - off), alt);
}

/* True if @rel, at the given distance, points into the middle of a function here; *@off: where. */
static bool is_code_pointer(const struct fields *f, const struct reloc *rel, s64 distance, s64 *off)
{
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	u32 unit;

	*off = add_wrap((s64)sym->value, add_wrap(rel->addend, distance));
	if (!symbol_defined(sym) || !(section(f, sym->sec)->flags & SF_EXEC) || *off < 0 ||
	    *off >= section(f, sym->sec)->size)
		return false;
	unit = code_unit_at(f->code, sym->sec, (u32)*off);
	return unit != NO_UNIT && f->code->units[unit].off != *off;
}

static bool alter_code_addend(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	const struct reloc *rel = &sec->relocs[c->index];
	s64 distance = distance_of(sec, c->off, rel), off;

	if (is_code_pointer(f, rel, distance, &off))
		return alter_code_pointer(f, c->sec, rel, object(f)->symbols[rel->sym].sec, off,
					  alt);
	return alter_addend(f, c->sec, rel, distance, alt);
}

static bool alter_code_symbol(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	const struct reloc *rel = &sec->relocs[c->index];

	return alter_symbol(f, c->sec, rel, distance_of(sec, c->off, rel), alt);
}

/* ---- strings and data ---- */

/* What a source file's name ends in decides what is a line number. */
static bool is_ending(const u8 *s, u32 len, u32 i)
{
	return i + 4 > len && memchr(s + (len > 4 ? len - 4 : 0), '.', len > 4 ? 4 : len);
}

static bool alter_string(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	u32 len = (u32)strnlen((const char *)sec->data + c->off, sec->size - c->off);

	for (int i = 0; len && i < TRIES; i++) {
		u32 at = chance(f, len);
		u8 was = sec->data[c->off + at], is = flipped(f, was);

		if (is && is != '.' && was != '.' && !is_ending(sec->data + c->off, len, at))
			return set_byte(f, c->sec, c->off + at, is, alt);
	}
	return false;
}

/* Flip a bit in [@off, @end) where no relocation is. */
static bool flip_data(struct fields *f, u32 s, u32 off, u32 end, struct line_field line, bool zeros,
		      struct alteration *alt)
{
	const struct section *sec = section(f, s);

	for (int i = 0; off < end && i < TRIES; i++) {
		u32 at = off + chance(f, end - off);
		u8 is = flipped(f, sec->data[at]);

		if ((!zeros && (!is || !sec->data[at])) || at - off - line.off < line.size ||
		    is_relocated(sec, at, 1))
			continue;
		return set_byte(f, s, at, is, alt);
	}
	return false;
}

static bool alter_constant(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	u32 width = sec->entsize ? sec->entsize : 1, start = c->off - c->off % width;
	u32 end = sec->size - start < width ? sec->size : start + width;

	return flip_data(f, c->sec, start, end, (struct line_field){0, 0, 0}, true, alt);
}

/* Zeros at the end of unnamed data may be alignment: only bytes that are not 0, and stay so. */
static bool alter_unnamed(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = section(f, c->sec);
	u32 unit = code_unit_at(f->code, c->sec, c->off), off = c->off, end = sec->size;

	if (unit != NO_UNIT) {
		off = f->code->units[unit].off;
		end = off + f->code->units[unit].len;
	} else {
		unit = code_unit_from(f->code, c->sec, off);
		if (unit != NO_UNIT)
			end = f->code->units[unit].off;
		end = code_next_referenced(f->code, c->sec, off, end);
	}
	return flip_data(f, c->sec, off, end, lines_in_blob(f->code, c->sec, off, end - off), false,
			 alt);
}

static bool alter_data(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct unit *u = &f->code->units[c->index];

	return flip_data(f, u->sec, u->off, u->off + u->len, lines_in_unit(f->code, c->index), true,
			 alt);
}

static bool alter_data_reloc(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	return alter_reloc(f, c->sec, &section(f, c->sec)->relocs[c->index], 0, alt);
}

/* Of jump tables above all: clang's are relative to the table's start. */
static bool alter_unnamed_reloc(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct reloc *rel = &section(f, c->sec)->relocs[c->index];
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	bool relative = arch_reloc_type(rel->type).kind == RELOC_PC;
	s64 off;
	u32 start;

	if (!owners_unnamed_start(&f->owners, c->sec, c->off, &start))
		return false;
	if (is_code_pointer(f, rel, relative ? -(s64)(c->off - start) : 0, &off))
		return alter_code_pointer(f, c->sec, rel, sym->sec, off, alt);
	return !relative && alter_reloc(f, c->sec, rel, 0, alt);
}

/* ---- special sections ---- */

/* The field of entry @e at @off of its section, NULL if none begins there. */
static const struct field *field_at(const struct fields *f, const struct special *e, u32 off)
{
	const struct field *field = f->code->specials.sections[e->table].layout->field;

	for (u32 i = 0; i < MAX_FIELDS && field[i].use; i++)
		if (field[i].off == off - e->entry)
			return &field[i];
	return NULL;
}

/* Of tables whose layout was guessed, everything that is no pointer. */
static bool alter_entry_bytes(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];
	const struct field *field = field_at(f, e, c->off);
	u32 size = e->kind == arch_nr_special_tables ? e->size : field->size;
	u8 site_len = f->code->specials.sections[e->table].layout->site_len;
	u32 unit = code_unit_at(f->code, e->site.sec, e->site.off);

	if (!flip_data(f, c->sec, c->off, c->off + size, (struct line_field){0, 0, 0}, true, alt))
		return false;
	if (!site_len || alt->off != e->entry + site_len)
		return true;
	/* Nops that an entry applies to are no alignment: in this function or, if more, the next.
	 */
	return alt->is[0] < alt->was[0] && unit != NO_UNIT && owners_alone_inside(&f->owners, unit);
}

static bool alter_entry_pointer(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];
	const struct layout *layout = f->code->specials.sections[e->table].layout;
	const struct field *field = field_at(f, e, c->off);
	const struct reloc *rel = special_reloc(object(f), e, field);
	s64 off;

	if (!rel)
		return false;
	if (is_code_pointer(f, rel, 0, &off))
		return alter_code_pointer(f, c->sec, rel, object(f)->symbols[rel->sym].sec, off,
					  alt);
	/* An addend there would make the table one of another kernel. */
	if (layout->last_is_symbol && field->off == 8)
		return alter_symbol(f, c->sec, rel, 0, alt);
	return alter_reloc(f, c->sec, rel, 0, alt);
}

/* Entries of the room before a function do not move within it: a byte on is another place. */
static bool alter_entry_site(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];
	const struct reloc *rel = special_reloc(object(f), e, field_at(f, e, c->off));
	u32 s = e->site.sec, off = e->site.off;

	if (!f->code->specials.sections[e->table].table->before)
		return alter_code_pointer(f, c->sec, rel, s, off, alt);
	return code_unit_at(f->code, s, off) == code_unit_at(f->code, s, off + 1) &&
	       set_addend(f, c->sec, rel, add_wrap(rel->addend, 1), alt);
}

/* Point at one byte less of the file's name, where enough others tell what the field is. */
static bool alter_entry_file(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];
	const struct special_section *how = &f->code->specials.sections[e->table];
	const struct field *field = field_at(f, e, c->off);
	const struct reloc *rel = special_reloc(object(f), e, field);

	if (!rel || !special_has_line(object(f), how, e) || how->nr < 8 ||
	    leeway_of(f, rel, how->file_from_entry ? -field->off : 0).hi < 2)
		return false;
	return set_addend(f, c->sec, rel, add_wrap(rel->addend, 1), alt);
}

static bool alter_entry_line(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];

	return !special_has_line(object(f), &f->code->specials.sections[e->table], e) &&
	       alter_entry_bytes(f, c, alt);
}

/* The replacement of entry @e: at *@off of *@sec, *@len bytes; false if there is none. */
static bool replacement(const struct fields *f, const struct special *e, const struct field *field,
			u32 *sec, u32 *off, u32 *len)
{
	const struct reloc *rel = special_reloc(object(f), e, field);
	const struct symbol *sym = rel ? &object(f)->symbols[rel->sym] : NULL;
	s64 at = rel ? add_wrap((s64)sym->value, rel->addend) : 0;

	*len = section(f, e->table)->data[e->entry + field->arg];
	if (!rel || !*len || !symbol_defined(sym) || !section(f, sym->sec)->data || at < 0 ||
	    at + *len > section(f, sym->sec)->size)
		return false;
	*sec = sym->sec;
	*off = (u32)at;
	return true;
}

/* A byte further on, if other bytes are there. */
static bool alter_entry_replacement(struct fields *f, const struct candidate *c,
				    struct alteration *alt)
{
	const struct special *e = &f->code->specials.entries[c->index];
	const struct field *field = field_at(f, e, c->off);
	const struct reloc *rel = special_reloc(object(f), e, field);
	u32 s, off, len;

	if (!replacement(f, e, field, &s, &off, &len) || off + len == section(f, s)->size ||
	    !memcmp(section(f, s)->data + off, section(f, s)->data + off + 1, len))
		return false;
	return set_addend(f, c->sec, rel, add_wrap(rel->addend, 1), alt);
}

/* ---- anything ---- */

static bool is_covered_section(const struct section *sec)
{
	return sec->data && !section_excluded(sec);
}

/* A section: each as likely as another, or by its size. */
static u32 any_section(struct fields *f, bool by_size)
{
	const struct object *obj = object(f);
	u64 all = 0, at;

	for (u32 s = 1; s < obj->nr_sections; s++)
		if (is_covered_section(&obj->sections[s]))
			all += by_size ? obj->sections[s].size / 8 + 1 : 1;
	if (!all)
		return 0;
	at = chance(f, (u32)all);
	for (u32 s = 1; s < obj->nr_sections; s++) {
		u64 here = by_size ? obj->sections[s].size / 8 + 1 : 1;

		if (!is_covered_section(&obj->sections[s]))
			continue;
		if (at < here)
			return s;
		at -= here;
	}
	return 0;
}

/* True if offset @off of section @s lies in the alignment between functions. */
static bool is_alignment(const struct fields *f, u32 s, u32 off)
{
	const struct code *code = f->code;
	const struct section *sec = section(f, s);
	u32 next = code_unit_from(code, s, off);
	u32 at = 0, end = next == NO_UNIT ? sec->size : code->units[next].off;

	if (!(sec->flags & SF_EXEC) || code_unit_at(code, s, off) != NO_UNIT)
		return false;
	for (u32 i = code->first_unit[s]; i < code->first_unit[s + 1]; i++)
		if (code->units[i].off <= off && code->units[i].off + code->units[i].len > at)
			at = code->units[i].off + code->units[i].len;
	at += at < end ? (u32)arch_fillers(sec->data + at, end - at) : 0;
	return at > off;
}

static bool alter_any_bit(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	u32 s = any_section(f, c->index & 1);

	alt->any = true;
	return s &&
	       flip_data(f, s, 0, section(f, s)->size, (struct line_field){0, 0, 0}, true, alt) &&
	       !is_alignment(f, s, alt->off);
}

/* What the string or constant at @off of section @s is; 0 bytes if there is none. */
static struct span content(const struct section *sec, s64 off)
{
	u32 width = sec->entsize ? sec->entsize : 1, at;

	if (!(sec->flags & SF_MERGE) || !sec->data || off < 0 || off >= sec->size)
		return (struct span){NULL, 0};
	at = (u32)off;
	if (sec->flags & SF_STRINGS)
		return (struct span){sec->data + at,
				     strnlen((const char *)sec->data + at, sec->size - at)};
	at -= at % width;
	return (struct span){sec->data + at, sec->size - at < width ? sec->size - at : width};
}

/* Does @rel point where nothing is but empty objects, lock class keys above all? */
static bool is_empty_place(const struct fields *f, const struct reloc *rel, s64 distance)
{
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	s64 off = add_wrap((s64)sym->value, add_wrap(rel->addend, distance));

	if (!symbol_defined(sym) || !section(f, sym->sec)->nobits)
		return false;
	return off < 0 || off >= section(f, sym->sec)->size ||
	       code_unit_at(f->code, sym->sec, (u32)off) == NO_UNIT;
}

/* The unit around @off of section @s, if others have its name; else NO_UNIT. */
static u32 numbered_unit(const struct fields *f, u32 s, s64 off)
{
	u32 unit = off < 0 || off >= section(f, s)->size ? NO_UNIT
							 : code_unit_at(f->code, s, (u32)off);

	return unit != NO_UNIT && f->code->ids[f->code->units[unit].sym].head ? unit : NO_UNIT;
}

/* Is another object of one name at @by bytes from where @rel points? x.12 and x.34 are both x. */
static bool is_namesake(const struct fields *f, const struct reloc *rel, s64 by)
{
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	s64 off = add_wrap((s64)sym->value, rel->addend);

	for (s64 d = 0; symbol_defined(sym) && d <= 8; d++) {
		u32 was = numbered_unit(f, sym->sec, add_wrap(off, d));
		u32 is = numbered_unit(f, sym->sec, add_wrap(off, d + by));

		if (was != NO_UNIT && is != NO_UNIT && was != is &&
		    f->code->ids[f->code->units[was].sym].head ==
			    f->code->ids[f->code->units[is].sym].head)
			return true;
	}
	return false;
}

/* Is the same string, or constant, at @by bytes from where @rel points? */
static bool is_same_content(const struct fields *f, const struct reloc *rel, s64 by)
{
	const struct symbol *sym = &object(f)->symbols[rel->sym];
	const struct section *sec;

	if (!symbol_defined(sym))
		return false;
	sec = section(f, sym->sec);
	/* Pc-relative fields count from up to 8 bytes further on. */
	for (s64 d = 0; d <= 8; d++) {
		s64 off = add_wrap((s64)sym->value, add_wrap(rel->addend, d));
		struct span was = content(sec, off), is = content(sec, add_wrap(off, by));

		if (was.data && is.data && was.size == is.size &&
		    !memcmp(was.data, is.data, was.size))
			return true;
	}
	return false;
}

static bool alter_any_addend(struct fields *f, const struct candidate *c, struct alteration *alt)
{
	static const s64 steps[] = {1, -1, 2, 4, 8, -8, 16, 256};
	const struct reloc *rel = &section(f, c->sec)->relocs[c->index];
	s64 by = steps[chance(f, ARRAY_SIZE(steps))];
	const struct field *field = NULL;
	u32 s, off, len;
	struct special e;

	alt->any = true;
	/* The address of an empty replacement means nothing. */
	if (specials_at(object(f), &f->code->specials, c->sec, c->off, &e))
		field = field_at(f, &e, c->off);
	if (field && field->use == FIELD_REPL && !replacement(f, &e, field, &s, &off, &len))
		return false;
	return !is_same_content(f, rel, by) && !is_namesake(f, rel, by) &&
	       !is_empty_place(f, rel, 0) && !is_empty_place(f, rel, 4) &&
	       set_addend(f, c->sec, rel, add_wrap(rel->addend, by), alt);
}

/* ---- kinds ---- */

enum plain_kind {
	IMMEDIATE,
	DISPLACEMENT,
	OPCODE,
	BRANCH,
	CODE_ADDEND,
	CODE_SYMBOL,
	REPLACEMENT,
	STRING,
	CONSTANT,
	UNNAMED,
	UNNAMED_RELOC,
	DATA,
	DATA_RELOC,
	ANY_BIT,
	ANY_ADDEND,
	NR_KINDS, /* and behind it, by special table, each use of its fields */
};

struct kind {
	const char *name;
	bool (*alter)(struct fields *f, const struct candidate *c, struct alteration *alt);
};

static const struct kind kinds[NR_KINDS] = {
	[IMMEDIATE] = {"immediates", alter_immediate},
	[DISPLACEMENT] = {"displacements", alter_displacement},
	[OPCODE] = {"opcodes and registers", alter_opcode},
	[BRANCH] = {"branches within a function", alter_branch},
	[CODE_ADDEND] = {"references of code, addend", alter_code_addend},
	[CODE_SYMBOL] = {"references of code, symbol", alter_code_symbol},
	[REPLACEMENT] = {"replacement code", alter_replacement},
	[STRING] = {"strings", alter_string},
	[CONSTANT] = {"constants", alter_constant},
	[UNNAMED] = {"unnamed data", alter_unnamed},
	[UNNAMED_RELOC] = {"unnamed data, references", alter_unnamed_reloc},
	[DATA] = {"data objects", alter_data},
	[DATA_RELOC] = {"data objects, references", alter_data_reloc},
	[ANY_BIT] = {"any bit", alter_any_bit},
	[ANY_ADDEND] = {"any relocation", alter_any_addend},
};

static const struct kind uses[] = {
	[FIELD_SITE] = {"site", alter_entry_site},
	[FIELD_REF] = {"reference", alter_entry_pointer},
	[FIELD_REPL] = {"replacement", alter_entry_replacement},
	[FIELD_FILE] = {"file", alter_entry_file},
	[FIELD_BYTES] = {"data", alter_entry_bytes},
	[FIELD_LINE] = {"line", alter_entry_line},
};

#define NR_USES ARRAY_SIZE(uses)

u32 fields_nr_kinds(void)
{
	return (u32)(NR_KINDS + (arch_nr_special_tables + 1) * NR_USES);
}

void fields_name(u32 kind, char name[64])
{
	u32 table = kind < NR_KINDS ? 0 : (u32)((kind - NR_KINDS) / NR_USES);

	if (kind < NR_KINDS)
		snprintf(name, 64, "%s", kinds[kind].name);
	else
		snprintf(name, 64, "%s, %s",
			 table < arch_nr_special_tables ? arch_special_tables[table].section
							: "other tables",
			 uses[(kind - NR_KINDS) % NR_USES].name);
}

/* ---- offering ---- */

static bool is_static_branch(const struct fields *f, u32 sec, const struct code_insn *ci)
{
	const struct specials *specials = &f->code->specials;

	for (u32 i = specials_from(specials, sec, ci->off);
	     i < specials->nr && specials->entries[i].site.sec == sec &&
	     specials->entries[i].site.off < ci->off + ci->insn.len;
	     i++)
		if (specials->sections[specials->entries[i].table].table->lane == LANE_JUMP_LABEL)
			return true;
	return false;
}

static bool is_alterable(u8 cls)
{
	return cls == INSN_OTHER || cls == INSN_JCC || cls == INSN_CALL_IND || cls == INSN_JMP_IND;
}

static void offer_relocs(struct fields *f, u32 s, const struct code_insn *ci)
{
	struct reloc_cursor cur = reloc_cursor(section(f, s), ci->off);

	while (reloc_next(&cur, (u64)ci->off + ci->insn.len)) {
		offer(f, CODE_ADDEND, s, ci->off, cur.next - 1);
		offer(f, CODE_SYMBOL, s, ci->off, cur.next - 1);
	}
}

static void offer_insn(struct fields *f, u32 s, const struct unit *u, const struct code_insn *ci)
{
	const struct section *sec = section(f, s);
	const struct insn *insn = &ci->insn;
	bool relocated = is_relocated(sec, ci->off, ci->insn.len);
	s64 to;

	if (relocated)
		offer_relocs(f, s, ci);
	if (insn->flags & INSN_PCREL_IMM && !relocated) {
		to = code_branch_target(sec, ci);
		if (to >= u->off && to < u->off + u->len)
			offer(f, BRANCH, s, ci->off, 0);
	}
	if (!is_alterable(insn->cls) || arch_padding(sec->data + ci->off, ci->insn.len))
		return;
	offer(f, OPCODE, s, ci->off, 0);
	if (insn->imm_len && !(insn->flags & INSN_PCREL_IMM) &&
	    !is_relocated(sec, ci->off + insn->imm_off, insn->imm_len))
		offer(f, IMMEDIATE, s, ci->off, 0);
	if (insn->disp_len && !(insn->flags & INSN_PCREL_DISP) &&
	    !is_relocated(sec, ci->off + insn->disp_off, insn->disp_len))
		offer(f, DISPLACEMENT, s, ci->off, 0);
}

static void offer_function(struct fields *f, u32 unit)
{
	const struct unit *u = &f->code->units[unit];
	u32 nr;

	if (f->code->ids[u->sym].head && object(f)->symbols[u->sym].bind == BIND_LOCAL)
		return;
	nr = decode_unit(f, unit);
	for (u32 i = 0; i < nr; i++) {
		const struct code_insn *ci = &f->insns.insn[i];

		if (!ci->filler && ci->insn.cls != INSN_BAD && !is_static_branch(f, u->sec, ci))
			offer_insn(f, u->sec, u, ci);
	}
}

static void offer_unit(struct fields *f, u32 unit)
{
	const struct unit *u = &f->code->units[unit];
	const struct section *sec = section(f, u->sec);

	if (!sec->data || !u->len)
		return;
	if (u->kind == UNIT_FUNC)
		offer_function(f, unit);
	else if (u->kind == UNIT_DATA && !(sec->flags & SF_MERGE))
		offer(f, DATA, u->sec, u->off, unit);
}

static void offer_replacement(struct fields *f, const struct special *e, const struct field *field)
{
	u32 s, off, len, nr;

	if (!replacement(f, e, field, &s, &off, &len))
		return;
	insns_reset(&f->insns);
	nr = code_decode(f->code, s, off, off + len, DECODE_ALL, &f->insns);
	for (u32 i = 0; i < nr; i++) {
		const struct code_insn *ci = &f->insns.insn[i];

		if (ci->insn.cls == INSN_BAD || is_static_branch(f, s, ci))
			continue;
		offer_relocs(f, s, ci);
		if (is_alterable(ci->insn.cls))
			offer(f, REPLACEMENT, s, ci->off, 0);
	}
}

static void offer_entry(struct fields *f, u32 index)
{
	const struct special *e = &f->code->specials.entries[index];
	const struct special_section *how = &f->code->specials.sections[e->table];
	const struct field *field = how->layout->field;
	u32 kind = NR_KINDS + e->kind * (u32)NR_USES;

	if (e->kind == arch_nr_special_tables)
		offer(f, kind + FIELD_BYTES, e->table, e->entry, index);
	for (u32 i = 0; i < MAX_FIELDS && field[i].use; i++) {
		if (field[i].off + field[i].size > e->size)
			continue;
		if (field[i].use == FIELD_REPL)
			offer_replacement(f, e, &field[i]);
		offer(f, kind + field[i].use, e->table, e->entry + field[i].off, index);
	}
}

/* Strings, constants and unnamed data that somebody refers to. */
static void offer_content(struct fields *f, const struct reference *ref)
{
	const struct section *sec = section(f, ref->to.sec);
	u32 unit = code_unit_at(f->code, ref->to.sec, ref->to.off);
	enum plain_kind kind = UNNAMED;

	if (ref->kind != REFERENCE_PLACE || !is_covered_section(sec) || sec->flags & SF_EXEC ||
	    (unit == NO_UNIT ? f->code->specials.sections[ref->to.sec].layout != NULL
			     : f->code->units[unit].kind != UNIT_LABEL))
		return;
	if (sec->flags & SF_MERGE && !sec->nr_relocs && unit == NO_UNIT)
		kind = sec->flags & SF_STRINGS ? STRING : CONSTANT;
	if (kind != STRING || sec->entsize <= 1)
		offer(f, kind, ref->to.sec, ref->to.off, 0);
}

static void offer_data_relocs(struct fields *f, u32 s)
{
	const struct section *sec = section(f, s);
	struct reloc_cursor cur = reloc_cursor(sec, 0);
	const struct reloc *rel;
	u32 unit;

	while ((rel = reloc_next(&cur, sec->size))) {
		offer(f, ANY_ADDEND, s, (u32)rel->offset, cur.next - 1);
		unit = code_unit_at(f->code, s, (u32)rel->offset);
		if (sec->flags & SF_EXEC ||
		    (unit == NO_UNIT && f->code->specials.sections[s].layout))
			continue;
		offer(f,
		      unit != NO_UNIT && f->code->units[unit].kind == UNIT_DATA ? DATA_RELOC
										: UNNAMED_RELOC,
		      s, (u32)rel->offset, cur.next - 1);
	}
}

/* Symbols that are known by their names alone, and have one that nothing is dropped from. */
static void find_globals(struct fields *f)
{
	const struct object *obj = object(f);

	f->globals = xcalloc(obj->nr_symbols, sizeof(u32));
	for (u32 s = 1; s < obj->nr_symbols; s++) {
		const struct symbol *sym = &obj->symbols[s];
		u32 unit = f->code->ids[s].unit;

		if (sym->bind == BIND_LOCAL || !*sym->name || f->code->ids[s].head ||
		    f->code->ids[s].traits & NAME_COUNTED ||
		    (unit == NO_UNIT ? symbol_defined(sym) : f->code->units[unit].len < 2))
			continue;
		f->globals[f->nr_globals++] = s;
	}
}

void fields_read(const struct code *code, struct span image, u64 seed, u32 max, struct fields *f)
{
	*f = (struct fields){.code = code,
			     .image = image,
			     .seed = seed,
			     .max = max,
			     .nr_kinds = fields_nr_kinds()};
	owners_read(code, &f->owners);
	namesakes_read(code, &f->namesakes);
	find_globals(f);
	f->pools = xcalloc(f->nr_kinds, sizeof(*f->pools));
	for (u32 i = 0; i < f->nr_kinds; i++)
		f->pools[i].candidate = xcalloc(max, sizeof(struct candidate));
	for (u32 i = 0; i < code->nr_units; i++)
		offer_unit(f, i);
	for (u32 i = 0; i < code->specials.nr; i++)
		offer_entry(f, i);
	for (u32 i = 0; i < f->owners.nr_refs; i++)
		offer_content(f, &f->owners.refs[i]);
	for (u32 s = 1; s < code->obj->nr_sections; s++)
		if (is_covered_section(section(f, s)))
			offer_data_relocs(f, s);
	for (u32 i = 0; i < max; i++)
		offer(f, ANY_BIT, 0, 0, i);
}

void fields_free(struct fields *f)
{
	for (u32 i = 0; i < f->nr_kinds; i++)
		free(f->pools[i].candidate);
	free(f->pools);
	free(f->globals);
	insns_free(&f->insns);
	owners_free(&f->owners);
	*f = (struct fields){0};
}

bool fields_next(struct fields *f, u32 kind, struct alteration *alt)
{
	struct field_pool *pool = &f->pools[kind];

	while (pool->nr) {
		u32 i = chance(f, pool->nr);
		struct candidate c = pool->candidate[i];
		bool altered;

		pool->candidate[i] = pool->candidate[--pool->nr];
		*alt = (struct alteration){.units = alt->units};
		alt->units.len = 0;
		altered = kind < NR_KINDS ? kinds[kind].alter(f, &c, alt)
					  : uses[(kind - NR_KINDS) % NR_USES].alter(f, &c, alt);
		if (!altered)
			continue;
		if (alt->any ||
		    (owners_of(&f->owners, alt->sec, alt->off, &alt->units) && alt->units.len))
			return true;
	}
	return false;
}
