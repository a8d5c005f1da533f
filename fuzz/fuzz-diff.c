// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-diff.c - pairing, classifying and reporting, for builds made of the input's bytes
 *
 * Each six bytes are one record of one of two builds; names, checksums and line
 * numbers are from small sets, so that they meet. What must hold whatever the records:
 * none is lost, nothing differs only if the records are the same, and
 * looking the other way turns added into removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/diff.h>
#include <objtool/finish.h>
#include <objtool/report.h>
#include "fuzz.h"

const size_t fuzz_floor = 8U << 20; /* six bytes make a record of some hundred */

#define OBJECTS 3
#define BYTES	6 /* a record */
#define RECORDS 4096

static const char *const paths[OBJECTS] = {"a.o", "dir/b.o", "dir/c\n.o"};
static const char *const names[] = {
	"f",	  "f@a.c", "f@b.c", "f@",    "@a.c",  "g",
	"g.cold", "h\xff", "a\\b",  "h@a.c", ".text", "x\ty",
};

struct pair {
	struct records recs[2][OBJECTS];
	struct build_object objs[2][OBJECTS];
	struct build builds[2];
};

/* The records of one build, told apart by what decides whether a function changed. */
struct list {
	size_t nr;
	u64 key[RECORDS];
};

static void add_record(struct pair *pair, const u8 *p)
{
	struct record *rec = records_add(&pair->recs[p[0] & 1][(p[0] >> 1) % OBJECTS]);

	rec->kind = p[0] >> 5 & 3;
	if (rec->kind == NR_RECORD_KINDS)
		rec->kind = RECORD_FUNC;
	rec->name = names[p[1] % ARRAY_SIZE(names)];
	rec->checksum = p[2] & 15;
	rec->size = p[2] >> 4;
	rec->lanes = (u16)(get_u16(p + 3) & ((1U << NR_LANES) - 1));
	for (enum lane lane = 0; lane < NR_LANES; lane++)
		if (rec->lanes >> lane & 1)
			rec->lane[lane] = lane == LANE_LINES ? p[5] & 3 : p[5];
}

/* Objects that no record is of are not there. */
static void make_builds(struct pair *pair, const u8 *data, size_t size)
{
	for (size_t i = 0; i + BYTES <= size && i / BYTES < RECORDS; i += BYTES)
		add_record(pair, data + i);
	for (size_t s = 0; s < 2; s++) {
		size_t nr = 0;

		for (size_t i = 0; i < OBJECTS; i++) {
			records_finish(&pair->recs[s][i], NULL);
			if (pair->recs[s][i].nr)
				pair->objs[s][nr++] =
					(struct build_object){paths[i], &pair->recs[s][i]};
		}
		pair->builds[s] = (struct build){pair->objs[s], nr};
	}
}

static int by_key(const void *va, const void *vb)
{
	const u64 *a = va, *b = vb;

	return (*a > *b) - (*a < *b);
}

static struct list *list_build(const struct build *build)
{
	struct list *list = malloc(sizeof(*list)); /* nobody clears what is not used */

	REQUIRE(list);
	list->nr = 0;
	for (size_t i = 0; i < build->nr; i++)
		for (size_t k = 0; k < build->objs[i].recs->nr; k++) {
			const struct record *rec = &build->objs[i].recs->rec[k];

			list->key[list->nr++] = (u64)strlen(build->objs[i].path) << 32 |
						(u64)rec->kind << 16 | rec->checksum;
		}
	qsort(list->key, list->nr, sizeof(list->key[0]), by_key);
	return list;
}

static void check_complete(const struct diff *diff, const struct build *builds)
{
	struct list *lists[2] = {list_build(&builds[0]), list_build(&builds[1])};
	size_t entries[2] = {0}, unlike = 0;

	for (size_t i = 0; i < diff->nr; i++) {
		REQUIRE(diff->entries[i].old || diff->entries[i].new);
		entries[0] += diff->entries[i].old != NULL;
		entries[1] += diff->entries[i].new != NULL;
		unlike += diff->entries[i].status != DIFF_LINES;
	}
	REQUIRE(entries[0] <= lists[0]->nr && entries[1] <= lists[1]->nr);
	REQUIRE(lists[0]->nr - entries[0] == lists[1]->nr - entries[1]);
	if (!unlike)
		REQUIRE(lists[0]->nr == lists[1]->nr &&
			!memcmp(lists[0]->key, lists[1]->key, lists[0]->nr * sizeof(u64)));
	free(lists[0]);
	free(lists[1]);
}

static void check_reverse(const struct diff *diff, const struct pair *pair)
{
	struct diff *back = diff_builds(&pair->builds[1], &pair->builds[0]);

	for (enum diff_status status = 0; status < NR_DIFF_STATUS; status++) {
		enum diff_status other = status == DIFF_ADDED	  ? DIFF_REMOVED
					 : status == DIFF_REMOVED ? DIFF_ADDED
								  : status;

		REQUIRE(diff_count(diff, status) == diff_count(back, other));
	}
	diff_free(back);
}

/* One of them, as printing takes longer than all else. */
static void write_report(const struct diff *diff, unsigned int which)
{
	const struct report_look plain = {.width = 80}, strict = {true, true, 0};
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	REQUIRE(out);
	switch (which % 6) {
	case 0:
		report_text(diff, &plain, out);
		break;
	case 1:
		report_text(diff, &strict, out);
		break;
	case 2:
		report_names(diff, false, out);
		break;
	case 3:
		report_stat(diff, &plain, out);
		break;
	case 4:
		report_json(diff, "old", "ne\"w\n", out);
		break;
	default:
		report_status(diff, out);
	}
	fflush(out);
	REQUIRE(which % 6 > 4 || !memchr(text, '\t', len)); /* of names, only as \x09 */
	fclose(out);
	free(text);
}

void fuzz_one(const u8 *data, size_t size)
{
	struct pair *pair = calloc(1, sizeof(*pair));
	struct diff *diff;

	REQUIRE(pair);
	make_builds(pair, data, size);
	diff = diff_builds(&pair->builds[0], &pair->builds[1]);
	check_complete(diff, pair->builds);
	check_reverse(diff, pair);
	write_report(diff, size ? data[size - 1] : 0);
	diff_free(diff);
	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < OBJECTS; i++) {
			free(pair->recs[s][i].rec);
			arena_free(&pair->recs[s][i].arena);
		}
	free(pair);
}
