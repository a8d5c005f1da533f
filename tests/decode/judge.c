// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * judge.c - ask capstone, LLVM and objdump, and compare
 */
#include "judge.h"

#include <capstone/capstone.h>
#include <dlfcn.h>
#include <stdlib.h>

/* The part of llvm-c/Disassembler.h that is used; stable since LLVM 3. */
typedef void *llvm_create(const char *triple, void *dis_info, int tag, void *op_info, void *lookup);
typedef size_t llvm_insn(void *dc, u8 *bytes, u64 size, u64 pc, char *out, size_t out_size);
typedef void llvm_init(void);

struct court {
	csh cs;
	cs_insn *cs_insn;
	void *llvm_lib;
	void *llvm; /* NULL: no libLLVM here */
	llvm_insn *llvm_insn;
};

const char *judge_name(enum judge_id id)
{
	static const char *const names[JUDGES] = {"capstone", "llvm", "objdump"};

	return names[id];
}

/* dlsym() returns functions as void *; ISO C converts only by copying the bits. */
static bool symbol(void *lib, const char *name, void *fn, size_t size)
{
	void *sym = dlsym(lib, name);

	memcpy(fn, &sym, size);
	return sym;
}

static void open_llvm(struct court *c)
{
	static const char *const inits[] = {
		"LLVMInitializeX86TargetInfo",
		"LLVMInitializeX86Target",
		"LLVMInitializeX86TargetMC",
		"LLVMInitializeX86Disassembler",
	};
	const char *name = getenv("LIBLLVM");
	llvm_create *create;
	llvm_init *init;

	c->llvm_lib = dlopen(name ? name : "libLLVM-14.so.1", RTLD_NOW);
	if (!c->llvm_lib)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(inits); i++) {
		if (!symbol(c->llvm_lib, inits[i], &init, sizeof(init)))
			return;
		init();
	}
	if (symbol(c->llvm_lib, "LLVMCreateDisasm", &create, sizeof(create)) &&
	    symbol(c->llvm_lib, "LLVMDisasmInstruction", &c->llvm_insn, sizeof(c->llvm_insn)))
		c->llvm = create("x86_64-linux-gnu", NULL, 0, NULL, NULL);
}

struct court *court_open(void)
{
	struct court *c = calloc(1, sizeof(*c));

	if (!c || cs_open(CS_ARCH_X86, CS_MODE_64, &c->cs) != CS_ERR_OK) {
		fprintf(stderr, "capstone does not open\n");
		exit(2);
	}
	cs_option(c->cs, CS_OPT_DETAIL, CS_OPT_ON);
	cs_option(c->cs, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	c->cs_insn = cs_malloc(c->cs);
	open_llvm(c);
	if (!c->llvm)
		printf("note: no libLLVM (set LIBLLVM), one judge less\n");
	return c;
}

void court_close(struct court *c)
{
	cs_free(c->cs_insn, 1);
	cs_close(&c->cs);
	free(c);
}

static bool starts_any(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(s, list[i]))
			return true;
	return false;
}

/* Skip the prefixes that disassemblers put before the mnemonic. */
static const char *skip_prefix_words(const char *s)
{
	static const char *const words[] = {
		"data16", "addr32", "cs",   "ds",      "es",	   "ss",
		"fs",	  "gs",	    "lock", "rep",     "repz",	   "repnz",
		"repe",	  "repne",  "bnd",  "notrack", "xacquire", "xrelease",
	};

	for (;;) {
		size_t n, i;

		s += strspn(s, " \t");
		n = strcspn(s, " \t");
		if (str_starts(s, "rex") || *s == '{') {
			s += n;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(words); i++)
			if (n == strlen(words[i]) && str_starts(s, words[i]))
				break;
		if (i == ARRAY_SIZE(words))
			return s;
		s += n;
	}
}

int class_of_text(const char *text)
{
	static const char *const ret[] = {"ret",     "lret", "iret",  "sysret",
					  "sysexit", "eret", "uiret", "rsm"};
	static const char *const trap[] = {"ud0", "ud1", "ud2", "int3", "hlt"};
	static const char *const jump[] = {"jmp", "ljmp"};
	static const char *const call[] = {"call", "lcall"};
	static const char *const jcc[] = {"j", "loop"};
	const char *s = skip_prefix_words(text);
	bool star = strchr(s, '*');

	if (starts_any(s, jump, ARRAY_SIZE(jump)))
		return star || str_starts(s, "jmpabs") ? INSN_JMP_IND : INSN_JMP;
	if (starts_any(s, call, ARRAY_SIZE(call)))
		return star ? INSN_CALL_IND : INSN_CALL;
	if (starts_any(s, jcc, ARRAY_SIZE(jcc)))
		return INSN_JCC;
	if (starts_any(s, ret, ARRAY_SIZE(ret)))
		return INSN_RET;
	if (starts_any(s, trap, ARRAY_SIZE(trap)))
		return INSN_TRAP;
	return str_starts(s, "nop") ? INSN_NOP : INSN_OTHER;
}

bool is_prefix_only(const char *text)
{
	return !*skip_prefix_words(text);
}

