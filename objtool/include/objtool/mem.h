/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mem.h - memory: allocation that cannot fail, arenas, growable buffers
 *
 * Out of memory ends the process with one message and exit status 2: nothing
 * this tool does can go on without the memory it asked for, and a wrong
 * answer is worse than none. Sizes are in bytes.
 */
#ifndef OBJTOOL_MEM_H
#define OBJTOOL_MEM_H

#include <stdio.h>
#include <objtool/util.h>

void *xcalloc(size_t nr, size_t size); /* zeroed; release with free() */
void *xreallocarray(void *p, size_t nr, size_t size);
char *xstrdup(const char *s);
char *xconcat(const char *a, const char *b);
FILE *xopen_memstream(char **text, size_t *len);
void xclose_memstream(FILE *out, char **text); /* *text is all there is then; free() it */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/*
 * Keep what is freed for what is allocated next, instead of giving it back to the system: for
 * work on many files, each of which would else take page faults for the same memory again.
 */
void mem_reuse(void);

/*
 * An arena hands out zeroed memory that lives until the whole arena is freed.
 * Zero-initialise it before first use. Not for use from two threads at once.
 */
struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *a, size_t nr, size_t size);
void *arena_take(struct arena *a, size_t nr, size_t size); /* the same, not zeroed */

/*
 * What is allocated next, up to @bytes of it, comes from one block. It costs nothing to ask for
 * too much: what is not used is not touched.
 */
void arena_reserve(struct arena *a, size_t bytes);

char *arena_strdup(struct arena *a, const char *s);
void arena_free(struct arena *a);

/* Make all that @from holds part of @a; @from is empty then. */
void arena_join(struct arena *a, struct arena *from);

/*
 * Free all that @from holds, but for its largest piece of memory: that is @to's, which hands it out
 * again. Memory that was never touched takes four times as long to be had.
 */
void arena_pass_on(struct arena *from, struct arena *to);

/*
 * One piece of memory for arrays that are needed only while one step of a work runs: the next
 * step uses it again, instead of taking page faults for its own. Zero-initialise.
 */
struct scratch {
	void *data;
	size_t cap;
};

/* Room for @nr things of @size bytes each, not zeroed. What it was before is gone. */
void *scratch_get(struct scratch *s, size_t nr, size_t size);
/* The same, to keep and to free(): for what comes behind the last step. */
void *scratch_take(struct scratch *s, size_t nr, size_t size);
void scratch_free(struct scratch *s);

/* A growable run of bytes, reused by resetting .len to 0. Zero-initialise. */
struct buf {
	u8 *data;
	size_t len, cap;
};

void buf_grow(struct buf *b, size_t n);
void buf_add(struct buf *b, const void *data, size_t n);

/* Make room for @n more bytes and return where they go; .len is not moved. */
static inline u8 *buf_reserve(struct buf *b, size_t n)
{
	if (b->cap - b->len < n)
		buf_grow(b, n);
	return b->data + b->len;
}

void buf_free(struct buf *b);

#endif
