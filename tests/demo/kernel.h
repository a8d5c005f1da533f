/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - just enough of a kernel for the demo
 *
 * Each macro emits a special-section entry in the layout of x86-64 kernels of
 * today, with the relocations theirs have. Sizes are in bytes.
 */
#ifndef DEMO_KERNEL_H
#define DEMO_KERNEL_H

#define TEXT(number)	TEXT_OF(number)
#define TEXT_OF(number) #number

typedef unsigned int u32;
typedef unsigned long u64;

/*
 * Run @oldinstr, or @newinstr on a CPU with @feature. An .altinstructions
 * entry has 14: where, replacement, feature and flags, the lengths of both.
 */
#define ALTERNATIVE(oldinstr, newinstr, feature)                                   \
	"771:\n\t" oldinstr "\n772:\n"                                             \
	"\t.pushsection .altinstructions, \"a\"\n"                                 \
	"\t.long 771b - .\n"                                                       \
	"\t.long 773f - .\n"                                                       \
	"\t.4byte " TEXT(feature) "\n"                                             \
				  "\t.byte 772b - 771b\n"                          \
				  "\t.byte 774f - 773f\n"                          \
				  "\t.popsection\n"                                \
				  "\t.pushsection .altinstr_replacement, \"ax\"\n" \
				  "773:\n\t" newinstr "\n774:\n"                   \
				  "\t.popsection\n"

#define X86_FEATURE_FSRM (18 * 32 + 4)

/* A branch the kernel turns on and off by rewriting it. */
struct static_key {
	int enabled;
};

/* A __jump_table entry has 16: where, target, and the key with the likely bit in bit 0. */
static inline __attribute__((always_inline)) _Bool static_branch_unlikely(struct static_key *key)
{
	__asm__ goto("1:\t.byte 0x0f, 0x1f, 0x44, 0x00, 0x00\n"
		     "\t.pushsection __jump_table, \"aw\"\n"
		     "\t.balign 8\n"
		     "\t.long 1b - ., %l[yes] - .\n"
		     "\t.quad %c0 + %c1 - .\n"
		     "\t.popsection\n"
		     :
		     : "i"(key), "i"(0)
		     :
		     : yes);
	return 0;
yes:
	return 1;
}

/* Where to go on after a fault: __ex_table has 12: instruction, fixup, and type with register. */
#define EXTABLE(from, to, type)              \
	"\t.pushsection __ex_table, \"a\"\n" \
	"\t.balign 4\n"                      \
	"\t.long " from " - .\n"             \
	"\t.long " to " - .\n"               \
	"\t.long " TEXT(type) "\n"           \
			      "\t.popsection\n"

#define EX_TYPE_WRMSR	   8
#define EX_TYPE_WRMSR_SAFE 10

/* A ud2 that the kernel takes for a warning: __bug_table has 12: where, file, line, flags. */
#define WARN_FLAGS 0x901
#define WARN()                                                  \
	__asm__ volatile("1:\tud2\n"                            \
			 "\t.pushsection __bug_table, \"aw\"\n" \
			 "2:\t.long 1b - .\n"                   \
			 "\t.long %c0 - .\n"                    \
			 "\t.word %c1\n"                        \
			 "\t.word %c2\n"                        \
			 "\t.org 2b + 12\n"                     \
			 "\t.popsection\n"                      \
			 :                                      \
			 : "i"(__FILE__), "i"(__LINE__), "i"(WARN_FLAGS))

#define WARN_ON(condition)                    \
	({                                    \
		_Bool bad = (condition);      \
		if (__builtin_expect(bad, 0)) \
			WARN();               \
		bad;                          \
	})

int printk(const char *fmt, ...);

#endif
