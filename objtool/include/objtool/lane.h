/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lane.h - the kinds of thing a checksum covers
 *
 * Beside the checksum of a whole function there is a short hash of each lane,
 * so that a diff can say what kind of thing changed with no object at hand.
 * The names are part of the .checksums format.
 */
#ifndef OBJTOOL_LANE_H
#define OBJTOOL_LANE_H

#include <objtool/util.h>

enum lane {
	LANE_CODE,	  /* instructions, branches within the function */
	LANE_REFS,	  /* symbols called and used */
	LANE_CONSTS,	  /* strings, constants, jump tables; a data object's bytes */
	LANE_ALT,	  /* alternatives, paravirt sites */
	LANE_JUMP_LABEL,  /* static branches */
	LANE_EXTABLE,	  /* exception table */
	LANE_BUG,	  /* BUG and WARN entries, without line numbers */
	LANE_STATIC_CALL, /* static call sites */
	LANE_TRACE,	  /* ftrace and patchable entries */
	LANE_PLACE,	  /* section class */
	LANE_OTHER,	  /* entries of tables this tool has no layout for */
	LANE_LINES,	  /* line numbers; not part of the checksum */
	NR_LANES
};

/* The name of a lane as written in a .checksums file: "code", "jump_label", ... */
const char *lane_name(enum lane lane);

/* The same in words for people: "calls and data used", "static branches", ... */
const char *lane_words(enum lane lane);

/* The lane called @name (of @len bytes), or NR_LANES. */
enum lane lane_find(const char *name, size_t len);

#endif
