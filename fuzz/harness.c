// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * harness.c - around every fuzz target: messages are kept, memory is measured
 *
 * What is read may cost FACTOR times its size, and what its target says, since
 * arenas and buffers begin with some pages, and decompression with a window.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <objtool/log.h>
#include "fuzz.h"

#define FACTOR 4U

#if defined(__SANITIZE_ADDRESS__)
#define MEASURED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEASURED 1
#endif
#endif

#ifdef MEASURED
/* Of <sanitizer/allocator_interface.h>, which gcc does not install. */
extern size_t __sanitizer_get_current_allocated_bytes(void);
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
								       size_t),
						     void (*on_free)(const volatile void *));

/* The hooks have no argument to say whose they are. */
static atomic_size_t peak;

static void on_malloc(const volatile void *p, size_t size)
{
	size_t now = __sanitizer_get_current_allocated_bytes(), before = atomic_load(&peak);

	(void)p;
	(void)size;
	while (now > before && !atomic_compare_exchange_weak(&peak, &before, now))
		;
}

static void on_free(const volatile void *p)
{
	(void)p;
}

__attribute__((constructor)) static void install(void)
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

static size_t measure_begin(void)
{
	size_t now = __sanitizer_get_current_allocated_bytes();

	atomic_store(&peak, now);
	return now;
}

static void measure_end(size_t begin, size_t size)
{
	size_t used = atomic_load(&peak) - begin;

	if (used <= size * FACTOR + fuzz_floor)
		return;
	fprintf(stderr, "%zu bytes of memory for %zu bytes of input\n", used, size);
	abort();
}
#else
static size_t measure_begin(void)
{
	return 0;
}

static void measure_end(size_t begin, size_t size)
{
	(void)begin;
	(void)size;
}
#endif

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct log_text said = {0};
	size_t begin = measure_begin();

	log_keep(&said);
	fuzz_one(data, size);
	log_keep(NULL);
	measure_end(begin, size);
	free(said.text);
	return 0;
}
