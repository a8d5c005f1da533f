/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hash.h - the one hash of the tool
 *
 * The only module that uses xxHash. Its file for wide vectors is compiled with -mavx2.
 */
#ifndef OBJTOOL_HASH_H
#define OBJTOOL_HASH_H

#include <objtool/util.h>

/* XXH3_64bits of @len bytes at @data, seed 0 (xxHash specification 0.2.0). */
u64 hash_bytes(const void *data, size_t len);

/* For hash.c alone, where the CPU has AVX2. */
u64 hash_bytes_avx2(const void *data, size_t len);

#endif
