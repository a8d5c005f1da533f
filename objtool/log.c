// SPDX-License-Identifier: GPL-2.0-or-later
/* log.c - one message, one line, one write */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <objtool/log.h>
#include <objtool/util.h>

/* Long enough for a path (PATH_MAX 4096 on Linux) and a sentence. */
#define MESSAGE_MAX 6144

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
	/* Nothing can be done if stderr itself is gone. */
	ssize_t ignored = write(STDERR_FILENO, msg, len);
	(void)ignored;
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
