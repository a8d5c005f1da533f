// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-elf.c - shows what the ELF reader made of an object, and tries to break it
 *
 *	test-elf dump FILE         sections, symbols, relocations, for compare.py
 *	test-elf open FILE         open by path; exit 0 if accepted, 1 if refused
 *	test-elf sweep FILE SEED N every prefix of FILE, then N images with flipped bits
 *	test-elf time FILE N       milliseconds to open it, best of N
 *
 * Whatever is accepted is walked from end to end, so that a promise of elf.h
 * that does not hold shows as an assertion or under ASan.
 */
#undef NDEBUG
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <objtool/elf.h>

/* Every promise in the comment at the top of elf.h. Returns a sum, so that each byte is read. */
static u64 verify(const struct object *obj)
{
	u64 sum = 0;

	assert(obj->nr_sections > 0 && obj->nr_symbols > 0);
	assert(!object_section(obj, "no such section"));
	for (u32 i = 0; i < obj->nr_sections; i++) {
		const struct section *sec = &obj->sections[i];

		sum += strlen(sec->name);
		if (i && i < 64) { /* a few: it is linear */
			const struct section *first = object_section(obj, sec->name);

			assert(first && first <= sec && strcmp(first->name, sec->name) == 0);
		}
		assert(!sec->nobits || (!sec->data && !sec->nr_relocs));
		for (u32 k = 0; sec->data && k < sec->size; k++)
			sum += sec->data[k];
		for (u32 k = 0; k < sec->nr_relocs; k++) {
			assert(sec->relocs[k].offset <= sec->size);
			assert(sec->relocs[k].sym < obj->nr_symbols);
			assert(k == 0 || sec->relocs[k - 1].offset <= sec->relocs[k].offset);
			assert(section_reloc_from(sec, sec->relocs[k].offset) <= k);
		}
		assert(section_reloc_from(sec, (u64)sec->size + 1) == sec->nr_relocs);
		assert(range_ok(obj->nr_by_addr, sec->first_sym, sec->nr_syms));
		for (u32 k = 0; k < sec->nr_syms; k++) {
			const u32 *at = &obj->by_addr[sec->first_sym + k];

			assert(obj->symbols[*at].sec == i);
			assert(k == 0 || obj->symbols[at[-1]].value < obj->symbols[at[0]].value ||
			       (obj->symbols[at[-1]].value == obj->symbols[at[0]].value &&
				at[-1] < at[0]));
		}
	}
	for (u32 i = 0; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];

		sum += strlen(sym->name);
		assert(sym->sec < obj->nr_sections || sym->sec >= SEC_ABS);
		assert(!symbol_defined(sym) ||
		       range_ok(obj->sections[sym->sec].size, sym->value, sym->size));
		assert(sym->file <= i && (!sym->file || obj->symbols[sym->file].type == SYM_FILE));
	}
	return sum;
}

static void dump(const struct object *obj, const u8 *image)
{
	for (u32 i = 1; i < obj->nr_sections; i++) {
		const struct section *s = &obj->sections[i];

		printf("section %u %u %#x %u %u %u %td %s\n", i, s->type, s->flags, s->size,
		       s->entsize, s->align, s->data ? s->data - image : -1, s->name);
	}
	for (u32 i = 0; i < obj->nr_symbols; i++) {
		const struct symbol *s = &obj->symbols[i];

		printf("symbol %u %" PRIu64 " %u %u %u %u %u %u %s\n", i, s->value, s->size,
		       s->type, s->bind, s->visibility, s->sec, s->file, s->name);
	}
	for (u32 i = 0; i < obj->nr_sections; i++) {
		const struct section *s = &obj->sections[i];

		for (u32 k = 0; k < s->nr_relocs; k++)
			printf("reloc %u %" PRIu64 " %u %u %" PRId64 "\n", i, s->relocs[k].offset,
			       s->relocs[k].type, s->relocs[k].sym, s->relocs[k].addend);
	}
}

static u8 *slurp(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	long end;
	u8 *data;

	assert(f && fseek(f, 0, SEEK_END) == 0);
	end = ftell(f);
	assert(end >= 0);
	*size = (size_t)end;
	data = malloc(*size ? *size : 1);
	assert(data && fseek(f, 0, SEEK_SET) == 0 && fread(data, 1, *size, f) == *size);
	fclose(f);
	return data;
}

