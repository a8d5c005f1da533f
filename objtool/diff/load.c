// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - two builds from what the command line names, ready to be compared
 *
 *   list_side()      which objects each side has, and where
 *   match_sides()    one name for what belongs together
 *   load_pairs()     read or hash all of them, on all cores
 *   make_build()     what diff_builds() takes
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <objtool/batch.h>
#include <objtool/checksum.h>
#include <objtool/finish.h>
#include <objtool/input.h>
#include <objtool/load.h>
#include <objtool/log.h>
#include <objtool/stamp.h>
#include <objtool/tree.h>

struct item {
	const char *name;   /* the object's path within the build */
	struct image image; /* .path is NULL if there is no object */
	const char *sums;   /* its .checksums file, "-"; or NULL */
	struct records *recs;
	bool shared; /* .recs are the partner's */
};

/* What has one name in both builds; either may be NULL. */
struct pair {
	struct item *item[2]; /* old, new */
};

struct side {
	const char *path; /* as given */
	struct item *items;
	size_t nr, cap;
	struct tree *tree; /* if it is one */
	struct images images;
	struct arena arena; /* names */
	bool single;	    /* one object, not an archive's */
};

struct load {
	struct side side[2]; /* old, new */
	struct pair *pairs;
	size_t nr_pairs;
	struct exclude *exclude; /* what is left out, or NULL */
	unsigned int jobs;
	struct pool *pool; /* for each object */
};

