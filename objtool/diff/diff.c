// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * diff.c - pair the records of two builds and classify each pair
 *
 * Three passes, each over what the one before left, so that two builds that
 * hardly differ cost little more than reading both lists once:
 *
 *   merge_objects()  two sorted lists: same name, same checksum
 *   pair_left()      what is left of an object, in order of names without file
 *   find_renamed()   what is left of all objects, in order of checksums
 */
#include <stdlib.h>
#include <objtool/diff.h>

static const char *const status_names[NR_DIFF_STATUS] = {
	[DIFF_CHANGED] = "changed", [DIFF_LINES] = "lines",	[DIFF_ADDED] = "added",
	[DIFF_REMOVED] = "removed", [DIFF_RENAMED] = "renamed", [DIFF_AMBIGUOUS] = "ambiguous",
};

/* A record without a partner so far. */
struct ref {
	const struct record *rec;
	const char *object;
	size_t base; /* length of the name without its "@file.c" */
	bool alone;  /* the other build has no such object */
};

struct list {
	struct ref *ref;
	size_t nr, cap;
};

struct pairing {
	struct diff *diff;
	struct list old, new;		      /* of the object at hand */
	struct list old_orphans, new_orphans; /* of all objects so far */
};

static int cmp_u64(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

static void list_add(struct list *list, struct ref ref)
{
	if (list->nr == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 64;
		list->ref = xreallocarray(list->ref, list->cap, sizeof(*list->ref));
	}
	list->ref[list->nr++] = ref;
}

static void list_add_record(struct list *list, const struct record *rec, const char *object,
			    bool alone)
{
	/* A section may be called anything. */
	size_t base = rec->kind == RECORD_REST ? strlen(rec->name) : strcspn(rec->name, "@");

	list_add(list, (struct ref){rec, object, base, alone});
}

/* What is the same of two records that are, but for line numbers. */
static int cmp_checksum(const struct record *a, const struct record *b)
{
	return cmp_u64(a->checksum, b->checksum);
}

static int cmp_body(const struct record *a, const struct record *b)
{
	int cmp = cmp_checksum(a, b);

	cmp = cmp ? cmp : cmp_u64(a->lanes >> LANE_LINES & 1, b->lanes >> LANE_LINES & 1);
	return cmp ? cmp : cmp_u64(a->lane[LANE_LINES], b->lane[LANE_LINES]);
}

static u16 lanes_differing(const struct record *a, const struct record *b)
{
	unsigned int lanes = a->lanes ^ b->lanes;

	for (int i = 0; i < NR_LANES; i++)
		if (a->lane[i] != b->lane[i])
			lanes |= 1U << i;
	return (u16)lanes;
}

/* Either of @old and @new may be NULL. */
static void add_entry(struct diff *diff, enum diff_status status, const struct ref *old,
		      const struct ref *new)
{
	const struct ref *ref = new ? new : old;

	if (diff->nr == diff->cap) {
		diff->cap = diff->cap ? diff->cap * 2 : 64;
		diff->entries = xreallocarray(diff->entries, diff->cap, sizeof(*diff->entries));
	}
	diff->entries[diff->nr++] = (struct diff_entry){
		.object = ref->object,
		.name = ref->rec->name,
		.old_object = old ? old->object : NULL,
		.old = old ? old->rec : NULL,
		.new = new ? new->rec : NULL,
		.alone = ref->alone && !(old && new),
		.lanes = old &&new ? lanes_differing(old->rec, new->rec) : ref->rec->lanes,
		.status = (u8)status,
		.kind = ref->rec->kind,
	};
	diff->count[ref->rec->kind][status]++;
}

static int cmp_merge(const struct record *a, const struct record *b)
{
	int cmp = cmp_u64(a->kind, b->kind);

	cmp = cmp ? cmp : strcmp(a->name, b->name);
	return cmp ? cmp : cmp_body(a, b);
}

/*
 * Drop what two lists in file order share. That order compares sizes before
 * line numbers, cmp_merge() does not, so that same-named records with the same
 * checksum may pass each other unseen here: pair_run() finds those.
 */
static void merge_objects(struct pairing *p, const struct build_object *old,
			  const struct build_object *new)
{
	size_t i = 0, j = 0, nr_old = old ? old->recs->nr : 0, nr_new = new ? new->recs->nr : 0;

	p->old.nr = p->new.nr = 0;
	while (i < nr_old || j < nr_new) {
		int cmp = i == nr_old	? 1
			  : j == nr_new ? -1
					: cmp_merge(&old->recs->rec[i], &new->recs->rec[j]);

		if (cmp < 0)
			list_add_record(&p->old, &old->recs->rec[i], old->path, !new);
		if (cmp > 0)
			list_add_record(&p->new, &new->recs->rec[j], new->path, !old);
		i += cmp <= 0;
		j += cmp >= 0;
	}
}

/* Order by kind and by name without file. */
static int cmp_base(const struct ref *a, const struct ref *b)
{
	size_t common = a->base < b->base ? a->base : b->base;
	int cmp = cmp_u64(a->rec->kind, b->rec->kind);

	cmp = cmp ? cmp : memcmp(a->rec->name, b->rec->name, common);
	return cmp ? cmp : cmp_u64(a->base, b->base);
}

/* The same, then by file. */
static int cmp_name(const struct ref *a, const struct ref *b)
{
	int cmp = cmp_base(a, b);

	return cmp ? cmp : strcmp(a->rec->name + a->base, b->rec->name + b->base);
}

static int sort_by_name(const void *va, const void *vb)
{
	const struct ref *a = va, *b = vb;
	int cmp = cmp_name(a, b);

	return cmp ? cmp : cmp_body(a->rec, b->rec);
}

static int sort_by_body(const void *va, const void *vb)
{
	const struct ref *a = va, *b = vb;
	int cmp = cmp_body(a->rec, b->rec);

	return cmp ? cmp : cmp_name(a, b);
}

static void sort_list(struct list *list, int (*cmp)(const void *, const void *))
{
	if (list->nr > 1)
		qsort(list->ref, list->nr, sizeof(*list->ref), cmp);
}

/*
 * Take out what two runs in @cmp's order share; report it as @status unless
 * that is NR_DIFF_STATUS.
 */
static void take_equal(struct diff *diff, struct list *old, struct list *new,
		       int (*cmp)(const struct record *, const struct record *),
		       enum diff_status status)
{
	size_t i = 0, j = 0, left_old = 0, left_new = 0;

	while (i < old->nr || j < new->nr) {
		int order = i == old->nr   ? 1
			    : j == new->nr ? -1
					   : cmp(old->ref[i].rec, new->ref[j].rec);

		if (!order && status != NR_DIFF_STATUS)
			add_entry(diff, status, &old->ref[i], &new->ref[j]);
		if (order < 0)
			old->ref[left_old++] = old->ref[i];
		if (order > 0)
			new->ref[left_new++] = new->ref[j];
		i += order <= 0;
		j += order >= 0;
	}
	old->nr = left_old;
	new->nr = left_new;
}

/* Pair records that all have the same name, in sort_by_body()'s order. */
static void pair_run(struct pairing *p, struct list old, struct list new)
{
	bool both;

	take_equal(p->diff, &old, &new, cmp_body, NR_DIFF_STATUS);
	take_equal(p->diff, &old, &new, cmp_checksum, DIFF_LINES);
	if (old.nr == 1 && new.nr == 1) {
		add_entry(p->diff, DIFF_CHANGED, old.ref, new.ref);
		return;
	}
	both = old.nr && new.nr;
	for (size_t i = 0; i < old.nr; i++)
		if (both)
			add_entry(p->diff, DIFF_AMBIGUOUS, &old.ref[i], NULL);
		else
			list_add(&p->old_orphans, old.ref[i]);
	for (size_t i = 0; i < new.nr; i++)
		if (both)
			add_entry(p->diff, DIFF_AMBIGUOUS, NULL, &new.ref[i]);
		else
			list_add(&p->new_orphans, new.ref[i]);
}

/* The run of same names that @list begins with, by @cmp, is cut off and returned. */
static struct list cut_run(struct list *list, const struct ref *like,
			   int (*cmp)(const struct ref *, const struct ref *))
{
	struct list run = {.ref = list->ref};

	if (!list->nr)
		return run;
	while (run.nr < list->nr && !cmp(&list->ref[run.nr], like))
		run.nr++;
	list->ref += run.nr;
	list->nr -= run.nr;
	return run;
}

/* Of two lists, not both empty, in @cmp's order: the lower of the first elements. */
static const struct ref *lower(const struct list *a, const struct list *b,
			       int (*cmp)(const struct ref *, const struct ref *))
{
	if (!a->nr || !b->nr)
		return a->nr ? a->ref : b->ref;
	return cmp(a->ref, b->ref) <= 0 ? a->ref : b->ref;
}

static bool has_file(const struct list *list)
{
	for (size_t i = 0; i < list->nr; i++)
		if (list->ref[i].rec->name[list->ref[i].base])
			return true;
	return false;
}

/* Pair records whose names are the same but for files. */
static void pair_base(struct pairing *p, struct list old, struct list new)
{
	if (has_file(&old) != has_file(&new)) {
		sort_list(&old, sort_by_body);
		sort_list(&new, sort_by_body);
		pair_run(p, old, new);
		return;
	}
	while (old.nr || new.nr) {
		const struct ref like = *lower(&old, &new, cmp_name);
		struct list run = cut_run(&old, &like, cmp_name);

		pair_run(p, run, cut_run(&new, &like, cmp_name));
	}
}

static void pair_left(struct pairing *p)
{
	struct list old, new;

	sort_list(&p->old, sort_by_name);
	sort_list(&p->new, sort_by_name);
	old = p->old;
	new = p->new;
	while (old.nr || new.nr) {
		const struct ref like = *lower(&old, &new, cmp_base);
		struct list run = cut_run(&old, &like, cmp_base);

		pair_base(p, run, cut_run(&new, &like, cmp_base));
	}
}

static int cmp_identity(const struct record *a, const struct record *b)
{
	int cmp = cmp_checksum(a, b);

	return cmp ? cmp : cmp_u64(a->kind, b->kind);
}

static int sort_by_identity(const void *va, const void *vb)
{
	const struct ref *a = va, *b = vb;
	int cmp = cmp_identity(a->rec, b->rec);

	cmp = cmp ? cmp : strcmp(a->object, b->object);
	return cmp ? cmp : strcmp(a->rec->name, b->rec->name);
}

/* A record that went, one that came, and how many there are of their kind and checksum. */
struct candidate {
	struct ref *old, *new;
	size_t nr;
};

static int cmp_candidate(const void *rec, const void *cand)
{
	return cmp_identity(rec, ((const struct candidate *)cand)->old->rec);
}

static void count_candidates(const struct build *build, struct candidate *cands, size_t nr)
{
	for (size_t i = 0; i < build->nr; i++) {
		const struct records *recs = build->objs[i].recs;

		for (size_t j = 0; j < recs->nr; j++) {
			struct candidate *cand =
				bsearch(&recs->rec[j], cands, nr, sizeof(*cands), cmp_candidate);

			if (cand)
				cand->nr++;
		}
	}
}

/* Pairs of orphans with the same checksum, in its order. */
static size_t find_candidates(const struct list *old, const struct list *new,
			      struct candidate *cands)
{
	size_t i = 0, j = 0, nr = 0;

	while (i < old->nr && j < new->nr) {
		int cmp = cmp_identity(old->ref[i].rec, new->ref[j].rec);

		if (!cmp && old->ref[i].rec->kind != RECORD_REST)
			cands[nr++] = (struct candidate){&old->ref[i], &new->ref[j], 0};
		i += cmp <= 0;
		j += cmp >= 0;
	}
	return nr;
}

static void find_renamed(struct pairing *p, const struct build *old, const struct build *new)
{
	size_t nr = p->old_orphans.nr < p->new_orphans.nr ? p->old_orphans.nr : p->new_orphans.nr;
	struct candidate *cands;

	if (!nr)
		return;
	cands = xcalloc(nr, sizeof(*cands));
	sort_list(&p->old_orphans, sort_by_identity);
	sort_list(&p->new_orphans, sort_by_identity);
	nr = find_candidates(&p->old_orphans, &p->new_orphans, cands);
	if (nr) {
		count_candidates(old, cands, nr);
		count_candidates(new, cands, nr);
	}
	for (size_t i = 0; i < nr; i++) {
		/* Of candidates that share a checksum, one has counted them all, the others none.
		 */
		if (cands[i].nr != 2)
			continue;
		add_entry(p->diff, DIFF_RENAMED, cands[i].old, cands[i].new);
		cands[i].old->rec = cands[i].new->rec = NULL;
	}
	free(cands);
}

static void add_orphans(struct pairing *p)
{
	for (size_t i = 0; i < p->old_orphans.nr; i++)
		if (p->old_orphans.ref[i].rec)
			add_entry(p->diff, DIFF_REMOVED, &p->old_orphans.ref[i], NULL);
	for (size_t i = 0; i < p->new_orphans.nr; i++)
		if (p->new_orphans.ref[i].rec)
			add_entry(p->diff, DIFF_ADDED, NULL, &p->new_orphans.ref[i]);
}

static int sort_entries(const void *va, const void *vb)
{
	/* What people look for first comes first. */
	static const u8 rank[NR_RECORD_KINDS] = {
		[RECORD_FUNC] = 0, [RECORD_DATA] = 1, [RECORD_REST] = 2};
	const struct diff_entry *a = va, *b = vb;
	int cmp = strcmp(a->object, b->object);

	cmp = cmp ? cmp : rank[a->kind] - rank[b->kind];
	cmp = cmp ? cmp : strcmp(a->name, b->name);
	cmp = cmp ? cmp : cmp_u64(a->status, b->status);
	/* Ambiguous ones: old before new. */
	cmp = cmp ? cmp : !a->old - !b->old;
	cmp = cmp ? cmp : cmp_body(a->new ? a->new : a->old, b->new ? b->new : b->old);
	return cmp ? cmp : cmp_u64(a->lanes, b->lanes);
}

static void pair_object(struct pairing *p, const struct build_object *old,
			const struct build_object *new)
{
	p->diff->objects++;
	for (size_t i = 0; new &&i < new->recs->nr; i++)
		p->diff->records[new->recs->rec[i].kind]++;
	if (old && new && old->recs->nr == new->recs->nr && old->recs->total == new->recs->total)
		return;
	merge_objects(p, old, new);
	pair_left(p);
}

struct diff *diff_builds(const struct build *old, const struct build *new)
{
	struct pairing p = {.diff = xcalloc(1, sizeof(*p.diff))};
	size_t i = 0, j = 0;

	while (i < old->nr || j < new->nr) {
		int cmp = i == old->nr	 ? 1
			  : j == new->nr ? -1
					 : strcmp(old->objs[i].path, new->objs[j].path);

		pair_object(&p, cmp <= 0 ? &old->objs[i] : NULL, cmp >= 0 ? &new->objs[j] : NULL);
		i += cmp <= 0;
		j += cmp >= 0;
	}
	find_renamed(&p, old, new);
	add_orphans(&p);
	if (p.diff->nr)
		qsort(p.diff->entries, p.diff->nr, sizeof(*p.diff->entries), sort_entries);
	free(p.old.ref);
	free(p.new.ref);
	free(p.old_orphans.ref);
	free(p.new_orphans.ref);
	return p.diff;
}

bool diff_differs(const struct diff *diff, bool strict)
{
	return diff->nr > (strict ? 0 : diff_count(diff, DIFF_LINES));
}

size_t diff_count(const struct diff *diff, enum diff_status status)
{
	size_t nr = 0;

	for (size_t kind = 0; kind < NR_RECORD_KINDS; kind++)
		nr += diff->count[kind][status];
	return nr;
}

void diff_drop(struct diff *diff, bool (*drop)(void *ctx, const struct diff_entry *e), void *ctx)
{
	size_t left = 0;

	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];

		if (drop(ctx, e)) {
			diff->count[e->kind][e->status]--;
			diff->ignored++;
		} else {
			diff->entries[left++] = *e;
		}
	}
	diff->nr = left;
}

s64 diff_growth(const struct diff_entry *e)
{
	return (s64)((e->new ? e->new->size : 0) - (e->old ? e->old->size : 0));
}

const char *diff_status_name(enum diff_status status)
{
	return status_names[status];
}

void diff_free(struct diff *diff)
{
	if (!diff)
		return;
	free(diff->entries);
	free(diff);
}