/* LLVM, like objdump, may give a prefix as an instruction of its own: no line ends there. */
static void ask_llvm(struct court *c, const struct sample *s, struct verdict *v)
{
	size_t avail = s->avail < ARCH_MAX_INSN ? s->avail : ARCH_MAX_INSN, len;
	u8 copy[ARCH_MAX_INSN];
	char *text = v->text;

	if (!c->llvm)
		return;
	memcpy(copy, s->p, avail);
	v->given = true;
	v->cls = CLS_UNKNOWN;
	do {
		size_t room = sizeof(v->text) - (size_t)(text - v->text);

		len = c->llvm_insn(c->llvm, copy + v->len, avail - v->len, 0, text, room);
		v->len = len ? v->len + (unsigned int)len : 0;
		if (!len)
			return;
		v->cls = class_of_text(v->text);
		text += strlen(text);
	} while (is_prefix_only(v->text) && v->len < avail);
}

static void capstone_fields(const cs_insn *in, struct verdict *v)
{
	const cs_x86 *x = &in->detail->x86;

	v->has_fields = true;
	v->disp_off = x->encoding.disp_offset;
	v->disp_len = x->encoding.disp_offset ? x->encoding.disp_size : 0;
	v->imm_off = x->encoding.imm_offset;
	v->imm_len = x->encoding.imm_offset ? x->encoding.imm_size : 0;
	v->disp = x->disp;
	for (u8 i = 0; i < x->op_count; i++) {
		const cs_x86_op *op = &x->operands[i];

		if (op->type == X86_OP_IMM)
			v->imm = op->imm;
		if (op->type == X86_OP_MEM)
			v->rip |= op->mem.base == X86_REG_RIP || op->mem.base == X86_REG_EIP;
	}
}

static void ask_capstone(struct court *c, const struct sample *s, struct verdict *v)
{
	const u8 *code = s->p;
	size_t avail = s->avail < ARCH_MAX_INSN ? s->avail : ARCH_MAX_INSN;
	u64 address = 0;

	v->given = true;
	v->cls = CLS_UNKNOWN;
	if (!cs_disasm_iter(c->cs, &code, &avail, &address, c->cs_insn))
		return;
	v->len = c->cs_insn->size;
	snprintf(v->text, sizeof(v->text), "%s\t%s", c->cs_insn->mnemonic, c->cs_insn->op_str);
	v->cls = class_of_text(v->text);
	capstone_fields(c->cs_insn, v);
}

struct parts parts_of(const u8 *p, size_t avail)
{
	struct parts x = {0};
	u8 at[ARCH_MAX_INSN + 4] = {0};
	unsigned int i;

	memcpy(at, p, avail < ARCH_MAX_INSN ? avail : ARCH_MAX_INSN);
	for (i = 0; i < ARCH_MAX_INSN; i++) {
		bool rex = at[i] >> 4 == 4;

		if (!rex && !memchr("\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3", at[i], 11))
			break;
		x.rex_void |= x.rex_last;
		x.rex_last = rex;
		x.rex = rex ? at[i] : x.rex;
		x.has_66 += at[i] == 0x66;
		x.has_67 += at[i] == 0x67;
		x.has_f2 += at[i] == 0xf2;
		x.has_f3 += at[i] == 0xf3;
		x.rep = at[i] == 0xf2 || at[i] == 0xf3 ? at[i] : x.rep;
		x.has_lock += at[i] == 0xf0;
		x.has_seg += at[i] == 0x26 || at[i] == 0x2e || at[i] == 0x36 || at[i] == 0x3e ||
			     at[i] == 0x64 || at[i] == 0x65;
	}
	x.prefixes = x.off = i;
	x.left = (unsigned int)(avail < ARCH_MAX_INSN ? avail : ARCH_MAX_INSN) - i;
	if (at[i] == 0x0f) {
		x.map = 1;
		i++;
		if (at[i] == 0x38 || at[i] == 0x3a) {
			x.map = at[i] == 0x38 ? 2 : 3;
			i++;
		}
	} else if (at[i] == 0xc4 || at[i] == 0xc5) {
		x.map = MAP_VEX;
	} else if (at[i] == 0x62) {
		x.map = MAP_EVEX;
	} else if (at[i] == 0xd5) {
		x.map = MAP_REX2;
	} else if (at[i] == 0x8f && (at[i + 1] & 0x1f) >= 8) {
		x.map = MAP_XOP;
	}
	x.op = at[i];
	x.modrm = at[i + 1];
	return x;
}

/* True if @v differs from us in what @kind is about. */
static bool differs(const struct sample *s, const struct verdict *v, enum rule_kind kind)
{
	const struct insn *in = &s->insn;
	u64 mask;

	if (!v->given)
		return false;
	if (kind == RULE_LEN)
		return v->len != s->len;
	if (v->len != s->len || !s->len)
		return false;
	if (kind == RULE_CLS)
		return v->cls != in->cls;
	if (!v->has_fields)
		return false;
	if (kind == RULE_RIP)
		return v->rip != !!(in->flags & INSN_PCREL_DISP);
	if (v->disp_len != in->disp_len || v->imm_len != in->imm_len ||
	    (in->disp_len && (v->disp_off != in->disp_off || v->disp != arch_insn_disp(s->p, in))))
		return true;
	if (!in->imm_len)
		return false;
	if (in->flags & INSN_PCREL_IMM)
		return v->imm != in->len + arch_insn_imm(s->p, in);
	/* Operands are extended to their size as they need it; the bytes must agree. */
	mask = in->imm_len == 8 ? ~(u64)0 : ((u64)1 << 8 * in->imm_len) - 1;
	return v->imm_off != in->imm_off || (((u64)v->imm ^ (u64)arch_insn_imm(s->p, in)) & mask);
}

