// SPDX-License-Identifier: GPL-2.0-or-later
/* fuzz-input.c - files of objects: archives of three kinds, and three kinds of compression */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <objtool/input.h>
#include "fuzz.h"

const size_t fuzz_floor = (size_t)200 << 20; /* expand.h: 64 MiB, and what xz may ask for */

/* A few of them: an archive may name one file ten thousand times. */
#define MEMBERS 8

void fuzz_one(const u8 *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct images images = {0};
	char path[64];

	REQUIRE(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	/* A thin archive's members would be sought in /proc/self/fd: there are none but itself. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!images_add(&images, path))
		for (size_t i = 0; i < images.nr && i < MEMBERS; i++) {
			struct input in;

			if (!input_open(&in, &images.image[i], NULL, false))
				input_close(&in);
		}
	images_free(&images);
	close(fd);
}
