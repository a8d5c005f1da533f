// SPDX-License-Identifier: GPL-2.0-or-later
/* input.c - from a path to the objects in it: archives and compressed files */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <objtool/contents.h>
#include <objtool/expand.h>
#include <objtool/input.h>
#include <objtool/log.h>

/* How files begin; the fifth byte of ELF is its class. */
static const struct {
	const char *magic;
	u8 len;
	u8 content; /* enum content */
	u8 how;	    /* enum compression */
} contents[] = {
	{"\177ELF\002", 5, CONTENT_ELF, 0},
	{"\177ELF\001", 5, CONTENT_FOREIGN, 0},
	{"BC\xc0\xde", 4, CONTENT_BITCODE, 0},
	{"\xde\xc0\x17\x0b", 4, CONTENT_BITCODE, 0},
	{"!<arch>\n", 8, CONTENT_ARCHIVE, 0},
	{"!<thin>\n", 8, CONTENT_THIN, 0},
	{"\x1f\x8b", 2, CONTENT_GZIP, COMPRESSION_GZIP},
	{"\xfd\x37zXZ", 6, CONTENT_XZ, COMPRESSION_XZ},
	{"\x28\xb5\x2f\xfd", 4, CONTENT_ZSTD, COMPRESSION_ZSTD},
	{"objtool-checksums\t", 18, CONTENT_CHECKSUMS, 0},
};

#define MAGIC_LEN     20
#define ARCHIVE_MAGIC 8

/* Where an ELF header has the machine, and what it is for x86-64 (psABI 1.0). */
#define MACHINE	       18
#define MACHINE_X86_64 62

static enum content content_at(const u8 *head, size_t len)
{
	enum content content = CONTENT_UNKNOWN;

	for (size_t i = 0; i < ARRAY_SIZE(contents) && content == CONTENT_UNKNOWN; i++)
		if (len >= contents[i].len && !memcmp(head, contents[i].magic, contents[i].len))
			content = contents[i].content;
	if (content == CONTENT_ELF && len >= MACHINE + 2 &&
	    get_u16(head + MACHINE) != MACHINE_X86_64)
		content = CONTENT_FOREIGN;
	return content;
}

static enum compression compression_of(enum content content)
{
	for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
		if (contents[i].content == content)
			return contents[i].how;
	return COMPRESSION_NONE;
}

