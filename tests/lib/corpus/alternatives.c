// SPDX-License-Identifier: GPL-2.0-or-later
/* alternatives.c - code patched by CPU features, paravirt and lock prefixes */
#include "kernel.h"

extern u64 saved_flags, saved_mask;
void slow_copy(void *to, const void *from, u64 n);
u64 memcpy_orig(void *to, const void *from, u64 n);
u64 memcpy_erms(void *to, const void *from, u64 n);

void barrier_nospec(void)
{
	__asm__ volatile(ALTERNATIVE("", PAD(3), "lfence", 3 * 32 + 26) : : : "memory");
}

u64 *user_access_begin(u64 *p)
{
	__asm__ volatile(ALTERNATIVE("", PAD(3), ".byte 0x0f, 0x01, 0xcb", 9 * 32 + 20)
			 :
			 :
			 : "memory");
	return (u64 *)((s64)p & 0x7fffffffffff);
}

void user_access_end(void)
{
	__asm__ volatile(ALTERNATIVE("", PAD(3), ".byte 0x0f, 0x01, 0xca", 9 * 32 + 20)
			 :
			 :
			 : "memory");
}

u64 ordered_clock(u32 *cpu)
{
	u32 low, high;

	__asm__ volatile(
		ALTERNATIVE_2("rdtsc", PAD(3), "lfence; rdtsc", 3 * 32 + 18, "rdtscp", 1 * 32 + 27)
		: "=a"(low), "=d"(high)
		:
		: "ecx");
	*cpu = low & 7;
	return (u64)high << 32 | low;
}

void copy_page(void *to, const void *from)
{
	__asm__ volatile(ALTERNATIVE_2("call memcpy_orig", "", "call memcpy_erms", 9 * 32 + 9,
				       "call slow_copy", 18 * 32 + 4)
			 : "+D"(to), "+S"(from)
			 :
			 : "rax", "rcx", "rdx", "memory");
}

u64 clear_flags(u64 flags)
{
	__asm__ volatile(ALTERNATIVE("andq saved_flags(%%rip), %0", PAD(2),
				     "movq $saved_mask, %0\n\t.nops 2", 7 * 32 + 12)
			 : "+r"(flags));
	return flags + 1;
}

u64 limits(u64 x)
{
	u64 top;

	__asm__(ALTERNATIVE("movq $0x7fffffff, %0", "", "movq $0x1fffffff, %0", 16 * 32 + 16)
		: "=r"(top));
	return x < top ? x : top;
}

int checksum_fast(const u8 *p, u32 n)
{
	int sum = 0;

	if (static_cpu_has(4 * 32 + 23)) {
		while (n--)
			sum += __builtin_popcount(*p++);
		return sum;
	}
	while (n--)
		sum = sum * 31 + *p++;
	return sum;
}

u32 checksum_any(const u32 *p, u32 n)
{
	if (!static_cpu_has(9 * 32 + 5))
		return (u32)checksum_fast((const u8 *)p, n * 4);
	for (u32 i = 0; i < n; i++)
		if (p[i] & 1)
			return i ^ n;
	return static_cpu_has(4 * 32 + 20) ? n << 3 : n >> 3;
}

/* Code that jumps about inside its replacement. */
void stuff_return_buffer(void)
{
	__asm__ volatile(ALTERNATIVE("jmp 10f", PAD(14),
				     "call 772f\n\tint3\n772:\tcall 773f\n\tint3\n"
				     "773:\taddq $16, %%rsp",
				     7 * 32 + 19) "10:\n"
			 :
			 :
			 : "memory");
}

void untrain(u32 how)
{
	__asm__ volatile(
		ALTERNATIVE("jmp 10f", PAD(5), "call 774f\n774:\tlfence", 11 * 32 + 5) "10:\n"
		: "+r"(how)
		:
		: "memory");
	if (how & 2)
		barrier_nospec();
}

/* A replacement that may fault, with an exception entry of its own. */
u64 copy_user(void *to, const void *from, u64 n)
{
	__asm__ volatile(
		ALTERNATIVE("rep movsb", PAD(3), "7:\tcall rep_movs_slow",
			    9 * 32 + 9) "8:\n" EXTABLE("7b", "8b", "ex_handler_uaccess", 3, 1)
		: "+c"(n), "+D"(to), "+S"(from)
		:
		: "memory", "rax");
	return n;
}

/* One alternative inside another: the inner site begins where the outer does. */
u64 nested(u64 value)
{
	__asm__ volatile("881:\n" ALTERNATIVE(
				 "movl $1, %%eax", "", "movl $2, %%eax",
				 5 * 32 + 1) "883:\n"
					     ".pushsection .altinstructions,\"a\"\n"
					     " .long 881b - .\n .long 884f - .\n" ALT_FEATURE(
						     "5 * 32 + 2") " .byte 883b-881b\n .byte "
								   "885f-884f\n" ALT_PAD
								   ".popsection\n"
								   ".pushsection "
								   ".altinstr_replacement, \"ax\"\n"
								   "884:\n\tmovl $3, %%eax\n885:\n"
								   ".popsection\n"
			 : "=a"(value)
			 : "0"(value));
	return value + 1;
}

int count_up(int *counter)
{
	__asm__ volatile(LOCK "incl %0" : "+m"(*counter) : : "memory");
	__asm__ volatile(LOCK "addl $2, %0" : "+m"(counter[1]) : : "memory");
	return counter[0];
}

_Bool try_lock(u64 *lock)
{
	u64 old = 0, new = 1;

	__asm__ volatile(LOCK "cmpxchgq %2, %1" : "+a"(old), "+m"(*lock) : "r"(new) : "memory");
	return !old;
}

void set_flag(u64 *word, u32 bit)
{
	if (__builtin_constant_p(bit))
		__asm__ volatile(LOCK "orb %1, %0" : "+m"(*(u8 *)word) : "i"(1));
	else
		__asm__ volatile(LOCK "btsq %1, %0" : "+m"(*word) : "r"((u64)bit) : "memory");
}

#if KERNEL < 608
u64 read_pgd(void)
{
	u64 value;

	PVOP_CALL(40, 9);
	__asm__ volatile("movq %%cr3, %0" : "=r"(value));
	return value & ~4095UL;
}

void flush_one(u64 address)
{
	PVOP_CALL(208, 38);
	if (address & 4095)
		PVOP_CALL(216, 39);
}

void irq_enable(void)
{
	PVOP_CALL(320, 24);
}
#endif

/* What a compiler makes of an address in the global offset table. */
u64 *through_got(u32 index)
{
	u64 *table;

	__asm__("movq saved_table@GOTPCREL(%%rip), %0" : "=r"(table));
	return table + index;
}

u64 through_got_again(void)
{
	u64 value;

	__asm__("movq limit_table@GOTPCREL(%%rip), %0\n\tmovq (%0), %0" : "=r"(value));
	return value * 3;
}
EXPORT_SYMBOL(copy_page);
EXPORT_SYMBOL(limits);
MODULE_INFO(license, "GPL");
MODULE_INFO(description, "alternatives");
