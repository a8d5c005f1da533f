// SPDX-License-Identifier: GPL-2.0-or-later
/* contents.c - the bytes of an input file, each read once, or mapped while it cannot change */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <objtool/contents.h>
#include <objtool/log.h>
#include <objtool/mem.h>
#include <objtool/pool.h>
#include <objtool/stamp.h>

/* Files up to this size are read as they are opened: a mapping takes longer, in a tree a tenth. */
#define READ_MOST (1U << 20) /* bytes */

/* A single file only up to this: each page of the copy would be a page fault. */
#define READ_MOST_ALONE (32U << 10) /* bytes */

/* How often such a file is read again that changes meanwhile. */
#define TRIES 3

/* Larger ones are read in blocks: small against a page of memory, large against a system call. */
#define BLOCK	       (64U << 10) /* bytes */
#define BLOCKS_AT_ONCE 32	   /* by one thread */

enum block { BLOCK_UNKNOWN, BLOCK_WANTED, BLOCK_READ };

static int refuse_changed(const char *path)
{
	return error("%s: changes while it is read: is it being built?", path);
}

/* Returns 1 if the file ends before, -1 with errno set. */
static int read_range(int fd, u8 *to, size_t size, size_t off)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(fd, to + done, size - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			return 1;
		done += (size_t)n;
	}
	return 0;
}

static bool changed_since(int fd, const struct stat *before)
{
	struct stat now;

	return fstat(fd, &now) || !stamp_same(before, &now);
}

static int read_small(struct contents *c, int fd)
{
	int ret = 1;

	for (int i = 0; ret > 0 && i < TRIES; i++) {
		if (fstat(fd, &c->st))
			return error("%s: %s", c->path, strerror(errno));
		stamp_settle(&c->st);
		c->size = (size_t)c->st.st_size;
		/* Of an empty file too, so that its start is a place. */
		c->copy = xreallocarray(c->copy, c->size ? c->size : 1, 1);
		ret = read_range(fd, c->copy, c->size, 0);
		if (!ret)
			ret = changed_since(fd, &c->st);
	}
	c->data = c->copy;
	if (ret < 0)
		return error("%s: %s", c->path, strerror(errno));
	return ret ? refuse_changed(c->path) : 0;
}

/* True for file systems of this machine alone: of others, a lease binds only those who use it here.
 */
static bool is_local(int fd)
{
	static const u32 local[] = {EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
				    F2FS_SUPER_MAGIC, TMPFS_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if ((u32)fs.f_type == local[i])
			return true;
	return false;
}

/*
 * Map a file under a lease, which ends when it is closed. Who waits for that makes us a
 * signal, SIGIO, which ends a process; SIGURG does nothing. False if that cannot be had: on the
 * file of somebody else, as for a user's look at /lib/modules; in some containers.
 */
static bool map_leased(struct contents *c, int fd)
{
	void *map;

	if (!is_local(fd) || fcntl(fd, F_SETSIG, SIGURG) || fcntl(fd, F_SETLEASE, F_RDLCK))
		return false;
	map = changed_since(fd, &c->st) ? MAP_FAILED
					: mmap(NULL, c->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return false;
	}
	c->data = map;
	return true;
}

/* Room for all of a large file: what is not read of it takes no memory. */
static void reserve(struct contents *c)
{
	c->copy = xcalloc(c->size, 1);
	c->data = c->copy;
	c->blocks = xcalloc(c->size / BLOCK + 1, 1);
}

static int open_regular(struct contents *c, int fd, enum contents_use use)
{
	size_t read_most = use == CONTENTS_ALONE ? READ_MOST_ALONE : READ_MOST;
	bool mapped;

	c->size = (size_t)c->st.st_size;
	stamp_settle(&c->st);
	mapped = use != CONTENTS_KEPT && c->size > read_most && map_leased(c, fd);
	if (!mapped && c->size <= READ_MOST)
		return read_small(c, fd);
	c->fd = fd;
	if (!mapped)
		reserve(c);
	return 0;
}

int contents_open(struct contents *c, const char *path, enum contents_use use)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret;

	*c = (struct contents){.path = path, .fd = -1};
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	if (fstat(fd, &c->st)) {
		ret = error("%s: %s", path, strerror(errno));
	} else if (S_ISDIR(c->st.st_mode)) {
		ret = error("%s: this is a directory, not an object", path);
	} else if (!S_ISREG(c->st.st_mode)) {
		ret = error("%s: not a regular file", path);
	} else {
		ret = open_regular(c, fd, use);
	}
	if (c->fd < 0)
		close(fd);
	if (ret)
		contents_close(c);
	return ret;
}

void contents_want(struct contents *c, u64 off, u64 len)
{
	if (!c->blocks || !len || off >= c->size)
		return;
	if (len > c->size - off)
		len = c->size - off;
	for (u64 i = off / BLOCK; i <= (off + len - 1) / BLOCK; i++)
		if (c->blocks[i] == BLOCK_UNKNOWN) {
			c->blocks[i] = BLOCK_WANTED;
			c->wanted++;
		}
}

struct reading {
	struct contents *c;
	_Atomic int failed; /* an errno, or -1: the file is shorter than it was */
};

/* Read the wanted ones of some blocks, what is wanted together at once. */
static void read_blocks(void *ctx, unsigned int worker, size_t from, size_t end)
{
	struct reading *reading = ctx;
	struct contents *c = reading->c;

	(void)worker;
	for (size_t next, i = from; i < end && !reading->failed; i = next) {
		size_t off = i * BLOCK, size;
		int ret;

		for (next = i; next < end && c->blocks[next] == BLOCK_WANTED; next++)
			c->blocks[next] = BLOCK_READ;
		size = (next - i) * BLOCK;
		if (next++ == i)
			continue;
		ret = read_range(c->fd, c->copy + off, size < c->size - off ? size : c->size - off,
				 off);
		if (ret)
			reading->failed = ret < 0 ? errno : -1;
	}
}

int contents_read(struct contents *c, struct pool *pool)
{
	struct reading reading = {.c = c};

	if (!c->wanted)
		return 0;
	/* Starting threads for a header takes longer than reading it. */
	if (c->wanted <= BLOCKS_AT_ONCE)
		pool = NULL;
	c->wanted = 0;
	pool_ranges(pool, (c->size + BLOCK - 1) / BLOCK, BLOCKS_AT_ONCE, read_blocks, &reading);
	if (reading.failed > 0)
		return error("%s: %s", c->path, strerror(reading.failed));
	if (reading.failed || changed_since(c->fd, &c->st))
		return refuse_changed(c->path);
	return 0;
}

int contents_confirm(const struct contents *c)
{
	return c->data && !c->copy && changed_since(c->fd, &c->st) ? refuse_changed(c->path) : 0;
}

int contents_load(struct contents *c, const char *path)
{
	if (contents_open(c, path, CONTENTS_KEPT))
		return -1;
	contents_want(c, 0, c->size);
	if (!contents_read(c, NULL))
		return 0;
	contents_close(c);
	return -1;
}

void contents_close(struct contents *c)
{
	if (c->data && !c->copy) {
		/* Takes the time of it, but unlike munmap(2) lets other threads touch new memory.
		 */
		madvise((void *)(uintptr_t)c->data, c->size, MADV_DONTNEED);
		munmap((void *)(uintptr_t)c->data, c->size);
	}
	if (c->fd >= 0)
		close(c->fd);
	free(c->copy);
	free(c->blocks);
	*c = (struct contents){.fd = -1};
}
