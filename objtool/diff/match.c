// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match.c - which elements of two sequences belong together
 *
 * Patience diff (B. Cohen): elements that are once in each sequence, the
 * longest ascending run of those, and the same again between them. Where
 * there are none, the greedy algorithm of E. Myers, "An O(ND) Difference
 * Algorithm and Its Variations" (1986).
 *
 * Of n elements the first takes n log n steps for each level, and there are no more than
 * MAX_LEVELS; the second takes at most MAX_EDITS for each element.
 */
#include <stdlib.h>
#include <objtool/match.h>
#include <objtool/mem.h>

/*
 * Stretches that differ in more than this share nothing worth showing. The
 * memory of Myers' algorithm is the square of it, times 4.
 */
#define MAX_EDITS 1000U

/*
 * Each level halves what is between its anchors, or nearly: code of compilers has no more than six.
 * But of "c d b c a b" only the "a" is there once; next to it, the "b"; and so on: a file made of
 * such would take as many levels as it has lines.
 */
#define MAX_LEVELS 16U

struct matching {
	const u64 *a, *b;
	u32 *match;
};

/* [a, a_end) of one sequence and [b, b_end) of the other. */
struct stretch {
	u32 a, a_end, b, b_end;
};

/* An element of either sequence. */
struct element {
	u64 key;
	u32 index;
	u32 side;
};

static int compare_elements(const void *pa, const void *pb)
{
	const struct element *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->side > b->side) - (a->side < b->side);
}

struct anchor {
	u32 a, b;
	u32 before; /* the anchor before this one in the longest run that ends here */
};

static int compare_anchors(const void *pa, const void *pb)
{
	const struct anchor *a = pa, *b = pb;

	return (a->a > b->a) - (a->a < b->a);
}

/* Elements that are there once on both sides, in the order of the first. */
static u32 find_anchors(const struct matching *m, const struct stretch *s, struct anchor *anchors)
{
	u32 nr_a = s->a_end - s->a, nr_b = s->b_end - s->b, nr = nr_a + nr_b, found = 0;
	struct element *all = xcalloc(nr, sizeof(*all));

	for (u32 i = 0; i < nr_a; i++)
		all[i] = (struct element){m->a[s->a + i], s->a + i, 0};
	for (u32 i = 0; i < nr_b; i++)
		all[nr_a + i] = (struct element){m->b[s->b + i], s->b + i, 1};
	qsort(all, nr, sizeof(*all), compare_elements);
	for (u32 i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && all[end].key == all[i].key;)
			end++;
		if (end == i + 2 && all[i].side != all[i + 1].side)
			anchors[found++] =
				(struct anchor){all[i].index, all[i + 1].index, NO_MATCH};
	}
	free(all);
	if (found)
		qsort(anchors, found, sizeof(*anchors), compare_anchors);
	return found;
}

/* Keep of @nr anchors the longest run that ascends on both sides; returns its length. */
static u32 longest_run(struct anchor *anchors, u32 nr)
{
	u32 *tail = xcalloc(nr, sizeof(*tail)); /* by length - 1: the lowest end of such a run */
	u32 len = 0;

	for (u32 i = 0; i < nr; i++) {
		u32 lo = 0, hi = len;

		while (lo < hi) {
			u32 mid = (lo + hi) / 2;

			if (anchors[tail[mid]].b < anchors[i].b)
				lo = mid + 1;
			else
				hi = mid;
		}
		anchors[i].before = lo ? tail[lo - 1] : NO_MATCH;
		tail[lo] = i;
		len = lo == len ? len + 1 : len;
	}
	for (u32 i = len, at = len ? tail[len - 1] : 0; i--; at = anchors[at].before)
		tail[i] = at;
	for (u32 i = 0; i < len; i++)
		anchors[i] = anchors[tail[i]];
	free(tail);
	return len;
}

/* Where the furthest path of @d edits on diagonal @k comes from: one edit less. */
static bool goes_down(const s32 *reach, s32 d, s32 k)
{
	return k == -d || (k != d && reach[k - 1] < reach[k + 1]);
}

/* Walk back from the end through the reaches of each number of edits. */
static void walk_back(const struct matching *m, const struct stretch *s, const s32 *reaches, s32 d)
{
	s32 x = (s32)(s->a_end - s->a), y = (s32)(s->b_end - s->b);

	for (; d >= 0; d--) {
		/* Before edit d, diagonals -d to d were known, in a row of 2 * d + 3. */
		const s32 *reach = reaches + (size_t)d * ((size_t)d + 2) + d + 1;
		s32 k = x - y, from_k = goes_down(reach, d, k) ? k + 1 : k - 1;
		s32 from_x = d ? reach[from_k] : 0, from_y = d ? from_x - from_k : 0;

		while (x > from_x && y > from_y) {
			x--;
			y--;
			m->match[s->a + (u32)x] = s->b + (u32)y;
		}
		x = from_x;
		y = from_y;
	}
}

static void match_greedily(const struct matching *m, const struct stretch *s)
{
	s32 n = (s32)(s->a_end - s->a), nr_b = (s32)(s->b_end - s->b), max = (s32)MAX_EDITS;
	s32 *row = xcalloc(2 * (size_t)max + 3, sizeof(*row)), *reach = row + max + 1;
	struct buf reaches = {0};

	for (s32 d = 0; d <= max; d++) {
		buf_add(&reaches, reach - d - 1, (2 * (size_t)d + 3) * sizeof(*reach));
		for (s32 k = -d; k <= d; k += 2) {
			s32 x = goes_down(reach, d, k) ? reach[k + 1] : reach[k - 1] + 1;
			s32 y = x - k;

			while (x < n && y < nr_b && y >= 0 &&
			       m->a[s->a + (u32)x] == m->b[s->b + (u32)y]) {
				x++;
				y++;
			}
			reach[k] = x;
			if (x >= n && y >= nr_b) {
				walk_back(m, s, (const void *)reaches.data, d);
				d = max;
				break;
			}
		}
	}
	buf_free(&reaches);
	free(row);
}

static void match_stretch(const struct matching *m, struct stretch s, u32 level)
{
	struct anchor *anchors = NULL;
	u32 nr = 0;

	for (; s.a < s.a_end && s.b < s.b_end && m->a[s.a] == m->b[s.b]; s.a++, s.b++)
		m->match[s.a] = s.b;
	for (; s.a < s.a_end && s.b < s.b_end && m->a[s.a_end - 1] == m->b[s.b_end - 1];
	     s.a_end--, s.b_end--)
		m->match[s.a_end - 1] = s.b_end - 1;
	if (s.a == s.a_end || s.b == s.b_end)
		return;
	if (level < MAX_LEVELS) {
		anchors = xcalloc(s.a_end - s.a, sizeof(*anchors));
		nr = longest_run(anchors, find_anchors(m, &s, anchors));
	}
	if (!nr)
		match_greedily(m, &s);
	for (u32 i = 0; i < nr; i++) {
		match_stretch(m, (struct stretch){s.a, anchors[i].a, s.b, anchors[i].b}, level + 1);
		m->match[anchors[i].a] = anchors[i].b;
		s.a = anchors[i].a + 1;
		s.b = anchors[i].b + 1;
	}
	if (nr)
		match_stretch(m, s, level + 1);
	free(anchors);
}

void match_sequences(const u64 *a, u32 nr_a, const u64 *b, u32 nr_b, u32 *match)
{
	struct matching m = {a, b, match};

	for (u32 i = 0; i < nr_a; i++)
		match[i] = NO_MATCH;
	match_stretch(&m, (struct stretch){0, nr_a, 0, nr_b}, 0);
}
