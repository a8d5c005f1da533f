// SPDX-License-Identifier: GPL-2.0-or-later
/* update.c - write the .checksums files of many objects */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <objtool/batch.h>
#include <objtool/checksum.h>
#include <objtool/file.h>
#include <objtool/finish.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/stamp.h>
#include <objtool/update.h>

/* How often an object is read again that changes while it is read. */
#define TRIES 3

static struct update_task *add_task(struct update *up, const struct image *image, char *to)
{
	if (up->nr == up->cap) {
		up->cap = up->cap ? up->cap * 2 : 16;
		up->tasks = xreallocarray(up->tasks, up->cap, sizeof(*up->tasks));
	}
	up->tasks[up->nr] = (struct update_task){.image = *image, .to = to};
	return &up->tasks[up->nr++];
}

void update_add(struct update *up, const struct image *image, char *to, bool mirror)
{
	add_task(up, image, to)->mirror = mirror;
}

/* Where the .checksums file of the object called @name goes. The result is the caller's. */
static char *place_in(const char *dir, const char *name)
{
	return xasprintf("%s/%s" RECORDS_SUFFIX, dir, name);
}

void update_add_tree(struct update *up, const struct tree *tree, const char *out)
{
	for (size_t i = 0; i < tree->nr; i++) {
		const struct tree_file *file = &tree->files[i];
		const struct image image = {.path = file->path,
					    .name = file->path,
					    .rel = file->name,
					    .content = file->content};
		struct update_task *task;

		if (!file->chosen)
			continue;
		task = add_task(up, &image, place_in(out ? out : tree->root, file->name));
		task->tree = true;
		task->mirror = out;
	}
}

static int by_place(const void *va, const void *vb)
{
	const struct update_task *const *a = va, *const *b = vb;
	int cmp = strcmp((*a)->to, (*b)->to);

	return cmp ? cmp : (*a > *b) - (*a < *b);
}

bool update_clash(struct update *up, const struct update_task *clash[2])
{
	struct update_task **sorted = xcalloc(up->nr, sizeof(*sorted));
	bool found = false;

	for (size_t i = 0; i < up->nr; i++)
		sorted[i] = &up->tasks[i];
	qsort(sorted, up->nr, sizeof(*sorted), by_place);
	for (size_t i = 1; i < up->nr && !found; i++) {
		const struct image *a = &sorted[i - 1]->image, *b = &sorted[i]->image;

		if (strcmp(sorted[i - 1]->to, sorted[i]->to) != 0)
			continue;
		found = strcmp(a->name, b->name) != 0;
		sorted[i]->current = true;
		clash[0] = sorted[i - 1];
		clash[1] = sorted[i];
	}
	free(sorted);
	return found;
}

/* --- What is up to date --- */

struct check {
	struct update *up;
	struct stat program, list; /* of what is left out */
};

static bool task_excluded(struct exclude *list, const struct update_task *task)
{
	const struct image *image = &task->image;

	/* In a tree, its path within it; a single object's or member's, as somebody wrote it. */
	return exclude_object(list, image->rel) ||
	       (!task->tree && exclude_object(list, image->name));
}

static void check_task(void *ctx, unsigned int worker, size_t i)
{
	const struct check *check = ctx;
	struct update_task *task = &check->up->tasks[i];
	struct stat sums;

	(void)worker;
	task->excluded = check->up->exclude && task_excluded(check->up->exclude, task);
	if (!task->tree || task->current || task->excluded)
		return;
	/* Gone since the tree was listed: then it is not there. Else reading it says what is wrong.
	 */
	if (stat(task->image.path, &task->object))
		task->current = errno == ENOENT;
	else
		task->current = !stat(task->to, &sums) && S_ISREG(sums.st_mode) &&
				stamp_current(&task->object, &sums) &&
				stamp_current(&check->program, &sums) &&
				stamp_current(&check->list, &sums);
}

/* An installed program may be replaced by one that hashes otherwise. */
static void check_tasks(struct update *up)
{
	struct check check = {.up = up};
	bool trees = false;

	for (size_t i = 0; i < up->nr; i++)
		trees |= up->tasks[i].tree;
	if (!trees && !up->exclude) /* what is named is done, whatever its time */
		return;
	if (stat("/proc/self/exe", &check.program))
		check.program = (struct stat){0};
	if (!up->exclude || stat(exclude_path(up->exclude), &check.list))
		check.list = (struct stat){0};
	pool_once(up->jobs, up->nr, check_task, &check);
}

