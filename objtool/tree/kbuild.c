// SPDX-License-Identifier: GPL-2.0-or-later
/* kbuild.c - how Kbuild made an object, from the .foo.o.cmd it left beside it */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <objtool/kbuild.h>
#include <objtool/mem.h>

/* A command is 1 to 10 KB, the list of headers behind it up to 100: no need to read that. */
#define READ_FIRST 16384
#define READ_MOST  (1U << 20)

#define SOURCE "\nsource_"
#define BLANKS " \t\n"

/*
 * How tools/build begins while it has not built its own fixdep; what follows are
 * the compiler's dependencies. So it is for the one object that fixdep is made of.
 */
#define NO_FIXDEP "# cannot find fixdep "

/* In every command that compiles for the kernel: C and assembler; Rust. */
static const char *const kernel_words[] = {"-D__KERNEL__", "include/generated/rustc_cfg"};

/* Append what @fd gives to @text, up to READ_MOST, and a NUL. Returns 0, or -1 with errno set. */
static int read_rest(int fd, struct buf *text)
{
	ssize_t n;

	do {
		buf_reserve(text, READ_FIRST);
		n = read(fd, text->data + text->len, text->cap - text->len);
		text->len += n > 0 ? (size_t)n : 0;
	} while (n > 0 && text->len < READ_MOST);
	buf_add(text, "", 1);
	return n < 0 ? -1 : 0;
}

static int open_text(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* What the text of a .cmd file, NUL at its end, says: 1 if it is none. Cuts it to the command. */
static int parse(struct kbuild *kb, char *text)
{
	kb->source = strstr(text, SOURCE) || str_starts(text, NO_FIXDEP);
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kernel_words); i++)
		kb->kernel |= strstr(text, kernel_words[i]) != NULL;
	return kb->source || str_starts(text, "cmd_") || str_starts(text, "savedcmd_") ? 0 : 1;
}

/* As kbuild_read(), of the file that is open as @fd. */
static int read_command(struct kbuild *kb, int fd)
{
	char first[READ_FIRST + 1];
	struct buf text = {0};
	ssize_t n = read(fd, first, READ_FIRST);

	if (n < 0)
		return -1;
	first[n] = '\0';
	if (strstr(first, SOURCE))
		return parse(kb, first);
	buf_add(&text, first, strlen(first));
	n = read_rest(fd, &text);
	kb->text = (char *)text.data;
	return n < 0 ? -1 : parse(kb, kb->text);
}

int kbuild_read(struct kbuild *kb, const char *path)
{
	int fd = open_text(path), ret, failed;

	*kb = (struct kbuild){0};
	if (fd < 0)
		return errno == ENOENT ? 1 : -1;
	ret = read_command(kb, fd);
	failed = errno;
	close(fd);
	if (ret)
		kbuild_free(kb);
	errno = failed;
	return ret;
}

void kbuild_free(struct kbuild *kb)
{
	free(kb->text);
	*kb = (struct kbuild){0};
}

/* How names in a command become paths. */
struct place {
	const char *object; /* path of what was made */
	int dir;	    /* length of its directory's part, the slash included */
	char *target;	    /* what the command calls it */
	size_t target_dir;  /* likewise */
	int top; /* length of what stands in front of @target in @object; -1 if nothing fits */
	void (*fn)(void *ctx, const char *path);
	void *ctx;
	int failed; /* errno of a list that cannot be read, else 0 */
};

static size_t dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash + 1 - path) : 0;
}

/* The path of what the command calls @word, or NULL: a tree may have been moved since it was built.
 */
static char *resolve(const struct place *place, const char *word)
{
	if (!strncmp(word, place->target, place->target_dir) &&
	    (place->target_dir || word[0] != '/'))
		return xasprintf("%.*s%s", place->dir, place->object, word + place->target_dir);
	if (word[0] == '/')
		return xstrdup(word);
	return place->top < 0 ? NULL : xasprintf("%.*s%s", place->top, place->object, word);
}

static void each_word(struct place *place, char *words, bool follow);

/* A file of words. */
static void use_list(struct place *place, const char *path)
{
	struct buf text = {0};
	int fd = open_text(path);

	if (fd < 0) {
		place->failed = errno == ENOENT ? place->failed : errno;
		return;
	}
	if (read_rest(fd, &text))
		place->failed = errno;
	else
		each_word(place, (char *)text.data, false);
	close(fd);
	buf_free(&text);
}

static void use_word(struct place *place, const char *word, bool follow)
{
	bool list = follow && word[0] == '@';
	char *path;

	if (!list && (!str_ends(word, ".o") || !strcmp(word, place->target)))
		return;
	path = resolve(place, word + list);
	if (path && list)
		use_list(place, path);
	else if (path)
		place->fn(place->ctx, path);
	free(path);
}

/* @follow: words may name files of more words. */
static void each_word(struct place *place, char *words, bool follow)
{
	char *rest = words, *word;

	while ((word = strsep(&rest, BLANKS))) {
		size_t len = strlen(word);

		if (len && word[len - 1] == ';')
			word[len - 1] = '\0';
		use_word(place, word, follow);
	}
}

int kbuild_parts(const struct kbuild *kb, const char *object,
		 void (*fn)(void *ctx, const char *path), void *ctx)
{
	char *text = xstrdup(kb->text), *command = strstr(text, " := ");
	struct place place = {
		.object = object, .dir = (int)dir_len(object), .top = -1, .fn = fn, .ctx = ctx};

	if (command) {
		*command = '\0';
		place.target = strchr(text, '_') + 1;
		place.target_dir = dir_len(place.target);
		if (str_ends(object, place.target))
			place.top = (int)(strlen(object) - strlen(place.target));
		each_word(&place, command + 4, true);
	}
	free(text);
	errno = place.failed;
	return place.failed ? -1 : 0;
}
