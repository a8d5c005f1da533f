// SPDX-License-Identifier: GPL-2.0-or-later
/* log.c - one message, one line, one write, now or later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <objtool/log.h>
#include <objtool/util.h>

/* Long enough for a path (PATH_MAX 4096 on Linux) and a sentence. */
#define MESSAGE_MAX 6144

/*
 * Where this thread's messages are kept, NULL if they are printed. A thread's
 * own, never seen by another: the alternative is a parameter through every
 * layer down to where a message is made.
 */
static _Thread_local struct log_text *keeping;

struct log_text *log_keep(struct log_text *to)
{
	struct log_text *before = keeping;

	keeping = to;
	return before;
}

static void print(const char *text, size_t len)
{
	/* Nothing can be done if stderr itself is gone. */
	ssize_t ignored = write(STDERR_FILENO, text, len);

	(void)ignored;
}

/* Returns false if there is no memory for it: better at once than never. */
static bool keep(const char *msg, size_t len)
{
	char *text = keeping ? realloc(keeping->text, keeping->len + len) : NULL;

	if (!text)
		return false;
	memcpy(text + keeping->len, msg, len);
	keeping->text = text;
	keeping->len += len;
	return true;
}

void log_print(struct log_text *kept)
{
	if (kept->len && !keep(kept->text, kept->len))
		print(kept->text, kept->len);
	free(kept->text);
	*kept = (struct log_text){0};
}

static void emit(const char *kind, const char *fmt, va_list ap)
{
	char msg[MESSAGE_MAX];
	int head = snprintf(msg, sizeof(msg), "objtool: %s: ", kind);
	size_t len = (size_t)head;
	int n = vsnprintf(msg + len, sizeof(msg) - len - 1, fmt, ap);

	if (n > 0)
		len += (size_t)n < sizeof(msg) - len - 1 ? (size_t)n : sizeof(msg) - len - 2;
	/* A file name or symbol may hold anything: it must not steer a terminal. */
	for (size_t i = 0; i < len; i++)
		if ((u8)msg[i] < 0x20 || msg[i] == 0x7f)
			msg[i] = '?';
	msg[len++] = '\n';
	if (!keep(msg, len))
		print(msg, len);
}

int error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("error", fmt, ap);
	va_end(ap);
	return -1;
}

void warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit("warning", fmt, ap);
	va_end(ap);
}
