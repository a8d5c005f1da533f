/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * input.h - from a path to the objects in it
 *
 * A file is an object, a compressed object, or an archive of objects:
 *
 *   foo.o, foo.ko, vmlinux.o     one object
 *   foo.ko.gz, .xz, .zst         one object, expanded in memory
 *   lib.a ("!<arch>\n")          its members, each called "lib.a(foo.o)"
 *   built-in.a ("!<thin>\n")     the files it names, relative to its directory
 *
 * What a file is, is told from how it begins, never from its name. Archives are
 * read as GNU and System V ar write them (ar(5): "/" and "/SYM64/" symbol
 * tables, "//" long names), and BSD's "#1/" names.
 */
#ifndef OBJTOOL_INPUT_H
#define OBJTOOL_INPUT_H

#include <objtool/elf.h>
#include <objtool/mem.h>

enum content {
	CONTENT_UNKNOWN, /* nothing of the below */
	CONTENT_NONE,	 /* cannot be read, or no regular file */
	CONTENT_ELF,	 /* for x86-64, as far as the header says */
	CONTENT_FOREIGN, /* ELF for 32 bits, or for another machine */
	CONTENT_BITCODE,
	CONTENT_ARCHIVE,
	CONTENT_THIN,
	CONTENT_GZIP,
	CONTENT_XZ,
	CONTENT_ZSTD,
	CONTENT_CHECKSUMS,
};

/* What the file at @path is, from its first bytes. No message; errno is set if it is CONTENT_NONE.
 */
enum content content_of(const char *path);

/* One object, not read yet. */
struct image {
	const char *path; /* the file it is in */
	const char *name; /* for messages, and to name its .checksums: "lib.a(foo.o)" */
	const char *rel;  /* what it is called in a build: "foo.o", "kernel/fork.o" */
	u64 offset, size; /* where in the file, if .member */
	bool member;	  /* of an archive that is not thin */
	u8 content;	  /* enum content, if that was looked at already */
};

struct images {
	struct image *image; /* malloc'ed */
	size_t nr, cap;
	size_t strangers;   /* members of archives that were left out: no x86-64 objects */
	struct arena arena; /* the strings */
};

/*
 * Append the objects of the file at @path: one, or an archive's members in its
 * order, but for those that are no objects. Only
 * archives are opened here: what is wrong with a single object, input_open()
 * says. @path must outlive @images. Returns 0, or -1 after a message.
 */
int images_add(struct images *images, const char *path);

/* Say with one warning() how many members were left out, if any. */
void images_warn(const struct images *images);

void images_free(struct images *images);

/* An object, and the bytes it is read from if they are not its file's. */
struct input {
	struct object *obj;
	void *bytes; /* malloc'ed, or NULL */
};

/* Read and validate an object, see object_open(). Returns 0, or -1 after a message. */
int input_open(struct input *in, const struct image *image, struct pool *pool,
	       enum contents_use use);

void input_close(struct input *in);

#endif
