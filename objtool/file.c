// SPDX-License-Identifier: GPL-2.0-or-later
/* file.c - files that are either whole or as they were */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <objtool/file.h>
#include <objtool/mem.h>

/* A temporary file's name: of which process, and its how many-th. */
#define TEMP_PREFIX ".objtool-"
#define TEMP_SUFFIX ".tmp"

/* Temporary files have a name for as long as two system calls take; this many seconds are enough. */
#define STALE_AFTER 60

struct content {
	const struct span *parts;
	size_t nr;
};

static int write_part(int fd, struct span part)
{
	for (size_t done = 0; done < part.size;) {
		ssize_t n = write(fd, part.data + done, part.size - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return -1;
	}
	return 0;
}

static int write_parts(int fd, const struct content *content)
{
	for (size_t i = 0; i < content->nr; i++)
		if (write_part(fd, content->parts[i]))
			return -1;
	return 0;
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
 * filesystem has them (NFS has not), and naming one later takes /proc.
 */
static int open_unnamed(const char *path)
{
	char *dir;
	int fd;

	if (access("/proc/self/fd", X_OK))
		return -1;
	dir = xasprintf("%.*s.", dir_len(path), path);
	fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	free(dir);
	return fd;
}

/*
 * Find a free name beside @path: for the unnamed file @fd, or if that is -1,
 * for a new one. A name of its own, not @path's with a suffix, which could
 * grow over NAME_MAX. Returns the name and sets *@fd, or NULL.
 */
static char *name_temp(const char *path, int *fd)
{
	char *self = xasprintf("/proc/self/fd/%d", *fd), *name = NULL;
	bool unnamed = *fd >= 0;
	int ret = -1;

	for (unsigned int i = 0; i < 1000 && ret < 0 && (!i || errno == EEXIST); i++) {
		free(name);
		name = xasprintf("%.*s" TEMP_PREFIX "%ld-%u" TEMP_SUFFIX, dir_len(path), path,
				 (long)getpid(), i);
		if (unnamed)
			ret = linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
		else
			ret = *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	}
	free(self);
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

int file_write(const char *path, const struct span *parts, size_t nr)
{
	struct content content = {parts, nr};
	bool exists, link;
	struct stat st;
	char *target;
	int ret;

	exists = !lstat(path, &st);
	link = exists && S_ISLNK(st.st_mode);
	if (link)
		exists = !stat(path, &st);
	if (exists && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_through(&content, path);
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
