// SPDX-License-Identifier: GPL-2.0-or-later
/* alter.c - bytes, addends and symbols of an object are set to something else */
#include <stdlib.h>
#include "alter-set.h"

/* ---- what there is ---- */

/* Symbols that are known by their names alone, and have one that nothing is dropped from. */
static void find_globals(struct subject *x)
{
	const struct code *code = x->code;
	const struct object *obj = code->obj;

	x->globals = xcalloc(obj->nr_symbols, sizeof(u32));
	for (u32 s = 1; s < obj->nr_symbols; s++) {
		const struct symbol *sym = &obj->symbols[s];
		const struct identity *id = &code->ids[s];

		if (sym->bind == BIND_LOCAL || !*sym->name || id->head ||
		    id->traits & NAME_COUNTED ||
		    (id->unit == NO_UNIT ? symbol_defined(sym) : code->units[id->unit].len < 2))
			continue;
		x->globals[x->nr_globals++] = s;
	}
}

void subject_read(const struct code *code, struct span image, u64 seed, struct subject *x)
{
	*x = (struct subject){.code = code, .image = image, .seed = seed};
	owners_read(code, &x->owners);
	find_globals(x);
}

void subject_free(struct subject *x)
{
	free(x->globals);
	insns_free(&x->insns);
	owners_free(&x->owners);
	*x = (struct subject){0};
}

/* splitmix64 (Steele, Lea, Flood 2014). */
u32 subject_chance(struct subject *x, u32 below)
{
	u64 z = x->seed += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return (u32)((z ^ z >> 31) % below);
}

bool subject_is_relocated(const struct section *sec, u32 off, u32 len)
{
	struct reloc_cursor cur = reloc_cursor(sec, off > 8 ? off - 8 : 0);
	const struct reloc *rel;

	while ((rel = reloc_next(&cur, (u64)off + len)))
		if (rel->offset + arch_reloc_type(rel->type).size > off)
			return true;
	return false;
}

u32 subject_unit_at(const struct subject *x, u32 s, s64 off)
{
	return off < 0 || off >= subject_section(x, s)->size ? NO_UNIT
							     : code_unit_at(x->code, s, (u32)off);
}

bool subject_is_single(const struct subject *x, u32 unit)
{
	return x->code->units[unit].outer == NO_UNIT && code_is_alone(x->code, unit);
}

struct insn subject_insn_at(const struct section *sec, u32 off)
{
	struct insn insn = {0};

	arch_decode(sec->data + off, sec->size - off, &insn);
	return insn;
}

u32 subject_decode(struct subject *x, u32 unit)
{
	const struct unit *u = &x->code->units[unit];
	bool prefix = u->parent != NO_UNIT && x->code->units[u->parent].prefix == unit;

	insns_reset(&x->insns);
	return code_decode(x->code, u->sec, u->off, u->off + u->len,
			   prefix     ? DECODE_ROOM
			   : u->sized ? DECODE_ALL
				      : DECODE_TO_NEXT,
			   &x->insns);
}

/* ---- what it becomes ---- */

bool set_bytes(const struct subject *x, const u8 *at, const void *bytes, u8 len,
	       struct alteration *alt)
{
	alt->at = (size_t)(at - x->image.data);
	alt->len = len;
	memcpy(alt->was, at, len);
	memcpy(alt->is, bytes, len);
	return memcmp(alt->was, alt->is, len) != 0;
}

bool set_byte(const struct subject *x, u32 s, u32 off, u8 byte, struct alteration *alt)
{
	alt->sec = s;
	alt->off = off;
	return set_bytes(x, subject_section(x, s)->data + off, &byte, 1, alt);
}

/*
 * Where relocation @rel of section @s stands in the file: in a section called ".rela" and
 * then as @s. NULL if there are several like it.
 */
static const u8 *reloc_in_file(const struct subject *x, u32 s, const struct reloc *rel)
{
	const struct object *obj = x->code->obj;
	const u8 *found = NULL;

	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct section *in = &obj->sections[i];

		if (!str_starts(in->name, ".rela") || !in->data ||
		    strcmp(in->name + strlen(".rela"), obj->sections[s].name) != 0)
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

/* The member at @member of relocation @rel of section @s becomes @value. */
static bool set_member(const struct subject *x, u32 s, const struct reloc *rel, size_t member,
		       const void *value, u8 len, struct alteration *alt)
{
	const u8 *at = reloc_in_file(x, s, rel);

	alt->sec = s;
	alt->off = (u32)rel->offset;
	return at && set_bytes(x, at + member, value, len, alt);
}

bool set_addend(const struct subject *x, u32 s, const struct reloc *rel, s64 by,
		struct alteration *alt)
{
	s64 addend = add_wrap(rel->addend, by);

	return set_member(x, s, rel, offsetof(struct reloc, addend), &addend, sizeof(addend), alt);
}

bool set_symbol(const struct subject *x, u32 s, const struct reloc *rel, u32 sym,
		struct alteration *alt)
{
	return set_member(x, s, rel, offsetof(struct reloc, sym), &sym, sizeof(sym), alt);
}

u8 flipped(struct subject *x, u8 byte)
{
	return (u8)(byte ^ 1U << subject_chance(x, 8));
}

bool flip_data(struct subject *x, u32 s, u32 off, u32 end, struct flip_except except,
	       struct alteration *alt)
{
	const struct section *sec = subject_section(x, s);

	for (int i = 0; off < end && i < TRIES; i++) {
		u32 at = off + subject_chance(x, end - off);
		u8 is = flipped(x, sec->data[at]);

		if ((except.zeros && (!is || !sec->data[at])) ||
		    at - off - except.line.off < except.line.size ||
		    subject_is_relocated(sec, at, 1))
			continue;
		return set_byte(x, s, at, is, alt);
	}
	return false;
}
