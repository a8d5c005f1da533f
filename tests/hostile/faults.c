// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * faults.c - preloaded: has one call of the C library fail, or does something beside it
 *
 * FAULT is "WHAT:N": the N-th call of WHAT, over all threads, fails with an
 * errno that it can have. WHAT is one of the groups of calls below, or
 *
 *	truncate	a large file is cut to half just before it is read for the N-th time
 *	rewrite		the same, but all of it is overwritten in place
 *	lease		no lease is granted
 *	lost		a lease is said to be granted, and the N-th mapped file is written to after
 *that later		no call fails, and the clock is two minutes on
 *	kill		the process is killed at its N-th call of any group
 *
 * That it came to that, it says by removing the file FAULT_MARK.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t nr, size_t size);
extern void *__libc_realloc(void *p, size_t size);

static struct {
	char what[16];
	long at; /* 0: not yet read, -1: no fault */
	atomic_long calls;
} fault;

__attribute__((constructor)) static void read_fault(void)
{
	const char *env = getenv("FAULT"), *colon = env ? strchr(env, ':') : NULL;

	if (!colon || (size_t)(colon - env) >= sizeof(fault.what))
		return;
	memcpy(fault.what, env, (size_t)(colon - env));
	fault.at = strtol(colon + 1, NULL, 10);
}

/* True if this call of @what is the one. */
static int is_due(const char *what)
{
	if (fault.at <= 0 || (strcmp(fault.what, what) != 0 && strcmp(fault.what, "kill") != 0) ||
	    atomic_fetch_add(&fault.calls, 1) + 1 != fault.at)
		return 0;
	syscall(SYS_unlinkat, AT_FDCWD, getenv("FAULT_MARK"), 0);
	if (!strcmp(fault.what, "kill"))
		kill(getpid(), SIGKILL);
	return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void *malloc(size_t size)
{
	if (is_due("alloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	if (is_due("alloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_calloc(nr, size);
}

void *realloc(void *p, size_t size)
{
	if (is_due("alloc")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_realloc(p, size);
}

void *reallocarray(void *p, size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

/* A call of group @what that returns -1 and @error when it is due. */
#define CALL(what, error, type, name, parameters, arguments) \
	type name parameters                                 \
	{                                                    \
		if (is_due(what)) {                          \
			errno = error;                       \
			return (type)-1;                     \
		}                                            \
		return REAL(name) arguments;                 \
	}

CALL("read", EIO, ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))
CALL("write", ENOSPC, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n))
CALL("write", ENOSPC, ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
CALL("rename", EPERM, int, futimens, (int fd, const struct timespec times[2]), (fd, times))
CALL("rename", EIO, int, rename, (const char *from, const char *to), (from, to))
CALL("rename", EMLINK, int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags))
CALL("stat", EIO, int, stat, (const char *path, struct stat *st), (path, st))
CALL("stat", EIO, int, lstat, (const char *path, struct stat *st), (path, st))
CALL("stat", EIO, int, fstat, (int fd, struct stat *st), (fd, st))
CALL("stat", EACCES, int, access, (const char *path, int mode), (path, mode))
CALL("rename", EIO, int, unlink, (const char *path), (path))
CALL("rename", ENOSPC, int, mkdir, (const char *path, mode_t mode), (path, mode))

int close(int fd)
{
	int ret = REAL(close)(fd);

	/* What was written may turn out to be lost only now. */
	if (is_due("close")) {
		errno = EIO;
		return -1;
	}
	return ret;
}

int open(const char *path, int flags, ...)
{
	if (is_due("open")) {
		errno = EMFILE;
		return -1;
	}
	/* A mode is the third argument, if there is one; else it is not looked at. */
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0666);
}

DIR *opendir(const char *path)
{
	if (is_due("open")) {
		errno = EMFILE;
		return NULL;
	}
	return REAL(opendir)(path);
}

struct dirent *readdir(DIR *d)
{
	if (is_due("read")) {
		errno = EIO;
		return NULL;
	}
	return REAL(readdir)(d);
}

/* Overwrite a file with what it holds, but for one bit of each byte. */
static void rewrite(const char *path, off_t size)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR);
	char bytes[4096];

	for (off_t at = 0; at < size; at += (off_t)sizeof(bytes)) {
		ssize_t n = REAL(pread)(fd, bytes, sizeof(bytes), at);

		for (ssize_t i = 0; i < n; i++)
			bytes[i] ^= 16;
		if (n <= 0 || pwrite(fd, bytes, (size_t)n, at) != n)
			abort();
	}
	syscall(SYS_close, fd);
}

/* Do what FAULT says to a large file that is about to be read. */
static void change_file(int fd)
{
	struct stat st;
	char path[64];

	if (syscall(SYS_fstat, fd, &st) || st.st_size <= 1 << 20)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (is_due("rewrite"))
		rewrite(path, st.st_size);
	if (is_due("truncate") && truncate(path, st.st_size / 2))
		abort();
}

static int changes_files(void)
{
	return fault.at > 0 && (!strcmp(fault.what, "rewrite") || !strcmp(fault.what, "truncate"));
}

/* A file that is changed while it is read is one that no lease was granted on. */
int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (cmd == F_SETLEASE && (changes_files() || is_due("lease"))) {
		errno = EAGAIN;
		return -1;
	}
	if (cmd == F_SETLEASE && !strcmp(fault.what, "lost"))
		return 0;
	return REAL(fcntl)(fd, cmd, arg);
}

/* What is written is what is there: only the times of the file tell. */
void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t off)
{
	void *map = (void *)syscall(SYS_mmap, at, size, prot, flags, fd, off);
	char path[64];
	int out;

	if (fd < 0 || map == MAP_FAILED || strcmp(fault.what, "lost") != 0 || !is_due("lost"))
		return map;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	out = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY);
	if (out < 0 || pwrite(out, map, 1, 0) != 1)
		abort();
	syscall(SYS_close, out);
	return map;
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
	if (is_due("read")) {
		errno = EIO;
		return -1;
	}
	if (changes_files())
		change_file(fd);
	return REAL(pread)(fd, p, n, at);
}

time_t time(time_t *p)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (is_due("later"))
		now.tv_sec += 120;
	if (p)
		*p = now.tv_sec;
	return now.tv_sec;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	if (is_due("thread"))
		return EAGAIN;
	return REAL(pthread_create)(thread, attr, fn, arg);
}
