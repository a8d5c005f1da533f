// SPDX-License-Identifier: GPL-2.0-or-later
/* alter-code.c - instructions become others, of the same length and class */
#include "alter-set.h"

/* Flip a bit of @len bytes from @from on of an instruction that stays as long and of its class. */
static bool flip_insn(struct subject *x, u32 s, u32 off, u8 from, u8 len, struct alteration *alt)
{
	const struct section *sec = subject_section(x, s);
	struct insn was = subject_insn_at(sec, off), is;
	u8 bytes[ARCH_MAX_INSN];

	for (int i = 0; len && i < TRIES; i++) {
		u8 at = (u8)(from + subject_chance(x, len));

		memcpy(bytes, sec->data + off, was.len);
		bytes[at] = flipped(x, bytes[at]);
		if (subject_is_relocated(sec, off + at, 1))
			continue;
		if (arch_decode(bytes, was.len, &is) != was.len || is.cls != was.cls ||
		    is.flags != was.flags || is.disp_off != was.disp_off ||
		    is.disp_len != was.disp_len || is.imm_off != was.imm_off ||
		    is.imm_len != was.imm_len || arch_padding(bytes, was.len))
			continue;
		return set_byte(x, s, off + at, bytes[at], alt);
	}
	return false;
}

bool alter_opcode(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = subject_insn_at(subject_section(x, c->sec), c->off);
	u8 head = insn.disp_off ? insn.disp_off : insn.imm_off ? insn.imm_off : insn.len;

	return flip_insn(x, c->sec, c->off, 0, head, alt);
}

bool alter_immediate(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = subject_insn_at(subject_section(x, c->sec), c->off);

	return flip_insn(x, c->sec, c->off, insn.imm_off, insn.imm_len, alt);
}

bool alter_displacement(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	struct insn insn = subject_insn_at(subject_section(x, c->sec), c->off);

	return flip_insn(x, c->sec, c->off, insn.disp_off, insn.disp_len, alt);
}

bool alter_replacement(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	alter_fn *const how[] = {alter_opcode, alter_immediate, alter_displacement};
	struct insn insn = subject_insn_at(subject_section(x, c->sec), c->off);
	u32 i = subject_chance(x, 3);

	/* What is relative to the instruction may come to the same after the change. */
	if ((i == 1 && insn.flags & INSN_PCREL_IMM) || (i == 2 && insn.flags & INSN_PCREL_DISP))
		i = 0;
	return how[i](x, c, alt) || how[0](x, c, alt);
}

bool code_other_insn(struct subject *x, u32 s, s64 off, u32 *to)
{
	u32 unit = subject_unit_at(x, s, off), nr, delta, ordinal;

	if (unit == NO_UNIT || x->code->units[unit].kind != UNIT_FUNC ||
	    !subject_is_single(x, unit) || !owners_alone_inside(&x->owners, unit))
		return false;
	nr = subject_decode(x, unit);
	ordinal = code_ordinal(x->insns.insn, nr, (u32)off, &delta);
	for (int i = 0; nr > 1 && i < TRIES; i++) {
		const struct code_insn *ci = &x->insns.insn[1 + subject_chance(x, nr - 1)];

		if (ci->filler || ci->insn.cls == INSN_BAD || ci->insn.cls == INSN_NOP ||
		    ci[-1].insn.cls == INSN_NOP || ci->ordinal == ordinal)
			continue;
		*to = ci->off;
		return true;
	}
	return false;
}

bool alter_branch(struct subject *x, const struct candidate *c, struct alteration *alt)
{
	const struct section *sec = subject_section(x, c->sec);
	struct insn insn = subject_insn_at(sec, c->off);
	s64 end = (s64)c->off + insn.len, was = arch_insn_imm(sec->data + c->off, &insn);
	u32 to;

	alt->sec = c->sec;
	alt->off = c->off + insn.imm_off;
	for (int i = 0; i < TRIES; i++) {
		s64 rel;

		if (!code_other_insn(x, c->sec, end + was, &to))
			return false;
		rel = to - end;
		if (insn.imm_len == 1 && rel != (int8_t)rel)
			continue;
		/* Little-endian: as many of the low bytes as the field has. */
		return set_bytes(x, sec->data + alt->off, &rel, insn.imm_len, alt);
	}
	return false;
}
