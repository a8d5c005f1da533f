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
#include <objtool/stamp.h>
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
extern size_t __sanitizer_get_allocated_size(const volatile void *p);
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *,
								       size_t),
						     void (*on_free)(const volatile void *));

/*
 * Bytes that are allocated and not freed since the input began, and the most there were. The hooks
 * have no argument to say whose they are. Counted here, as the sanitizer's own count
 * is summed up over all threads each time it is asked for.
 */
static atomic_llong live, peak;

static void on_malloc(const volatile void *p, size_t size)
{
	long long bytes = (long long)size, before = atomic_load(&peak);
	long long now = atomic_fetch_add(&live, bytes) + bytes;

	(void)p;
	while (now > before && !atomic_compare_exchange_weak(&peak, &before, now))
		;
}

static void on_free(const volatile void *p)
{
	if (p)
		atomic_fetch_sub(&live, (long long)__sanitizer_get_allocated_size(p));
}

__attribute__((constructor)) static void install(void)
{
	__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

static void measure_begin(void)
{
	atomic_store(&live, 0);
	atomic_store(&peak, 0);
}

static void measure_end(size_t size)
{
	long long used = atomic_load(&peak);

	if (used <= (long long)(size * FACTOR + fuzz_floor))
		return;
	fprintf(stderr, "%lld bytes of memory for %zu bytes of input\n", used, size);
	abort();
}
#else
static void measure_begin(void)
{
}

static void measure_end(size_t size)
{
	(void)size;
}
#endif

void __wrap_stamp_settle(const struct stat *object);

/*
 * Linked in place of stamp_settle(), which waits for the next tick of the clock when a file was
 * just written, as every input was: some milliseconds, as long as ten inputs take.
 */
void __wrap_stamp_settle(const struct stat *object)
{
	(void)object;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct log_text said = {0};

	measure_begin();
	log_keep(&said);
	fuzz_one(data, size);
	log_keep(NULL);
	measure_end(size);
	free(said.text);
	return 0;
}

size_t fuzz_said(const char *kind)
{
	struct log_text *said = log_keep(NULL);
	const char *p = said->text, *end = p ? p + said->len : NULL;
	size_t nr = 0;

	for (; p < end; p = (const char *)memchr(p, '\n', (size_t)(end - p)) + 1)
		nr += !strncmp(p, kind, strlen(kind));
	log_keep(said);
	return nr;
}
