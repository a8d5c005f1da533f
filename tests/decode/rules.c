// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules.c - every accepted disagreement with a judge, and why
 *
 * The judges: capstone 4.0.2 (its tables are those of LLVM 3, from 2013),
 * LLVM 14, objdump 2.40 with -M intel64. A rule that is not "alone" holds only
 * if another judge says the same as we do: those rows are faults and gaps of
 * one judge. The "alone" ones are our decisions; each names its ground.
 */
#include "judge.h"

#define CS  (1U << JUDGE_CAPSTONE)
#define LL  (1U << JUDGE_LLVM)
#define OD  (1U << JUDGE_OBJDUMP)
#define ALL (CS | LL | OD)

static bool in_set(u8 op, const char *set, size_t n)
{
	return memchr(set, op, n);
}

#define IN(op, set) in_set(op, set, sizeof(set) - 1)

/* The judge knows no such instruction, we do. */
static bool unknown_to_judge(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	(void)x;
	return s->len && !v->len;
}

/* We hold it for undefined, the judge has a name for it. */
static bool undefined_to_us(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return !s->len && v->len && x->map < MAP_VEX;
}

/* Opcodes whose pp field objdump 2.40 does not look at; found by trying all. */
static bool objdump_pp(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	const u8 *p = s->p + x->off;

	if (s->len || !v->len)
		return false;
	if (x->map == MAP_EVEX)
		return ((p[1] & 7) == 2 && p[4] == 0x4e) ||
		       ((p[1] & 7) == 3 && IN(p[4], "\x42\x70\x72"));
	if (p[0] == 0xc5)
		return IN(p[2], "\x77\xae");
	return p[0] == 0xc4 && (p[1] & 0x1f) == 1 && IN(p[3], "\x77\xae");
}

static bool vex_prefix(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return !s->len && v->len && x->map >= MAP_VEX &&
	       (x->has_66 || x->rep || x->has_lock || x->rex_last);
}

static bool rep_66(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return s->len && v->len && x->has_66 && (x->rep || x->has_lock) && s->insn.imm_len == 2 &&
	       v->len == s->len + 2;
}

static bool void_rex(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	(void)s;
	(void)v;
	return x->rex_void;
}

static bool xchg_ax(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 0 && x->op == 0x90 && s->insn.cls == INSN_NOP && v->cls == INSN_OTHER &&
	       strstr(v->text, "xchg");
}

/* EVEX scales a displacement of one byte by the operand's size. */
static bool disp8n(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	s64 disp = arch_insn_disp(s->p, &s->insn);

	return x->map == MAP_EVEX && s->insn.disp_len == 1 && v->disp_len == 1 &&
	       v->disp_off == s->insn.disp_off && disp && v->disp % disp == 0 &&
	       v->disp / disp <= 64;
}

static bool moffs_67(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 0 && (x->op & 0xfc) == 0xa0 && x->has_67 && v->disp_len == 4 &&
	       (u32)v->disp == (u32)arch_insn_disp(s->p, &s->insn);
}

/* eretu and erets, f3 and f2 0f 01 ca, where older tables see clac, which takes no prefix. */
static bool fred(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 1 && x->op == 0x01 && x->modrm == 0xca && x->rep &&
	       s->insn.cls == INSN_RET && v->cls != INSN_RET;
}

/* Opcodes that exist, but not with every ModRM byte. */
static bool operands_matter(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	if (!s->len || v->len)
		return false;
	switch (x->map) {
	case 0:
		return IN(x->op, "\x8c\x8d\x8e\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf");
	case 1:
		return IN(x->op,
			  "\x00\x01\x0d\x0f\x12\x13\x16\x17\x18\x1a\x1b\x20\x21\x22\x23\x2b\x50\x71"
			  "\x72\x73\x78\x79\xa6\xa7\xae\xb2\xb4\xb5\xba\xc3\xc4\xc5\xc7\xd6\xd7"
			  "\xe7\xf0\xf7");
	case 2:
		return IN(x->op,
			  "\x2a\x80\x81\x82\x8a\x8b\xd8\xdc\xdd\xde\xdf\xf0\xf1\xf5\xf6\xf8\xf9"
			  "\xfa\xfb\xfc");
	case 3:
		return IN(x->op, "\xf0");
	case MAP_VEX:
	case MAP_EVEX:
	case MAP_XOP:
		return true;
	}
	return false;
}

static bool rex2(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return s->len && !v->len && x->map == MAP_REX2;
}

static bool lock(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return s->len && !v->len && x->has_lock;
}

