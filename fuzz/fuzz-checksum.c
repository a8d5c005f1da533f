// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-checksum.c - the whole path from an object's bytes to its records
 *
 * The same for one thread and for several, and some of the objects are dumped as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/checksum.h>
#include <objtool/finish.h>
#include "fuzz.h"

const size_t fuzz_floor = 1U << 20; /* of three threads, sometimes */

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
	for (u32 i = 1; i < obj->nr_symbols && nr < 2; i++)
		if (symbol_defined(&obj->symbols[i]) && obj->symbols[i].size)
			nr += !checksum_dump(obj, obj->symbols[i].name, out);
	fclose(out);
	free(text);
}

/* Who did which part does not show. */
static void check_threads(const u8 *data, size_t size, const struct records *recs)
{
	struct object *obj = object_open_mem("fuzz", data, size, 3);
	struct records *again = obj ? checksum_object(obj, NULL) : NULL;

	if (again)
		records_finish(again, 3);
	REQUIRE(again && again->nr == recs->nr && again->total == recs->total);
	records_free(again);
	object_close(obj);
}

void fuzz_one(const u8 *data, size_t size)
{
	struct object *obj = object_open_mem("fuzz", data, size, 1);
	struct records *recs = obj ? checksum_object(obj, NULL) : NULL;
	u8 number = obj ? dice(data, size) : 0;

	object_close(obj);
	if (recs)
		records_finish(recs, 1);
	for (size_t i = 0; recs && i < recs->nr; i++)
		REQUIRE(recs->rec[i].name[0]); /* good without the object, and never empty */
	if (recs && number % 32 == 1)
		check_threads(data, size, recs);
	records_free(recs);
	if (recs && number % 32 == 2) {
		obj = object_open_mem("fuzz", data, size, 1);
		REQUIRE(obj);
		dump_some(obj);
		object_close(obj);
	}
}
