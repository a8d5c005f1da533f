// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-diff.c - builds of several objects
 *
 *     test-diff text|colour|stat|json|names OLD... -- NEW...
 *
 * Each OLD and NEW is OBJECT=FILE, in order of OBJECT; FILE is a .checksums file.
 */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/report.h>

/* One side, with room for as many objects as there are arguments. */
struct side {
	struct build build;
	struct build_object *objs;
	struct records **recs;
};

/* Load from @argv, up to "--" or the end. Returns what is behind that, or NULL. */
static char **load(struct side *side, int room, char **argv)
{
	side->objs = xcalloc((size_t)room, sizeof(*side->objs));
	side->recs = xcalloc((size_t)room, sizeof(*side->recs));
	side->build.objs = side->objs;
	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		size_t i = side->build.nr;
		char *file = strchr(*argv, '=');

		if (!file) {
			error("'%s' is not OBJECT=FILE", *argv);
			return NULL;
		}
		*file++ = '\0';
		side->recs[i] = records_read(file);
		if (!side->recs[i])
			return NULL;
		side->objs[i] = (struct build_object){*argv, side->recs[i]};
		side->build.nr++;
	}
	return *argv ? argv + 1 : argv;
}

static void release(struct side *side)
{
	for (size_t i = 0; i < side->build.nr; i++)
		records_free(side->recs[i]);
	free(side->recs);
	free(side->objs);
}

static int report(const struct diff *diff, const char *format)
{
	struct report_look look = {.colour = !strcmp(format, "colour"), .width = 80};

	if (!strcmp(format, "json"))
		report_json(diff, "old", "new", stdout);
	else if (!strcmp(format, "stat"))
		report_stat(diff, &look, stdout);
	else if (!strcmp(format, "names"))
		report_names(diff, false, stdout);
	else
		report_text(diff, &look, stdout);
	return diff_differs(diff, false);
}

int main(int argc, char **argv)
{
	struct side old = {0}, new = {0};
	char **next = argc > 1 ? load(&old, argc, argv + 2) : NULL;
	int status = 2;

	if (next && load(&new, argc, next)) {
		struct diff *diff = diff_builds(&old.build, &new.build);

		status = report(diff, argv[1]);
		diff_free(diff);
	}
	release(&old);
	release(&new);
	return status;
}
