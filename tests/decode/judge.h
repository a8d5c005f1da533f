/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.h - the decoder before its judges
 *
 * A judge is another disassembler: capstone (linked), LLVM (if libLLVM can be
 * loaded), objdump (its text, if the test was given any). None of them is right
 * everywhere, and neither do they agree with one another; rules.c lists every
 * class of disagreement that is accepted, and why. Everything else fails.
 */
#ifndef TESTS_DECODE_JUDGE_H
#define TESTS_DECODE_JUDGE_H

#include <objtool/arch.h>
#include <stdio.h>

enum judge_id { JUDGE_CAPSTONE, JUDGE_LLVM, JUDGE_OBJDUMP, JUDGES };

#define CLS_UNKNOWN (-1)

#ifndef MAX_SHOWN
#define MAX_SHOWN 50 /* failures printed */
#endif

/* What one judge says of some bytes. */
struct verdict {
	bool given;
	unsigned int len; /* 0: no instruction */
	int cls;	  /* enum insn_class, or CLS_UNKNOWN */
	char text[256];	  /* the instruction, for messages and rules */
	/* Only capstone knows these; len 0: none, or not told. */
	bool has_fields, rip;
	unsigned int disp_off, disp_len, imm_off, imm_len;
	s64 disp, imm; /* imm: as capstone prints it, so a branch's target at address 0 */
};

/* Some bytes, what we make of them and what the judges do. */
struct sample {
	const u8 *p;
	size_t avail;
	unsigned int len; /* what arch_decode() returned */
	struct insn insn;
	struct verdict by[JUDGES];
};

/* The parts of an instruction that rules look at; found without our decoder. */
struct parts {
	unsigned int prefixes; /* number of legacy prefixes and REX before the opcode */
	unsigned int has_66, has_67, has_f2, has_f3, has_lock, has_seg;
	bool rex_last;	   /* a REX stands right before the opcode */
	bool rex_void;	   /* a REX stands before another prefix */
	u8 rex;		   /* the last one; 0: none */
	u8 rep;		   /* the last of f2 and f3; 0: none */
	unsigned int off;  /* of the opcode, or of the VEX, EVEX, XOP, REX2 byte */
	unsigned int map;  /* 0, 1: 0f, 2: 0f38, 3: 0f3a; or one of the following */
	u8 op;		   /* the opcode within its map; MAP_VEX and so on: their first byte */
	u8 modrm;	   /* the byte behind the opcode */
	unsigned int left; /* number of bytes from @off on */
};

#define MAP_VEX	 16 /* c4, c5 */
#define MAP_XOP	 17
#define MAP_EVEX 18
#define MAP_REX2 19

struct parts parts_of(const u8 *p, size_t avail);

enum rule_kind { RULE_LEN, RULE_CLS, RULE_FIELDS, RULE_RIP };

struct rule {
	unsigned int judges; /* bit per judge_id: whom it excuses */
	enum rule_kind kind;
	bool alone; /* holds even if no other judge sides with us */
	bool (*when)(const struct sample *s, const struct parts *x, const struct verdict *v);
	const char *why;
};

extern const struct rule rules[];
extern const size_t nr_rules;

/* Counts of one run. */
struct tally {
	unsigned long passed, failed, samples;
	unsigned long *excused; /* per rule */
	unsigned long agreed[JUDGES];
	unsigned long asked[JUDGES];
};

struct court; /* the judges, opened */

struct court *court_open(void);
void court_close(struct court *c);
const char *judge_name(enum judge_id id);

/* Class that a disassembler's line tells, in AT&T syntax. */
int class_of_text(const char *text);

/* Is @text nothing but prefixes? Disassemblers print those they cannot place alone. */
bool is_prefix_only(const char *text);

/*
 * Let all judges look at @p; @objdump: what objdump said, or NULL. Counts the
 * outcome in @t and prints what fails, with @where in front.
 */
void court_try(struct court *c, struct tally *t, const u8 *p, size_t avail,
	       const struct verdict *objdump, const char *where, u64 off);

void tally_init(struct tally *t);
/* Print the excused disagreements and "N passed, N failed"; returns the exit status. */
int tally_done(struct tally *t);

/* padding.c: arch_padding(); @files: objects that hold nothing but fillers, a label at each. */
int padding_test(struct tally *t, char **files);

#endif
