/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a diff for people and for programs
 *
 * Text is one line a difference and one with the totals, grouped by object if
 * the builds have more than one; nothing at all if nothing differs. JSON is
 * always one document:
 *
 *   {"version":1,"old":PATH,"new":PATH,
 *    "changes":[{"object":...,"name":...,"kind":"func","status":"changed","lanes":["code"]},...],
 *    "summary":{"changed":1,"lines":0,...,"objects":1,"functions":412,"data":230}}
 *
 * where renamed entries have "old_object" and "old_name" too, and ambiguous
 * ones "build", "old" or "new": the one that their record is in.
 */
#ifndef OBJTOOL_REPORT_H
#define OBJTOOL_REPORT_H

#include <stdio.h>
#include <objtool/diff.h>

/* Differences, each with what kind of thing changed; @colour with terminal colours. */
void report_text(const struct diff *diff, bool colour, FILE *out);

/* One document; @old and @new are the paths that were compared, as given. */
void report_json(const struct diff *diff, const char *old, const char *new, FILE *out);

/*
 * The names alone, each once, "object:name" if there are several objects.
 * Records that differ only in line numbers are left out unless @strict.
 */
void report_names(const struct diff *diff, bool strict, FILE *out);

#endif
