// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-threads.c - two objects at once in two threads
 *
 *     test-threads ROUNDS OBJECT OBJECT
 *
 * Checksums both objects once, one after the other, with one worker; then each
 * thread opens and checksums its own ROUNDS times, with one to three workers,
 * while the other does the same. Every result must have the bytes of the
 * first. Status 0 if so, else 1.
 */
#include <pthread.h>
#include <stdlib.h>
#include <objtool/checksum.h>
#include <objtool/finish.h>
#include <objtool/log.h>

struct job {
	const char *path;
	struct records *expected;
	unsigned long rounds, wrong;
};

/* In memory, where small objects are shared by threads as well. */
static struct object *open_object(const char *path, struct pool *pool, struct buf *image)
{
	FILE *in = fopen(path, "rb");
	size_t n = 1;

	while (in && n) {
		n = fread(buf_reserve(image, 65536), 1, 65536, in);
		image->len += n;
	}
	if (in)
		fclose(in);
	return object_open_mem(path, image->data, image->len, pool);
}

static struct records *read_object(const char *path, unsigned int workers)
{
	struct pool *pool = pool_open(workers);
	struct buf image = {0};
	struct object *obj = open_object(path, pool, &image);
	struct records *recs = obj ? checksum_object(obj, NULL) : NULL;

	if (recs)
		records_finish(recs, pool);
	object_close(obj);
	pool_close(pool);
	buf_free(&image);
	return recs;
}

static bool same(const struct records *a, const struct records *b)
{
	return a && b && a->nr && a->total == b->total && a->lines.size == b->lines.size &&
	       memcmp(a->lines.data, b->lines.data, a->lines.size) == 0;
}

static void *work(void *arg)
{
	struct job *job = arg;

	for (unsigned long i = 0; i < job->rounds; i++) {
		struct records *recs = read_object(job->path, 1 + (unsigned int)(i % 3));

		job->wrong += !same(recs, job->expected);
		records_free(recs);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct job jobs[2] = {0};
	pthread_t threads[2];
	unsigned long wrong = 0;

	if (argc != 4)
		return error("usage: test-threads ROUNDS OBJECT OBJECT"), 2;
	for (int i = 0; i < 2; i++)
		jobs[i] = (struct job){.path = argv[2 + i],
				       .expected = read_object(argv[2 + i], 1),
				       .rounds = strtoul(argv[1], NULL, 10)};
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, work, &jobs[i]))
			return error("cannot create a thread"), 2;
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		wrong += jobs[i].wrong;
		records_free(jobs[i].expected);
	}
	printf("%lu rounds, %lu wrong\n", 2 * jobs[0].rounds, wrong);
	return wrong != 0;
}
