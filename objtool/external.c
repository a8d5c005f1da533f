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

/* Become objtool-full, with the same arguments; returns if it cannot be. */
static int run_external(int argc, char **argv)
{
	char self[PATH_MAX], name[] = "objtool", **args;
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *path = NULL;

	while (len > 0 && self[len - 1] != '/')
		len--;
	self[len > 0 ? len : 0] = '\0';
	args = xcalloc((size_t)argc + 2, sizeof(*args));
	args[0] = name;
	memcpy(args + 1, argv, (size_t)argc * sizeof(*args));
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		free(path);
		path = xconcat(self, places[i]);
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
