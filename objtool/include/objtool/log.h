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

#include <stddef.h>

/*
 * Print "objtool: error: ..." and return -1, so that the place that knows the
 * detail can say "return error(...)" and callers only propagate.
 */
int error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print "objtool: warning: ...". The run goes on. */
void warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Messages that wait. Zero-initialise; .text is malloc'ed, not terminated. */
struct log_text {
	char *text;
	size_t len; /* bytes */
};

/*
 * From now on, keep what this thread has to say in @to instead of printing it;
 * NULL ends that. So that work on many files at once can be reported in the
 * order of the files. Other threads are not concerned. Returns where they were kept so far.
 */
struct log_text *log_keep(struct log_text *to);

/* Print what was kept, or keep it where this thread's messages are kept now; and release it. */
void log_print(struct log_text *kept);

#endif
