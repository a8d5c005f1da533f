// SPDX-License-Identifier: GPL-2.0-or-later
/* branches.c - static branches, static calls, per-cpu variables, debug messages */
#include "kernel.h"

struct static_key sched_debug, sched_numa, net_timestamps;
static struct static_key local_key, other_key;
struct tracepoint {
	const char *name;
	struct static_key key;
	void *funcs;
};
extern struct tracepoint __tracepoint_sched_switch;
extern struct tracepoint __tracepoint_sched_wakeup;

DEFINE_PER_CPU(u64, cpu_load) = 0;
DEFINE_PER_CPU(u64, cpu_idle) = 7;
DEFINE_PER_CPU(u32, softirq_pending) = 0;
static DEFINE_PER_CPU(u64, local_events);
extern u64 this_cpu_off;

void trace_switch(u64 prev, u64 next);
void slow_path(u64 reason);
u64 balance(u64 load, u32 cpu);

u64 pick_next(u64 prev, u64 next)
{
	if (static_branch_unlikely(&__tracepoint_sched_switch.key))
		trace_switch(prev, next);
	if (static_branch_unlikely(&sched_debug))
		printk("switch from %lu to %lu\n", prev, next);
	return next ? next : prev;
}

u64 wake_up(u64 task, u32 flags)
{
	if (static_branch_unlikely(&__tracepoint_sched_wakeup.key))
		trace_switch(task, flags);
	if (static_branch_likely(&sched_numa) && flags & 4)
		return balance(task, flags);
	pr_debug("woke %lu\n", task);
	return task ^ flags;
}

static noinline u64 account(u64 task, u64 delta)
{
	if (static_branch_likely(&local_key))
		this_cpu_add(cpu_load, delta);
	else
		this_cpu_add(local_events, 1);
	return this_cpu_read(cpu_idle) + task;
}

u64 tick(u64 task, u64 now)
{
	u64 sum = account(task, now - this_cpu_read(cpu_load));

	if (static_branch_unlikely(&other_key))
		slow_path(sum);
	if (static_branch_unlikely(&net_timestamps))
		return account(task, 1) + now;
	return sum;
}

u32 run_softirqs(void)
{
	u32 pending = this_cpu_read(softirq_pending), done = 0;

	while (pending) {
		u32 bit = (u32)__builtin_ctz(pending);

		STATIC_CALL(softirq_action, 0);
		pending &= pending - 1;
		done += bit;
	}
	if (done > 40)
		pr_debug("%u softirqs took long\n", done);
	return done;
}

int preempt(u32 count)
{
	if (count)
		return 0;
	STATIC_CALL(preempt_schedule, 0);
	STATIC_CALL(cond_resched, 1);
	return 1;
}

void might_resched(u64 where)
{
	might_sleep();
	STATIC_CALL(might_resched, 1);
	if (where > 4096) {
		pr_debug("resched at %lx\n", where);
		slow_path(where);
	}
}

u64 cpu_offset(u64 *p)
{
	__asm__("addq %%gs:this_cpu_off(%%rip), %0" : "+r"(p));
	return *p + this_cpu_read(local_events);
}

u64 balance_all(u64 *load, u32 n)
{
	u64 max = 0;

	for (u32 i = 0; i < n; i++) {
		u64 b = balance(load[i], i);

		if (static_branch_unlikely(&sched_debug))
			pr_warn("load of %u is %lu\n", i, b);
		max = b > max ? b : max;
	}
	return max;
}

/* A tail call, which is a jump, to a function in this file and to one outside of it. */
u64 tail_inside(u64 a, u64 b)
{
	return account(a + 3, b);
}

void tail_outside(u64 a)
{
	slow_path(a * 5);
}

static int __init __used branches_init(void)
{
	printk("branches: %d keys\n", 5);
	return static_branch_likely(&local_key) ? 0 : -12;
}
module_init(branches_init);
EXPORT_SYMBOL(pick_next);
EXPORT_SYMBOL(wake_up);
MODULE_INFO(license, "GPL v2");
