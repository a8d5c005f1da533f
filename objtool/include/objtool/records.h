/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * records.h - the .checksums file: one record a function, data object or rest
 *
 * Printable ASCII, tab-separated, no address, path or time in it;
 * objtool-checksums(5) describes it. Line 1:
 *
 *     objtool-checksums<TAB>1<TAB>xxh3-64<TAB>x86_64<TAB>HASH OVER ALL RECORD LINES
 *
 * then comment lines: "# compiler: ...", "# objtool: before|after", each only
 * if known, and the column names; a reader skips comments it does not know.
 * Then records, sorted by kind, name, checksum, size, lanes:
 *
 *     checksum<TAB>kind<TAB>size<TAB>name<TAB>lanes
 *
 * checksum is 16 hex digits; kind is data, func or rest; size is in bytes,
 * decimal; lanes are name:hash (8 hex digits) in enum lane's order joined by
 * commas, "-" if none. Bytes of a name that are not printable ASCII, and the
 * backslash, are written as \xNN. Each value has one written form only (lower
 * case, no leading zeros), so that equal records are equal lines.
 */
#ifndef OBJTOOL_RECORDS_H
#define OBJTOOL_RECORDS_H

#include <stdio.h>
#include <objtool/lane.h>
#include <objtool/mem.h>

#define RECORDS_VERSION 1
#define RECORDS_SUFFIX	".checksums"

enum record_kind { RECORD_DATA, RECORD_FUNC, RECORD_REST, NR_RECORD_KINDS };

/* Whether the kernel's own objtool had been over the object. */
enum objtool_step { STEP_UNKNOWN, STEP_BEFORE, STEP_AFTER, NR_STEPS };

struct record {
	/*
	 * Without compiler counters; "x@file.c" where files tell same names
	 * apart. As in the symbol table until records_finish(), as written in
	 * the file (\xNN) after it and after records_read(). Never empty.
	 */
	const char *name;
	u64 checksum;
	u64 size;	    /* bytes */
	u32 lane[NR_LANES]; /* 0 for a lane that is not present */
	u16 lanes;	    /* bit set of the lanes present */
	u8 kind;	    /* enum record_kind */
};

struct records {
	struct record *rec; /* malloc'ed */
	size_t nr, cap;
	u64 total;	      /* hash over all record lines, as in line 1 */
	const char *compiler; /* from .comment; "" or NULL if unknown; names' rules hold for it */
	enum objtool_step step;
	struct arena arena; /* owns the names and strings of records that were added */
	struct arena spare; /* memory for records_finish() to work in, if there is any */
	struct span lines;  /* as they are written, once finished; in one of the arenas */
	struct buf file;    /* that they were read from */
};

/* Append an empty record and return it; the pointer is good until the next call. */
struct record *records_add(struct records *recs);

/*
 * Order of the lines in a file: negative if @a is before @b. Lanes only tell apart what differs in
 * line numbers.
 */
int record_order(const struct record *a, const struct record *b);

/*
 * True for what is written in a name as it is: printable ASCII, so that no editor, terminal or
 * TSV reader sees other lines and fields than we do. Not for the NUL behind it.
 */
static inline bool record_char_is_plain(u8 c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/*
 * Write records that were finished (not read: their lines are gone) to @out.
 * Returns 0, or -1 if the stream reports an error (nothing is printed: the
 * caller knows the name).
 */
int records_print(const struct records *recs, FILE *out);

/*
 * Write them to @path, which is either whole or untouched afterwards, whatever
 * happens: the text goes to a temporary file beside it that is then renamed.
 * A symbolic link is followed, a device or pipe is written to. Returns 0, or
 * -1 after a message.
 */
int records_write(const struct records *recs, const char *path);

/*
 * Read a .checksums file, or standard input if @path is "-". Returns NULL
 * after one message with file, line and reason: not such a file, another
 * version, hash or machine, damaged, truncated (the total does not match),
 * unsorted, CR LF, ...
 */
struct records *records_read(const char *path);

/*
 * True if @path is to be read with records_read() and not as an object: it
 * begins or is called like a .checksums file, or is a pipe. No message.
 */
bool records_probe(const char *path);

const char *record_kind_name(enum record_kind kind);   /* "data", "func", "rest" */
const char *objtool_step_name(enum objtool_step step); /* "unknown", "before", "after" */

/* Release everything; NULL is fine. */
void records_free(struct records *recs);

#endif
