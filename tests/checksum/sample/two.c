// SPDX-License-Identifier: GPL-2.0-or-later
/* two.c - static names of one.c once more, for other things */
#include "../../demo/kernel.h"

static u32 total = 9;
u32 two_limit = 7;

static __attribute__((noinline)) int check(u32 n)
{
	static u32 calls;

	return (int)(calls++ * n);
}

static __attribute__((noinline)) int twice(u32 n)
{
	total ^= n;
	return check(total) + check(n);
}

int two_run(u32 n)
{
	if (WARN_ON(n == two_limit))
		printk("%s: %u\n", __func__, total);
	return twice(n) + twice(n + 1);
}
