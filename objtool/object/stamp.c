// SPDX-License-Identifier: GPL-2.0-or-later
/* stamp.c - is a .checksums file up to date with its object, by their times? */
#include <time.h>
#include <objtool/stamp.h>

static int compare(const struct timespec *a, const struct timespec *b)
{
	if (a->tv_sec != b->tv_sec)
		return a->tv_sec < b->tv_sec ? -1 : 1;
	return (a->tv_nsec > b->tv_nsec) - (a->tv_nsec < b->tv_nsec);
}

bool stamp_current(const struct stat *object, const struct stat *sums)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return compare(&object->st_ctim, &sums->st_mtim) < 0 &&
	       compare(&object->st_mtim, &sums->st_mtim) < 0 &&
	       /* Written when the clock was wrong: it says nothing. */
	       compare(&sums->st_mtim, &now) <= 0;
}

void stamp_settle(const struct stat *object)
{
	const struct timespec tick = {0, 1000000}, *changed = &object->st_ctim;
	struct timespec now;
	bool passed;

	/*
	 * A tick is 1 to 10 ms, and a second on filesystems that keep no more.
	 * A time in the future, of a server with another clock, never passes.
	 */
	for (int i = 0; i < 1100; i++) {
		clock_gettime(CLOCK_REALTIME_COARSE, &now);
		passed = changed->tv_nsec ? compare(changed, &now) < 0
					  : changed->tv_sec < now.tv_sec;
		if (passed || changed->tv_sec > now.tv_sec + 1)
			return;
		nanosleep(&tick, NULL);
	}
}

bool stamp_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       !compare(&a->st_ctim, &b->st_ctim) && !compare(&a->st_mtim, &b->st_mtim);
}
