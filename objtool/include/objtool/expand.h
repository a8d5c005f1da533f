/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expand.h - files compressed with gzip, xz or zstd, as modules are installed
 *
 * The only module that meets zlib, liblzma and libzstd.
 */
#ifndef OBJTOOL_EXPAND_H
#define OBJTOOL_EXPAND_H

#include <objtool/mem.h>

enum compression { COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_XZ, COMPRESSION_ZSTD };

/*
 * Append what @in holds to @out. @path is used in messages. Returns 0, or -1
 * after a message: damaged, truncated, or growing beyond all that a module
 * does (64 MiB, and 256 times its size), before the memory for it is taken.
 */
int expand(const char *path, enum compression how, struct span in, struct buf *out);

#endif
