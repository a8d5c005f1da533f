// SPDX-License-Identifier: GPL-2.0-or-later
/* faults.c - exception table entries, warnings and bugs */
#include "kernel.h"

void handle_fault(u64 address, int error);
extern u64 fault_count;

int read_int(int *value, const int *p)
{
	int error = 0, x;

	get_user_asm(x, p, error, "movl");
	*value = x;
	return error;
}

int read_long(s64 *value, const s64 *p)
{
	int error = 0;
	s64 x;

	get_user_asm(x, p, error, "movq");
	if (error) {
		handle_fault((u64)p, error);
		return error;
	}
	*value = x;
	return 0;
}

int read_pair(int *a, const int *p)
{
	int error = 0, x, y;

	get_user_asm(x, p, error, "movl");
	get_user_asm(y, p + 1, error, "movl");
	a[0] = x;
	a[1] = y;
	return error;
}

u64 read_msr(u32 msr, int *error)
{
	u32 low, high;

	__asm__ volatile("1:\trdmsr\n2:\n" FAULT_CODE("%2")
				 EXTABLE("1b", FIXUP, "ex_handler_rdmsr_unsafe", 9, 2)
			 : "=a"(low), "=d"(high), "+r"(*error)
			 : "c"(msr));
	return (u64)high << 32 | low;
}

void write_msr(u32 msr, u64 value)
{
	__asm__ volatile("1:\twrmsr\n2:\n" EXTABLE("1b", "2b", "ex_handler_wrmsr_unsafe", 8, 0)
			 :
			 : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
			 : "memory");
}

void load_segment(u16 value)
{
	__asm__ volatile("1:\tmovw %0, %%fs\n2:\n" EXTABLE("1b", "2b", "ex_handler_clear_fs", 5, 1)
			 :
			 : "r"(value));
}

u64 clear_user(u64 p, u64 n)
{
	__asm__ volatile("1:\trep stosb\n2:\n" EXTABLE("1b", "2b", "ex_handler_ext", 3, 1)
			 : "+c"(n), "+D"(p)
			 : "a"(0)
			 : "memory");
	if (n)
		fault_count++;
	return n;
}

int check_state(const u32 *state, u32 n)
{
	if (WARN_ON(n > 100))
		return -22;
	for (u32 i = 0; i < n; i++) {
		if (WARN_ON_ONCE(state[i] == 0xdead))
			return (int)i;
		BUG_ON(state[i] & 0x80000000);
	}
	return 0;
}

u64 put_reference(u64 *count)
{
	u64 old = *count;

	BUG_ON(!old);
	if (WARN_ON_ONCE(old > 1UL << 40))
		old = 1UL << 40;
	*count = old - 1;
	return old == 1;
}

static noinline int checked_index(const int *table, u32 i, u32 n)
{
	if (WARN_ON_ONCE(i >= n)) {
		pr_warn("%s: index %u of %u\n", __func__, i, n);
		return 0;
	}
	return table[i];
}

int sum_of_two(const int *table, u32 i, u32 j)
{
	return checked_index(table, i, 16) + checked_index(table, j, 8);
}

int take_lock(u64 *lock, int mode)
{
	might_sleep();
	if (mode == 3)
		lockdep_rcu_suspicious(__FILE__, __LINE__, "mode is wrong");
	if (*lock & 1) {
		WARN_PRINTF("lock taken twice");
		return 1;
	}
	*lock |= 1;
	return 0;
}

int release_lock(u64 *lock)
{
	if (!(*lock & 1)) {
		WARN_PRINTF("lock not taken");
		return -1;
	}
	*lock &= ~1UL;
	might_sleep();
	return 0;
}

noinline __cold void report(const char *what, u64 where)
{
	static u32 reported;

	if (reported++ < 10)
		printk("%s at %lx\n", what, where);
}

/* Its unlikely half is a cold part of its own with gcc. */
int map_page(u64 address, u64 *table)
{
	u64 entry = table[address >> 12 & 511];

	if (unlikely(!(entry & 1))) {
		report("not present", address);
		handle_fault(address, -14);
		if (entry & 0x200)
			report("odd entry", entry);
		return -14;
	}
	if (unlikely(entry & 1UL << 63)) {
		report("no execution", address + 5);
		return -1;
	}
	return (int)(entry >> 12 & 0xff);
}

int map_range(u64 start, u64 end, u64 *table)
{
	int pages = 0;

	for (u64 a = start; a < end; a += 4096) {
		int error = map_page(a, table);

		if (unlikely(error < 0)) {
			report("range", a);
			return error;
		}
		pages += error & 1;
	}
	return pages;
}
EXPORT_SYMBOL(map_range);
MODULE_INFO(author, "nobody");