static struct item *add_item(struct side *side, const char *name)
{
	if (side->nr == side->cap) {
		side->cap = side->cap ? side->cap * 2 : 16;
		side->items = xreallocarray(side->items, side->cap, sizeof(*side->items));
	}
	side->items[side->nr] = (struct item){.name = name};
	return &side->items[side->nr++];
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* @name without @cut bytes at its end, and without what compresses a module. */
static const char *build_name(struct side *side, const char *name, size_t cut)
{
	char *copy = arena_strdup(&side->arena, name);

	copy[strlen(copy) - cut] = '\0';
	copy[tree_stem(copy)] = '\0';
	return copy;
}

/* --- What a side has --- */

static void add_tree_file(struct side *side, const struct tree_file *file)
{
	struct item *item = add_item(side, build_name(side, file->name, 0));
	char *sums = xconcat(file->path, RECORDS_SUFFIX);

	if (file->sums)
		item->sums = arena_strdup(&side->arena, sums);
	free(sums);
	if (file->object)
		item->image = (struct image){.path = file->path,
					     .name = file->path,
					     .rel = item->name,
					     .content = file->content};
}

/*
 * The chosen objects; where there are none, the .checksums files stand for
 * objects that are elsewhere. Beside objects such files are left over.
 */
static void list_tree_files(struct side *side, enum tree_choice choice)
{
	struct tree *tree = side->tree;
	size_t orphans = 0;

	side->nr = 0;
	tree_choose(tree, choice);
	for (size_t i = 0; i < tree->nr; i++) {
		const struct tree_file *file = &tree->files[i];

		if (tree->nr_chosen ? file->chosen : file->sums && !file->object)
			add_tree_file(side, file);
		orphans += tree->nr_chosen && file->sums && !file->object &&
			   tree_object_name(file->name);
	}
	if (orphans)
		warning("%s: left out %zu .checksums files whose objects are gone", side->path,
			orphans);
}

static int list_tree(struct side *side, unsigned int jobs)
{
	side->tree = tree_scan(side->path, jobs);
	if (!side->tree)
		return -1;
	list_tree_files(side, TREE_OBJECTS);
	if (!side->nr)
		return error("%s: no objects and no .checksums files in this directory",
			     side->path);
	return 0;
}

static int list_file(struct side *side)
{
	size_t cut = str_ends(side->path, RECORDS_SUFFIX) ? strlen(RECORDS_SUFFIX) : 0;
	struct item *item;

	if (records_probe(side->path)) {
		item = add_item(side, build_name(side, base_name(side->path), cut));
		item->sums = side->path;
		side->single = true;
		return 0;
	}
	if (images_add(&side->images, side->path))
		return -1;
	images_warn(&side->images);
	for (size_t i = 0; i < side->images.nr; i++) {
		const struct image *image = &side->images.image[i];

		add_item(side, build_name(side, image->rel, 0))->image = *image;
	}
	if (!side->nr)
		return error("%s: no objects in this archive", side->path);
	side->single = side->images.image[0].path == side->path && !side->images.image[0].member;
	return 0;
}

static int list_side(struct side *side, const char *path, unsigned int jobs)
{
	struct stat st;

	side->path = path;
	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? list_tree(side, jobs) : list_file(side);
	if (!strcmp(path, "-"))
		return list_file(side);
	return error("cannot read %s: %s", path, strerror(errno));
}

static void exclude_items(struct side *side, struct exclude *list)
{
	size_t nr = 0;

	for (size_t i = 0; i < side->nr; i++)
		if (!exclude_object(list, side->items[i].name))
			side->items[nr++] = side->items[i];
	side->nr = nr;
}

/* --- What belongs together --- */

static int by_name(const void *va, const void *vb)
{
	const struct item *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

/* Sort; of several items of one name (x.ko.gz and x.ko.xz), keep one. */
static void sort_items(struct side *side)
{
	size_t nr = 0;

	if (side->nr)
		qsort(side->items, side->nr, sizeof(*side->items), by_name);
	for (size_t i = 0; i < side->nr; i++)
		if (!nr || by_name(&side->items[nr - 1], &side->items[i]))
			side->items[nr++] = side->items[i];
	side->nr = nr;
}

static struct item *find_item(const struct side *side, const char *name)
{
	struct item key = {.name = name};

	return side->nr ? bsearch(&key, side->items, side->nr, sizeof(key), by_name) : NULL;
}

static bool only_modules(const struct side *side)
{
	for (size_t i = 0; i < side->nr; i++)
		if (!str_ends(side->items[i].name, ".ko"))
			return false;
	return side->nr;
}

/* Have @side give its modules if the other has nothing else. */
static void match_modules(struct side *side, const struct side *other)
{
	if (!side->tree || !only_modules(other) || only_modules(side))
		return;
	list_tree_files(side, TREE_MODULES);
	if (side->tree->nr_chosen)
		warning("%s has modules only: of %s, only those are compared", other->path,
			side->path);
	else
		list_tree_files(side, TREE_OBJECTS);
	sort_items(side);
}

/* A file and a tree: the object of the tree that is called like the file, chosen or not. */
static int match_file(const struct side *file, struct side *tree)
{
	const char *name = file->items[0].name;
	const struct tree_file *found = tree_find(tree->tree, name);

	if (!found || !(found->object || found->sums))
		return error("%s: no %s in this directory to compare with %s", tree->path, name,
			     file->path);
	tree->nr = 0;
	add_tree_file(tree, found);
	return 0;
}

/* A module that the other side has not at that path; as an item of a list by base name. */
struct stray {
	struct item *item;
	const char *base;
	size_t side;
};

static int by_base(const void *va, const void *vb)
{
	const struct stray *a = va, *b = vb;
	int cmp = strcmp(a->base, b->base);

	return cmp ? cmp : (a->side > b->side) - (a->side < b->side);
}

static size_t find_strays(struct side *side, struct stray *strays)
{
	size_t nr = 0;

	for (size_t s = 0; s < 2; s++)
		for (size_t i = 0; i < side[s].nr; i++) {
			struct item *item = &side[s].items[i];

			if (str_ends(item->name, ".ko") && !find_item(&side[!s], item->name))
				strays[nr++] = (struct stray){item, base_name(item->name), s};
		}
	return nr;
}

/* Call modules that are alone with their name by the path that the new build has them at. */
static void match_strays(struct side *side)
{
	struct stray *strays = xcalloc(side[0].nr + side[1].nr, sizeof(*strays));
	size_t nr = find_strays(side, strays), end;

	qsort(strays, nr, sizeof(*strays), by_base);
	for (size_t i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && !strcmp(strays[end].base, strays[i].base);)
			end++;
		if (end == i + 2 && strays[i].side != strays[i + 1].side)
			strays[i].item->name = strays[i + 1].item->name;
	}
	free(strays);
	sort_items(&side[0]);
}

static int match_sides(struct side *side)
{
	sort_items(&side[0]);
	sort_items(&side[1]);
	for (size_t s = 0; s < 2; s++)
		if (side[s].single && side[!s].tree && match_file(&side[s], &side[!s]))
			return -1;
	if (side[0].nr == 1 && side[1].nr == 1 && (side[0].single || side[1].single)) {
		side[0].items[0].name = side[1].items[0].name;
		return 0;
	}
	match_modules(&side[0], &side[1]);
	match_modules(&side[1], &side[0]);
	match_strays(side);
	return 0;
}

/* --- Records --- */

static bool sums_current(const struct item *item)
{
	struct stat object, sums;

	return !item->image.path || (!stat(item->image.path, &object) && !stat(item->sums, &sums) &&
				     stamp_current(&object, &sums));
}

/* Enough for all that stands in front of the records; the hash over them is in line 1. */
#define HEAD_LEN 512

static ssize_t read_head(const char *path, u8 *head)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len = -1;

	if (fd >= 0) {
		len = read(fd, head, HEAD_LEN);
		close(fd);
	}
	return len;
}

/*
 * True if two .checksums files of trees have the same records, as far as they
 * say so themselves. Most pairs do, and reading the records of one is enough.
 * Should those of the other be damaged, its first line still tells what they were.
 */
