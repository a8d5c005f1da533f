/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - messages for people, on stderr
 *
 * Every message is one line, "objtool: " in front, control characters made
 * visible, and leaves in one write(2), so that lines of several threads or
 * processes never mix. Data never goes through here.
 */
#ifndef OBJTOOL_LOG_H
#define OBJTOOL_LOG_H

/*
 * Print "objtool: error: ..." and return -1, so that the place that knows the
 * detail can say "return error(...)" and callers only propagate.
 */
int error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print "objtool: warning: ...". The run goes on. */
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
