// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fields.c - fields of an object to alter, and who must notice
 *
 * First everything that could be altered is offered to its kind's pool, which
 * keeps a fair choice of it. Then, one at a time, a candidate is
 * drawn and altered, if it can be in a way that is sure to be noticed: alter.h says how.
 */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/fields.h>

struct field_pool {
	struct candidate *candidate;
	u32 nr, offered;
};

/* Each of all that are offered has the same chance to be kept. */
static void offer(struct fields *f, u32 kind, u32 sec, u32 off, u32 index)
{
	struct field_pool *pool = &f->pools[kind];
	u32 i = pool->nr;

	pool->offered++;
	if (i == f->max)
		i = subject_chance(&f->subject, pool->offered);
	else
		pool->nr++;
	if (i < f->max)
		pool->candidate[i] = (struct candidate){sec, off, index};
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
	alter_fn *alter;
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

static const struct kind *kind_of(u32 kind)
{
	return kind < NR_KINDS ? &kinds[kind] : &uses[(kind - NR_KINDS) % NR_USES];
}

void fields_name(u32 kind, char name[64])
{
	u32 table = kind < NR_KINDS ? 0 : (u32)((kind - NR_KINDS) / NR_USES);

	if (kind < NR_KINDS)
		snprintf(name, 64, "%s", kind_of(kind)->name);
	else
		snprintf(name, 64, "%s, %s",
			 table < arch_nr_special_tables ? arch_special_tables[table].section
							: "other tables",
			 kind_of(kind)->name);
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
	struct reloc_cursor cur = reloc_cursor(subject_section(&f->subject, s), ci->off);

	while (reloc_next(&cur, (u64)ci->off + ci->insn.len)) {
		offer(f, CODE_ADDEND, s, ci->off, cur.next - 1);
		offer(f, CODE_SYMBOL, s, ci->off, cur.next - 1);
	}
}

static void offer_insn(struct fields *f, u32 s, const struct unit *u, const struct code_insn *ci)
{
	const struct section *sec = subject_section(&f->subject, s);
	const struct insn *insn = &ci->insn;
	bool relocated = subject_is_relocated(sec, ci->off, ci->insn.len);
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
	    !subject_is_relocated(sec, ci->off + insn->imm_off, insn->imm_len))
		offer(f, IMMEDIATE, s, ci->off, 0);
	if (insn->disp_len && !(insn->flags & INSN_PCREL_DISP) &&
	    !subject_is_relocated(sec, ci->off + insn->disp_off, insn->disp_len))
		offer(f, DISPLACEMENT, s, ci->off, 0);
}

static void offer_function(struct fields *f, u32 unit)
{
	const struct unit *u = &f->code->units[unit];
	u32 nr;

	if (f->code->ids[u->sym].head && f->code->obj->symbols[u->sym].bind == BIND_LOCAL)
		return;
	nr = subject_decode(&f->subject, unit);
	for (u32 i = 0; i < nr; i++) {
		const struct code_insn *ci = &f->subject.insns.insn[i];

		if (!ci->filler && ci->insn.cls != INSN_BAD && !is_static_branch(f, u->sec, ci))
			offer_insn(f, u->sec, u, ci);
	}
}

static void offer_unit(struct fields *f, u32 unit)
{
	const struct unit *u = &f->code->units[unit];
	const struct section *sec = subject_section(&f->subject, u->sec);

	if (!sec->data || !u->len)
		return;
	if (u->kind == UNIT_FUNC)
		offer_function(f, unit);
	else if (u->kind == UNIT_DATA && !(sec->flags & SF_MERGE))
		offer(f, DATA, u->sec, u->off, unit);
}

static void offer_replacement(struct fields *f, const struct special *e, const struct field *field)
{
	struct code_range code = subject_replacement(&f->subject, e, field);
	u32 s = code.sec, nr;

	if (!code.len)
		return;
	insns_reset(&f->subject.insns);
	nr = code_decode(f->code, s, code.off, code.off + code.len, DECODE_ALL, &f->subject.insns);
	for (u32 i = 0; i < nr; i++) {
		const struct code_insn *ci = &f->subject.insns.insn[i];

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
	u32 kind = NR_KINDS + how->kind * (u32)NR_USES;

	if (how->kind == arch_nr_special_tables)
		offer(f, kind + FIELD_BYTES, e->table, e->entry, index);
	for (const struct field *field = how->layout->field; field->use; field++) {
		if (field->off + field->size > e->size)
			continue;
		if (field->use == FIELD_REPL)
			offer_replacement(f, e, field);
		offer(f, kind + field->use, e->table, e->entry + field->off, index);
	}
}

/* Strings, constants and unnamed data that somebody refers to. */
static void offer_content(struct fields *f, const struct reference *ref)
{
	const struct section *sec = subject_section(&f->subject, ref->to.sec);
	u32 unit = code_unit_at(f->code, ref->to.sec, ref->to.off);
	enum plain_kind kind = UNNAMED;

	if (ref->kind != REFERENCE_PLACE || !subject_covers(sec) || sec->flags & SF_EXEC ||
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
	const struct section *sec = subject_section(&f->subject, s);
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

void fields_read(const struct code *code, struct span image, u64 seed, u32 max, struct fields *f)
{
	*f = (struct fields){.code = code, .max = max, .nr_kinds = fields_nr_kinds()};
	subject_read(code, image, seed, &f->subject);
	f->pools = xcalloc(f->nr_kinds, sizeof(*f->pools));
	for (u32 i = 0; i < f->nr_kinds; i++)
		f->pools[i].candidate = xcalloc(max, sizeof(struct candidate));
	for (u32 i = 0; i < code->nr_units; i++)
		offer_unit(f, i);
	for (u32 i = 0; i < code->specials.nr; i++)
		offer_entry(f, i);
	for (u32 i = 0; i < f->subject.owners.nr_refs; i++)
		offer_content(f, &f->subject.owners.refs[i]);
	for (u32 s = 1; s < code->obj->nr_sections; s++)
		if (subject_covers(subject_section(&f->subject, s)))
			offer_data_relocs(f, s);
	for (u32 i = 0; i < max; i++)
		offer(f, ANY_BIT, 0, 0, i);
}

void fields_free(struct fields *f)
{
	for (u32 i = 0; i < f->nr_kinds; i++)
		free(f->pools[i].candidate);
	free(f->pools);
	subject_free(&f->subject);
	*f = (struct fields){0};
}

bool fields_next(struct fields *f, u32 kind, struct alteration *alt)
{
	struct field_pool *pool = &f->pools[kind];
	const struct kind *how = kind_of(kind);

	while (pool->nr) {
		u32 i = subject_chance(&f->subject, pool->nr);
		struct candidate c = pool->candidate[i];

		pool->candidate[i] = pool->candidate[--pool->nr];
		*alt = (struct alteration){.units = alt->units};
		alt->units.len = 0;
		if (!how->alter(&f->subject, &c, alt))
			continue;
		if (alt->any || (owners_of(&f->subject.owners, alt->sec, alt->off, &alt->units) &&
				 alt->units.len))
			return true;
	}
	return false;
}
