// SPDX-License-Identifier: GPL-2.0-or-later
/* parts.c - the code of one function, wherever it lies */
#include <stdlib.h>
#include <objtool/parts.h>

void parts_reset(struct parts *parts, u32 self)
{
	parts->origin_known = false;
	parts->registers.known = false;
	parts->self = self;
	parts->cold = self == NO_UNIT ? NO_UNIT : parts->code->units[self].cold;
	parts->prefix = self == NO_UNIT ? NO_UNIT : parts->code->units[self].prefix;
	parts->nr = parts->nr_counting = 0;
	insns_reset(&parts->insns);
}

void parts_free(struct parts *parts)
{
	free(parts->part);
	insns_free(&parts->insns);
	insns_free(&parts->other);
}

struct reloc_cursor parts_relocs(const struct parts *parts, u32 s, u32 off)
{
	const struct section *sec = &parts->code->obj->sections[s];
	struct reloc_cursor cur = parts->last;

	if (cur.sec != sec || (cur.next && sec->relocs[cur.next - 1].offset >= off) ||
	    (cur.next < sec->nr_relocs && sec->relocs[cur.next].offset < off))
		cur = reloc_cursor(sec, off);
	return cur;
}

/*
 * Room of nothing but nops is there or not, with or without a symbol: the kernel's objtool gives
 * it one, "__pfx_f" (6.2 and later). So it is not among those that are numbered from 0, and what
 * refers to it has numbers from the other end.
 */
static void number_part(struct parts *parts, struct part *part)
{
	const struct code_insn *insn = parts->insns.insn + part->first;

	for (u32 i = 0; i < part->nr && !part->counts; i++)
		part->counts = !insn[i].filler;
	part->number = part->counts ? parts->nr_counting++ : NO_PART - parts->nr;
}

u32 parts_add(struct parts *parts, const char *word, u32 sec, u32 off, u32 end, enum decode_end how)
{
	struct part *part;

	if (parts->nr == parts->cap) {
		parts->cap = parts->cap ? parts->cap * 2 : 8;
		parts->part = xreallocarray(parts->part, parts->cap, sizeof(*parts->part));
	}
	part = &parts->part[parts->nr];
	*part = (struct part){.sec = sec,
			      .off = off,
			      .end = end,
			      .first = parts->insns.nr,
			      .first_note = parts->insns.nr_notes,
			      .first_at = parts->insns.nr_at,
			      .word = word};
	part->nr = code_decode(parts->code, sec, off, end, how, &parts->insns);
	part->nr_notes = parts->insns.nr_notes - part->first_note;
	number_part(parts, part);
	lines_mark(parts->lines, parts_relocs(parts, sec, off), sec,
		   parts->insns.insn + part->first, part->nr);
	/* Where decoding ended early, so does .at: what is behind it is in no part. */
	if ((how == DECODE_TO_EXIT || effort_is_over(parts->code->effort)) && part->nr) {
		const struct code_insn *last = &parts->insns.insn[parts->insns.nr - 1];

		part->end = last->off + last->insn.len;
	}
	return parts->nr++;
}

u32 parts_add_fragment(struct parts *parts, const struct target *t)
{
	u32 p = parts_at(parts, t->sec, t->off);

	if (p != NO_PART)
		return p;
	return parts_add(parts, "fragment", t->sec, t->off, t->off + t->len, DECODE_TO_EXIT);
}

u32 parts_at(const struct parts *parts, u32 sec, s64 off)
{
	for (u32 i = 0; i < parts->nr; i++) {
		const struct part *p = &parts->part[i];

		if (p->sec == sec && off >= p->off && off < p->end) {
			effort_add_many(parts->code->effort, i);
			return i;
		}
	}
	effort_add_many(parts->code->effort, parts->nr);
	return NO_PART;
}

const struct origin *parts_origin(struct parts *parts)
{
	const struct part *text = parts->part;
	struct insns insns;

	if (parts->origin_known)
		return &parts->origin;
	parts->origin = (struct origin){0, parts->code->obj->nr_symbols, 0};
	if (parts->self != NO_UNIT) {
		/* A function's own code is its first part. */
		bool known = parts->nr && parts->code->units[parts->self].kind == UNIT_FUNC;

		if (known)
			insns = (struct insns){.insn = parts->insns.insn + text->first,
					       .nr = text->nr,
					       .note = parts->insns.note + text->first_note,
					       .nr_notes = text->nr_notes};
		parts->origin = namesake_origin(parts->namesakes, parts->self,
						known ? &insns : NULL, &parts->other);
	}
	parts->origin_known = true;
	return &parts->origin;
}

static void add_registers(struct registers *regs, const u8 *p, const struct insn *insn)
{
	bool down = false;
	u16 both = arch_compares(p, insn), step = arch_steps(p, insn, &down);

	regs->stepped |= step;
	regs->stepped_down |= down ? step : 0;
	for (unsigned int reg = 0; both >> reg; reg++)
		if (both >> reg & 1)
			regs->compared[reg] |= both & (u16) ~(1U << reg);
}

const struct registers *parts_registers(struct parts *parts)
{
	struct registers *regs = &parts->registers;

	if (regs->known)
		return regs;
	*regs = (struct registers){.known = true};
	for (u32 i = 0; i < parts->nr; i++) {
		const struct part *part = &parts->part[i];
		const u8 *data = parts->code->obj->sections[part->sec].data;

		for (u32 k = part->first; k < part->first + part->nr; k++) {
			const struct code_insn *ci = &parts->insns.insn[k];

			if (ci->insn.cls != INSN_BAD)
				add_registers(regs, data + ci->off, &ci->insn);
		}
	}
	return regs;
}

const struct code_insn *parts_insn(const struct parts *parts, u32 sec, u32 off,
				   const struct code_insn **end)
{
	u32 p = parts_at(parts, sec, off);
	const struct code_insn *insn;

	if (p == NO_PART)
		return NULL;
	insn = parts->insns.insn + parts->part[p].first;
	*end = insn + parts->part[p].nr;
	return insn + code_insn_index(insn, parts->part[p].nr, off);
}