/* --- One object --- */

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/*
 * Make directory @dir, and those on the way to it that are not there: nearly always it is the last
 * one alone. Returns 0, or -1 with errno set.
 */
static int make_dirs(char *dir)
{
	char *slash;
	int ret;

	if (!mkdir(dir, 0777) || errno == EEXIST)
		return 0;
	slash = errno == ENOENT ? strrchr(dir, '/') : NULL;
	if (!slash || slash == dir)
		return -1;
	*slash = '\0';
	ret = make_dirs(dir);
	*slash = '/';
	return ret || (mkdir(dir, 0777) && errno != EEXIST) ? -1 : 0;
}

/* The same for the directory that @path is in. */
static int make_parents(const char *path)
{
	char *dir = xstrdup(path);
	int ret;

	*strrchr(dir, '/') = '\0';
	ret = *dir && access(dir, F_OK) ? make_dirs(dir) : 0;
	free(dir);
	return ret;
}

/* Remove a .checksums file, if it is one. Returns 0, or -1 after a message. */
static int remove_sums(const char *path)
{
	enum content content = content_of(path);

	if (content != CONTENT_CHECKSUMS && content != CONTENT_NONE)
		return 0;
	if ((content == CONTENT_CHECKSUMS && !unlink(path)) || errno == ENOENT)
		return 0;
	return error("cannot remove %s: %s", path, strerror(errno));
}

/* An object that is left out has no .checksums file. */
static int remove_task(const struct update_task *task)
{
	return task->to ? remove_sums(task->to) : 0;
}

static int write_task(const struct update_task *task, const struct records *recs)
{
	if (!task->to)
		return records_print(recs, stdout); /* main reports what is wrong with stdout */
	if (!task->tree && same_file(task->to, task->image.path))
		return error("%s is the object itself: nothing written", task->to);
	return records_write(recs, task->to);
}

/* A large object's memory takes long to give back: tens of thousands of pages. */
#define LARGE (8U << 20)

/* What is left to do once the records of a large object are there. */
struct ending {
	const struct update_task *task;
	const struct records *recs;
	struct input *in;
	int ret; /* of writing */
};

/* The file is written by who called: it may be in the midst of that when a signal comes. */
static void end_one(void *ctx, unsigned int worker, size_t item)
{
	struct ending *e = ctx;

	(void)worker;
	if (item)
		input_close(e->in);
	else
		e->ret = write_task(e->task, e->recs);
}

static int checksum_task(const struct update_task *task, struct exclude *exclude, struct pool *pool)
{
	struct input in;
	struct records *recs =
		checksum_input(&task->image, exclude, records_finish_lines, pool, &in);
	struct ending e = {task, recs, &in, 0};

	if (!recs)
		return -1;
	if (task->mirror)
		make_parents(task->to); /* what is wrong shows when it is written */
	if (exclude && !recs->nr) {
		input_close(&in);
		e.ret = remove_task(task);
	} else {
		pool_run(in.obj->file_size < LARGE ? NULL : pool, 2, end_one, &e);
	}
	records_free(recs);
	return e.ret;
}

/*
 * The same for an object of a tree, in which a build may be going on. If it
 * was changed after its time was taken here, what was written says nothing of it.
 */
static int checksum_file(struct update_task *task, struct exclude *exclude, struct pool *pool)
{
	struct stat after;

	for (int i = 0; i < TRIES; i++) {
		stamp_settle(&task->object);
		if (checksum_task(task, exclude, pool)) {
			remove_sums(task->to);
			return -1;
		}
		if (stat(task->image.path, &after)) {
			bool gone = errno == ENOENT;

			if (!gone)
				error("%s: %s", task->image.name, strerror(errno));
			return remove_sums(task->to) || !gone ? -1 : 0;
		}
		if (stamp_same(&task->object, &after))
			return 0;
		task->object = after;
	}
	remove_sums(task->to);
	return error("%s: changes while it is read: is it being built?", task->image.name);
}

/* --- All of them --- */

struct running {
	struct update *up;
	size_t *todo;	   /* indexes of tasks */
	struct pool *pool; /* for each */
};

