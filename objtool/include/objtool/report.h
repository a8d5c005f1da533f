/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - a diff for people and for programs
 *
 * One file a form. All of them print nothing that is not in the diff, and in
 * its order; those for people fold what would repeat itself.
 */
#ifndef OBJTOOL_REPORT_H
#define OBJTOOL_REPORT_H

#include <stdio.h>
#include <objtool/diff.h>

/* How to print for people. */
struct report_look {
	bool colour;
	bool strict;	    /* line numbers count as differences */
	unsigned int width; /* columns */
};

/*
 * Differences, grouped by object if there are several, each with what kind of
 * thing changed, and one line with the totals; nothing at all if nothing differs.
 * Folded are: what is the same in very many objects, said once above all; an
 * object that only one build has, to one line; names of what differs only in line
 * numbers, to a list, unless they count.
 */
void report_text(const struct diff *diff, const struct report_look *look, FILE *out);

/* Differences counted by directory and by kind of change, with bars. */
void report_stat(const struct diff *diff, const struct report_look *look, FILE *out);

/*
 * The names alone, each once, "object:name" if there are several objects.
 * Records that differ only in line numbers are left out unless @strict.
 */
void report_names(const struct diff *diff, bool strict, FILE *out);

/*
 * All differences, one a line, tab-separated: status, kind, object, name; a
 * renamed one's old object and old name behind that.
 */
void report_status(const struct diff *diff, FILE *out);

/*
 * One JSON document, always; @old and @new are the paths that were compared, as
 * given. doc/diff.schema.json describes it.
 */
void report_json(const struct diff *diff, const char *old, const char *new, FILE *out);

/* Where the disassembly of what differs comes from. */
struct report_patches {
	/* A unified diff, which is the caller's; NULL or "" if there is none to show. */
	char *(*get)(void *ctx, const struct diff_entry *e);
	void *ctx;
};

/*
 * A page of HTML that has all it needs: summary, table to sort and to filter,
 * and, if @patches is not NULL, folded disassembly.
 */
void report_html(const struct diff *diff, const char *old, const char *new, bool strict,
		 const struct report_patches *patches, FILE *out);

/* --- Shared by the forms above, and by whatever else prints differences --- */

/* Colours: of each status by its number, and of other things. */
enum { INK_BOLD = NR_DIFF_STATUS, INK_FAINT, INK_PLAIN, NR_INKS };

/* What turns @ink on, or INK_PLAIN all of them off: an escape sequence, or "". */
const char *report_ink(const struct report_look *look, unsigned int ink);

/* The name of @status, coloured, as the first column. */
void report_status_word(enum diff_status status, const struct report_look *look, FILE *out);

/* A line of its own: @text, as a path, and a colon. */
void report_heading(const char *text, const struct report_look *look, FILE *out);

/* The line with the totals. */
void report_summary(const struct diff *diff, FILE *out);

/* Entries [@i, result) are of one object. */
size_t report_object_end(const struct diff *diff, size_t i);

/* A path, with what could steer a terminal made visible. Names of records are plain already. */
void report_path(const char *path, FILE *out);

/*
 * One entry, or @nr that look alike: "changed    func    +16  name  code, strings and
 * constants", and a newline; the name in @name_width columns, 0 for as many as it has.
 */
void report_entry(const struct diff *diff, const struct diff_entry *e, size_t nr,
		  const struct report_look *look, int name_width, FILE *out);

/*
 * What stands behind the name, if anything: what differs or what it was called, how many
 * there are, what a clone comes from.
 */
void report_about(const struct diff *diff, const struct diff_entry *e, size_t nr,
		  const struct report_look *look, FILE *out);

/*
 * True for the version hash of an exported symbol (CONFIG_MODVERSIONS), changed: one
 * changed type changes thousands, and how they changed says nothing.
 */
bool report_is_crc(const struct diff_entry *e);

/*
 * Length of the UTF-8 sequence at @s, 0 if it is none (RFC 3629): no overlong
 * forms, no surrogates, nothing over U+10FFFF.
 */
unsigned int report_utf8_len(const char *s);

/* "code, strings and constants"; "contents" if no lane is in @lanes. */
void report_lanes(u16 lanes, FILE *out);

/*
 * What is the same in very many objects (every module's version string): one
 * for each such change, and which entries that covers.
 */
struct common_change {
	const struct diff_entry *like; /* one of them */
	size_t objects;		       /* in how many objects it is */
};

struct report_common {
	struct common_change *change;
	size_t nr;
	bool *covers; /* by index of the entry */
};

struct report_common report_find_common(const struct diff *diff);

/* Print them under a heading; nothing if there are none. */
void report_print_common(const struct diff *diff, const struct report_common *common,
			 const struct report_look *look, FILE *out);

void report_common_free(struct report_common *common);

#endif
