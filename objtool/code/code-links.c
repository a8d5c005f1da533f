// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * code-links.c - which units are parts of a function: its .cold part, and a prefix
 *
 * A prefix lies before its function. A .cold part is anywhere, and by its name is that of
 * any function so called, of which there can be many: "init.cold" in a vmlinux.o.
 */
#include <stdlib.h>
#include <objtool/hash.h>
#include <objtool/names.h>
#include "code-read.h"

/* More parts of one name than this are not told apart by who branches to them. */
#define MAX_COLDS 64

/*
 * The .cold parts of an object by the name of the function they belong to: open
 * addressing by the hash of that, and a chain of the parts of one hash.
 */
struct cold {
	u32 unit, best;	  /* the part, and the symbol of its function so far */
	u32 distance;	  /* between their symbols */
	u32 next;	  /* next part of this hash, NO_UNIT if none */
	const char *name; /* of the part; the function's is its first @len bytes */
	size_t len;
	u64 hash;
};

struct colds {
	struct cold *cold;
	u32 *slot; /* index into .cold, NO_UNIT if empty */
	u32 nr, cap;
	u64 key; /* see table_slot() */
};

static u32 *cold_slot(const struct colds *colds, u64 hash)
{
	u32 i = table_slot(hash, colds->key, colds->cap);

	while (colds->slot[i] != NO_UNIT && colds->cold[colds->slot[i]].hash != hash)
		i = (i + 1) & (colds->cap - 1);
	return &colds->slot[i];
}

/* Functions whose names say that they are a part of another; both ascending. */
struct named_parts {
	u32 *cold, *prefix;
	u32 nr_cold, nr_prefix;
};

static void find_named_parts(const struct code *code, struct named_parts *parts)
{
	*parts = (struct named_parts){
		.cold = scratch_get(&code->obj->scratch, code->nr_units, 2 * sizeof(u32))};
	parts->prefix = parts->cold + code->nr_units;
	for (u32 i = 0; i < code->nr_units; i++) {
		const struct unit *u = &code->units[i];
		u8 traits;

		if (!u->named_part || u->kind != UNIT_FUNC)
			continue;
		traits = code->ids[u->sym].traits;
		if (traits & NAME_COLD)
			parts->cold[parts->nr_cold++] = i;
		if (traits & NAME_PREFIX)
			parts->prefix[parts->nr_prefix++] = i;
	}
}

static void read_colds(const struct code *code, const struct named_parts *parts,
		       struct colds *colds)
{
	*colds = (struct colds){.cap = 16, .nr = parts->nr_cold, .key = table_key()};
	while (colds->cap < 4 * colds->nr)
		colds->cap *= 2;
	colds->cold = xcalloc(colds->nr, sizeof(*colds->cold));
	colds->slot = xreallocarray(NULL, colds->cap, sizeof(*colds->slot));
	memset(colds->slot, 0xff, colds->cap * sizeof(*colds->slot));
	for (u32 i = 0; i < colds->nr; i++) {
		struct cold *cold = &colds->cold[i];
		u32 *slot;

		*cold = (struct cold){
			.unit = parts->cold[i],
			.distance = 0xffffffffU,
			.name = code->obj->symbols[code->units[parts->cold[i]].sym].name};
		name_is_cold(cold->name, &cold->len);
		cold->hash = symname_hash(cold->name, cold->len);
		slot = cold_slot(colds, cold->hash);
		cold->next = *slot;
		*slot = i;
	}
}

/*
 * Code in another section is reached by a relocation: true if @unit has one to
 * @part, or shares its section. "ld -r" drops the symbol of a weak function that another
 * file defines too, and leaves its .cold part, which must not go to that other.
 */
static bool may_branch_to(const struct code *code, u32 unit, u32 part)
{
	const struct unit *u = &code->units[unit], *p = &code->units[part];
	struct reloc_cursor cur = reloc_cursor(&code->obj->sections[u->sec], u->off);
	const struct reloc *rel;

	if (u->sec == p->sec)
		return true;
	while ((rel = reloc_next(&cur, (u64)u->off + u->len))) {
		const struct symbol *sym = &code->obj->symbols[rel->sym];
		s64 off = add_wrap((s64)sym->value, add_wrap(rel->addend, 4));

		if (sym->sec == p->sec && off >= p->off && off < (s64)p->off + p->len)
			return true;
	}
	return false;
}

/*
 * Symbol @s may name the function that .cold parts of its name belong to. Of several
 * functions of that name it is the one of the same file, and, in modules that are
 * stripped of file symbols, the one whose symbol is nearest: the assembler wrote both
 * together.
 */
static void offer_function(const struct code *code, const struct colds *colds, u32 s)
{
	const struct symbol *sym = &code->obj->symbols[s];
	const struct identity *id = &code->ids[s];
	u32 i;

	if (id->unit == NO_UNIT || !(code->obj->sections[id->sec].flags & SF_EXEC))
		return;
	i = *cold_slot(colds, id->name);
	if (i == NO_UNIT || code->units[id->unit].kind != UNIT_FUNC)
		return;
	for (u32 tries = 0; i != NO_UNIT && tries < MAX_COLDS; i = colds->cold[i].next, tries++) {
		struct cold *cold = &colds->cold[i];
		u32 part = code->units[cold->unit].sym, distance = s > part ? s - part : part - s;

		if (strncmp(sym->name, cold->name, cold->len) != 0 || sym->name[cold->len] ||
		    (sym->bind == BIND_LOCAL && sym->file != code->obj->symbols[part].file) ||
		    !may_branch_to(code, code->ids[s].unit, cold->unit))
			continue;
		if (distance < cold->distance) {
			cold->distance = distance;
			cold->best = s;
		}
	}
}

/* The function that a prefix, "__cfi_f" or "__pfx_f", is before. */
static u32 find_behind(const struct code *code, const struct unit *prefix)
{
	u32 next = code_unit_from(code, prefix->sec, prefix->off + prefix->len);

	if (next == NO_UNIT || code->units[next].off != prefix->off + prefix->len ||
	    code->units[next].kind != UNIT_FUNC)
		return NO_UNIT;
	return next;
}

static void link_part(struct code *code, u32 index, u32 parent, bool cold)
{
	struct unit *part = &code->units[index], *f;
	u32 *slot;

	if (parent == NO_UNIT || parent == index)
		return;
	f = &code->units[parent];
	slot = cold ? &f->cold : &f->prefix;
	/* Only functions have parts: no chains, no cycles. */
	if (*slot != NO_UNIT || f->parent != NO_UNIT || part->cold != NO_UNIT ||
	    part->prefix != NO_UNIT)
		return;
	*slot = index;
	part->parent = parent;
}

void code_link_parts(struct code *code)
{
	struct named_parts parts;
	struct colds colds;

	find_named_parts(code, &parts);
	for (u32 i = 0; i < parts.nr_prefix; i++)
		link_part(code, parts.prefix[i], find_behind(code, &code->units[parts.prefix[i]]),
			  false);
	read_colds(code, &parts, &colds);
	for (u32 s = 1; colds.nr && s < code->obj->nr_symbols; s++)
		offer_function(code, &colds, s);
	for (u32 i = 0; i < colds.nr; i++)
		if (colds.cold[i].best)
			link_part(code, colds.cold[i].unit, code->ids[colds.cold[i].best].unit,
				  true);
	free(colds.cold);
	free(colds.slot);
}
