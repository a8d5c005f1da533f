/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel.h - the special sections of x86-64 kernels, as old or new as KERNEL says
 *
 * KERNEL is 100 * version + patchlevel: 404, 504, 601, 612 or 703. Each macro
 * emits an entry in the layout which that kernel has, one field a line.
 */
#ifndef CORPUS_KERNEL_H
#define CORPUS_KERNEL_H

#ifndef KERNEL
#define KERNEL 601
#endif

#define TEXT(x)	       TEXT_OF(x)
#define TEXT_OF(x)     #x
#define PASTE(a, b)    PASTE_OF(a, b)
#define PASTE_OF(a, b) a##b

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

#define noinline	__attribute__((noinline))
#define always_inline	inline __attribute__((always_inline))
#define __cold		__attribute__((cold))
#define __used		__attribute__((used))
#define __section(name) __attribute__((section(name)))
#define __init		__section(".init.text") __cold
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- alternatives: 13 bytes to 5.12, 12 to 6.2, then 14 ---- */

#if KERNEL < 513
#define ALT_FEATURE(feature)  " .word " feature "\n"
#define ALT_LENGTHS(new, end) " .byte 663b-661b\n .byte " end "-" new "\n .byte 663b-662b\n"
#define ALT_PAD		      " .byte 0\n"
#elif KERNEL < 603
#define ALT_FEATURE(feature)  " .word " feature "\n"
#define ALT_LENGTHS(new, end) " .byte 663b-661b\n .byte " end "-" new "\n"
#define ALT_PAD		      ""
#else
#define ALT_FEATURE(feature)  " .4byte " feature "\n"
#define ALT_LENGTHS(new, end) " .byte 663b-661b\n .byte " end "-" new "\n"
#define ALT_PAD		      ""
#endif

#define ALT_ENTRY(feature, new, end) \
	" .long 661b - .\n"          \
	" .long " new " - .\n" ALT_FEATURE(TEXT(feature)) ALT_LENGTHS(new, end)

/* @pad makes the old code as long as the longest replacement: PAD(bytes) or "". */
#define PAD(bytes) ".skip " TEXT(bytes) ", 0x90"
#define ALTERNATIVE(old, pad, new, feature)                                               \
	"661:\n\t" old "\n662:\n\t" pad "\n663:\n"                                        \
	".pushsection .altinstructions,\"a\"\n" ALT_ENTRY(                                \
		feature, "6641f", "6651f") ".popsection\n"                                \
					   ".pushsection .altinstr_replacement, \"ax\"\n" \
					   "6641:\n\t" new "\n6651:\n"                    \
							   ".popsection\n"

#define ALTERNATIVE_2(old, pad, new1, feature1, new2, feature2)                                  \
	"661:\n\t" old "\n662:\n\t" pad "\n663:\n"                                               \
	".pushsection .altinstructions,\"a\"\n" ALT_ENTRY(feature1, "6641f", "6651f") ALT_ENTRY( \
		feature2, "6642f", "6652f") ".popsection\n"                                      \
					    ".pushsection .altinstr_replacement, \"ax\"\n"       \
					    "6641:\n\t" new1 "\n6651:\n"                         \
					    "6642:\n\t" new2 "\n6652:\n"                         \
					    ".popsection\n"

extern u8 boot_cpu_data[256];

