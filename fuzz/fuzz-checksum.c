// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-checksum.c - the whole path from an object's bytes to its records
 *
 * Of some of the objects, so that the others are quick: the same once more, by several threads, and
 * after its records were written and read; and the tokens as they are dumped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <objtool/checksum.h>
#include <objtool/diff.h>
#include <objtool/finish.h>
#include "fuzz.h"

/* What is written of one function may be a megabyte: twice that while it grows, by three threads.
 */
const size_t fuzz_floor = 8U << 20;

/* A byte that is as good as random, and the same for the same input. */
static u8 dice(const u8 *data, size_t size)
{
	u32 x = 2166136261U;

	for (size_t i = 0; i < size; i += 1 + size / 64)
		x = (x ^ data[i]) * 16777619U;
	return (u8)(x >> 16);
}

static void dump_some(struct object *obj)
{
	char *text = NULL;
	size_t len = 0, nr = 0;
	FILE *out = open_memstream(&text, &len);

	REQUIRE(out);
	/* Not more: each time the object is read anew, into its arena. */
	for (u32 i = 1; i < obj->nr_symbols && nr < 2; i++)
		if (symbol_defined(&obj->symbols[i]) && obj->symbols[i].size) {
			checksum_dump(obj, obj->symbols[i].name, out);
			nr++;
		}
	fclose(out);
	free(text);
}

/* Again, and by several threads: who did which part does not show. */
static void check_again(const u8 *data, size_t size, const struct records *recs,
			unsigned int workers)
{
	struct pool *pool = pool_open(workers);
	struct object *obj = object_open_mem("fuzz", data, size, pool);
	struct records *again = obj ? checksum_object(obj, NULL) : NULL;

	REQUIRE(again);
	records_finish(again, pool);
	REQUIRE(again->total == recs->total && again->lines.size == recs->lines.size);
	REQUIRE(!recs->lines.size ||
		!memcmp(again->lines.data, recs->lines.data, recs->lines.size));
	records_free(again);
	object_close(obj);
	pool_close(pool);
}

/* What is written can be read, and then nothing differs. */
static void check_file(const struct records *recs)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	FILE *out = fdopen(fd, "w");
	struct build_object objs[2] = {{"fuzz", recs}, {"fuzz", NULL}};
	struct build builds[2] = {{&objs[0], 1}, {&objs[1], 1}};
	struct records *read;
	struct diff *diff;
	char path[64];

	REQUIRE(out && !records_print(recs, out) && !fflush(out));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	objs[1].recs = read = records_read(path);
	REQUIRE(read && read->nr == recs->nr && read->total == recs->total);
	diff = diff_builds(&builds[0], &builds[1]);
	REQUIRE(!diff->nr);
	diff_free(diff);
	records_free(read);
	fclose(out);
}

static void check_records(const u8 *data, size_t size, const struct records *recs)
{
	struct object *obj;

	for (size_t i = 0; i < recs->nr; i++)
		REQUIRE(recs->rec[i].name[0]); /* good without the object, and never empty */
	switch (dice(data, size) % 64) {
	case 1:
		check_again(data, size, recs, 3);
		break;
	case 2:
	case 3:
		check_again(data, size, recs, 1);
		break;
	case 4:
	case 5:
		check_file(recs);
		break;
	case 6:
		obj = object_open_mem("fuzz", data, size, NULL);
		REQUIRE(obj);
		dump_some(obj);
		object_close(obj);
	}
}

void fuzz_one(const u8 *data, size_t size)
{
	struct object *obj = object_open_mem("fuzz", data, size, NULL);
	struct records *recs = obj ? checksum_object(obj, NULL) : NULL;

	REQUIRE(recs || fuzz_said(FUZZ_ERRORS) == 1); /* refused in one sentence */
	if (recs)
		records_finish(recs, NULL);
	object_close(obj);
	if (!recs)
		return;
	check_records(data, size, recs);
	records_free(recs);
}
