// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-records.c - the .checksums reader, on a file of any bytes
 *
 * The hash in line 1 is put right first, or nearly nothing would come past it. What is
 * accepted has one written form: written again from its values it is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <objtool/diff.h>
#include <objtool/finish.h>
#include <objtool/hash.h>
#include <objtool/records.h>
#include "fuzz.h"

const size_t fuzz_floor = 512U << 10;

/* Where line 1 has the hash over the records. */
#define HASH_AT (sizeof("objtool-checksums\t1\txxh3-64\tx86_64\t") - 1)

/* The records begin with the first line that is no comment. */
static size_t first_record(const u8 *text, size_t size)
{
	const u8 *p = memchr(text, '\n', size), *end = text + size;

	while (p && p + 1 < end && p[1] == '#')
		p = memchr(p + 1, '\n', (size_t)(end - p - 1));
	return p ? (size_t)(p + 1 - text) : size;
}

static void put_hash(u8 *text, size_t size)
{
	size_t at = first_record(text, size);
	char hex[17];

	if (at <= HASH_AT + 16)
		return;
	snprintf(hex, sizeof(hex), "%016llx", (unsigned long long)hash_bytes(text + at, size - at));
	memcpy(text + HASH_AT, hex, 16);
}

/* Add what the file calls @name, as it was before \xNN were written. */
static char *unescape(struct arena *arena, const char *name)
{
	char *out = arena_strdup(arena, name), *p = out;

	for (; *name; name++)
		if (*name == '\\') {
			char hex[3] = {name[2], name[3], '\0'};

			*p++ = (char)strtoul(hex, NULL, 16);
			name += 3;
		} else {
			*p++ = *name;
		}
	*p = '\0';
	return out;
}

static void check_written(const struct records *recs, const u8 *text, size_t size)
{
	struct records *copy = calloc(1, sizeof(*copy));
	size_t at = first_record(text, size);

	REQUIRE(copy);
	for (size_t i = 0; i < recs->nr; i++) {
		struct record *rec = records_add(copy);

		*rec = recs->rec[i];
		rec->name = unescape(&copy->arena, rec->name);
	}
	records_finish(copy, NULL);
	REQUIRE(copy->total == recs->total);
	REQUIRE(copy->lines.size == size - at);
	REQUIRE(size == at || !memcmp(copy->lines.data, text + at, size - at));
	records_free(copy);
}

static void check_same(const struct records *recs)
{
	const struct build_object obj = {.path = "fuzz", .recs = recs};
	const struct build build = {.objs = &obj, .nr = 1};
	struct diff *diff = diff_builds(&build, &build);

	REQUIRE(diff->nr == 0);
	diff_free(diff);
}

void fuzz_one(const u8 *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	u8 *text = malloc(size + 1);
	struct records *recs;
	char path[64];

	REQUIRE(fd >= 0 && text);
	memcpy(text, data, size);
	put_hash(text, size);
	REQUIRE(write(fd, text, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	recs = records_read(path);
	if (recs) {
		check_written(recs, text, size);
		check_same(recs);
	}
	records_free(recs);
	free(text);
	close(fd);
}
