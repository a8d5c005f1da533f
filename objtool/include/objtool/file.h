/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - files that are either whole or as they were
 *
 * What is written goes to a file without a name, or where the filesystem has
 * none, to a temporary one beside it, which is then renamed.
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

#endif