/* Does a judge other than @me say what we say? */
static bool seconded(const struct sample *s, unsigned int me, enum rule_kind kind)
{
	for (unsigned int j = 0; j < JUDGES; j++)
		if (j != me && s->by[j].given && !differs(s, &s->by[j], RULE_LEN) &&
		    (kind != RULE_CLS || !differs(s, &s->by[j], RULE_CLS)))
			return true;
	return false;
}

static const struct rule *find_rule(const struct sample *s, const struct parts *x, unsigned int j,
				    enum rule_kind kind)
{
	bool second = seconded(s, j, kind);

	for (size_t i = 0; i < nr_rules; i++) {
		const struct rule *r = &rules[i];

		if (r->kind == kind && (r->judges & 1U << j) && (r->alone || second) &&
		    r->when(s, x, &s->by[j]))
			return r;
	}
	return NULL;
}

static void print_failure(const struct sample *s, unsigned int j, enum rule_kind kind,
			  const char *where, u64 off)
{
	static const char *const what[] = {"length", "class", "fields", "pc-relative displacement"};
	const struct verdict *v = &s->by[j];

	printf("FAIL %s+0x%llx: %s:", where, (unsigned long long)off, what[kind]);
	for (size_t i = 0; i < s->avail && i < ARCH_MAX_INSN; i++)
		printf(" %02x", s->p[i]);
	printf("\n  ours: length %u class %u disp %u@%u imm %u@%u\n", s->len, s->insn.cls,
	       s->insn.disp_len, s->insn.disp_off, s->insn.imm_len, s->insn.imm_off);
	if (kind == RULE_FIELDS)
		printf("  %s: disp %u@%u = %lld imm %u@%u = %lld\n", judge_name(j), v->disp_len,
		       v->disp_off, (long long)v->disp, v->imm_len, v->imm_off, (long long)v->imm);
	for (j = 0; j < JUDGES; j++)
		if (s->by[j].given)
			printf("  %s: length %u class %d:%s%s\n", judge_name(j), s->by[j].len,
			       s->by[j].cls, *s->by[j].text == '\t' ? "" : " ", s->by[j].text);
}

void court_try(struct court *c, struct tally *t, const u8 *p, size_t avail,
	       const struct verdict *objdump, const char *where, u64 off)
{
	struct sample s = {.p = p, .avail = avail};
	struct parts x = parts_of(p, avail);
	const struct rule *r;
	bool ok = true;

	s.len = arch_decode(p, avail, &s.insn);
	if (s.len && s.insn.opcode_off != x.off + (x.map == MAP_REX2 ? 2 : 0)) {
		ok = false;
		if (t->failed < MAX_SHOWN)
			printf("FAIL %s+0x%llx: opcode_off %u, not %u\n", where,
			       (unsigned long long)off, s.insn.opcode_off, x.off);
	}
	ask_capstone(c, &s, &s.by[JUDGE_CAPSTONE]);
	ask_llvm(c, &s, &s.by[JUDGE_LLVM]);
	if (objdump)
		s.by[JUDGE_OBJDUMP] = *objdump;
	for (unsigned int j = 0; j < JUDGES; j++) {
		bool differ = false;

		for (enum rule_kind k = RULE_LEN; k <= RULE_RIP; k++) {
			if (!differs(&s, &s.by[j], k))
				continue;
			differ = true;
			r = find_rule(&s, &x, j, k);
			if (r) {
				t->excused[r - rules]++;
				continue;
			}
			ok = false;
			if (t->failed < MAX_SHOWN)
				print_failure(&s, j, k, where, off);
		}
		t->asked[j] += s.by[j].given;
		t->agreed[j] += s.by[j].given && !differ;
	}
	t->samples++;
	if (ok)
		t->passed++;
	else
		t->failed++;
}

void tally_init(struct tally *t)
{
	memset(t, 0, sizeof(*t));
	t->excused = calloc(nr_rules, sizeof(*t->excused));
	if (!t->excused)
		exit(2);
}

int tally_done(struct tally *t)
{
	for (unsigned int j = 0; j < JUDGES; j++)
		if (t->asked[j])
			printf("%s agrees on %lu of %lu\n", judge_name(j), t->agreed[j],
			       t->asked[j]);
	for (size_t i = 0; i < nr_rules; i++)
		if (t->excused[i])
			printf("%10lu excused: %s\n", t->excused[i], rules[i].why);
	printf("%lu passed, %lu failed\n", t->passed, t->failed);
	free(t->excused);
	return t->failed || !t->passed;
}
