// SPDX-License-Identifier: GPL-2.0-or-later
/* file.c - files that are either whole or as they were */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <objtool/file.h>
#include <objtool/mem.h>

/* A temporary file's name: of which process, and its how many-th. */
#define TEMP_PREFIX ".objtool-"
#define TEMP_SUFFIX ".tmp"

/* Temporary files have a name for as long as two system calls take; this many seconds are enough.
 */
#define STALE_AFTER 60

struct content {
	const struct span *parts;
	size_t nr;
};

/* Take @n bytes that were written off the front of @left. */
static void skip_written(struct iovec *left, size_t nr, size_t n)
{
	for (size_t i = 0; i < nr && n; i++) {
		size_t done = n < left[i].iov_len ? n : left[i].iov_len;

		left[i].iov_base = (u8 *)left[i].iov_base + done;
		left[i].iov_len -= done;
		n -= done;
	}
}

/* One call for all parts, nearly always: of a small file it costs more than all its bytes. */
static int write_parts(int fd, const struct content *content)
{
	struct iovec *left = xcalloc(content->nr, sizeof(*left));
	size_t bytes = 0;
	int ret = 0;

	for (size_t i = 0; i < content->nr; i++) {
		/* writev(2) only reads what it is given. */
		left[i].iov_base = (void *)(uintptr_t)content->parts[i].data;
		left[i].iov_len = content->parts[i].size;
		bytes += left[i].iov_len;
	}
	while (!ret && bytes) {
		ssize_t n = writev(fd, left, (int)content->nr);

		if (n >= 0) {
			skip_written(left, content->nr, (size_t)n);
			bytes -= (size_t)n;
		} else if (errno != EINTR) {
			ret = -1;
		}
	}
	free(left);
	return ret;
}

/* Close without losing the errno of what went wrong before. */
static int close_keep(int fd, int ret)
{
	int before = errno;

	if (close(fd) && !ret)
		return -1;
	errno = before;
	return ret;
}

/* "-o /dev/stdout", a named pipe, a shell's >(...): there is nothing to rename to. */
static int write_through(const struct content *content, const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -1 : close_keep(fd, write_parts(fd, content));
}

/* The directory part of a path, its slash included; it may be empty. */
static int dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash + 1 - path) : 0;
}

/*
 * A file without a name vanishes with us, even at SIGKILL. Not every
 * filesystem has them (NFS has not).
 */
static int open_unnamed(const char *path)
{
	char *dir;
	int fd;

	dir = xasprintf("%.*s.", dir_len(path), path);
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	free(dir);
	return fd;
}

/*
 * Give unnamed file @fd the name @path, which nothing has. Before Linux 6.10 only root may do so
 * by the descriptor: the others by its name in /proc, which takes ten times as long.
 */
static int name_unnamed(int fd, const char *path)
{
	int ret = linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH);
	char *self;

	if (!ret || errno != ENOENT)
		return ret;
	self = xasprintf("/proc/self/fd/%d", fd);
	ret = linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
	free(self);
	return ret;
}

/*
 * Write a file where there is none: it gets its name when it is whole, so that there is nothing
 * to rename and nothing to clean up. Returns false if that cannot be done here.
 */
static bool write_new(const struct content *content, const char *path)
{
	int fd = open_unnamed(path);
	bool done = fd >= 0 && !write_parts(fd, content) && !name_unnamed(fd, path);

	if (fd >= 0)
		close(fd);
	return done;
}

/*
 * Find a free name beside @path: for the unnamed file @fd, or if that is -1,
 * for a new one. A name of its own, not @path's with a suffix, which could
 * grow over NAME_MAX. Returns the name and sets *@fd, or NULL.
 */