/* Lines written to the file on descriptor @fd, which is emptied. */
static int take_lines(int fd)
{
	char text[16384];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	int lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	assert(ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return lines;
}

/* Open @size bytes of @image, in a block of just that size. True if accepted; both ways checked. */
static bool try_image(const u8 *image, size_t size, int log)
{
	u8 *copy = malloc(size ? size : 1);
	struct object *obj;
	int lines;

	assert(copy);
	memcpy(copy, image, size);
	obj = object_open_mem("image", copy, size, NULL);
	lines = take_lines(log);
	assert(lines == (obj ? 0 : 1));
	if (obj)
		verify(obj);
	object_close(obj);
	free(copy);
	return obj;
}

static u64 next_random(u64 *state) /* xorshift64 */
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Messages go to a file in memory meanwhile: each refusal must be one line. */
static void sweep(const char *path, u64 seed, unsigned long n)
{
	unsigned long accepted = 0, prefixes = 0;
	int saved = dup(STDERR_FILENO), log = memfd_create("log", 0);
	size_t size, step;
	u8 *image = slurp(path, &size);

	assert(saved >= 0 && log >= 0 && dup2(log, STDERR_FILENO) >= 0);
	step = size / 20000 + 1;
	for (size_t len = 0; len < size; len += step)
		prefixes += try_image(image, len, log);
	for (unsigned long i = 0; i < n; i++) {
		size_t at[4];
		u8 flip[4];
		unsigned int flips = 1 + (unsigned int)(next_random(&seed) % 4);

		for (unsigned int k = 0; k < flips; k++) {
			u64 r = next_random(&seed);
			/* Half of them in the section headers, which gas writes last, and the ELF
			 * header. */
			size_t tables = size < 2048 ? size : 2048;

			at[k] = r & 1	? (size_t)(r >> 8) % size
				: r & 2 ? size - 1 - (size_t)(r >> 8) % tables
					: (size_t)(r >> 8) % 64;
			flip[k] = (u8)(r & 4 ? 1U << ((r >> 3) & 7) : (r >> 16) & 0xff);
			image[at[k]] ^= flip[k];
		}
		accepted += try_image(image, size, log);
		for (unsigned int k = flips; k-- > 0;)
			image[at[k]] ^= flip[k];
	}
	assert(try_image(image, size, log));
	dup2(saved, STDERR_FILENO);
	free(image);
	printf("prefixes accepted %lu, flipped accepted %lu, refused %lu\n", prefixes, accepted,
	       n - accepted);
}

static void measure(const char *path, unsigned long n)
{
	double best = 1e9;

	for (unsigned long i = 0; i < n; i++) {
		struct timespec a, b;
		struct object *obj;
		double ms;

		clock_gettime(CLOCK_MONOTONIC, &a);
		obj = object_open(path, NULL, CONTENTS_KEPT);
		clock_gettime(CLOCK_MONOTONIC, &b);
		assert(obj);
		object_close(obj);
		ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	printf("%.2f ms\n", best);
}

int main(int argc, char **argv)
{
	struct object *obj;
	u8 *image = NULL;
	size_t size;

	if (argc == 5 && strcmp(argv[1], "sweep") == 0) {
		sweep(argv[2], strtoull(argv[3], NULL, 0), strtoul(argv[4], NULL, 0));
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "time") == 0) {
		measure(argv[2], strtoul(argv[3], NULL, 0));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "open") == 0) {
		obj = object_open(argv[2], NULL, CONTENTS_BRIEF);
	} else if (argc == 3 && strcmp(argv[1], "dump") == 0) {
		image = slurp(argv[2], &size);
		obj = object_open_mem(argv[2], image, size, NULL);
	} else {
		fprintf(stderr, "usage: test-elf dump|open|sweep|time FILE [ARGUMENTS]\n");
		return 2;
	}
	if (obj) {
		verify(obj);
		if (image)
			dump(obj, image);
	}
	object_close(obj);
	free(image);
	return obj ? 0 : 1;
}
