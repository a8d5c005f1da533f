// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decode.c - the instruction decoder alone, over all code of an object
 *
 *     decode OBJECT RUNS
 *
 * Prints a line for each run: bytes decoded, instructions and bytes that are none, the latter
 * alone, nanoseconds of cpu time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <objtool/arch.h>
#include <objtool/elf.h>

struct tally {
	u64 bytes, insns, bad;
};

/* As functions are decoded: into memory that is used again and again. */
static void decode_section(const struct section *sec, struct tally *t)
{
	struct stretch s = {.data = sec->data, .size = (u32)sec->size, .end = (u32)sec->size};
	struct code_insn insn[256];
	u32 note[ARRAY_SIZE(insn)], at[ARRAY_SIZE(insn) * ARCH_MAX_INSN];

	while (s.off < s.end) {
		u32 nr = arch_decode_run(&s, insn, note, at, ARRAY_SIZE(insn));

		for (u32 i = 0; i < nr; i++)
			*(insn[i].insn.cls == INSN_BAD ? &t->bad : &t->insns) += 1;
	}
	t->bytes += sec->size;
}

static u64 cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (u64)ts.tv_sec * 1000000000U + (u64)ts.tv_nsec;
}

static void run(const struct object *obj)
{
	struct tally t = {0};
	u64 start = cpu_time();

	for (u32 i = 1; i < obj->nr_sections; i++)
		if (obj->sections[i].flags & SF_EXEC && obj->sections[i].data)
			decode_section(&obj->sections[i], &t);
	printf("%llu %llu %llu %llu\n", (unsigned long long)t.bytes, (unsigned long long)t.insns,
	       (unsigned long long)t.bad, (unsigned long long)(cpu_time() - start));
}

int main(int argc, char **argv)
{
	struct object *obj = argc == 3 ? object_open(argv[1], NULL, CONTENTS_BRIEF) : NULL;

	if (!obj)
		return 2;
	for (int left = atoi(argv[2]); left > 0; left--)
		run(obj);
	object_close(obj);
	return 0;
}
