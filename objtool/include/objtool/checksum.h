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

/*
 * The tokens of single records, for those who tell two apart. The object must
 * outlive it. Messages about the object are those of checksum_object(). NULL after a message.
 */
struct tracer *tracer_open(struct object *obj);

/*
 * How many bytes of tokens an object's tracer gives. Of compilers' objects, all records together
 * have six for each byte of the file; but where records overlap, as of an object that is
 * damaged, a kilobyte can be part of each of a thousand, and a name can be as long.
 */
#define TRACE_BASE     (256U << 10)
#define TRACE_PER_BYTE 16U

enum traced {
	TRACED,
	TRACED_NONE,	 /* the object has no such record */
	TRACED_TOO_MUCH, /* with what was asked for before; it is not all there */
};

/*
 * Append to @tokens, for token_read(), those of the record of @obj that is @rec: of its kind,
 * name and checksum. The chunks of a rest record come in the order of their hashes.
 * Without a @tracer there is none.
 */
enum traced tracer_record(struct tracer *tracer, const struct record *rec, struct buf *tokens);

/*
 * The name of the function that offset @off of section @sec belongs to, by itself or as a part of
 * it, without a file; NULL if it is in none. It is the object's.
 */
const char *tracer_function_at(const struct tracer *tracer, u32 sec, u32 off);

/* Release it; NULL is fine. */
void tracer_free(struct tracer *tracer);

#endif