/* Open a regular file; -1 if it is none, with errno set. Never waits, as opening a FIFO would. */
static int open_file(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd >= 0 && (fstat(fd, st) || !S_ISREG(st->st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

enum content content_of(const char *path)
{
	u8 head[MAGIC_LEN];
	struct stat st;
	int fd = open_file(path, &st);
	ssize_t len = -1;
	int failed;

	if (fd >= 0) {
		len = read(fd, head, sizeof(head));
		failed = errno;
		close(fd);
		errno = failed;
	}
	return len < 0 ? CONTENT_NONE : content_at(head, (size_t)len);
}

static struct image *add_image(struct images *images, struct image image)
{
	if (images->nr == images->cap) {
		images->cap = images->cap ? images->cap * 2 : 16;
		images->image = xreallocarray(images->image, images->cap, sizeof(*images->image));
	}
	images->image[images->nr] = image;
	return &images->image[images->nr++];
}

/* The object file at @path, called @rel in its build. */
static void add_file(struct images *images, const char *path, const char *rel, enum content content)
{
	add_image(images,
		  (struct image){.path = path, .name = path, .rel = rel, .content = (u8)content});
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *keep(struct images *images, char *s)
{
	char *kept = arena_strdup(&images->arena, s);

	free(s);
	return kept;
}

/* --- Archives --- */

/* Of the 60 bytes in front of a member: all ASCII, filled up with blanks. */
struct ar_header {
	char name[16], date[12], owner[12], mode[8], size[10], end[2];
};

struct archive {
	const char *path;
	struct images *images;
	struct span file;
	struct span names; /* the long ones */
	bool thin;
};

static int bad(const struct archive *ar, u64 at, const char *what)
{
	return error("%s: damaged archive: %s at offset %#" PRIx64, ar->path, what, at);
}

/* Digits up to a blank or the end of @field. */
static bool get_decimal(const char *field, size_t len, u64 *value)
{
	size_t i = 0;

	*value = 0;
	for (; i < len && field[i] >= '0' && field[i] <= '9'; i++)
		*value = *value * 10 + (u64)(field[i] - '0');
	return i && (i == len || field[i] == ' ');
}

/* Copy @len bytes as a name, without the "/" that ends one, or blanks. NULL if nothing is left. */
static char *name_from(struct archive *ar, const u8 *bytes, size_t len)
{
	char *name = arena_alloc(&ar->images->arena, len + 1, 1);

	memcpy(name, bytes, len);
	len = strlen(name);
	while (len && name[len - 1] == ' ')
		len--;
	if (len && name[len - 1] == '/')
		len--;
	name[len] = '\0';
	return len ? name : NULL;
}

/*
 * The name of the member whose header is at @at and whose data is @data, which
 * loses the name that BSD puts in front. NULL after a message.
 */
static char *member_name(struct archive *ar, u64 at, const struct ar_header *head,
			 struct span *data)
{
	char *name = NULL;
	u64 n;

	if (head->name[0] == '/' && get_decimal(head->name + 1, sizeof(head->name) - 1, &n)) {
		const u8 *long_name = n < ar->names.size ? ar->names.data + n : NULL;
		const u8 *end = long_name ? memchr(long_name, '\n', ar->names.size - n) : NULL;

		name = end ? name_from(ar, long_name, (size_t)(end - long_name)) : NULL;
	} else if (!memcmp(head->name, "#1/", 3)) {
		if (get_decimal(head->name + 3, sizeof(head->name) - 3, &n) && n <= data->size) {
			name = name_from(ar, data->data, n);
			*data = (struct span){data->data + n, data->size - n};
		}
	} else {
		name = name_from(ar, (const u8 *)head->name, sizeof(head->name));
	}
	if (!name)
		bad(ar, at, "a member without a name");
	return name;
}

/* A file that a thin archive names. What cannot be read is kept: its turn to be refused comes. */
static void add_thin(struct archive *ar, const char *name)
{
	int dir = (int)(base_name(ar->path) - ar->path);
	const char *path;
	enum content content;

	while (str_starts(name, "./"))
		name += 2;
	path = *name == '/' ? name : keep(ar->images, xasprintf("%.*s%s", dir, ar->path, name));
	content = content_of(path);
	if (content == CONTENT_ELF || content == CONTENT_NONE)
		add_file(ar->images, path, name, content);
	else
		ar->images->strangers++;
}

static void add_member(struct archive *ar, char *name, struct span data)
{
	struct image image = {.path = ar->path, .rel = name, .size = data.size, .member = true};

	if (content_at(data.data, data.size) != CONTENT_ELF) {
		ar->images->strangers++;
		return;
	}
	/* "ar P" keeps directories; here a name must not lead anywhere else. */
	for (char *p = name; *p; p++)
		if (*p == '/')
			*p = '!';
	image.offset = (u64)(data.data - ar->file.data);
	add_image(ar->images, image);
}

/* The member whose header is at *@at; moves *@at behind it. */
static int read_member(struct archive *ar, u64 *at)
{
	const struct ar_header *head = (const void *)(ar->file.data + *at);
	u64 start = *at + sizeof(*head), size;
	bool table, symbols;
	struct span data;
	char *name;

	if (!range_ok(ar->file.size, *at, sizeof(*head)) || memcmp(head->end, "`\n", 2) != 0 ||
	    !get_decimal(head->size, sizeof(head->size), &size))
		return bad(ar, *at, "no member header");
	symbols = !memcmp(head->name, "/ ", 2) || !memcmp(head->name, "/SYM64/ ", 8) ||
		  !memcmp(head->name, "__.SYMDEF", 9);
	table = !memcmp(head->name, "// ", 3);
	data = (struct span){ar->file.data + start, size};
	if (ar->thin && !symbols && !table)
		data.size = 0;
	if (!range_ok(ar->file.size, start, data.size))
		return bad(ar, *at, "truncated: the file ends within the member");
	/* To an even offset; the last member may lack the byte that fills up. */
	*at = start + data.size + (data.size & 1);
	if (table)
		ar->names = data;
	if (table || symbols)
		return 0;
	name = member_name(ar, start - sizeof(*head), head, &data);
	if (!name)
		return -1;
	if (ar->thin)
		add_thin(ar, name);
	else
		add_member(ar, name, data);
	return 0;
}

static int by_rel(const void *va, const void *vb)
{
	const struct image *const *a = va, *const *b = vb;
	int cmp = strcmp((*a)->rel, (*b)->rel);

	return cmp ? cmp : (*a > *b) - (*a < *b);
}

/* Members of one name are told apart by their turn: "foo.o", "foo.o,2". Then name them all. */
static void name_members(struct archive *ar, size_t first)
{
	struct images *images = ar->images;
	size_t nr = images->nr - first, turn = 1;
	struct image **sorted = xcalloc(nr, sizeof(*sorted));
	const char *last = "";

	for (size_t i = 0; i < nr; i++)
		sorted[i] = &images->image[first + i];
	qsort(sorted, nr, sizeof(*sorted), by_rel);
	for (size_t i = 0; i < nr; i++) {
		turn = strcmp(last, sorted[i]->rel) == 0 ? turn + 1 : 1;
		last = sorted[i]->rel;
		if (turn > 1)
			sorted[i]->rel = keep(images, xasprintf("%s,%zu", last, turn));
		sorted[i]->name = keep(images, xasprintf("%s(%s)", ar->path, sorted[i]->rel));
	}
	free(sorted);
}

static int read_archive(struct archive *ar)
{
	size_t first = ar->images->nr;
	int ret = 0;

	for (u64 at = ARCHIVE_MAGIC; !ret && at < ar->file.size;)
		ret = read_member(ar, &at);
	if (ret) {
		ar->images->nr = first;
		return -1;
	}
	if (!ar->thin)
		name_members(ar, first);
	return 0;
}

int images_add(struct images *images, const char *path)
{
	enum content content = content_of(path);
	struct archive ar = {.path = path, .images = images, .thin = content == CONTENT_THIN};
	struct contents file;
	int ret;

	if (content != CONTENT_ARCHIVE && content != CONTENT_THIN) {
		add_file(images, path, base_name(path), content);
		return 0;
	}
	if (contents_load(&file, path))
		return -1;
	ar.file = (struct span){file.data, file.size};
	ret = read_archive(&ar);
	contents_close(&file);
	return ret;
}

void images_warn(const struct images *images)
{
	if (images->strangers)
		warning("left out %zu members of archives that are no x86-64 objects",
			images->strangers);
}

void images_free(struct images *images)
{
	free(images->image);
	arena_free(&images->arena);
}

/* --- Opening one object --- */

/* Read a member to memory of its own: in the archive it may lie at any even offset. */
static int read_bytes(const struct image *image, struct buf *out)
{
	struct stat st;
	int fd = open_file(image->path, &st);
	ssize_t n = 1;

	if (fd < 0)
		return error("%s: %s", image->name, strerror(errno));
	buf_reserve(out, image->size);
	while (n > 0 && out->len < image->size) {
		n = pread(fd, out->data + out->len, image->size - out->len,
			  (off_t)(image->offset + out->len));
		out->len += n > 0 ? (size_t)n : 0;
	}
	close(fd);
	if (n < 0)
		return error("%s: %s", image->name, strerror(errno));
	if (out->len < image->size)
		return error("%s: the archive was truncated while it was read", image->name);
	return 0;
}

static int expand_file(const struct image *image, enum compression how, struct buf *out)
{
	struct contents file;
	int ret;

	if (contents_load(&file, image->path))
		return -1;
	ret = expand(image->path, how, (struct span){file.data, file.size}, out);
	contents_close(&file);
	return ret;
}

int input_open(struct input *in, const struct image *image, struct pool *pool,
	       enum contents_use use)
{
	enum compression how = COMPRESSION_NONE;
	struct buf bytes = {0};

	*in = (struct input){0};
	if (!image->member)
		how = compression_of(image->content ? (enum content)image->content
						    : content_of(image->path));
	if (!image->member && how == COMPRESSION_NONE) {
		in->obj = object_open(image->path, pool, use);
		return in->obj ? 0 : -1;
	}
	if (image->member ? read_bytes(image, &bytes) : expand_file(image, how, &bytes)) {
		buf_free(&bytes);
		return -1;
	}
	in->bytes = bytes.data;
	in->obj = object_open_mem(image->name, bytes.data, bytes.len, pool);
	if (in->obj)
		return 0;
	input_close(in);
	return -1;
}

void input_close(struct input *in)
{
	object_close(in->obj);
	free(in->bytes);
	*in = (struct input){0};
}
