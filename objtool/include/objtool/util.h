/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * util.h - the few words every file uses
 *
 * The bottom layer: fixed-width types, array sizes and overflow-safe range
 * tests. Knows nothing of ELF, x86 or checksums.
 */
#ifndef OBJTOOL_UTIL_H
#define OBJTOOL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes somebody else owns. */
struct span {
	const u8 *data;
	size_t size; /* bytes */
};

/* True if the bytes are those of @word. */
static inline bool span_is(struct span s, const char *word)
{
	return s.size == strlen(word) && !memcmp(s.data, word, s.size);
}

/* True if [@off, @off + @len) lies within @size bytes; never wraps. */
static inline bool range_ok(u64 size, u64 off, u64 len)
{
	return off <= size && len <= size - off;
}

/* @a + @b, wrapping: an addend read from a file may be anything. */
static inline s64 add_wrap(s64 a, s64 b)
{
	return (s64)((u64)a + (u64)b);
}

/*
 * For functions that only ask for memory that is needed soon: they have no effect that gcc knows,
 * and would not be called.
 */
#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Most strings differ from most prefixes in the first byte or two: less than a call takes. */
static inline bool str_starts(const char *s, const char *prefix)
{
	while (*prefix && *s == *prefix) {
		s++;
		prefix++;
	}
	return !*prefix;
}

/* True if @s is @pattern, or begins with what is before a "*" in it. */
static inline bool str_matches(const char *s, const char *pattern)
{
	while (*pattern && *pattern != '*' && *s == *pattern) {
		s++;
		pattern++;
	}
	return *pattern == '*' || *pattern == *s;
}

static inline bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

/* Little-endian loads from bytes of any alignment. */
static inline u16 get_u16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}

static inline u32 get_u32(const u8 *p)
{
	return (u32)p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static inline s32 get_s32(const u8 *p)
{
	return (s32)get_u32(p);
}

static inline u64 get_u64(const u8 *p)
{
	return (u64)get_u32(p) | (u64)get_u32(p + 4) << 32;
}

/* The same for stores. */
static inline void put_u32(u8 *p, u32 v)
{
	p[0] = (u8)v;
	p[1] = (u8)(v >> 8);
	p[2] = (u8)(v >> 16);
	p[3] = (u8)(v >> 24);
}

static inline void put_u64(u8 *p, u64 v)
{
	put_u32(p, (u32)v);
	put_u32(p + 4, (u32)(v >> 32));
}

#endif
