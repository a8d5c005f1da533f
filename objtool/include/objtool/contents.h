/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents.h - the bytes of an input file, which may change while they are used
 *
 * Builds go on beside this program: the kernel's own objtool rewrites objects
 * in place, and compilers truncate them first. So nothing is mapped: what has
 * been checked in a mapping, as that an offset is within a section or that a
 * name ends, need not be so a moment later. Each byte is read once, to memory of
 * our own, and contents_read() says whether the file was changed meanwhile.
 *
 * A small file, as nearly all are, is read as it is opened. Of a large one only
 * what is wanted is: a vmlinux.o with debug information is five times one
 * without, and nobody looks at it here.
 */
#ifndef OBJTOOL_CONTENTS_H
#define OBJTOOL_CONTENTS_H

#include <sys/stat.h>
#include <objtool/util.h>

struct contents {
	u8 *data; /* aligned as malloc() does; NULL if the file is empty. Zeros where not read */
	size_t size;
	const char *path;
	u8 *blocks;	/* of a large file, what is to be read of it; private to contents.c */
	size_t wanted;	/* how many of them are not read yet */
	int fd;		/* of a large file, else -1 */
	struct stat st; /* as it was opened */
};

/*
 * Open a regular file for reading. Never waits, as opening a FIFO would. @path must outlive @c.
 * Returns 0, or -1 after a message that names @path.
 */
int contents_open(struct contents *c, const char *path);

/* Have contents_read() read the part of [@off, @off + @len) that lies in the file. */
void contents_want(struct contents *c, u64 off, u64 len);

/*
 * Read what is wanted and was not read before, by up to @workers threads. Returns 0, or -1
 * after a message: the file cannot be read, or is no more what it was when it was opened.
 */
int contents_read(struct contents *c, unsigned int workers);

/* Open a file and read all of it. */
int contents_load(struct contents *c, const char *path);

void contents_close(struct contents *c);

#endif
