/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - two builds from what the command line names, ready to be compared
 *
 * Each side is an object, a .checksums file, an archive, or a tree: of objects, of
 * their .checksums files, or of both. Of an object that is hashed already, and
 * whose .checksums file beside it is up to date (stamp.h), that is read;
 * others are hashed in memory and nothing is written.
 *
 * Objects pair by their path within the build, whatever compresses them. Two
 * files are a pair whatever they are called; a file and a tree are compared
 * as by diff(1), with the file of the same name in the tree. A tree of modules
 * is compared with the modules of the other, and those that are not at the
 * same path (lib/modules/VERSION/kernel/fs/ext4/ext4.ko, fs/ext4/ext4.ko) pair
 * by name if there is one of that name on each side: a kernel cannot load two.
 */
#ifndef OBJTOOL_LOAD_H
#define OBJTOOL_LOAD_H

#include <objtool/diff.h>
#include <objtool/exclude.h>
#include <objtool/input.h>

struct loaded {
	struct build old, new;
	size_t failed;	    /* objects left out of both, each after a message */
	struct load *state; /* private */
};

/*
 * Load both, less what @exclude lists if it is not NULL, with up to @jobs threads. Returns 0, or -1
 * after a message if there is nothing to compare. Either way, loaded_free() releases it.
 */
int load_builds(struct loaded *builds, const char *old, const char *new, struct exclude *exclude,
		unsigned int jobs);

/*
 * The object that build @side (0: old, 1: new) calls @object, to be opened again; NULL if
 * only its .checksums are there.
 */
const struct image *loaded_image(const struct loaded *builds, int side, const char *object);

void loaded_free(struct loaded *builds);

#endif
