// SPDX-License-Identifier: GPL-2.0-or-later
/* demo.c - a make-believe driver, to be compared with its other version */
#include "../kernel.h"

struct static_key demo_debug, demo_trace;
u32 demo_limit = 4096;

/* Changed: its code. */
u32 demo_clamp(u32 n)
{
	return n < demo_limit ? n : demo_limit;
}

/* Changed: the key of its static branch. */
void demo_poll(u32 n)
{
	if (static_branch_unlikely(&demo_debug))
		printk("polling %u\n", n);
}

/* Changed: a string. */
const char *demo_state(u32 state)
{
	return state ? "running" : "idle";
}

/* Changed: what happens when the instruction faults. */
void demo_write_msr(u32 msr, u64 value)
{
	__asm__ volatile("1:\twrmsr\n2:\n" EXTABLE("1b", "2b", EX_TYPE_WRMSR)
			 :
			 : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
}

/* Moved only: the line of its warning. */
int demo_check(u32 n)
{
	if (WARN_ON(n > demo_limit))
		return -22;
	return 0;
}

/* The same in both. */
void *demo_copy(void *to, const void *from, u64 n)
{
	void *start = to;

	__asm__ volatile(ALTERNATIVE("call demo_copy_slow", "rep movsb", X86_FEATURE_FSRM)
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
	return start;
}

u32 demo_sum(const u32 *v, u32 n)
{
	u32 sum = 0;

	while (n--)
		sum += *v++;
	return sum;
}
