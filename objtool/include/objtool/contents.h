/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents.h - the bytes of an input file, which may change while they are used
 *
 * Builds go on beside this program: the kernel's own objtool rewrites objects
 * in place, and compilers truncate them first. What has been checked in a
 * mapping, as that an offset is within a section or that a name ends, need not be so
 * a moment later. So each byte is read once, to memory of our own, and
 * contents_read() says whether the file was changed meanwhile.
 *
 * A small file, as nearly all are, is read as it is opened. Of a large one only
 * what is wanted is: a vmlinux.o with debug information is five times one
 * without, and nobody looks at it here.
 *
 * Memory for a copy costs more than copying, and half as much as all the rest that is
 * done for a vmlinux.o. A large file that will be closed soon is mapped where it
 * cannot change: under a lease (fcntl(2), F_SETLEASE), which is granted if nobody has the file
 * open for writing, and lets who opens it for that, or truncates it, wait until it is closed.
 * So is a smaller one, if no file before it left memory for the copy.
 */
#ifndef OBJTOOL_CONTENTS_H
#define OBJTOOL_CONTENTS_H

#include <sys/stat.h>
#include <objtool/pool.h>

/* What a file is opened for. */
enum contents_use {
	CONTENTS_KEPT,	/* for as long as somebody looks at it, as a pager's reader does */
	CONTENTS_BRIEF, /* to be closed within a second or two, without waiting for anybody until
			   then: others may wait for us */
	CONTENTS_ALONE, /* the same, of the one file that this process has to do with */
};

struct contents {
	const u8 *data; /* aligned as malloc() does; a place even if the file is empty. Zeros where
			 * not read
			 */
	u8 *copy;	/* the same, which is the caller's to change; NULL if the file is mapped */
	size_t size;
	const char *path;
	u8 *blocks;	/* of a large file, what is to be read of it; private to contents.c */
	size_t wanted;	/* how many of them are not read yet */
	int fd;		/* of a file that is mapped, or read in parts; else -1 */
	struct stat st; /* as it was opened */
};

/*
 * Open a regular file for reading. Never waits, as opening a FIFO would. @path must outlive @c.
 * Returns 0, or -1 after a message that names @path.
 */
int contents_open(struct contents *c, const char *path, enum contents_use use);

/* Have contents_read() read the part of [@off, @off + @len) that lies in the file. */
void contents_want(struct contents *c, u64 off, u64 len);

/*
 * Read what is wanted and was not read before, by @pool. Returns 0, or -1
 * after a message: the file cannot be read, or is no more what it was when it was opened.
 */
int contents_read(struct contents *c, struct pool *pool);

/* Open a file and read all of it: .copy is what it holds. */
int contents_load(struct contents *c, const char *path);

/*
 * Of a mapped file: was the lease kept? Who waits for its end does so for 45 seconds (proc(5),
 * lease-break-time), and goes on if this process was stopped for so long. To be asked when all has
 * been made of the contents. Returns 0, or -1 after a message.
 */
int contents_confirm(const struct contents *c);

void contents_close(struct contents *c);

#endif
