/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask.h - a function's name as somebody typed it
 *
 * Records are called without what the compiler counts, and with "@file.c" where names are
 * many; people type what they know: "foo", "foo.constprop.0", "foo@a.c".
 */
#ifndef OBJTOOL_ASK_H
#define OBJTOOL_ASK_H

#include <objtool/diff.h>

/* True if a record called @name may be meant by @asked. */
bool ask_matches(const char *asked, const char *name);

/* True if either build has such a record. */
bool ask_exists(const char *asked, const struct build *old, const struct build *new);

/* Say that neither build has such a record, and which names are near it. Returns -1. */
int ask_failed(const char *asked, const struct build *old, const struct build *new);

#endif
