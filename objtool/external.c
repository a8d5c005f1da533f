// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * external.c - the commands that are not in a program that was linked statically
 *
 * Linked in place of builtin-diff.c and builtin-explain.c: what these load when there is a use
 * for it, libcapstone and libdw, takes a dynamic program, objtool-full. That lies beside this one,
 * as it is built, or in libexec, as it is installed.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <objtool/builtin.h>
#include <objtool/log.h>
#include <objtool/mem.h>

static const char *const places[] = {"objtool-full", "../libexec/objtool-full"};

/* The folder that this program is in, with a slash behind, into @dir; 0, or -1 with errno. */
static int own_folder(char dir[PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", dir, PATH_MAX - 1);

	if (len < 0)
		return -1;
	dir[len] = '\0';
	*(strrchr(dir, '/') + 1) = '\0';
	return 0;
}

/* Become objtool-full, with the same arguments; returns if it cannot be. */
static int run_external(int argc, char **argv)
{
	char dir[PATH_MAX], name[] = "objtool", **args;
	char *path = NULL;

	if (own_folder(dir)) {
		error("cannot find objtool-full, which '%s' takes: /proc/self/exe: %s", argv[0],
		      strerror(errno));
		return EXIT_TROUBLE;
	}
	args = xcalloc((size_t)argc + 2, sizeof(*args));
	args[0] = name;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*args));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		free(path);
		path = xconcat(dir, places[i]);
		execv(path, args);
	}
	error("cannot run %s, which '%s' takes: %s", path, argv[0], strerror(errno));
	free(path);
	free(args);
	return EXIT_TROUBLE;
}

const struct command command_diff = {
	.name = "diff",
	.help = DIFF_HELP,
	.run = run_external,
};

const struct command command_explain = {
	.name = "explain",
	.help = EXPLAIN_HELP,
	.run = run_external,
};
