/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kbuild.h - how Kbuild made an object, from the .foo.o.cmd it left beside it
 *
 * Such a file begins with the command, on one line ("savedcmd_" from 6.4 on):
 *
 *     cmd_fs/xfs/xfs.o := ld -m elf_x86_64 -r -o fs/xfs/xfs.o @fs/xfs/xfs.mod
 *
 * and for what is compiled or assembled goes on with the source and a list of
 * headers (scripts/basic/fixdep.c of 4.x to 7.x):
 *
 *     source_kernel/fork.o := kernel/fork.c
 */
#ifndef OBJTOOL_KBUILD_H
#define OBJTOOL_KBUILD_H

#include <objtool/util.h>

struct kbuild {
	bool source; /* made from a source file, not from other objects */
	bool kernel; /* for the kernel or a module, not for a program of the build host */
	char *text;  /* unless .source, the command, for kbuild_parts(); malloc'ed */
};

/*
 * Read the .cmd file at @path. Returns 0; 1 if it is gone or is none; -1 with errno set if it
 * cannot be read. No message.
 */
int kbuild_read(struct kbuild *kb, const char *path);

void kbuild_free(struct kbuild *kb);

/*
 * Call @fn(@ctx, path) for each object that the one at @object, whose command
 * this is, was made from; those that the command names as @foo.mod too. Paths
 * begin as @object does, and may have ".." in them. Returns 0, or -1 with errno set if such a
 * list cannot be read; one that is gone names none. No message.
 */
int kbuild_parts(const struct kbuild *kb, const char *object,
		 void (*fn)(void *ctx, const char *path), void *ctx);

#endif
