/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff.h - pair the records of two builds and classify each pair
 *
 * Pure: no files, no output. A build is a list of objects by path; comparing
 * two single objects or .checksums files is a build of one object each, whose
 * paths are both given as the same name.
 *
 * Within an object, records pair by kind and name. Same-named ones (static
 * functions of several files, clones) pair by equal checksum first, then by
 * file symbol (the part behind '@'), then what is left one to one; where more
 * than one pairing remains possible they are DIFF_AMBIGUOUS, never guessed.
 * Whatever has no partner of its name is DIFF_RENAMED if a single record of the
 * same kind and checksum without a partner stands on the other side (same
 * object or another), else DIFF_ADDED or DIFF_REMOVED.
 */
#ifndef OBJTOOL_DIFF_H
#define OBJTOOL_DIFF_H

#include <objtool/records.h>

enum diff_status {
	DIFF_CHANGED,   /* checksums differ */
	DIFF_LINES,     /* only line numbers differ */
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_RENAMED,   /* same checksum, other name or object */
	DIFF_AMBIGUOUS, /* differs, and which old belongs to which new cannot be told */
	NR_DIFF_STATUS
};

struct build_object {
	const char *path; /* the object's name within the build */
	const struct records *recs;
};

struct build {
	const struct build_object *objs; /* sorted by path, bytewise */
	size_t nr;
};

struct diff_entry {
	const char *object;       /* path of the new record's object; the old one's if removed */
	const char *name;
	const struct record *old; /* NULL if added */
	const struct record *new; /* NULL if removed */
	const char *old_object;   /* set for DIFF_RENAMED: where and what it was */
	const char *old_name;
	u16 lanes;                /* bit set of enum lane: what differs; all present lanes if added or removed */
	u8 status;                /* enum diff_status */
	u8 kind;                  /* enum record_kind */
};

struct diff {
	struct diff_entry *entries; /* sorted by object, kind, name, status */
	size_t nr;
	size_t count[NR_DIFF_STATUS];
	size_t compared; /* records that had a partner, and those that had none */
	struct arena arena;
};

/* Compare; never fails. Records of @old and @new must outlive the result. */
struct diff *diff_builds(const struct build *old, const struct build *new);

/* True if anything but DIFF_LINES is there; with @strict, anything at all. */
bool diff_differs(const struct diff *diff, bool strict);

const char *diff_status_name(enum diff_status status); /* "changed", "lines", ... */

void diff_free(struct diff *diff);

#endif
