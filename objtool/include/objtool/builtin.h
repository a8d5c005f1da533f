/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * builtin.h - the commands of objtool
 *
 * The top layer: one file a command, which parses its options and then is a
 * table of contents of what the layers below do.
 */
#ifndef OBJTOOL_BUILTIN_H
#define OBJTOOL_BUILTIN_H

#include <objtool/options.h>

extern const struct command command_checksum;
extern const struct command command_diff;
extern const struct command command_explain;

#endif