static bool near_branch_66(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->has_66 && v->len + 2 == s->len && s->insn.imm_len == 4 &&
	       (s->insn.flags & INSN_PCREL_IMM);
}

static bool udb(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return s->len && !v->len && x->map == 0 && x->op == 0xd6;
}

static bool ud_modrm(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 1 && (x->op == 0xb9 || x->op == 0xff) && s->len > v->len &&
	       s->insn.cls == INSN_TRAP;
}

/* 0f 18 .. 0f 1f are reserved for nops; only 0f 1f /0 is documented as one. */
static bool hint_nop(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 1 && x->op >= 0x18 && x->op <= 0x1f && s->insn.cls == INSN_OTHER &&
	       v->cls == INSN_NOP;
}

static bool hint_nop_len(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return s->len && !v->len && x->map == 1 &&
	       (x->op == 0x0d || (x->op >= 0x18 && x->op <= 0x1f));
}

/* The immediate and all else agree, only the displacement's size is told by 66 or 67. */
static bool disp_size(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	const struct insn *in = &s->insn;

	return (x->has_66 || x->has_67 || x->map >= MAP_VEX) && in->disp_len == 4 &&
	       v->disp_len == 2 && v->disp_off == in->disp_off && v->imm_len == in->imm_len &&
	       v->disp == arch_insn_disp(s->p, in);
}

/* Two immediates: capstone tells of the last one. */
static bool two_imms(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return ((x->map == 0 && x->op == 0xc8) || (x->map == 1 && x->op == 0x78)) &&
	       s->insn.imm_len > 1 && v->imm_len == 1 &&
	       v->imm_off + 1 == (unsigned int)s->insn.imm_off + s->insn.imm_len;
}

/* Same place, same low bytes, another size. */
static bool imm_size(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	bool port = x->map == 0 && (x->op & 0xfc) == 0xe4;
	unsigned int low = port ? 0xff : 0xffff;
	s64 imm = arch_insn_imm(s->p, &s->insn);

	return (port || x->has_66 || (x->has_67 && x->rex & 8)) && s->insn.imm_len &&
	       v->imm_off == s->insn.imm_off && v->disp == arch_insn_disp(s->p, &s->insn) &&
	       !((v->imm ^ (s->insn.flags & INSN_PCREL_IMM ? imm + s->len : imm)) & low);
}

/* The immediate became part of the mnemonic (cmpneqps), a register (vpermil2pd), or was forgotten.
 */
static bool imm_gone(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	s64 imm = arch_insn_imm(s->p, &s->insn);

	return s->insn.imm_len == 1 && v->imm_off == s->insn.imm_off &&
	       (!v->imm || v->imm == imm || (x->map == MAP_VEX && v->imm == (imm & 0xf)));
}

static bool now3d(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 1 && x->op == 0x0f && s->insn.imm_len == 1 && !v->imm_len;
}

/* 9b d9 3c 24 (fstcw) is fwait and fnstcw (d9 3c 24). */
static bool fwait(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 0 && x->op == 0x9b && v->len > s->len && s->len == x->off + 1;
}

static bool pause(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 0 && x->op == 0x90 && (x->rep == 0xf3 || x->rex & 1) &&
	       s->insn.cls == INSN_OTHER && v->cls == INSN_NOP;
}

static bool capstone_w(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	(void)v;
	return s->len && (x->has_66 || x->has_67) && x->rex & 8 &&
	       (s->insn.imm_len == 4 || s->insn.cls == INSN_RET);
}

static bool sse4a(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 1 && x->op == 0x78 && s->insn.imm_len == 2 && v->len + 2 == s->len;
}

static bool llvm_67_vex(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return !s->len && v->len && x->map == MAP_VEX && x->has_67;
}

static bool llvm_67_moffs(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == 0 && (x->op & 0xfc) == 0xa0 && x->has_67 && v->len == s->len + 4;
}

static bool llvm_b4_sib(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	u8 b4 = x->map == MAP_REX2 ? 0x10 : x->map == MAP_EVEX ? 0x08 : 0;

	return s->p[x->off + 1] & b4 && s->insn.disp_len == 4 && v->len + 4 == s->len;
}

/* Rows 4, 7, a, e of map 0 and 3, 8 of map 1 are #UD behind REX2; 90 with B4 is xchg. */
static bool llvm_rex2(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == MAP_REX2 && (!s->len || (s->insn.cls == INSN_OTHER && v->cls == INSN_NOP));
}

static bool evex_len(const struct sample *s, const struct parts *x, const struct verdict *v)
{
	return x->map == MAP_EVEX && s->len && v->len;
}

