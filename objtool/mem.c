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
 * each 4 KiB would else be a page fault of its own, a tenth of the whole run. What was allocated
 * has not been touched: it comes from mmap(2). A huge page that is only touched in part
 * costs memory, hence the lower bound.
 */
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define PAGE	  ((uintptr_t)4096)

static void *advise(void *p, size_t bytes)
{
	/* With what malloc(3) has put before it, and left behind it, in its pages. */
	uintptr_t first = (uintptr_t)p & ~(PAGE - 1);
	uintptr_t start = (first + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t end = ((uintptr_t)p + bytes + PAGE - 1) & ~(HUGE_PAGE - 1);

	if (bytes >= 2 * HUGE_PAGE && start < end)
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

/*
 * At least @bytes: of large memory so many that, with what malloc(3) adds, they are huge pages,
 * the whole of which Linux (6.7) maps where a huge page begins.
 */
static size_t whole_pages(size_t bytes)
{
	if (bytes < 2 * HUGE_PAGE)
		return bytes;
	return ((bytes + 32 + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1)) - 32;
}

void *xcalloc(size_t nr, size_t size)
{
	size_t bytes = whole_pages(array_bytes(nr, size));

	return advise(must(calloc(bytes, 1)), bytes);
}

void *xreallocarray(void *p, size_t nr, size_t size)
{
	size_t bytes = whole_pages(array_bytes(nr, size));

	return advise(must(realloc(p, bytes)), bytes);
}

char *xstrdup(const char *s)
{
	return must(strdup(s));
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

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s = NULL;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		s = NULL;
	va_end(ap);
	return must(s);
}

void mem_reuse(void)
{
	/* Of glibc; elsewhere this is only slower. Very large memory is mapped as before. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

static void add_block(struct arena *a, size_t room)
{
	size_t bytes = sizeof(struct arena_block) + room;
	bool fresh = bytes >= ARENA_FRESH;
	struct arena_block *b = fresh ? xcalloc(1, bytes) : xreallocarray(NULL, 1, bytes);

	*b = (struct arena_block){.next = a->blocks, .size = room, .zeroed = fresh};
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

void *arena_alloc(struct arena *a, size_t nr, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t bytes = (array_bytes(nr, size) + 15) & ~(size_t)15, room;
	u8 *p;

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
	p = b->data + b->used - bytes;
	return b->zeroed ? p : memset(p, 0, bytes);
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

void arena_free(struct arena *a)
{
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
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
