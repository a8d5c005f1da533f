// SPDX-License-Identifier: GPL-2.0-or-later
/* mem.c - allocation that cannot fail, arenas, growable buffers */
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <objtool/log.h>
#include <objtool/mem.h>

/* Blocks double up to this, so that a small object costs one page or two. */
#define ARENA_FIRST   16384
#define ARENA_LARGEST (8U << 20)

/* Of at least this size, a block is one from the system, zeroed: what is not used costs nothing. */
#define ARENA_FRESH (128U << 10)

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	bool zeroed; /* else what is handed out must be: all of it would be pages never used */
	bool mapped; /* of its own, not malloc(3)'s */
	_Alignas(16) u8 data[];
};

static void *must(void *p)
{
	if (!p) {
		log_keep(NULL); /* nobody will print it later */
		error("out of memory");
		_Exit(2);
	}
	return p;
}

/*
 * Large memory in large pages, where the system has them for who asks: of a kernel's 70 MB
 * each 4 KiB would else be a page fault of its own, a tenth of the whole run. A huge page must
 * not have been touched before it is asked for, and one that is only touched in part costs
 * memory, hence the lower bound. Linux (6.7) begins a mapping where a huge page does if it is
 * of whole ones.
 */
#define HUGE_PAGE ((size_t)2 << 20)
#define LARGE	  (2 * HUGE_PAGE)

static void *advise(void *p, size_t bytes)
{
	uintptr_t start = ((uintptr_t)p + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)p + bytes) & ~(HUGE_PAGE - 1);

	if (bytes >= LARGE && start < end)
		madvise((void *)start, end - start, MADV_HUGEPAGE);
	return p;
}

/* In bytes, of an array. */
static size_t array_bytes(size_t nr, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(nr, size, &bytes) || bytes > SIZE_MAX / 2)
		must(NULL);
	return bytes ? bytes : 1;
}

static size_t whole_pages(size_t bytes)
{
	return bytes < LARGE ? bytes : (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

void *xcalloc(size_t nr, size_t size)
{
	size_t bytes = array_bytes(nr, size);

	return advise(must(calloc(bytes, 1)), bytes);
}

void *xreallocarray(void *p, size_t nr, size_t size)
{
	size_t bytes = whole_pages(array_bytes(nr, size));

	/* What malloc(3) keeps in front of it is in another huge page, then. */
	if (!p && bytes >= LARGE)
		p = aligned_alloc(HUGE_PAGE, bytes);
	else
		p = realloc(p, bytes);
	return advise(must(p), bytes);
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
}

char *xconcat(const char *a, const char *b)
{
	size_t len = strlen(a);
	char *s = xreallocarray(NULL, len + strlen(b) + 1, 1);

	strcpy(mempcpy(s, a, len), b);
	return s;
}

FILE *xopen_memstream(char **text, size_t *len)
{
	return must(open_memstream(text, len));
}

void xclose_memstream(FILE *out, char **text)
{
	bool bad = ferror(out);

	/* glibc's says nothing when it cannot cut the text to its length, and gives none. */
	if (fclose(out) || bad)
		*text = NULL;
	must(*text);
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	return must(s);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}

void mem_reuse(void)
{
	/* Of glibc; elsewhere this is only slower. Very large memory is mapped as before. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

/* Directly from the system: malloc(3) would touch it first, or would not know it to be zeroed. */
static void *map_large(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return advise(must(p == MAP_FAILED ? NULL : p), bytes);
}

static void add_block(struct arena *a, size_t room)
{
	size_t bytes = whole_pages(array_bytes(1, sizeof(struct arena_block) + room));
	bool mapped = bytes >= LARGE, fresh = bytes >= ARENA_FRESH;
	struct arena_block *b = mapped	? map_large(bytes)
				: fresh ? xcalloc(1, bytes)
					: xreallocarray(NULL, 1, bytes);

	*b = (struct arena_block){
		.next = a->blocks, .size = bytes - sizeof(*b), .zeroed = fresh, .mapped = mapped};
	a->blocks = b;
}

static size_t room_left(const struct arena *a)
{
	return a->blocks ? a->blocks->size - a->blocks->used : 0;
}

void arena_reserve(struct arena *a, size_t bytes)
{
	if (room_left(a) < bytes)
		add_block(a, bytes);
}

void *arena_take(struct arena *a, size_t nr, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t bytes = (array_bytes(nr, size) + 15) & ~(size_t)15, room;

	if (!b || b->size - b->used < bytes) {
		room = b && b->size * 2 < ARENA_LARGEST ? b->size * 2
		       : b				? ARENA_LARGEST
							: ARENA_FIRST;
		if (room < bytes)
			room = bytes;
		add_block(a, room);
		b = a->blocks;
	}
	b->used += bytes;
	return b->data + b->used - bytes;
}

void *arena_alloc(struct arena *a, size_t nr, size_t size)
{
	void *p = arena_take(a, nr, size);

	return a->blocks->zeroed ? p : memset(p, 0, array_bytes(nr, size));
}

char *arena_strdup(struct arena *a, const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(arena_alloc(a, n, 1), s, n);
}

void arena_join(struct arena *a, struct arena *from)
{
	struct arena_block **at = &a->blocks, **end = &from->blocks;

	/* In front is what the next allocation comes from: where there is more room for it. */
	if (room_left(a) >= room_left(from) && a->blocks)
		at = &a->blocks->next;
	while (*end)
		end = &(*end)->next;
	*end = *at;
	*at = from->blocks;
	from->blocks = NULL;
}

/* The block that @a was given last, which is not its own any more; NULL if it has none. */
static struct arena_block *pop_block(struct arena *a)
{
	struct arena_block *b = a->blocks;

	if (b)
		a->blocks = b->next;
	return b;
}

static void free_block(struct arena_block *b)
{
	if (b->mapped)
		munmap(b, sizeof(*b) + b->size);
	else
		free(b);
}

void arena_free(struct arena *a)
{
	struct arena_block *b;

	while ((b = pop_block(a)))
		free_block(b);
}

void arena_pass_on(struct arena *from, struct arena *to)
{
	struct arena_block *largest = pop_block(from), *b;

	if (!largest)
		return;
	while ((b = pop_block(from))) {
		bool larger = b->size > largest->size;

		free_block(larger ? largest : b);
		largest = larger ? b : largest;
	}
	largest->used = 0;
	largest->zeroed = false;
	largest->next = to->blocks;
	to->blocks = largest;
}

void *scratch_get(struct scratch *s, size_t nr, size_t size)
{
	size_t bytes = array_bytes(nr, size);

	if (s->cap < bytes) {
		free(s->data);
		s->cap = bytes;
		s->data = xreallocarray(NULL, bytes, 1);
	}
	return s->data;
}

void *scratch_take(struct scratch *s, size_t nr, size_t size)
{
	void *data = scratch_get(s, nr, size);

	*s = (struct scratch){0};
	return data;
}

void scratch_free(struct scratch *s)
{
	free(s->data);
	*s = (struct scratch){0};
}

void buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap * 2 : 512;

	if (n > SIZE_MAX / 4 - b->len)
		must(NULL);
	while (cap - b->len < n)
		cap *= 2;
	b->data = xreallocarray(b->data, cap, 1);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *data, size_t n)
{
	if (!n) /* @data may be NULL, and so may what is there so far */
		return;
	memcpy(buf_reserve(b, n), data, n);
	b->len += n;
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}
