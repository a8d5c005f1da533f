/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - files that are either whole or as they were
 *
 * What is written goes to a file without a name, or where the filesystem has
 * none, to a temporary one beside it, which is then renamed. A file that has
 * these bytes already stays, with its inode and permissions, and gets the present time.
 */
#ifndef OBJTOOL_FILE_H
#define OBJTOOL_FILE_H

#include <objtool/util.h>

/*
 * Make @parts, one behind the other, the content of the file at @path. A
 * symbolic link is followed, a device or pipe is written to. Returns 0, or -1
 * with errno set and no message.
 */
int file_write(const char *path, const struct span *parts, size_t nr);

/* True if @name, without directories, is that of a temporary file. */
bool file_is_temporary(const char *name);

/*
 * Remove the temporary file at @path if who made it is gone: killed, in the
 * moment between two system calls in which it has that name. Not if it is
 * younger than a minute: another machine may be writing to this directory.
 */
void file_remove_stale(const char *path);

#endif
