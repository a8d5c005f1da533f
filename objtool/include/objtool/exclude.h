/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exclude.h - a list of what is left out: objects, and what is theirs in linked ones
 *
 * A text file, one pattern of fnmatch(3) a line ("*" matches "/", too); empty lines and those
 * that begin with "#" are skipped:
 *
 *     arch/x86/kernel/head_64.o
 *     drivers/staging/?*
 *     purgatory.c
 *
 * A pattern leaves out an object that it matches, by the whole path or by the end of
 * it from any directory on. In vmlinux.o, and other objects of several source
 * files, STT_FILE symbols tell what was one object: "fork.c" from the compiler,
 * "head_64.o" from ld(1) where an assembler left none. They have no directories. So
 * head_64.o stands for file symbols head_64.c and head_64.o, and so does
 * arch/x86/kernel/head_64.o, if there is one such file: of several, it is
 * not known which is meant, and none is left out.
 */
#ifndef OBJTOOL_EXCLUDE_H
#define OBJTOOL_EXCLUDE_H

#include <objtool/util.h>

struct exclude;

/* Read a list. Returns NULL after a message. */
struct exclude *exclude_read(const char *path);

/* The file that it was read from. */
const char *exclude_path(const struct exclude *list);

/* True if the object at @path is left out. As the below, for any number of threads at once. */
bool exclude_object(struct exclude *list, const char *path);

/*
 * True if what is from file symbol @file is left out, of an object that has
 * @same of that name, and others if @linked.
 */
bool exclude_file(struct exclude *list, const char *file, u32 same, bool linked);

/* Say with warning() which patterns left out nothing, and why. */
void exclude_warn(const struct exclude *list);

/* NULL is fine. */
void exclude_free(struct exclude *list);

#endif
