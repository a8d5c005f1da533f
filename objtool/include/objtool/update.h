/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update.h - write the .checksums files of many objects
 *
 * Objects named one by one are always done. Those of a tree only if their
 * .checksums file is not up to date (stamp.h) or older than this program; those
 * whose object is gone, or was refused, are removed. So that after a run, and
 * after any number of runs at once or broken off, a .checksums file of a tree
 * is one of the object that is there. Objects that are left out have none.
 */
#ifndef OBJTOOL_UPDATE_H
#define OBJTOOL_UPDATE_H

#include <sys/stat.h>
#include <objtool/input.h>
#include <objtool/tree.h>

struct update_task {
	struct image image;
	char *to;	    /* path of the .checksums file; malloc'ed; NULL: standard output */
	bool tree;	    /* found in a tree: may be up to date, may vanish */
	bool mirror;	    /* directories on the way to .to may have to be made */
	bool current;	    /* nothing to do */
	bool excluded;	    /* there shall be no such file */
	struct stat object; /* if .tree: its file, before it is read */
};

struct update {
	struct update_task *tasks;
	size_t nr, cap;
	unsigned int jobs;
	struct exclude *exclude; /* what is left out, or NULL */
	size_t skipped;		 /* set by update_run(): how many were up to date */
};

/*
 * Write the checksums of @image to @to, which becomes the update's; NULL: to
 * standard output. With @mirror, make the directories that takes.
 */
void update_add(struct update *up, const struct image *image, char *to, bool mirror);

/*
 * Write those of the objects chosen in @tree: beside them, or if @out is not
 * NULL, under that directory, in directories of the same names. @tree must
 * stay until the update is freed.
 */
void update_add_tree(struct update *up, const struct tree *tree, const char *out);

/*
 * The first two tasks that would write one file though they are not the same
 * object, in @clash; false if there are none. Of equal tasks, one remains.
 */
bool update_clash(struct update *up, const struct update_task *clash[2]);

/* Do it. Returns how many objects failed, each after a message. */
size_t update_run(struct update *up);

/*
 * Remove what update_run() would not have written for @tree and @out: to be
 * called after it. Of a directory that the tree has not, nothing is removed:
 * @out may hold more than one tree's. Returns how many could not be, each after a message.
 */
size_t update_prune(const struct tree *tree, const char *out);

void update_free(struct update *up);

#endif
