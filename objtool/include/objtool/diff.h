/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.h - pair the records of two builds and classify each pair
 *
 * Pure: no files, no output. A build is a list of objects by path; comparing
 * two single objects or .checksums files is a build of one object each, whose
 * paths are both given as the same name.
 *
 * Within an object, records pair by kind and name:
 *
 *   1. same name and same checksum; what is left, by the same name again:
 *   2. a single one on either side is a pair, DIFF_CHANGED;
 *   3. several (static functions of same-named files, clones) are
 *      DIFF_AMBIGUOUS: which is which cannot be told, and is not guessed.
 *
 * "x" and "x@a.c" are the same name if only one of the builds tells its x's
 * apart: a second x appeared, or went. "x@a.c" and "x@b.c" never are.
 *
 * A function or data object that has no partner, whose checksum no other
 * record of either build has but one without a partner on the other side, in
 * whichever object, is DIFF_RENAMED. So the many functions that only return 0
 * are never "renamed" into each other. The others are DIFF_ADDED and
 * DIFF_REMOVED.
 */
#ifndef OBJTOOL_DIFF_H
#define OBJTOOL_DIFF_H

#include <objtool/records.h>

enum diff_status {
	DIFF_CHANGED, /* checksums differ */
	DIFF_LINES,   /* only line numbers differ */
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_RENAMED,	/* same checksum, other name or object */
	DIFF_AMBIGUOUS, /* one entry for each record, old or new, of those that cannot be paired */
	NR_DIFF_STATUS
};

struct build_object {
	const char *path; /* the object's name within the build */
	const struct records *recs;
};

struct build {
	const struct build_object *objs; /* sorted by path, bytewise, each path once */
	size_t nr;
};

struct diff_entry {
	const char *object;	/* path of the new record's object; the old one's if it has none */
	const char *name;	/* likewise */
	const char *old_object; /* path of the old record's object; NULL if it has none */
	const struct record *old; /* NULL if added, or ambiguous and new */
	const struct record *new; /* NULL if removed, or ambiguous and old */
	bool alone; /* added or removed with its whole object, which the other build has not */
	u16 lanes;  /* bit set of enum lane: what differs; all that one record alone has */
	u8 status;  /* enum diff_status */
	u8 kind;    /* enum record_kind */
};

struct diff {
	/* Sorted by object, kind (functions, data, rest), name, status, checksum. */
	struct diff_entry *entries;
	size_t nr, cap;
	size_t count[NR_RECORD_KINDS][NR_DIFF_STATUS];
	size_t ignored;			 /* entries that diff_drop() took out */
	size_t records[NR_RECORD_KINDS]; /* of the new build, by kind */
	size_t objects;			 /* of both builds, each path once */
};

/* Compare; never fails. Records of @old and @new must outlive the result. */
struct diff *diff_builds(const struct build *old, const struct build *new);

/* True if anything but DIFF_LINES is there; with @strict, anything at all. */
bool diff_differs(const struct diff *diff, bool strict);

/* How many entries of any kind have @status. */
size_t diff_count(const struct diff *diff, enum diff_status status);

/* Take out, and count as ignored, the entries that @drop says true of; the order stays. */
void diff_drop(struct diff *diff, bool (*drop)(void *ctx, const struct diff_entry *e), void *ctx);

/* Bytes that an entry adds to the new build; negative if it got smaller or went. */
s64 diff_growth(const struct diff_entry *e);

const char *diff_status_name(enum diff_status status); /* "changed", "lines", ... */

/* Release everything; NULL is fine. */
void diff_free(struct diff *diff);

#endif
