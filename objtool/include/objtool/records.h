/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * records.h - the .checksums file: one record a function, data object or rest
 *
 * UTF-8 text, tab-separated, no address, path or time in it; objtool-checksums(5)
 * describes it. Line 1:
 *
 *     objtool-checksums<TAB>1<TAB>xxh3-64<TAB>x86_64<TAB>HASH OVER ALL RECORD LINES
 *
 * then comment lines, "# compiler: ...", "# objtool: before|after", and the
 * column names; then records, sorted by kind, name, checksum, size, lanes (bytewise):
 *
 *     checksum<TAB>kind<TAB>size<TAB>name<TAB>lanes
 *
 * checksum is 16 hex digits; kind is data, func or rest; size is in bytes,
 * decimal; lanes are name:hash (8 hex digits) in enum lane's order joined by commas, "-" if none.
 * A name's tab, newline, backslash, control and non-ASCII-or-UTF-8-breaking bytes are
 * written as \xNN.
 */
#ifndef OBJTOOL_RECORDS_H
#define OBJTOOL_RECORDS_H

#include <stdio.h>
#include <objtool/lane.h>
#include <objtool/mem.h>

#define RECORDS_VERSION 1

enum record_kind { RECORD_DATA, RECORD_FUNC, RECORD_REST };

/* Whether the kernel's own objtool had been over the object. */
enum objtool_step { STEP_UNKNOWN, STEP_BEFORE, STEP_AFTER };

struct record {
	const char *name; /* without compiler counters; "x@file.c" where files tell same names apart */
	u64 checksum;
	u64 size;         /* bytes */
	u32 lane[NR_LANES];
	u16 lanes;        /* bit set of the lanes present */
	u8 kind;          /* enum record_kind */
};

struct records {
	struct record *rec;
	size_t nr;
	u64 total;            /* hash over all record lines, as in line 1 */
	const char *compiler; /* from .comment; "" if unknown */
	enum objtool_step step;
	struct arena arena;   /* owns the names and strings */
	/* rec itself is malloc'ed and grown by records_add() */
	size_t cap;
};

/* Append an empty record and return it; the pointer is good until the next call. */
struct record *records_add(struct records *recs);

/* Sort into file order and compute .total; call once after the last records_add(). */
void records_finish(struct records *recs);

/*
 * Write finished records to @out. Returns 0, or -1 if the stream reports an
 * error (nothing is printed: the caller knows the name).
 */
int records_print(const struct records *recs, FILE *out);

/*
 * Write them to @path: to a temporary file beside it, flushed, then renamed, so that
 * @path is either whole or untouched. Returns 0, or -1 after a message.
 */
int records_write(const struct records *recs, const char *path);

/*
 * Read a .checksums file. Returns NULL after one message with file, line and
 * reason: not such a file, another version or hash, damaged, truncated (the
 * total does not match), unsorted, duplicate fields, CRLF.
 */
struct records *records_read(const char *path);

/* True if the file at @path begins like a .checksums file. No message. */
bool records_probe(const char *path);

const char *record_kind_name(enum record_kind kind); /* "data", "func", "rest" */

/* Release everything; NULL is fine. */
void records_free(struct records *recs);

#endif
