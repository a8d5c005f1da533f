// SPDX-License-Identifier: GPL-2.0-or-later
/* tree.c - the objects of a directory tree, each function's once */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <objtool/file.h>
#include <objtool/input.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/records.h>
#include <objtool/tree.h>

static const char *const object_suffixes[] = {".o", ".ko", ".ko.gz", ".ko.xz", ".ko.zst"};

/* Made by Kbuild beside the object it is about, with nothing of its own in it. */
static const char *const helper_suffixes[] = {
	".mod.o",     /* a module's version and name, generated */
	".lto.o",     /* clang LTO, 5.12 to 5.17: the .ko without its .mod.o */
	".prelink.o", /* likewise */
};

/* The kernel in compressed form: it changes with every function in it. */
#define PIGGY "arch/x86/boot/compressed/piggy.o"

static bool ends_in(const char *name, const char *const *suffixes, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (str_ends(name, suffixes[i]))
			return true;
	return false;
}

bool tree_object_name(const char *name)
{
	return ends_in(name, object_suffixes, ARRAY_SIZE(object_suffixes));
}

static bool is_module(const char *name)
{
	return tree_object_name(name) && !str_ends(name, ".o");
}

size_t tree_stem(const char *name)
{
	size_t len = strlen(name);
	const char *dot = strrchr(name, '.');

	if (!is_module(name) || str_ends(name, ".ko"))
		return len;
	return (size_t)(dot - name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* --- Listing --- */

/* Add the file called @dir@name, less the last @cut bytes. */
static struct tree_file *add_file(struct tree *tree, const char *dir, const char *name, size_t cut)
{
	size_t root = strlen(tree->root), in_dir = strlen(dir), len = strlen(name) - cut;
	char *path = arena_alloc(&tree->arena, root + 1 + in_dir + len + 1, 1), *p = path;

	p = mempcpy(p, tree->root, root);
	if (!root || p[-1] != '/')
		*p++ = '/';
	if (tree->nr == tree->cap) {
		tree->cap = tree->cap ? tree->cap * 2 : 1024;
		tree->files = xreallocarray(tree->files, tree->cap, sizeof(*tree->files));
	}
	tree->files[tree->nr] = (struct tree_file){.path = path, .name = p};
	memcpy(mempcpy(p, dir, in_dir), name, len);
	return &tree->files[tree->nr++];
}

static void add_dir(struct tree *tree, const char *dir, const char *name)
{
	size_t in_dir = strlen(dir), len = strlen(name);
	char *full = arena_alloc(&tree->arena, in_dir + len + 2, 1);

	memcpy(mempcpy(full, dir, in_dir), name, len);
	if (len)
		full[in_dir + len] = '/';
	if (tree->nr_dirs == tree->cap_dirs) {
		tree->cap_dirs = tree->cap_dirs ? tree->cap_dirs * 2 : 256;
		tree->dirs = xreallocarray(tree->dirs, tree->cap_dirs, sizeof(*tree->dirs));
	}
	tree->dirs[tree->nr_dirs++] = (struct tree_dir){.name = full};
}

/* Note a file if it is one of ours. */
static void note_file(struct tree *tree, struct tree_dir *dir, const char *name)
{
	const size_t cmd = strlen(".cmd"), sums = strlen(RECORDS_SUFFIX);

	if (file_is_temporary(name)) {
		add_file(tree, dir->name, name, 0)->temporary = true;
	} else if (name[0] == '.') {
		if (!str_ends(name, ".o.cmd") && !str_ends(name, ".ko.cmd"))
			return;
		add_file(tree, dir->name, name + 1, cmd)->cmd = true;
		dir->objects = true;
	} else if (str_ends(name, RECORDS_SUFFIX)) {
		add_file(tree, dir->name, name, sums)->sums = true;
	} else if (tree_object_name(name)) {
		add_file(tree, dir->name, name, 0)->object = true;
		dir->objects = true;
	} else if (str_ends(name, ".a")) {
		add_file(tree, dir->name, name, 0)->archive = true;
	}
}

/* DT_DIR, DT_REG, or whatever else it is; filesystems may leave it open. */
static int entry_type(DIR *d, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
		return DT_UNKNOWN;
	return IFTODT(st.st_mode);
}

/* List directory @i of the tree. Returns 0, or -1 with errno set. */
static int read_dir(struct tree *tree, size_t i)
{
	struct tree_dir dir = tree->dirs[i];
	char *path = xasprintf("%s/%s", tree->root, dir.name);
	DIR *d = opendir(path);
	struct dirent *entry;
	int failed;

	free(path);
	if (!d)
		return -1;
	while (errno = 0, (entry = readdir(d))) {
		int type = entry_type(d, entry);

		if (type == DT_DIR && entry->d_name[0] != '.')
			add_dir(tree, dir.name, entry->d_name);
		else if (type == DT_REG)
			note_file(tree, &dir, entry->d_name);
	}
	failed = errno;
	closedir(d);
	tree->dirs[i] = dir;
	errno = failed;
	return failed ? -1 : 0;
}

static int by_name(const void *va, const void *vb)
{
	const struct tree_file *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

static int by_dir_name(const void *va, const void *vb)
{
	const struct tree_dir *a = va, *b = vb;

	return strcmp(a->name, b->name);
}

/* Make one of an object, its command and its .checksums file. */
static void merge_files(struct tree *tree)
{
	size_t nr = 0;

	if (tree->nr)
		qsort(tree->files, tree->nr, sizeof(*tree->files), by_name);
	for (size_t i = 0; i < tree->nr; i++) {
		struct tree_file *file = &tree->files[i], *last = nr ? &tree->files[nr - 1] : NULL;

		if (!last || by_name(last, file)) {
			tree->files[nr++] = *file;
			continue;
		}
		last->object |= file->object;
		last->cmd |= file->cmd;
		last->sums |= file->sums;
		last->archive |= file->archive;
	}
	tree->nr = nr;
}

/* List directories, each of which may add more. Returns 0, or -1 if it is the first that cannot. */
static int list(struct tree *tree)
{
	add_dir(tree, "", "");
	for (size_t i = 0; i < tree->nr_dirs; i++) {
		/* Gone since its name was read: then it is not there. */
		if (!read_dir(tree, i) || (i && errno == ENOENT))
			continue;
		error("cannot list %s%s%s: %s", tree->root, i ? "/" : "", tree->dirs[i].name,
		      strerror(errno));
		if (!i)
			return -1;
		tree->dirs[i].unread = true;
		tree->unread++;
	}
	qsort(tree->dirs, tree->nr_dirs, sizeof(*tree->dirs), by_dir_name);
	merge_files(tree);
	return 0;
}

/* --- Looking at the objects --- */

static void look_at(void *ctx, unsigned int worker, size_t i)
{
	struct tree *tree = ctx;
	struct tree_file *file = &tree->files[i];
	char *cmd;
	int ret;

	(void)worker;
	if (!file->object)
		return;
	file->content = (u8)content_of(file->path);
	/* Gone, it is not there; else what is wrong with it is said when its turn comes. */
	if (file->content == CONTENT_NONE && errno != ENOENT)
		file->content = CONTENT_ELF;
	file->object = file->content != CONTENT_NONE;
	if (!file->cmd)
		return;
	cmd = xasprintf("%.*s.%s.cmd", (int)(base_name(file->path) - file->path), file->path,
			base_name(file->path));
	ret = kbuild_read(&file->kbuild, cmd);
	file->cmd = !ret;
	file->cmd_errno = ret < 0 ? errno : 0;
	free(cmd);
}

/* Without its command, an object that stands for others is one more beside them. */
static void say_unread(struct tree *tree)
{
	for (size_t i = 0; i < tree->nr; i++) {
		if (!tree->files[i].cmd_errno)
			continue;
		error("%s: cannot read the .cmd file beside it: %s", tree->files[i].path,
		      strerror(tree->files[i].cmd_errno));
		tree->unread++;
	}
}

struct tree *tree_scan(const char *root, unsigned int jobs)
{
	struct tree *tree = xcalloc(1, sizeof(*tree));
	char *copy = arena_strdup(&tree->arena, root);
	size_t len = strlen(copy);

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	tree->root = copy;
	if (list(tree)) {
		tree_free(tree);
		return NULL;
	}
	pool_once(jobs, tree->nr, look_at, tree);
	say_unread(tree);
	return tree;
}

struct tree *tree_scan_file(const char *path)
{
	struct tree *tree = xcalloc(1, sizeof(*tree));
	char *name = arena_strdup(&tree->arena, path + strspn(path, "/"));

	tree->root = *path == '/' ? "/" : ".";
	add_file(tree, "", name, 0);
	if (str_ends(name, ".ko")) {
		strcpy(name + strlen(name) - strlen("ko"), "o");
		add_file(tree, "", name, 0);
	}
	for (size_t i = 0; i < tree->nr; i++) {
		tree->files[i].object = tree->files[i].cmd = true;
		look_at(tree, 0, i);
	}
	say_unread(tree);
	merge_files(tree);
	return tree;
}

/* --- Looking things up --- */

struct tree_file *tree_find(const struct tree *tree, const char *name)
{
	struct tree_file key = {.name = name};

	return tree->nr ? bsearch(&key, tree->files, tree->nr, sizeof(key), by_name) : NULL;
}

const struct tree_dir *tree_dir_of(const struct tree *tree, const char *name)
{
	char *dir = xstrdup(name);
	struct tree_dir key = {.name = dir}, *found;

	dir[base_name(name) - name] = '\0';
	found = bsearch(&key, tree->dirs, tree->nr_dirs, sizeof(key), by_dir_name);
	free(dir);
	return found;
}

/* Take "." and ".." out of a path in place. False if it leads above where it starts. */
static bool flatten(char *path)
{
	char *out = path, *rest = path, *word;
	size_t len;

	while ((word = strsep(&rest, "/"))) {
		if (!*word || !strcmp(word, "."))
			continue;
		if (!strcmp(word, "..")) {
			if (out == path)
				return false;
			out--;
			while (out > path && out[-1] != '/')
				out--;
			continue;
		}
		len = strlen(word);
		memmove(out, word, len);
		out += len;
		*out++ = '/';
	}
	if (out > path)
		out[-1] = '\0';
	return true;
}

/* The file at @path, which need not be written as the tree writes it. */
static struct tree_file *find_path(const struct tree *tree, const char *path)
{
	size_t root = strlen(tree->root);
	struct tree_file *file = NULL;
	char *name;

	if (strncmp(path, tree->root, root) != 0 || (root > 1 && path[root] != '/'))
		return NULL;
	name = xstrdup(path + root);
	if (flatten(name))
		file = tree_find(tree, name);
	free(name);
	return file;
}

/* --- Choosing --- */

static bool readable(enum content content)
{
	return content == CONTENT_ELF || content == CONTENT_FOREIGN;
}

struct parts {
	const struct tree *tree;
	size_t nr;
	bool unreadable; /* one of them is no object */
	bool mark;	 /* have them all stood for */
};

static void check_part(void *ctx, const char *path)
{
	struct parts *parts = ctx;
	struct tree_file *file = find_path(parts->tree, path);

	parts->nr++;
	if (!readable(file ? (enum content)file->content : content_of(path)))
		parts->unreadable = true;
	if (file && parts->mark)
		file->part = true;
}

/* Take an object that was made from others if one of them cannot be read. */
static void choose_linked(struct tree *tree, struct tree_file *file)
{
	struct parts parts = {.tree = tree};

	if (kbuild_parts(&file->kbuild, file->path, check_part, &parts)) {
		error("%s: cannot read the list of what it is linked of: %s", file->path,
		      strerror(errno));
		tree->unread++;
	}

	/* From no object at all: from bytes of any kind, or a compiler's output without a source_.
	 */
	file->chosen = parts.nr ? parts.unreadable
				: file->kbuild.kernel || !strstr(file->kbuild.text, " -c ");
	if (!parts.nr || !file->chosen)
		return;
	parts.mark = true;
	kbuild_parts(&file->kbuild, file->path, check_part, &parts);
}

static void choose_object(struct tree *tree, struct tree_file *file)
{
	if (file->content == CONTENT_BITCODE)
		tree->bitcode++;
	if (file->content == CONTENT_FOREIGN)
		tree->foreign++;
	if (file->cmd && (ends_in(file->name, helper_suffixes, ARRAY_SIZE(helper_suffixes)) ||
			  str_ends(file->path, "/" PIGGY)))
		return;
	if (!file->cmd)
		file->chosen = file->content == CONTENT_ELF;
	else if (file->kbuild.source)
		file->chosen = file->kbuild.kernel && file->content != CONTENT_BITCODE &&
			       file->content != CONTENT_FOREIGN;
	else if (file->content == CONTENT_ELF)
		choose_linked(tree, file);
	tree->other += !file->cmd && file->content == CONTENT_UNKNOWN;
}

/* The file beside module @file that has its name with @suffix for what follows the stem. */
static const struct tree_file *beside(const struct tree *tree, const struct tree_file *file,
				      const char *suffix)
{
	size_t ko = tree_stem(file->name) - strlen(".ko");
	char *name = xasprintf("%.*s%s", (int)ko, file->name, suffix);
	const struct tree_file *found = tree_find(tree, name);

	free(name);
	return found && found->object ? found : NULL;
}

static void choose_module(const struct tree *tree, struct tree_file *file, enum tree_choice choice)
{
	const struct tree_file *object = beside(tree, file, ".o");
	bool packed = !str_ends(file->name, ".ko");

	if (packed && beside(tree, file, ".ko"))
		return;
	file->chosen =
		choice == TREE_MODULES || !(object && readable((enum content)object->content));
}

static bool is_vmlinux(const struct tree_file *file)
{
	return !strcmp(base_name(file->name), "vmlinux.o");
}

/* What is in an LTO build's vmlinux.o but no bitcode: assembler files. */
static void mark_members(struct tree *tree, const struct tree_file *archive)
{
	struct images images = {0};

	images_add(&images, archive->path);
	for (size_t i = 0; i < images.nr; i++) {
		struct tree_file *file = find_path(tree, images.image[i].path);

		if (file)
			file->part = true;
	}
	images_free(&images);
}

/* The archives that vmlinux.o is made from: one from 6.1 on, many before. */
static void mark_vmlinux_parts(struct tree *tree)
{
	struct tree_file *all = tree_find(tree, "vmlinux.a");

	if (all) {
		mark_members(tree, all);
		return;
	}
	for (size_t i = 0; i < tree->nr; i++) {
		const char *base = base_name(tree->files[i].name);

		/* The EFI stub's library is not linked to vmlinux. */
		if (tree->files[i].archive && !strstr(tree->files[i].name, "/libstub/") &&
		    (!strcmp(base, "built-in.a") || !strcmp(base, "lib.a")))
			mark_members(tree, &tree->files[i]);
	}
}

static void choose_vmlinux(struct tree *tree, struct tree_file *file, bool kernel)
{
	file->chosen = file->content == CONTENT_ELF && (tree->bitcode || !kernel);
	if (file->chosen && tree->bitcode)
		mark_vmlinux_parts(tree);
}

void tree_choose(struct tree *tree, enum tree_choice choice)
{
	bool kernel = false;

	tree->nr_chosen = tree->bitcode = tree->foreign = tree->other = 0;
	for (size_t i = 0; i < tree->nr; i++)
		tree->files[i].chosen = tree->files[i].part = false;
	for (size_t i = 0; i < tree->nr; i++) {
		struct tree_file *file = &tree->files[i];

		if (!file->object || is_vmlinux(file))
			continue;
		if (is_module(file->name))
			choose_module(tree, file, choice);
		else if (choice == TREE_OBJECTS)
			choose_object(tree, file);
		kernel |= file->chosen && file->cmd && file->kbuild.source;
	}
	for (size_t i = 0; i < tree->nr && choice == TREE_OBJECTS; i++)
		if (tree->files[i].object && is_vmlinux(&tree->files[i]))
			choose_vmlinux(tree, &tree->files[i], kernel);
	for (size_t i = 0; i < tree->nr; i++) {
		tree->files[i].chosen &= !tree->files[i].part;
		tree->nr_chosen += tree->files[i].chosen;
	}
}

void tree_warn(const struct tree *tree)
{
	if (tree->bitcode)
		warning("%s: left out %zu objects of LLVM bitcode: vmlinux.o and the modules have "
			"their code",
			tree->root, tree->bitcode);
	if (tree->foreign)
		warning("%s: left out %zu objects of 32-bit code or for other machines", tree->root,
			tree->foreign);
	if (tree->other)
		warning("%s: left out %zu files called .o that are no objects", tree->root,
			tree->other);
}

void tree_free(struct tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->nr; i++)
		kbuild_free(&tree->files[i].kbuild);
	free(tree->files);
	free(tree->dirs);
	arena_free(&tree->arena);
	free(tree);
}
