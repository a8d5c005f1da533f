/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stamp.h - is a .checksums file up to date with its object, by their times?
 *
 * It is, if it was written after the object's inode last changed. The inode's
 * change time counts, not the time of the contents, which an installer sets
 * back: modules unpacked over those of another version are older than the
 * .checksums made before, and different. Equal times are not enough: what is
 * written within one tick of the clock has one time.
 */
#ifndef OBJTOOL_STAMP_H
#define OBJTOOL_STAMP_H

#include <sys/stat.h>
#include <objtool/util.h>

/* True if @sums, made from @object, need not be made again. */
bool stamp_current(const struct stat *object, const struct stat *sums);

/*
 * To be called between stat() of an object and reading it. Waits until the
 * clock has moved on, if the object was changed in this very tick, so that
 * another change while or after it is read gives it another time.
 */
void stamp_settle(const struct stat *object);

/* True if nobody changed or replaced the file between two calls of stat(). */
bool stamp_same(const struct stat *a, const struct stat *b);

#endif
