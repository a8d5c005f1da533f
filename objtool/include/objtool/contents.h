/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contents.h - the bytes of an input file, which may change while they are used
 *
 * Builds go on beside this program: the kernel's own objtool rewrites objects
 * in place, and compilers truncate them first. A small file, as nearly all
 * are, is read, and nothing that is done to it later matters. A large one is
 * mapped: contents_changed() says afterwards whether what was made of it counts.
 */
#ifndef OBJTOOL_CONTENTS_H
#define OBJTOOL_CONTENTS_H

#include <sys/stat.h>
#include <objtool/util.h>

struct contents {
	u8 *data; /* aligned as malloc() does; NULL if the file is empty */
	size_t size;
	int fd;		/* of a file that is mapped, else -1 */
	struct stat st; /* as it was opened */
};

/*
 * Open a regular file for reading. Never waits, as opening a FIFO would.
 * Returns 0, or -1 after a message that names @path.
 */
int contents_open(struct contents *c, const char *path);

/* True if the file is no more what it was when it was opened, and its bytes are not known. */
bool contents_changed(const struct contents *c);

void contents_close(struct contents *c);

/*
 * Make pages of zeros of those that a mapped file loses when it is truncated,
 * instead of ending with SIGBUS: contents_changed() tells. For main().
 */
void contents_catch_truncation(void);

#endif
