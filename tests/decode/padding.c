// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * padding.c - what arch_padding() takes for filler, and that a damaged filler is none
 *
 * Fillers are dropped from the checksum. So no single flipped bit may turn one
 * run of fillers into another run of the same length: it would go unseen.
 * Shown twice: for every run of up to RUN_MAX bytes by trying all of them, and
 * for runs of any length by following what two readings of the same bytes can
 * leave over from one another.
 */
#include "judge.h"
#include "objfile.h"

#include <stdlib.h>

#define RUN_MAX	 11
#define LEFT_MAX 4096
#define FILLER(s)                \
	{                        \
		sizeof(s) - 1, s \
	}

/* Written down apart from the tool's table: GNU as' nops, LLVM's, K8's, int3. */
static const struct filler {
	unsigned int len;
	char bytes[ARCH_MAX_INSN + 1];
} fillers[] = {
	FILLER("\x90"),
	FILLER("\x66\x90"),
	FILLER("\x66\x66\x90"),
	FILLER("\x66\x66\x66\x90"),
	FILLER("\xcc"),
	FILLER("\x0f\x1f\x00"),
	FILLER("\x0f\x1f\x40\x00"),
	FILLER("\x0f\x1f\x44\x00\x00"),
	FILLER("\x66\x0f\x1f\x44\x00\x00"),
	FILLER("\x0f\x1f\x80\x00\x00\x00\x00"),
	FILLER("\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x66\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
	FILLER("\x66\x66\x66\x66\x66\x66\x2e\x0f\x1f\x84\x00\x00\x00\x00\x00"),
};

static void verify(struct tally *t, bool ok, const char *what, const u8 *p, size_t n)
{
	if (ok) {
		t->passed++;
		return;
	}
	if (t->failed++ >= MAX_SHOWN)
		return;
	printf("FAIL padding: %s:", what);
	for (size_t i = 0; i < n; i++)
		printf(" %02x", p[i]);
	putchar('\n');
}

/* What arch_padding() should say: the filler that @p begins with. */
static unsigned int expected(const u8 *p, size_t avail)
{
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		if (fillers[i].len <= avail && !memcmp(p, fillers[i].bytes, fillers[i].len))
			return fillers[i].len;
	return 0;
}

/* Each filler is a nop (or int3) of that length, and is none when cut. */
static void test_fillers(struct tally *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		unsigned int len = fillers[i].len;
		struct insn in = {0};
		u8 p[32] = {0};

		memcpy(p, fillers[i].bytes, len);
		verify(t, arch_decode(p, len, &in) == len, "not one instruction", p, len);
		verify(t, in.cls == (p[0] == 0xcc ? INSN_TRAP : INSN_NOP), "no nop", p, len);
		for (unsigned int n = 0; n <= sizeof(p); n++)
			verify(t, arch_padding(p, n) == (n < len ? 0 : len), "wrong length", p, n);
	}
}

/* Nothing else is a filler: all first two bytes, and every byte of a filler replaced. */
static void test_others(struct tally *t)
{
	u8 p[32];

	for (unsigned int i = 0; i < 65536; i++) {
		memset(p, 0, sizeof(p));
		p[0] = (u8)i;
		p[1] = (u8)(i >> 8);
		verify(t, arch_padding(p, sizeof(p)) == expected(p, sizeof(p)), "two bytes", p, 8);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		for (unsigned int at = 0; at < fillers[i].len; at++) {
			for (unsigned int v = 0; v < 256; v++) {
				memset(p, 0, sizeof(p));
				memcpy(p, fillers[i].bytes, fillers[i].len);
				p[at] = (u8)v;
				verify(t, arch_padding(p, sizeof(p)) == expected(p, sizeof(p)),
				       "a byte replaced", p, sizeof(p));
			}
		}
	}
}

