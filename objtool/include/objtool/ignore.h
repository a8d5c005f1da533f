/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ignore.h - differences that somebody has looked at and does not want to see again
 *
 * A text file, one pattern a line; blank lines and lines that begin with # are
 * skipped. A pattern is one or more of these, separated by blanks, and all of
 * them must hold:
 *
 *   name=GLOB            the record's name, or a renamed one's old name
 *   object=GLOB          its object's path; without a slash, the last part of that
 *   kind=func|data|rest  one, or several joined by commas, as below
 *   status=STATUS,...    changed, lines, added, ...
 *   lanes=LANE,...       nothing else differs than these; of changed records only
 *
 * A GLOB is as in a shell, but * and ? stand for slashes too. So
 *
 *   kind=data name=__UNIQUE_ID_vermagic
 *   object=amdgpu.ko lanes=consts
 */
#ifndef OBJTOOL_IGNORE_H
#define OBJTOOL_IGNORE_H

#include <objtool/diff.h>

struct ignore;

/* Read the patterns in the file at @path. Returns NULL after a message for each bad line. */
struct ignore *ignore_read(const char *path);

/* Take out of @diff what any pattern matches. */
void ignore_apply(struct ignore *ignore, struct diff *diff);

/*
 * Warn of each pattern that matched nothing in ignore_apply(): what it was
 * written for has changed. Returns how many there are.
 */
size_t ignore_warn_unused(const struct ignore *ignore);

/* Release everything; NULL is fine. */
void ignore_free(struct ignore *ignore);

#endif
