/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.h - the one hash of the tool
 *
 * A header of its own because records.c, which is below checksum.c, hashes too.
 */
#ifndef OBJTOOL_HASH_H
#define OBJTOOL_HASH_H

#include <objtool/util.h>

/* XXH3_64bits of @len bytes at @data, seed 0 (xxHash specification 0.2.0). */
u64 hash_bytes(const void *data, size_t len);

#endif