/* Until alternatives are applied, the code in .altinstr_aux looks at the bit. */
#define static_cpu_has(bit)                                                                       \
	({                                                                                        \
		__label__ yes_, no_;                                                              \
		_Bool ret_ = 1;                                                                   \
		__asm__ goto(                                                                     \
			"661:\n\tjmp 6f\n662:\n663:\n"                                            \
			".pushsection .altinstructions,\"a\"\n" ALT_ENTRY(3 * 32 + 21, "6641f",   \
									  "6651f")                \
				ALT_ENTRY(bit, "6642f",                                           \
					  "6652f") ".popsection\n"                                \
						   ".pushsection .altinstr_replacement, \"ax\"\n" \
						   "6641:\n\tjmp %l[no_]\n6651:\n6642:\n6652:\n"  \
						   ".popsection\n"                                \
						   ".pushsection .altinstr_aux,\"ax\"\n"          \
						   "6:\n\ttestb %[mask], "                        \
						   "boot_cpu_data+%c[byte](%%rip)\n"              \
						   "\tjnz %l[yes_]\n\tjmp %l[no_]\n"              \
						   ".popsection\n"                                \
			:                                                                         \
			: [mask] "i"(1 << ((bit)&7)), [byte] "i"((bit) >> 3)                      \
			:                                                                         \
			: yes_, no_);                                                             \
	yes_:                                                                                     \
		if (0) {                                                                          \
		no_:                                                                              \
			ret_ = 0;                                                                 \
		}                                                                                 \
		ret_;                                                                             \
	})

/* ---- static branches: three pointers before 4.20, then relative ---- */

struct static_key {
	int enabled;
	u64 entries;
} __attribute__((aligned(8)));

#if KERNEL < 420
#define JUMP_ENTRY(target, key, likely_bit) \
	" .quad 1b\n .quad " target "\n .quad " key " + " likely_bit "\n"
#else
#define JUMP_ENTRY(target, key, likely_bit) \
	" .long 1b - .\n .long " target " - .\n .quad " key " + " likely_bit " - .\n"
#endif

#define BRANCH(insn, key, bit)                                                           \
	__asm__ goto("1:" insn "\n.pushsection __jump_table, \"aw\"\n"                   \
		     " .balign 8\n" JUMP_ENTRY("%l[yes_]", "%c0", "%c1") ".popsection\n" \
		     :                                                                   \
		     : "i"(key), "i"(bit)                                                \
		     :                                                                   \
		     : yes_)

#if KERNEL < 514
#define BRANCH_NOP ".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"
#define BRANCH_JMP ".byte 0xe9\n\t.long %l[yes_] - 2f\n2:"
#define BUILT	   0
#else
#define BRANCH_NOP "jmp %l[yes_]"
#define BRANCH_JMP "jmp %l[yes_]"
#define BUILT	   2
#endif

static always_inline _Bool static_branch_unlikely(struct static_key *key)
{
	BRANCH(BRANCH_NOP, key, BUILT);
	return 0;
yes_:
	return 1;
}

static always_inline _Bool static_branch_likely(struct static_key *key)
{
	BRANCH(BRANCH_JMP, key, 1);
	return 1;
yes_:
	return 0;
}

/* ---- exceptions: 8 bytes to 4.5, with a handler to 5.15, then with type and register ---- */

#if KERNEL < 406
#define EXTABLE(from, to, handler, type, reg)             \
	".pushsection \"__ex_table\",\"a\"\n .balign 4\n" \
	" .long (" from ") - .\n .long (" to ") - .\n"    \
	".popsection\n"
#elif KERNEL < 516
#define EXTABLE(from, to, handler, type, reg)             \
	".pushsection \"__ex_table\",\"a\"\n .balign 4\n" \
	" .long (" from ") - .\n .long (" to ") - .\n"    \
	" .long (" handler ") - .\n"                      \
	".popsection\n"
#else
#define EXTABLE(from, to, handler, type, reg)             \
	".pushsection \"__ex_table\",\"a\"\n .balign 4\n" \
	" .long (" from ") - .\n .long (" to ") - .\n"    \
	" .long " TEXT(type) " + (" TEXT(reg) " << 8)\n"  \
					      ".popsection\n"
#endif

/* Read user memory; a fault sets the error, in .fixup or by the entry's type. */
#if KERNEL < 516
#define FAULT_CODE(error) \
	".pushsection .fixup,\"ax\"\n3:\tmovl $-14, " error "\n\tjmp 2b\n.popsection\n"
#define FIXUP "3b"
#else
#define FAULT_CODE(error) ""
#define FIXUP		  "2b"
#endif

#define get_user_asm(value, ptr, error, insn)                                      \
	__asm__ volatile("1:\t" insn " %2, %1\n2:\n" FAULT_CODE("%0")              \
				 EXTABLE("1b", FIXUP, "ex_handler_uaccess", 17, 0) \
			 : "+a"(error), "=&r"(value)                               \
			 : "m"(*(ptr)))