static char *name_temp(const char *path, int *fd)
{
	char *name = NULL;
	bool unnamed = *fd >= 0;
	int ret = -1;

	for (unsigned int i = 0; i < 1000 && ret < 0 && (!i || errno == EEXIST); i++) {
		free(name);
		name = xasprintf("%.*s" TEMP_PREFIX "%ld-%u" TEMP_SUFFIX, dir_len(path), path,
				 (long)getpid(), i);
		if (unnamed)
			ret = name_unnamed(*fd, name);
		else
			ret = *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	if (ret >= 0)
		return name;
	free(name);
	return NULL;
}

/*
 * Replace the file at @path. Signals that end the process wait while a name of
 * ours is in the directory: for two system calls, or for the whole write where
 * there are no unnamed files. Threads that run beside this one must have them
 * blocked, or they take the signal in our place.
 */
static int write_renamed(const struct content *content, const char *path)
{
	int fd = open_unnamed(path), ret = 0, failed;
	bool unnamed = fd >= 0;
	sigset_t fatal, before;
	char *temp = NULL;

	if (unnamed)
		ret = write_parts(fd, content);
	sigemptyset(&fatal);
	sigaddset(&fatal, SIGHUP);
	sigaddset(&fatal, SIGINT);
	sigaddset(&fatal, SIGQUIT);
	sigaddset(&fatal, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &fatal, &before);
	if (!ret)
		temp = name_temp(path, &fd);
	if (!ret && !temp && unnamed) { /* it stays without: this takes /proc */
		close(fd);
		fd = -1;
		unnamed = false;
		temp = name_temp(path, &fd);
	}
	if (!temp)
		ret = -1;
	else if (!unnamed)
		ret = write_parts(fd, content);
	if (fd >= 0)
		ret = close_keep(fd, ret);
	if (!ret)
		ret = rename(temp, path);
	failed = errno;
	if (ret && temp)
		unlink(temp);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(temp);
	errno = failed;
	return ret;
}

/* True if the file @fd begins with @part at *@at, which moves behind it. */
static bool has_part(int fd, const struct span *part, off_t *at)
{
	u8 bytes[4096];
	size_t done = 0;

	while (done < part->size) {
		size_t left = part->size - done;
		ssize_t n = pread(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes), *at);

		if (n <= 0 || memcmp(bytes, part->data + done, (size_t)n) != 0)
			return false;
		done += (size_t)n;
		*at += n;
	}
	return true;
}

static bool has_content(int fd, const struct content *content)
{
	size_t i = 0;
	off_t at = 0;

	while (i < content->nr && has_part(fd, &content->parts[i], &at))
		i++;
	return i == content->nr;
}

/*
 * Nearly always a rebuilt object has the checksums it had. If its file would become what it is,
 * only its time is set, so that for make(1) it was written: on ext4, a rename over a file waits
 * until what replaces it is on its way to the disk, which takes longer than to checksum a small
 * object. Not if it has other names, or another owner, which writing it would take from it.
 * Returns false if it is to be written.
 */
static bool keep_same(const struct content *content, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t bytes = 0;
	struct stat st;
	bool same;

	if (fd < 0)
		return false;
	for (size_t i = 0; i < content->nr; i++)
		bytes += content->parts[i].size;
	same = !fstat(fd, &st) && S_ISREG(st.st_mode) && (size_t)st.st_size == bytes &&
	       st.st_nlink == 1 && st.st_uid == geteuid() && has_content(fd, content) &&
	       !futimens(fd, NULL);
	close(fd);
	return same;
}

int file_write(const char *path, const struct span *parts, size_t nr)
{
	struct content content = {parts, nr};
	bool exists, link;
	struct stat st;
	char *target;
	int ret;

	exists = !lstat(path, &st);
	if (!exists && write_new(&content, path))
		return 0;
	link = exists && S_ISLNK(st.st_mode);
	if (link)
		exists = !stat(path, &st);
	if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_through(&content, path);
	if (exists && keep_same(&content, path))
		return 0;
	/* Renaming over a symbolic link would replace the link. */
	target = link ? realpath(path, NULL) : NULL;
	ret = write_renamed(&content, target ? target : path);
	free(target);
	return ret;
}

bool file_is_temporary(const char *name)
{
	return str_starts(name, TEMP_PREFIX) && str_ends(name, TEMP_SUFFIX);
}

void file_remove_stale(const char *path)
{
	long pid = strtol(path + dir_len(path) + strlen(TEMP_PREFIX), NULL, 10);
	struct stat st;

	if (pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH && !lstat(path, &st) &&
	    S_ISREG(st.st_mode) && time(NULL) - st.st_ctime > STALE_AFTER)
		unlink(path);
}
