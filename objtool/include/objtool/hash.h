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

/*
 * Where a table of @cap places, a power of two up to 2^32, has what hashes to @hash. Who makes an
 * object can choose names and places that all hash to a few numbers, for those whom a
 * table with 100,000 things in one place keeps busy for minutes; but not with @key, from
 * table_key(), which is another in each process. Nothing but time depends on it.
 */
static inline u32 table_slot(u64 hash, u64 key, u32 cap)
{
	return (u32)((hash * key >> 32) * cap >> 32);
}

u64 table_key(void);

/* For hash.c alone, where the CPU has AVX2. */
u64 hash_bytes_avx2(const void *data, size_t len);

#endif
