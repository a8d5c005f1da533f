// SPDX-License-Identifier: GPL-2.0-or-later
/* contents.c - the bytes of an input file, read or mapped */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <objtool/contents.h>
#include <objtool/log.h>
#include <objtool/mem.h>
#include <objtool/stamp.h>

/* Files up to this size are read: copying them is no more work than faulting in their pages. */
#define READ_MOST (1U << 20) /* bytes */

/* How often a file is read again that changes meanwhile. */
#define TRIES 3

static bool changed_since(int fd, const struct stat *before)
{
	struct stat now;

	return fstat(fd, &now) || !stamp_same(before, &now);
}

/* Read it all. Returns 1 if the file changed meanwhile, -1 with errno set. */
static int read_all(struct contents *c, int fd)
{
	size_t done = 0;

	while (done < c->size) {
		ssize_t n = pread(fd, c->data + done, c->size - done, (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			return 1;
		done += (size_t)n;
	}
	return changed_since(fd, &c->st);
}

static int read_file(struct contents *c, int fd, const char *path)
{
	int ret = 1;

	for (int i = 0; ret > 0 && i < TRIES; i++) {
		if (fstat(fd, &c->st))
			return error("%s: %s", path, strerror(errno));
		c->size = (size_t)c->st.st_size;
		c->data = c->size ? xreallocarray(c->data, c->size, 1) : c->data;
		ret = read_all(c, fd);
	}
	if (ret < 0)
		return error("%s: %s", path, strerror(errno));
	if (ret)
		return error("%s: changes while it is read: is it being built?", path);
	return 0;
}

static int map_file(struct contents *c, int fd, const char *path)
{
	void *map = mmap(NULL, c->size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return error("%s: cannot map it: %s", path, strerror(errno));
	c->data = map;
	c->fd = fd;
	return 0;
}

int contents_open(struct contents *c, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), ret;

	*c = (struct contents){.fd = -1};
	if (fd < 0)
		return error("%s: %s", path, strerror(errno));
	if (fstat(fd, &c->st)) {
		ret = error("%s: %s", path, strerror(errno));
	} else if (S_ISDIR(c->st.st_mode)) {
		ret = error("%s: this is a directory, not an object", path);
	} else if (!S_ISREG(c->st.st_mode)) {
		ret = error("%s: not a regular file", path);
	} else {
		c->size = (size_t)c->st.st_size;
		ret = c->size <= READ_MOST ? read_file(c, fd, path) : map_file(c, fd, path);
	}
	if (c->fd < 0)
		close(fd);
	if (ret)
		contents_close(c);
	return ret;
}

bool contents_changed(const struct contents *c)
{
	return c->fd >= 0 && changed_since(c->fd, &c->st);
}

void contents_close(struct contents *c)
{
	if (c->fd >= 0) {
		munmap(c->data, c->size);
		close(c->fd);
	} else {
		free(c->data);
	}
	*c = (struct contents){.fd = -1};
}

/* Only system calls. Which mapping it was needs not be known: what this program maps are inputs. */
static void replace_page(int sig, siginfo_t *info, void *context)
{
	static const char msg[] = "objtool: error: a file in use was truncated\n";
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	u8 *page = (u8 *)info->si_addr - (uintptr_t)info->si_addr % size;
	ssize_t ignored;

	(void)sig;
	(void)context;
	if (info->si_code == BUS_ADRERR &&
	    mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != MAP_FAILED)
		return;
	ignored = write(STDERR_FILENO, msg, sizeof(msg) - 1);
	(void)ignored;
	_exit(2);
}

void contents_catch_truncation(void)
{
	struct sigaction action = {.sa_sigaction = replace_page, .sa_flags = SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}
