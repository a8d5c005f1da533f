/* SPDX-License-Identifier: GPL-2.0-or-later */
/* library.h - a library that is loaded when there is a use for it */
#ifndef OBJTOOL_LIBRARY_H
#define OBJTOOL_LIBRARY_H

#include <objtool/util.h>

struct library_call {
	const char *name;
	size_t offset; /* of the pointer to it, in what library_open() fills in */
};

/*
 * Load @name, as "libdw.so.1", and set the pointers at @to to its functions @calls. Returns what
 * library_close() takes; NULL if it is not there or has not all of them.
 */
void *library_open(const char *name, const struct library_call *calls, size_t nr, void *to);
void library_close(void *library); /* NULL is fine */

#endif