/* ---- bugs: 12 bytes, the file relative to the entry until 5.18; 16 with a format in 7.x ---- */

/* An unused string would be left to the rest of its section. */
#if KERNEL < 619
#define FORMAT(text) 0
#else
#define FORMAT(text) text
#endif

#define BUG_ONCE    2
#define BUG_WARNING 1

#if KERNEL < 519
#define BUG_FIELDS " .long 1b - 2b\n .long %c0 - 2b\n .word %c1\n .word %c2\n .org 2b+12\n"
#elif KERNEL < 619
#define BUG_FIELDS " .long 1b - .\n .long %c0 - .\n .word %c1\n .word %c2\n .org 2b+12\n"
#else
#define BUG_FIELDS \
	" .long 1b - .\n .long %c3 - .\n .long %c0 - .\n .word %c1\n .word %c2\n .org 2b+16\n"
#endif

#define BUG_ENTRY(flags, format)                                                          \
	__asm__ volatile("1:\t.byte 0x0f, 0x0b\n"                                         \
			 ".pushsection __bug_table,\"aw\"\n2:" BUG_FIELDS ".popsection\n" \
			 :                                                                \
			 : "i"(__FILE__), "i"(__LINE__), "i"(flags), "i"(FORMAT(format)))

#define BUG_ON(condition)                         \
	do {                                      \
		if (unlikely(condition)) {        \
			BUG_ENTRY(0, #condition); \
			__builtin_unreachable();  \
		}                                 \
	} while (0)

#define WARN_ON(condition)                                           \
	({                                                           \
		_Bool bad_ = (condition);                            \
		if (unlikely(bad_))                                  \
			BUG_ENTRY(BUG_WARNING | 9 << 8, #condition); \
		bad_;                                                \
	})

#if KERNEL < 419
/* The guard is the macro's, not the trap's. */
#define WARN_ON_ONCE(condition)                                \
	({                                                     \
		static _Bool __section(".data.once") __warned; \
		_Bool bad_once_ = (condition);                 \
		if (unlikely(bad_once_ && !__warned)) {        \
			__warned = 1;                          \
			WARN_ON(1);                            \
		}                                              \
		bad_once_;                                     \
	})
#else
#define WARN_ON_ONCE(condition)                                                 \
	({                                                                      \
		_Bool bad_ = (condition);                                       \
		if (unlikely(bad_))                                             \
			BUG_ENTRY(BUG_WARNING | BUG_ONCE | 9 << 8, #condition); \
		bad_;                                                           \
	})
#endif

#if KERNEL >= 619
/* The trap is a call, and the code hands its own entry over. */
#define WARN_PRINTF(format)                                                    \
	__asm__ volatile(".pushsection __bug_table,\"aw\"\n1:"                 \
			 " .long 2f - .\n .long %c2 - .\n .long %c0 - .\n"     \
			 " .word %c1\n .word 0x911\n .popsection\n"            \
			 "\tlea 1b(%%rip), %%rdi\n2:\tcall __SCT__WARN_trap\n" \
			 :                                                     \
			 : "i"(__FILE__), "i"(__LINE__), "i"(format)           \
			 : "rdi", "rax", "memory")
#else
#define WARN_PRINTF(format) WARN_ON(1)
#endif

/* ---- calls that the kernel rewrites ---- */

#define STATIC_CALL(name, tail)                                                     \
	__asm__ volatile("1:\tcall __SCT__" #name "\n"                              \
			 ".pushsection .static_call_sites,\"aw\"\n .balign 4\n"     \
			 " .long 1b - .\n .long __SCK__" #name " + " #tail " - .\n" \
			 ".popsection\n"                                            \
			 :                                                          \
			 :                                                          \
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "memory")

#define PVOP_CALL(offset, type)                                                          \
	__asm__ volatile("771:\n\tcall *pv_ops+" #offset "(%%rip)\n772:\n"               \
			 ".pushsection .parainstructions,\"a\"\n .balign 8\n"            \
			 " .quad 771b\n .byte " #type "\n .byte 772b-771b\n .balign 8\n" \
			 ".popsection\n"                                                 \
			 :                                                               \
			 :                                                               \
			 : "rax", "rdi", "memory")

#define LOCK                                         \
	".pushsection .smp_locks,\"a\"\n.balign 4\n" \
	".long 671f - .\n.popsection\n671:\n\tlock; "

/* ---- per-cpu variables, exports, initcalls ---- */

#define DEFINE_PER_CPU(type, name) __section(".data..percpu") type name
#define this_cpu_read(var)                                                 \
	({                                                                 \
		__typeof__(var) v_;                                        \
		__asm__ volatile("mov %%gs:%1, %0" : "=r"(v_) : "m"(var)); \
		v_;                                                        \
	})
#define this_cpu_add(var, n) __asm__ volatile("addq %1, %%gs:%0" : "+m"(var) : "re"(n))

#define EXPORT_SYMBOL(symbol)                                               \
	__asm__(".section \"__ksymtab_strings\",\"aMS\",%progbits,1\n"      \
		"__kstrtab_" #symbol ":\n\t.asciz \"" #symbol "\"\n"        \
		"__kstrtabns_" #symbol ":\n\t.asciz \"\"\n\t.previous\n"    \
		".section \"___ksymtab+" #symbol "\", \"a\"\n\t.balign 4\n" \
		"__ksymtab_" #symbol ":\n\t.long " #symbol "- .\n"          \
		"\t.long __kstrtab_" #symbol "- .\n"                        \
		"\t.long __kstrtabns_" #symbol "- .\n\t.previous\n")

#define module_init(fn)                                                 \
	__asm__(".section \".initcall6.init\", \"a\"\n"                 \
		"__initcall__kmod_corpus__" TEXT(__COUNTER__) "_" TEXT( \
			__LINE__) "_" #fn "6:\n"                        \
				  "\t.long " #fn " - .\n\t.previous\n")

#define MODULE_INFO(tag, text)                                                                   \
	static const char PASTE(__UNIQUE_ID_##tag, __COUNTER__)[] __used __section(".modinfo") = \
		#tag "=" text

/* ---- printk and friends ---- */

int printk(const char *format, ...);
void __might_sleep(const char *file, int line);
void lockdep_rcu_suspicious(const char *file, int line, const char *text);

#define might_sleep() __might_sleep(__FILE__, __LINE__)

struct pi_entry {
	const char *format, *func, *file;
	u32 line;
	const char *level, *prefix;
} __attribute__((packed));

/* An entry of the index of formats, with a counted name of its own. */
#define pr_warn(format_, ...)                                                                \
	({                                                                                   \
		static const struct pi_entry _entry __used = {                               \
			.format = "\0014corpus: " format_,                                   \
			.func = __func__,                                                    \
			.file = __FILE__,                                                    \
			.line = __LINE__,                                                    \
		};                                                                           \
		static const struct pi_entry *_entry_ptr __used __section(".printk_index") = \
			&_entry;                                                             \
		printk("\0014corpus: " format_, ##__VA_ARGS__);                              \
	})

struct ddebug {
	const char *modname, *function, *filename, *format;
	u32 line_and_flags;
	struct static_key key;
} __attribute__((aligned(8)));

void __dynamic_pr_debug(struct ddebug *descriptor, const char *format, ...);

#define pr_debug(format_, ...) \
	PR_DEBUG(PASTE(__UNIQUE_ID_ddebug, __COUNTER__), format_, ##__VA_ARGS__)
#define PR_DEBUG(id, format_, ...)                                               \
	do {                                                                     \
		static struct ddebug __section("__dyndbg") id = {                \
			"corpus", __func__, __FILE__, format_, __LINE__, {0, 0}, \
		};                                                               \
		if (static_branch_unlikely(&id.key))                             \
			__dynamic_pr_debug(&id, format_, ##__VA_ARGS__);         \
	} while (0)

#endif
