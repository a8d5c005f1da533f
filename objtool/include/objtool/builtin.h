/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * builtin.h - the commands of objtool
 *
 * The top layer: one file a command, which parses its options and then is a
 * table of contents of what the layers below do. In a static program
 * some of them are in another one: see external.c.
 */
#ifndef OBJTOOL_BUILTIN_H
#define OBJTOOL_BUILTIN_H

#include <objtool/options.h>

extern const struct command command_checksum;
extern const struct command command_diff;
extern const struct command command_explain;

/* One line each, which both programs print. */
#define DIFF_HELP    "compare two builds by their checksums"
#define EXPLAIN_HELP "say why a function differs between two builds"

#endif