/* Is all of @p filler? */
static bool is_run(const u8 *p, size_t n)
{
	while (n) {
		unsigned int len = arch_padding(p, n);

		if (!len)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

struct runs {
	struct tally *t;
	u8 bytes[RUN_MAX];
	unsigned long runs, flips;
};

static void flip_all(struct runs *r, unsigned int len)
{
	bool ok = is_run(r->bytes, len);

	for (unsigned int bit = 0; ok && bit < 8 * len; bit++) {
		r->bytes[bit / 8] ^= (u8)(1 << bit % 8);
		ok = !is_run(r->bytes, len);
		r->bytes[bit / 8] ^= (u8)(1 << bit % 8);
		r->flips++;
	}
	r->runs++;
	verify(r->t, ok, "a flipped bit gives another run", r->bytes, len);
}

static void all_runs(struct runs *r, unsigned int len)
{
	if (len)
		flip_all(r, len);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		if (len + fillers[i].len > RUN_MAX)
			continue;
		memcpy(r->bytes + len, fillers[i].bytes, fillers[i].len);
		all_runs(r, len + fillers[i].len);
	}
}

/* What one reading of the bytes still lacks when the other has ended an instruction. */
struct leftovers {
	struct filler list[LEFT_MAX];
	size_t nr;
	bool met; /* both readings ended at the same place */
};

/* @a and @b both begin here: keep what the longer has over, if they agree so far. */
static void meet(struct leftovers *l, const struct filler *a, const struct filler *b)
{
	const struct filler *longer = a->len > b->len ? a : b;
	unsigned int common = a->len + b->len - longer->len;
	struct filler rest = {.len = longer->len - common};

	if (memcmp(a->bytes, b->bytes, common))
		return;
	if (!rest.len) {
		l->met = true;
		return;
	}
	memcpy(rest.bytes, longer->bytes + common, rest.len);
	for (size_t i = 0; i < l->nr; i++)
		if (l->list[i].len == rest.len && !memcmp(l->list[i].bytes, rest.bytes, rest.len))
			return;
	if (l->nr == LEFT_MAX)
		exit(2);
	l->list[l->nr++] = rest;
}

/*
 * For any length (after Sardinas and Patterson): fillers are no beginnings of
 * one another, so a damaged run is read as before up to the damaged filler.
 * From there on follow all that the damaged filler and another reading can
 * leave over; if they never end at the same place, no run has a twin.
 */
static void test_any_length(struct tally *t)
{
	struct leftovers *l = calloc(1, sizeof(*l));

	if (!l)
		exit(2);
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++)
		for (size_t j = 0; j < ARRAY_SIZE(fillers); j++)
			if (i != j)
				meet(l, &fillers[i], &fillers[j]);
	verify(t, !l->met && !l->nr, "a filler begins with another", NULL, 0);
	l->met = false;
	l->nr = 0;
	for (size_t i = 0; i < ARRAY_SIZE(fillers); i++) {
		for (unsigned int bit = 0; bit < 8 * fillers[i].len; bit++) {
			struct filler damaged = fillers[i];

			damaged.bytes[bit / 8] = (char)(damaged.bytes[bit / 8] ^ (1 << bit % 8));
			for (size_t j = 0; j < ARRAY_SIZE(fillers); j++)
				meet(l, &damaged, &fillers[j]);
		}
	}
	for (size_t i = 0; i < l->nr; i++)
		for (size_t j = 0; j < ARRAY_SIZE(fillers); j++)
			meet(l, &l->list[i], &fillers[j]);
	printf("%zu leftovers followed\n", l->nr);
	verify(t, l->nr && !l->met, "two readings meet", NULL, 0);
	free(l);
}

/* Functions that are nothing but what an assembler filled in. */
static void assembled(void *arg, const char *file, const struct code *code)
{
	(void)file;
	verify(arg, is_run(code->data, code->size), code->name, code->data, code->size);
}

int padding_test(struct tally *t, char **files)
{
	struct runs r = {.t = t};

	test_fillers(t);
	test_others(t);
	all_runs(&r, 0);
	printf("%lu runs of up to %d bytes, %lu flipped bits\n", r.runs, RUN_MAX, r.flips);
	test_any_length(t);
	for (; *files; files++)
		for_each_code(*files, assembled, t);
	return tally_done(t);
}
