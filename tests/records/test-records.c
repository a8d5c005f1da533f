// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-records.c - the part of records.h that no command reaches by itself
 *
 *     golden OUT       the records that golden.expected was written for by hand
 *     copy IN OUT      read, add all records in another order, write
 *     read FILE...     read all; print how many records, and the milliseconds
 *     finish FILE      the same, not written; print the milliseconds of finishing
 *     write OUT NR     write a file of NR records again and again, until killed
 */
#include <stdlib.h>
#include <time.h>
#include <objtool/finish.h>
#include <objtool/log.h>

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct record *add(struct records *recs, enum record_kind kind, const char *name,
			  u64 checksum, u64 size)
{
	struct record *rec = records_add(recs);

	rec->kind = (u8)kind;
	rec->name = arena_strdup(&recs->arena, name);
	rec->checksum = checksum;
	rec->size = size;
	return rec;
}

static void add_lane(struct record *rec, enum lane lane, u32 hash)
{
	rec->lanes = (u16)(rec->lanes | 1U << lane);
	rec->lane[lane] = hash;
}

/* Not in file order: sorting is part of what is tested. */
static struct records *golden(void)
{
	struct records *recs = xcalloc(1, sizeof(*recs));
	struct record *rec;

	recs->compiler = "GCC: (Debian 12.2.0-14) 12.2.0";
	recs->step = STEP_BEFORE;
	add(recs, RECORD_REST, ".init.text", 7, 0);
	rec = add(recs, RECORD_FUNC, "same@b.c", 0xffffffffffffffff, 18446744073709551615U);
	for (enum lane lane = 0; lane < NR_LANES; lane++)
		add_lane(rec, lane, 0x10 + lane);
	add(recs, RECORD_FUNC, "same@a.c", 0xfffffffffffffffe, 1);
	add_lane(add(recs, RECORD_FUNC, "twice", 2, 16), LANE_LINES, 0xdeadbeef);
	add_lane(add(recs, RECORD_FUNC, "twice", 2, 16), LANE_LINES, 0xcafe);
	add(recs, RECORD_FUNC, "twice", 1, 17);
	add(recs, RECORD_FUNC, "twice", 2, 9);
	add(recs, RECORD_DATA, "tab\tnewline\nback\\slash\x7f\x01", 0x0123456789abcdef, 10);
	add(recs, RECORD_DATA, "gr\xc3\xbc\xc3\x9f \xff", 0, 4096);
	add(recs, RECORD_DATA, "Z", 3, 0);
	records_finish(recs, NULL);
	return recs;
}

/* A name as it was before it was written. */
static char *plain_name(struct arena *arena, const char *name)
{
	char *out = arena_strdup(arena, name), *p = strchr(out, '\\');
	unsigned int byte;

	if (!p)
		return out;
	for (name += p - out; *name; name++) {
		if (sscanf(name, "\\x%2x", &byte) == 1) {
			*p++ = (char)byte;
			name += 3;
		} else {
			*p++ = *name;
		}
	}
	*p = '\0';
	return out;
}

/* All records, in an order far from the file's: 7919 is a prime, and so coprime to most numbers. */
static struct records *copy(const struct records *from)
{
	struct records *recs = xcalloc(1, sizeof(*recs));

	for (size_t i = 0; i < from->nr; i++) {
		const struct record *rec = &from->rec[from->nr - 1 - i * 7919 % from->nr];
		char *name = plain_name(&recs->arena, rec->name);

		*records_add(recs) = *rec;
		recs->rec[i].name = name;
	}
	if (from->compiler)
		recs->compiler = plain_name(&recs->arena, from->compiler);
	recs->step = from->step;
	return recs;
}

static int run_copy(const char *in, const char *out)
{
	struct records *from = records_read(in), *to;
	int ret = -1;

	if (from) {
		to = copy(from);
		records_finish(to, NULL);
		ret = records_write(to, out);
		records_free(to);
	}
	records_free(from);
	return ret;
}

static int run_read(char **paths)
{
	double start = now_ms();
	size_t nr = 0;

	for (; *paths; paths++) {
		struct records *recs = records_read(*paths);

		if (!recs)
			return -1;
		nr += recs->nr;
		records_free(recs);
	}
	printf("%zu records %.1f ms\n", nr, now_ms() - start);
	return 0;
}

static int run_finish(const char *path)
{
	struct records *from = records_read(path), *to;
	double start;

	if (!from)
		return -1;
	to = copy(from);
	start = now_ms();
	records_finish(to, NULL);
	printf("%zu records %.1f ms\n", to->nr, now_ms() - start);
	records_free(from);
	records_free(to);
	return 0;
}

static int run_write(const char *path, size_t nr)
{
	for (u64 round = 0;; round++) {
		struct records *recs = xcalloc(1, sizeof(*recs));
		int ret;

		for (size_t i = 0; i < nr; i++)
			add(recs, RECORD_FUNC, "f", round + i, i);
		records_finish(recs, NULL);
		ret = records_write(recs, path);
		records_free(recs);
		if (ret)
			return ret;
	}
}

int main(int argc, char **argv)
{
	const char *cmd = argc > 2 ? argv[1] : "";
	struct records *recs;
	int ret = -1;

	if (!strcmp(cmd, "golden")) {
		recs = golden();
		ret = strcmp(argv[2], "-") ? records_write(recs, argv[2])
					   : records_print(recs, stdout);
		records_free(recs);
	} else if (!strcmp(cmd, "copy") && argc == 4) {
		ret = run_copy(argv[2], argv[3]);
	} else if (!strcmp(cmd, "read")) {
		ret = run_read(argv + 2);
	} else if (!strcmp(cmd, "finish")) {
		ret = run_finish(argv[2]);
	} else if (!strcmp(cmd, "write") && argc == 4) {
		ret = run_write(argv[2], strtoul(argv[3], NULL, 10));
	} else {
		error("usage: test-records golden|copy|read|finish|write FILE ...");
	}
	return ret ? 2 : 0;
}
