// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-diff.c - builds of several objects
 *
 *     test-diff text|colour|json|names OLD... -- NEW...
 *
 * Each OLD and NEW is OBJECT=FILE, in order of OBJECT; FILE is a .checksums file.
 */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/report.h>

/* Fill @build from @argv, up to "--" or the end. Returns what is behind that, or NULL. */
static char **load(struct build *build, struct build_object *objs, char **argv)
{
	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		char *file = strchr(*argv, '=');

		if (!file) {
			error("'%s' is not OBJECT=FILE", *argv);
			return NULL;
		}
		*file++ = '\0';
		objs[build->nr] = (struct build_object){*argv, records_read(file)};
		if (!objs[build->nr].recs)
			return NULL;
		build->nr++;
	}
	build->objs = objs;
	return *argv ? argv + 1 : argv;
}

static int report(const struct diff *diff, const char *format)
{
	if (!strcmp(format, "json"))
		report_json(diff, "old", "new", stdout);
	else if (!strcmp(format, "names"))
		report_names(diff, false, stdout);
	else
		report_text(diff, !strcmp(format, "colour"), stdout);
	return diff_differs(diff, false);
}

int main(int argc, char **argv)
{
	struct build_object *objs = xcalloc((size_t)argc, 2 * sizeof(*objs));
	struct build old = {0}, new = {0};
	char **next = argc > 1 ? load(&old, objs, argv + 2) : NULL;
	struct diff *diff;
	int status;

	if (!next || !load(&new, objs + argc, next))
		return 2;
	diff = diff_builds(&old, &new);
	status = report(diff, argv[1]);
	diff_free(diff);
	/* The records are left to the end of the process, which a leak checker takes for reachable.
	 */
	return status;
}
