/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracer.h - the tokens of single records, for those who tell two apart
 *
 * Records have hashes only. What differs between two of them is found by writing the units of
 * both once more, and keeping the tokens.
 */
#ifndef OBJTOOL_TRACER_H
#define OBJTOOL_TRACER_H

#include <objtool/elf.h>
#include <objtool/records.h>

/*
 * The object must outlive it. Messages about the object are those of checksum_object(). NULL after
 * a message.
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
