/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outside.h - loaded sections that no record covers */
#ifndef OBJTOOL_OUTSIDE_H
#define OBJTOOL_OUTSIDE_H

#include <objtool/util.h>

enum outside {
	OUTSIDE_NOT,
	OUTSIDE,	/* but code may refer to what is in it */
	OUTSIDE_UNREAD, /* and nothing does, so that its bytes need not be read */
};

/*
 * What a section called @name, which has SHF_ALLOC, is. Sections that have not are outside as
 * well: debug information, .comment, symbol tables are never loaded by the kernel.
 */
enum outside outside_section(const char *name);

#endif
