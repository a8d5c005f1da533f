// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-listing.c - two listings differ if and only if the checksums do
 *
 * test-listing OLD NEW [OLD NEW]...: pairs all records of one kind and name
 * that each side has once, and merges their listings. Prints how many were equal, how
 * many were not, and a line for each that breaks the rule.
 */
#include <stdio.h>
#include <objtool/bodies.h>

static const struct record *only(const struct records *recs, const struct record *like)
{
	const struct record *found = NULL;

	for (size_t i = 0; i < recs->nr; i++) {
		if (recs->rec[i].kind != like->kind || strcmp(recs->rec[i].name, like->name) != 0)
			continue;
		if (found)
			return NULL;
		found = &recs->rec[i];
	}
	return found;
}

static bool same_text(const struct merged *m, const struct row *row)
{
	struct buf text[NR_SIDES] = {{0}, {0}};
	bool same;

	for (int s = 0; s < NR_SIDES && !row->label; s++)
		merged_text(m, s, row->line[s], &text[s]);
	same = text[0].len == text[1].len &&
	       (!text[0].len || !memcmp(text[0].data, text[1].data, text[0].len));
	buf_free(&text[0]);
	buf_free(&text[1]);
	return same;
}

/* What is said to be the same on both sides must look the same, but for offsets of data. */
static bool alike(const struct merged *m)
{
	for (u32 i = 0; i < m->nr; i++)
		if (!row_differs(&m->row[i]) && !same_text(m, &m->row[i]) &&
		    m->side[0]->line[m->row[i].line[0]].kind != LINE_DATA)
			return false;
	return true;
}

/* Returns how many records break the rule. */
static int check_pair(const char *old, const char *new, size_t *count)
{
	struct loaded builds;
	struct bodies bodies;
	int bad = 0;

	if (load_builds(&builds, old, new, NULL, 1))
		return 1;
	bodies_init(&bodies, &builds, false);
	for (size_t i = 0; i < builds.new.objs[0].recs->nr; i++) {
		const struct record *b = &builds.new.objs[0].recs->rec[i];
		const struct record *a = only(builds.old.objs[0].recs, b);
		struct diff_entry e = {.object = builds.new.objs[0].path,
				       .old_object = builds.old.objs[0].path,
				       .name = b->name,
				       .old = a,
				       .new = b};
		bool differ;

		if (!a || !only(builds.new.objs[0].recs, b))
			continue;
		if (bodies_get(&bodies, &e)) {
			bad++;
			continue;
		}
		differ = bodies.merged.differ;
		count[differ]++;
		if (differ == (a->checksum != b->checksum) && alike(&bodies.merged))
			continue;
		printf("%s %s: %s %s: checksums %s, %u rows differ\n", old, new,
		       record_kind_name(b->kind), b->name,
		       a->checksum == b->checksum ? "equal" : "differ", bodies.merged.differ);
		bad++;
	}
	bodies_free(&bodies);
	loaded_free(&builds);
	return bad;
}

int main(int argc, char **argv)
{
	size_t count[2] = {0, 0};
	int bad = 0;

	for (int i = 1; i + 1 < argc; i += 2)
		bad += check_pair(argv[i], argv[i + 1], count);
	printf("%zu equal, %zu different, %d wrong\n", count[0], count[1], bad);
	return bad != 0;
}