const struct rule rules[] = {
	{ALL, RULE_LEN, false, unknown_to_judge, "judge does not know it, another does"},
	{CS | LL, RULE_LEN, false, undefined_to_us,
	 "judge takes what is undefined, another does not"},
	{OD, RULE_LEN, false, objdump_pp, "objdump does not look at pp of these opcodes"},
	{ALL, RULE_LEN, true, vex_prefix,
	 "66, f2, f3, lock, REX before VEX, EVEX, XOP: #UD (SDM 2.3.2)"},
	{CS | LL, RULE_LEN, true, rep_66, "66 together with rep or lock: still the operand size"},
	{ALL, RULE_LEN, true, void_rex,
	 "REX not right before the opcode is ignored (SDM 2.2.1); judges split there and lose "
	 "prefixes"},
	{ALL, RULE_CLS, true, fred,
	 "eretu, erets: younger than the judges (Intel FRED specification)"},
	{OD, RULE_CLS, true, xchg_ax, "66 90 is a nop with a prefix"},
	{CS, RULE_FIELDS, true, disp8n,
	 "EVEX disp8 is given as encoded, not times the operand size"},
	{CS, RULE_FIELDS, true, moffs_67,
	 "moffs of 4 bytes is sign-extended as documented in arch.h"},
	{ALL, RULE_LEN, true, operands_matter,
	 "operands are not checked (register or memory, reg field, VEX.W, L, vvvv, masks): length "
	 "only"},
	{ALL, RULE_LEN, true, rex2, "REX2: younger than the judges (Intel APX specification)"},
	{ALL, RULE_LEN, true, lock, "lock is not checked against the opcode"},
	{CS | LL, RULE_LEN, true, near_branch_66,
	 "66 before a near branch: Intel ignores it (SDM, call and jmp), AMD takes rel16"},
	{ALL, RULE_LEN, true, udb, "d6 is udb, an undefined instruction by definition (Intel SDM)"},
	{CS | LL, RULE_LEN, true, ud_modrm, "ud0 and ud1 have a ModRM byte (SDM)"},
	{ALL, RULE_CLS, true, hint_nop, "reserved nops are not INSN_NOP: only 0f 1f /0 is"},
	{ALL, RULE_LEN, true, hint_nop_len,
	 "reserved nops and prefetches have a length with every operand"},
	{CS, RULE_FIELDS, true, disp_size,
	 "displacement is 4 bytes with 66 and 67 too: SDM 2.2.1.3"},
	{CS, RULE_FIELDS, true, two_imms, "enter, extrq, insertq: we count both immediates as one"},
	{CS, RULE_FIELDS, true, imm_size,
	 "capstone misjudges the size of ports, and of immediates with 66 and rep or REX.W"},
	{CS, RULE_FIELDS, true, imm_gone,
	 "capstone gives no value or another size for an immediate it has located"},
	{CS, RULE_RIP, true, now3d, "capstone forgets the operands of an undefined 3DNow! opcode"},
	{LL, RULE_LEN, true, llvm_b4_sib,
	 "LLVM 22 drops the displacement of SIB base 5 with B4; its assembler does not"},
	{CS, RULE_FIELDS, true, now3d, "3DNow!: the opcode at the end counts as immediate"},
	{OD, RULE_LEN, true, fwait, "objdump takes fwait and the x87 instruction for one"},
	{CS | LL, RULE_CLS, false, pause, "f3 66 90 is pause, 66 67 41 90 is xchg"},
	{ALL, RULE_CLS, true, void_rex, "the same, for f3 41 67 90 (pause)"},
	{CS, RULE_LEN, false, capstone_w, "capstone mistakes the size with 66 or 67 and REX.W"},
	{CS | LL, RULE_LEN, false, sse4a,
	 "forgets 66 of extrq, f2 of insertq when another prefix follows"},
	{LL, RULE_LEN, false, llvm_67_vex,
	 "LLVM 14 reads some VEX opcodes as legacy ones behind 67"},
	{LL, RULE_LEN, false, llvm_67_moffs, "LLVM forgets 67 when rep and lock follow"},
	{LL, RULE_LEN, false, llvm_rex2, "LLVM 22 takes opcodes that REX2 makes undefined (APX)"},
	{LL, RULE_CLS, true, llvm_rex2, "LLVM 22 prints REX2 nops that are none"},
	{CS, RULE_LEN, false, evex_len,
	 "capstone 4 miscounts some EVEX registers, rounding controls and 67"},
};

const size_t nr_rules = ARRAY_SIZE(rules);
