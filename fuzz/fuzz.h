/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is fuzz/fuzz-NAME.c, which defines fuzz_one(); harness.c puts what holds for all around
 * it. One program for each target and engine: libFuzzer, AFL++ (its driver takes
 * libFuzzer's targets), or replay.c, which needs neither and runs files once.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <objtool/util.h>

/* Run the code under test on hostile bytes. Aborts if something that must hold does not. */
void fuzz_one(const u8 *data, size_t size);

/* So much memory it may take for the smallest input, in bytes. */
extern const size_t fuzz_floor;

/* What libFuzzer, AFL++'s driver and replay.c call. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* How many messages were there so far about this input, of a kind (how they begin)? */
#define FUZZ_ERRORS "objtool: error: "
#define FUZZ_ALL    "objtool: "
size_t fuzz_said(const char *kind);

/*
 * Damage the ELF object of @size bytes at @data, of room for @max, field by field: headers,
 * section table, symbols, relocations, contents, strings; the same for the same @seed. Returns the
 * new size, 0 if it is no ELF object.
 */
size_t mutate_elf(u8 *data, size_t size, size_t max, u64 seed);

/* The same, or if it is none, some bytes of it. */
size_t mutate_any(u8 *data, size_t size, size_t max, u64 seed);

/* End with a message if @good does not hold; not compiled out, unlike assert(). */
#define REQUIRE(good)                                                                      \
	do {                                                                               \
		if (!(good)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #good); \
			abort();                                                           \
		}                                                                          \
	} while (0)

#endif
