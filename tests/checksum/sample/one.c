// SPDX-License-Identifier: GPL-2.0-or-later
/* one.c - a source with something of everything that compilers make; two.c shares its names */
#include "../../demo/kernel.h"

struct ops {
	int (*open)(u32 n);
	void (*close)(void);
	const char *name;
};

struct static_key one_key;
u32 one_zeros[64];
u32 one_limit = 4096;
static u32 total;
__attribute__((section(".data..percpu"))) u32 one_percpu = 1;
void one_panic(const char *where) __attribute__((cold, noreturn));
int one_imported(u32 n);

static __attribute__((noinline)) int check(u32 n)
{
	static u32 calls;

	calls += n;
	if (WARN_ON(n > one_limit))
		return -22;
	return (int)(calls & 7);
}

/* Two static locals of one name. */
int one_count(u32 n)
{
	static u32 calls = 3;

	calls++;
	if (n)
		return (int)calls;
	{
		static u32 calls = 5;

		return (int)calls++;
	}
}

static int one_open(u32 n)
{
	if (n > 100000)
		one_panic(__func__);
	total += n;
	return check(n) + one_imported(total);
}

static void one_close(void)
{
	total = 0;
}

const struct ops one_ops = {one_open, one_close, "one"};
struct ops *one_current = (struct ops *)&one_ops;

/* A table of values, or of jumps. */
const char *one_name(u32 n)
{
	switch (n) {
	case 0:
		return "zero";
	case 1:
		return "one";
	case 2:
		return "two";
	case 3:
		return "three";
	case 4:
		return "four";
	case 9:
		return "nine";
	}
	return "many";
}

int one_switch(u32 n, u32 m)
{
	switch (n) {
	case 0:
		return one_imported(m);
	case 1:
		return one_open(m);
	case 2:
		return check(m) * 3;
	case 3:
		one_close();
		return 17;
	case 4:
		printk("four %u\n", m);
		return (int)one_limit;
	case 5:
		return (int)(m << 5);
	}
	return -1;
}

u64 one_sum(const u32 *v, u32 n)
{
	u64 sum = 0;

	for (u32 i = 0; i < n; i++)
		sum += v[i] ^ one_zeros[i & 63];
	return sum;
}

void one_poll(u32 n)
{
	if (static_branch_unlikely(&one_key))
		printk("polling %u\n", n);
}

void one_write_msr(u32 msr, u64 value)
{
	__asm__ volatile("1:\twrmsr\n2:\n" EXTABLE("1b", "2b", EX_TYPE_WRMSR)
			 :
			 : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
}

void *one_copy(void *to, const void *from, u64 n)
{
	void *start = to;

	__asm__ volatile(ALTERNATIVE("call one_copy_slow", "rep movsb", X86_FEATURE_FSRM)
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
	return start;
}

__attribute__((section(".init.text"))) int one_setup(void)
{
	printk("%s: %s\n", __func__, one_ops.name);
	return one_count(one_percpu);
}

int one_alias(u32 n, u32 m) __attribute__((weak, alias("one_switch")));
