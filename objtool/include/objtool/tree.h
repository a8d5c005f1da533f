/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - the objects of a directory tree, each function's once
 *
 * A build has the same code several times: in kernel/fork.o, in vmlinux.o; in
 * the parts of a module, in what they are linked to, in the .ko. tree_scan()
 * finds the files, tree_choose() says which of them stand for the build.
 *
 * In a kernel build tree, where Kbuild left its .foo.o.cmd beside each object:
 *
 *   - what was compiled or assembled for the kernel is taken; programs of the
 *     build host, *.mod.o, and names that begin with a dot are not;
 *   - what was made from other objects is not, unless one of those cannot be
 *     read (LLVM bitcode of an LTO build, or gone): then it is, in their place.
 *
 * Elsewhere, by content:
 *
 *   - each .o is taken that is an object at all;
 *   - a .ko, compressed or not, if there is no .o beside it that is one.
 *
 * vmlinux.o stands for a build of bitcode, or for itself where there is
 * nothing else of the kernel. Symbolic links are not followed, and directories
 * whose names begin with a dot are not entered.
 */
#ifndef OBJTOOL_TREE_H
#define OBJTOOL_TREE_H

#include <objtool/kbuild.h>
#include <objtool/mem.h>

struct tree_file {
	const char *path; /* to open it */
	const char *name; /* within the tree: "kernel/fork.o" */
	bool object;	  /* there is such a file, */
	bool cmd;	  /* and the command that made it, */
	bool sums;	  /* and a .checksums file of it: each may be there alone */
	bool archive;	  /* built-in.a and such */
	bool temporary;	  /* perhaps left behind by a run that was killed: file.h */
	bool chosen;
	bool part;	      /* something that was chosen stands for it */
	u8 content;	      /* enum content, of an object */
	int cmd_errno;	      /* why the command cannot be read, 0 if it is not so */
	struct kbuild kbuild; /* if .cmd */
};

struct tree_dir {
	const char *name; /* "" for the top, "kernel/" */
	bool unread;	  /* could not be listed, said with error() */
	bool objects;	  /* has objects or Kbuild's commands: no mere store of .checksums */
};

struct tree {
	const char *root;	 /* as given, without the slashes at its end */
	struct tree_file *files; /* sorted by name, bytewise */
	size_t nr, cap;
	struct tree_dir *dirs; /* sorted by name */
	size_t nr_dirs, cap_dirs;
	size_t nr_chosen;
	size_t unread;			/* directories, commands and lists, each said with error() */
	size_t bitcode, foreign, other; /* objects left out for what they are */
	struct arena arena;
};

/*
 * List the tree at @root and look at each object in it, with up to @jobs threads.
 * Files that vanish meanwhile are not there. Returns NULL after a message
 * if @root itself cannot be listed; other directories are said and counted.
 */
struct tree *tree_scan(const char *root, unsigned int jobs);

/*
 * The file at @path alone, which Kbuild has just made, and of its tree as much as
 * says whether it stands for the build. A vmlinux.o does: whether the rest is
 * bitcode, cannot be seen from it. Gone is as in a tree. Never NULL.
 */
struct tree *tree_scan_file(const char *path);

/* Which objects stand for the build. */
enum tree_choice {
	TREE_OBJECTS, /* the rules above */
	TREE_MODULES, /* every .ko, to be compared with a package of modules */
};

/* Set .chosen. May be called again. */
void tree_choose(struct tree *tree, enum tree_choice choice);

/* Say with warning(), in a line each, what kinds of objects were left out. */
void tree_warn(const struct tree *tree);

/* The directory that the file called @name is in, NULL if there is none. */
const struct tree_dir *tree_dir_of(const struct tree *tree, const char *name);

/* The file of that name, or NULL. */
struct tree_file *tree_find(const struct tree *tree, const char *name);

/* True if @name is called like an object: .o, .ko, .ko.gz, .ko.xz, .ko.zst. */
bool tree_object_name(const char *name);

/* Length of the name of a module without what compresses it: "ext4.ko.xz" is "ext4.ko". */
size_t tree_stem(const char *name);

/* Release everything; NULL is fine. */
void tree_free(struct tree *tree);

#endif
