// SPDX-License-Identifier: GPL-2.0-or-later
/* hash.c - the one hash of the tool */
#define XXH_INLINE_ALL
#include <string.h>
#include <sys/auxv.h>
#include <xxhash.h>
#include <objtool/hash.h>

/*
 * The C library has asked the CPU what it can. To ask again, as __builtin_cpu_supports() does,
 * takes 40 us in a virtual machine: more than there is to win for a small object.
 */
#if defined(__x86_64__) && __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#define HAVE_AVX2 CPU_FEATURE_ACTIVE(AVX2)
#else
#define HAVE_AVX2 0
#endif

/* Up to this many bytes XXH3 has ways of its own, to which wide vectors are of no use. */
#define SHORT 240

u64 hash_bytes(const void *data, size_t len)
{
	if (len > SHORT && HAVE_AVX2)
		return hash_bytes_avx2(data, len);
	return XXH3_64bits(data, len);
}

/* The kernel gives each process 16 random bytes. */
u64 table_key(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	u64 key = 0;

	if (random)
		memcpy(&key, random, sizeof(key));
	return key | 1;
}