static bool same_sums(const char *a, const char *b)
{
	u8 head_a[HEAD_LEN], head_b[HEAD_LEN];
	ssize_t len = read_head(a, head_a);

	return len > 0 && read_head(b, head_b) == len && !memcmp(head_a, head_b, (size_t)len);
}

static void load_item(const struct load *load, struct item *item, bool by_sums)
{
	struct input in;

	if (by_sums) {
		item->recs = records_read(item->sums);
		return;
	}
	item->recs = checksum_input(&item->image, load->exclude, records_finish, load->pool, &in);
	if (item->recs)
		input_close(&in);
}

/*
 * Load a pair. If one of the two cannot be, it has neither: all that is in the
 * other would be called added or removed.
 */
static int load_pair(void *ctx, size_t i)
{
	const struct load *load = ctx;
	struct item *const *item = load->pairs[i].item;
	bool by_sums[2] = {0}, good = true;

	for (size_t s = 0; s < 2; s++)
		by_sums[s] = item[s] && item[s]->sums && sums_current(item[s]);
	if (by_sums[0] && by_sums[1] && load->nr_pairs > 1)
		item[0]->shared = same_sums(item[0]->sums, item[1]->sums);
	for (size_t s = 2; s--;) {
		if (!item[s])
			continue;
		if (item[s]->shared)
			item[s]->recs = item[1]->recs;
		else
			load_item(load, item[s], by_sums[s]);
		good = good && item[s]->recs;
	}
	return good ? 0 : -1;
}

static void make_pairs(struct load *load)
{
	struct side *old = &load->side[0], *new = &load->side[1];

	load->pairs = xcalloc(old->nr + new->nr, sizeof(*load->pairs));
	for (size_t i = 0, j = 0; i < old->nr || j < new->nr;) {
		int cmp = i == old->nr	 ? 1
			  : j == new->nr ? -1
					 : by_name(&old->items[i], &new->items[j]);

		load->pairs[load->nr_pairs++] = (struct pair){
			{cmp <= 0 ? &old->items[i] : NULL, cmp >= 0 ? &new->items[j] : NULL}};
		i += cmp <= 0;
		j += cmp >= 0;
	}
}

static size_t load_pairs(struct load *load)
{
	size_t failed;

	/* The two of one pair come one after the other, with all threads on each. */
	load->pool = load->nr_pairs > 1 ? NULL : pool_open(load->jobs);
	failed = batch_run(&(struct batch){.nr = load->nr_pairs,
					   .jobs = load->jobs,
					   .doing = "diff",
					   .run = load_pair,
					   .ctx = load});
	pool_close(load->pool);
	return failed;
}

static bool loaded(const struct pair *pair)
{
	return !(pair->item[0] && !pair->item[0]->recs) && !(pair->item[1] && !pair->item[1]->recs);
}

static struct build make_build(struct load *load, size_t s)
{
	struct build_object *objs =
		arena_alloc(&load->side[s].arena, load->side[s].nr, sizeof(*objs));
	size_t nr = 0;

	for (size_t i = 0; i < load->nr_pairs; i++) {
		const struct item *item = load->pairs[i].item[s];

		if (item && loaded(&load->pairs[i]))
			objs[nr++] = (struct build_object){item->name, item->recs};
	}
	return (struct build){objs, nr};
}

int load_builds(struct loaded *builds, const char *old, const char *new, struct exclude *exclude,
		unsigned int jobs)
{
	struct load *load = xcalloc(1, sizeof(*load));

	*builds = (struct loaded){.state = load};
	load->jobs = jobs;
	load->exclude = exclude;
	if (list_side(&load->side[0], old, jobs) || list_side(&load->side[1], new, jobs) ||
	    match_sides(load->side))
		return -1;
	for (size_t s = 0; s < 2 && exclude; s++)
		exclude_items(&load->side[s], exclude);
	make_pairs(load);
	builds->failed = load_pairs(load);
	for (size_t s = 0; s < 2; s++)
		if (load->side[s].tree) {
			builds->failed += load->side[s].tree->unread;
			tree_warn(load->side[s].tree);
		}
	builds->old = make_build(load, 0);
	builds->new = make_build(load, 1);
	return builds->old.nr || builds->new.nr || exclude ? 0 : -1;
}

const struct image *loaded_image(const struct loaded *builds, int side, const char *object)
{
	const struct item *item = find_item(&builds->state->side[side], object);

	return item && item->image.path ? &item->image : NULL;
}

void loaded_free(struct loaded *builds)
{
	struct load *load = builds->state;

	for (size_t s = 0; s < 2; s++) {
		struct side *side = &load->side[s];

		for (size_t i = 0; i < side->nr; i++)
			records_free(side->items[i].shared ? NULL : side->items[i].recs);
		free(side->items);
		tree_free(side->tree);
		images_free(&side->images);
		arena_free(&side->arena);
	}
	free(load->pairs);
	free(load);
	*builds = (struct loaded){0};
}
