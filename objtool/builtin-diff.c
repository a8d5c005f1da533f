// SPDX-License-Identifier: GPL-2.0-or-later
/* builtin-diff.c - objtool diff: which functions and data objects differ between two builds */
#include <stdlib.h>
#include <unistd.h>
#include <objtool/builtin.h>
#include <objtool/checksum.h>
#include <objtool/diff.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/report.h>

enum colour { COLOUR_ALWAYS, COLOUR_NEVER, COLOUR_AUTO };

struct diff_options {
	bool json, name_only, quiet, strict;
	unsigned int colour; /* enum colour */
};

static const struct option_spec diff_options[] = {
	OPTION(struct diff_options, json, .name = "json", .help = "print one JSON document"),
	OPTION(struct diff_options, name_only, .name = "name-only",
	       .help = "print the names that differ, one a line"),
	OPTION(struct diff_options, quiet, .name = "quiet", .letter = 'q',
	       .help = "print nothing, say it by the exit status"),
	OPTION(struct diff_options, strict, .name = "strict",
	       .help = "count changed line numbers as differences"),
	OPTION(struct diff_options, colour, .name = "color", .arg = "always|never|auto",
	       .kind = OPTION_CHOICE, .help = "colour the text; by default, on a terminal"),
};

/* Records of an object or of a .checksums file. NULL after a message. */
static struct records *load(const char *path)
{
	struct records *recs;
	struct object *obj;

	if (records_probe(path))
		return records_read(path);
	obj = object_open(path);
	recs = obj ? checksum_object(obj, pool_cpus()) : NULL;
	object_close(obj);
	return recs;
}

/* Say why everything might differ, before somebody looks for the reason in the functions. */
static void warn_of_other_build(const struct records *old, const struct records *new)
{
	const char *a = old->compiler ? old->compiler : "", *b = new->compiler ? new->compiler : "";

	if (*a && *b && strcmp(a, b) != 0)
		warning("compiled by different compilers: '%s' and '%s'", a, b);
	if (old->step != STEP_UNKNOWN && new->step != STEP_UNKNOWN && old->step != new->step)
		warning("one was taken %s the kernel's own objtool ran, the other %s it",
			objtool_step_name(old->step), objtool_step_name(new->step));
}

static bool use_colour(enum colour colour)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO);
}

/* What two single files are both called in the output. The result is the caller's. */
static char *object_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = xstrdup(slash ? slash + 1 : path);

	if (str_ends(name, RECORDS_SUFFIX))
		name[strlen(name) - strlen(RECORDS_SUFFIX)] = '\0';
	return name;
}

static void report(const struct diff *diff, const struct diff_options *opts, const char *old,
		   const char *new)
{
	if (opts->quiet)
		return;
	if (opts->json)
		report_json(diff, old, new, stdout);
	else if (opts->name_only)
		report_names(diff, opts->strict, stdout);
	else
		report_text(diff, use_colour(opts->colour), stdout);
}

static int compare(const char *old_path, const char *new_path, const struct diff_options *opts)
{
	struct records *old = load(old_path), *new = old ? load(new_path) : NULL;
	int status = EXIT_TROUBLE;

	if (old && new) {
		char *name = object_name(new_path);
		struct build_object old_object = {name, old}, new_object = {name, new};
		struct diff *diff;

		warn_of_other_build(old, new);
		diff = diff_builds(&(struct build){&old_object, 1},
				   &(struct build){&new_object, 1});
		report(diff, opts, old_path, new_path);
		status = diff_differs(diff, opts->strict) ? EXIT_DIFFERENT : EXIT_SAME;
		diff_free(diff);
		free(name);
	}
	records_free(old);
	records_free(new);
	return status;
}

static int run_diff(int argc, char **argv)
{
	struct diff_options opts = {.colour = COLOUR_AUTO};
	char **operands;

	switch (options_parse(&command_diff, argc, argv, &opts, &operands)) {
	case PARSE_HELP:
		return EXIT_SAME;
	case PARSE_MISUSE:
		return EXIT_TROUBLE;
	case PARSE_RUN:
		break;
	}
	if (!operands[0] || !operands[1] || operands[2])
		return misuse(&command_diff, "two operands are needed, OLD and NEW");
	return compare(operands[0], operands[1], &opts);
}

const struct command command_diff = {
	.name = "diff",
	.operands = "OLD NEW",
	.help = "compare two builds by their checksums",
	.details = "Print which functions and data objects differ, and in what. OLD and NEW are "
		   "each an\n"
		   "object or a .checksums file; - is standard input.\n\n"
		   "A record that differs only in line numbers is printed, but counts as a "
		   "difference\n"
		   "only with --strict. Exit status: 0 no difference, 1 differences, 2 trouble.",
	.options = diff_options,
	.nr_options = ARRAY_SIZE(diff_options),
	.run = run_diff,
};