static int run_task(void *ctx, size_t i)
{
	const struct running *run = ctx;
	struct update_task *task = &run->up->tasks[run->todo[i]];
	struct exclude *exclude = run->up->exclude;

	if (task->excluded)
		return remove_task(task);
	return task->tree ? checksum_file(task, exclude, run->pool)
			  : checksum_task(task, exclude, run->pool);
}

/* One message for a directory that cannot be written to, not one for each object. */
static bool writable(const struct update_task *task)
{
	const char *slash = task->tree ? strrchr(task->to, '/') : NULL;
	bool good = true;
	char *dir;

	if (!slash)
		return true;
	dir = xasprintf("%.*s", (int)(slash + 1 - task->to), task->to);
	if ((task->mirror && make_parents(task->to)) || access(dir, W_OK | X_OK)) {
		error("cannot write to %s: %s%s", dir, strerror(errno),
		      task->mirror ? "" : " (-o DIR puts them elsewhere)");
		good = false;
	}
	free(dir);
	return good;
}

size_t update_run(struct update *up)
{
	struct running run = {.up = up, .todo = xcalloc(up->nr, sizeof(*run.todo))};
	u64 *weights = xcalloc(up->nr, sizeof(*weights));
	size_t nr = 0, failed = 0;

	check_tasks(up);
	for (size_t i = 0; i < up->nr; i++)
		if (up->tasks[i].current) {
			up->skipped++;
		} else {
			weights[nr] = (u64)up->tasks[i].object.st_size;
			run.todo[nr++] = i;
		}
	/* A single object is shared by all threads; of many, each thread takes some. */
	run.pool = nr == 1 ? pool_open(up->jobs) : NULL;
	if (nr && !writable(&up->tasks[run.todo[0]]))
		failed = nr;
	else
		failed = batch_run(&(struct batch){.nr = nr,
						   .jobs = up->jobs,
						   .doing = "checksum",
						   .weights = weights,
						   .run = run_task,
						   .ctx = &run});
	pool_close(run.pool);
	free(weights);
	free(run.todo);
	return failed;
}

/* --- What is left over --- */

static void remove_temporary(const struct tree *tree)
{
	for (size_t i = 0; i < tree->nr; i++)
		if (tree->files[i].temporary)
			file_remove_stale(tree->files[i].path);
}

static size_t prune_beside(const struct tree *tree)
{
	size_t failed = 0;

	for (size_t i = 0; i < tree->nr; i++) {
		const struct tree_file *file = &tree->files[i];
		const struct tree_dir *dir = tree_dir_of(tree, file->name);
		char *sums;

		/* A directory without any object is somebody's store of .checksums. */
		if (!file->sums || file->object || !tree_object_name(file->name) || !dir->objects ||
		    !access(file->path, F_OK))
			continue;
		sums = xconcat(file->path, RECORDS_SUFFIX);
		failed += remove_sums(sums) != 0;
		free(sums);
	}
	return failed;
}

static size_t prune_mirror(const struct tree *tree, const struct tree *mirror)
{
	size_t failed = 0, strange = 0;

	for (size_t i = 0; i < mirror->nr; i++) {
		const char *name = mirror->files[i].name;
		const struct tree_file *file = tree_find(tree, name);
		const struct tree_dir *dir = tree_dir_of(tree, name);
		char *sums;

		if (!mirror->files[i].sums || !tree_object_name(name) || (file && file->chosen))
			continue;
		if (!dir || dir->unread) {
			strange++;
			continue;
		}
		sums = place_in(mirror->root, name);
		failed += remove_sums(sums) != 0;
		free(sums);
	}
	if (strange && !tree->unread)
		warning("%s: %zu .checksums files are in directories that %s has not: left there",
			mirror->root, strange, tree->root);
	return failed;
}

size_t update_prune(const struct tree *tree, const char *out)
{
	struct tree *mirror;
	size_t failed;

	if (!out) {
		remove_temporary(tree);
		return prune_beside(tree);
	}
	if (access(out, F_OK)) /* nothing could be written there */
		return 0;
	mirror = tree_scan(out, 1);
	failed = mirror ? prune_mirror(tree, mirror) : 1;
	if (mirror)
		remove_temporary(mirror);
	tree_free(mirror);
	return failed;
}

void update_free(struct update *up)
{
	for (size_t i = 0; i < up->nr; i++)
		free(up->tasks[i].to);
	free(up->tasks);
	*up = (struct update){0};
}
