/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * omit.h - which units of an object are left out, as a list of files and objects says
 *
 * In a linked object, each local symbol follows the STT_FILE symbol of its
 * file. A global symbol does not; its unit lies in its section between those of local ones, in
 * the order of the files, and refers to some; or it has a section of its own. What cannot be told from that is not
 * left out, but counted in a warning.
 */
#ifndef OBJTOOL_OMIT_H
#define OBJTOOL_OMIT_H

#include <objtool/exclude.h>
#include <objtool/namesake.h>

struct omit {
	bool all;  /* the object is of one file, and that is left out */
	u8 *units; /* by unit: 1 if it is */
};

struct omit omit_read(const struct namesakes *ns, struct exclude *list);

void omit_free(struct omit *omit);

#endif
