/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checksum.h - an object's functions, data objects and section rests -> records
 *
 * The canonical form (what a token is, how a reference names its target) is
 * described at the top of canon.c, how work is cut and handed out at that of
 * checksum.c.
 */
#ifndef OBJTOOL_CHECKSUM_H
#define OBJTOOL_CHECKSUM_H

#include <stdio.h>
#include <objtool/elf.h>
#include <objtool/exclude.h>
#include <objtool/input.h>
#include <objtool/records.h>

/*
 * Checksum everything in @obj, by the pool it was opened for. Returns records whose names may be
 * among the object's bytes (see object_forget()), until they went through records_finish(). What
 * could not be decoded or attributed is said with warning(), by object, function and offset. The
 * result does not depend on how many threads there are.
 *
 * If @exclude is not NULL, functions and data of the files that it lists have no
 * records, nor have the rests of an object that is all of such a file. What cannot be
 * attributed to a file is in.
 */
struct records *checksum_object(struct object *obj, struct exclude *exclude);

typedef void finish_fn(struct records *recs, struct pool *pool);

/*
 * Open an object and checksum it, by @pool. @finish is records_finish(), or records_finish_lines()
 * if the records are only to be written. Returns them finished, or NULL after a message. They have
 * no more to do with @in, which the caller is to close: of a kernel that takes as long as to write
 * them, and both can be done at once.
 */
struct records *checksum_input(const struct image *image, struct exclude *exclude,
			       finish_fn *finish, struct pool *pool, struct input *in);

/*
 * Print the token streams of the records called @name to @out, one token a
 * line, from the same code that hashes them. Returns 0, or -1 after a message
 * if there is no such record.
 */
int checksum_dump(struct object *obj, const char *name, FILE *out);

#endif
