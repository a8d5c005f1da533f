// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * replay.c - replay [-v] [-n COUNT] FILE|DIR...: run a fuzz target on files, with no fuzzer
 *
 * With -n, also on COUNT damaged copies of each file, the same ones each time. What goes wrong ends
 * the process: a sanitizer, REQUIRE(), or an input that takes longer than two seconds of the
 * processor's time. -v says on stderr which input is next, and writes it to the file "replayed" in
 * the current directory. The last line is how many there were.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#include "fuzz.h"

#define SECONDS 2
#define ROOM	65536 /* a damaged object may grow by so many bytes */

/* nftw() has no argument for it. */
static struct {
	u64 mutations, inputs;
	bool verbose;
} run;

static void save(const u8 *data, size_t size)
{
	FILE *out = fopen("replayed", "w");

	REQUIRE(out && fwrite(data, 1, size, out) == size && !fclose(out));
}

static void run_one(const char *path, u64 seed, const u8 *data, size_t size)
{
	const struct itimerval limit = {.it_value.tv_sec = SECONDS}, none = {0};
	/* Of its own length, so that a sanitizer sees what is read behind it. */
	u8 *copy = malloc(size ? size : 1);

	REQUIRE(copy);
	if (size)
		memcpy(copy, data, size);
	if (run.verbose) {
		fprintf(stderr, "%s, damage %llu\n", path, (unsigned long long)seed);
		save(data, size);
	}
	setitimer(ITIMER_PROF, &limit, NULL); /* SIGPROF ends the process */
	LLVMFuzzerTestOneInput(copy, size);
	setitimer(ITIMER_PROF, &none, NULL);
	free(copy);
	run.inputs++;
}

static void run_damaged(const char *path, const u8 *data, size_t size)
{
	u8 *copy = malloc(size + ROOM);

	REQUIRE(copy);
	for (u64 i = 1; i <= run.mutations; i++) {
		size_t damaged;

		memcpy(copy, data, size);
		damaged = mutate_any(copy, size, size + ROOM, i);
		run_one(path, i, copy, damaged);
	}
	free(copy);
}

static int run_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t size = (size_t)st->st_size;
	FILE *in;
	u8 *data;

	(void)ftw;
	if (type != FTW_F)
		return 0;
	in = fopen(path, "r");
	data = malloc(size + 1);
	REQUIRE(in && data && fread(data, 1, size, in) == size);
	fclose(in);
	run_one(path, 0, data, size);
	if (size)
		run_damaged(path, data, size);
	free(data);
	return 0;
}

int main(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "vn:")) != -1)
		if (opt == 'n')
			run.mutations = strtoull(optarg, NULL, 10);
		else if (opt == 'v')
			run.verbose = true;
		else
			return 2;
	for (int i = optind; i < argc; i++)
		REQUIRE(!nftw(argv[i], run_file, 16, FTW_PHYS));
	printf("%llu inputs\n", (unsigned long long)run.inputs);
	return run.inputs ? 0 : 1;
}
