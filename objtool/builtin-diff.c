// SPDX-License-Identifier: GPL-2.0-or-later
/* builtin-diff.c - objtool diff: which functions and data objects differ between two builds */
#include <errno.h>
#include <stdlib.h>
#include <objtool/ask.h>
#include <objtool/bodies.h>
#include <objtool/builtin.h>
#include <objtool/file.h>
#include <objtool/ignore.h>
#include <objtool/inlined.h>
#include <objtool/load.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/report.h>
#include <objtool/terminal.h>

struct diff_options {
	bool json, stat, name_only, name_status, quiet, strict, no_pager;
	const char *html;    /* where to write a page, or NULL */
	bool patch, columns; /* -p, and old and new side by side */
	bool inlined;
	const char *function;	      /* the only one to compare, or NULL */
	const char *ignore, *exclude; /* files of patterns, or NULL */
	unsigned int context;	      /* lines around each change of a patch */
	unsigned int colour;	      /* enum colour */
	unsigned int jobs;
};

static const struct option_spec diff_options[] = {
	OPTION(struct diff_options, stat, .name = "stat",
	       .help = "count by directory and by kind of change"),
	OPTION(struct diff_options, name_only, .name = "name-only",
	       .help = "print the names that differ, one a line"),
	OPTION(struct diff_options, name_status, .name = "name-status",
	       .help = "print status, kind, object and name, tab-separated"),
	OPTION(struct diff_options, patch, .name = "patch", .letter = 'p',
	       .help = "show what changed, as a diff of disassembly"),
	OPTION(struct diff_options, context, .name = "unified", .letter = 'U', .arg = "N",
	       .kind = OPTION_COUNT, .help = "lines around each change with -p; by default 3"),
	OPTION(struct diff_options, columns, .name = "side-by-side",
	       .help = "with -p, old and new in two columns"),
	OPTION(struct diff_options, inlined, .name = "inlined",
	       .help = "show inlined functions whose copies changed, and where they are"),
	OPTION(struct diff_options, function, .name = "function", .arg = "NAME",
	       .kind = OPTION_STRING, .help = "compare only what has this name"),
	OPTION(struct diff_options, json, .name = "json", .help = "print one JSON document"),
	OPTION(struct diff_options, html, .name = "html", .arg = "FILE", .kind = OPTION_STRING,
	       .help = "write a page for a browser; with -p, with disassembly"),
	OPTION(struct diff_options, quiet, .name = "quiet", .letter = 'q',
	       .help = "print nothing, say it by the exit status"),
	OPTION(struct diff_options, strict, .name = "strict",
	       .help = "line numbers are differences, unused patterns trouble"),
	OPTION(struct diff_options, ignore, .name = "ignore", .arg = "FILE", .kind = OPTION_STRING,
	       .help = "leave out what a pattern in FILE matches"),
	OPTION(struct diff_options, exclude, .name = "exclude-from", .letter = 'X', .arg = "FILE",
	       .kind = OPTION_STRING,
	       .help = "leave out objects and source files, as objtool checksum does"),
	OPTION(struct diff_options, colour, .name = "color", .arg = "always|never|auto",
	       .kind = OPTION_CHOICE, .help = "colour the text; by default, on a terminal"),
	OPTION(struct diff_options, no_pager, .name = "no-pager",
	       .help = "do not page what does not fit the screen"),
	OPTION(struct diff_options, jobs, .name = "jobs", .letter = 'j', .arg = "N",
	       .kind = OPTION_NUMBER, .help = "threads; by default, one for each CPU"),
};

/* Why everything might differ, for all objects in one line each. */
struct other_build {
	size_t nr; /* objects that both builds have */
	size_t compilers, steps;
	const struct build_object *old, *new; /* the first pair that differs in its compiler */
	enum objtool_step old_step, new_step;
};

static void note_pair(struct other_build *other, const struct build_object *old,
		      const struct build_object *new)
{
	const char *a = old->recs->compiler, *b = new->recs->compiler;

	other->nr++;
	if (a && b && *a && *b && strcmp(a, b) != 0 && !other->compilers++) {
		other->old = old;
		other->new = new;
	}
	if (old->recs->step == STEP_UNKNOWN || new->recs->step == STEP_UNKNOWN ||
	    old->recs->step == new->recs->step)
		return;
	if (!other->steps++) {
		other->old_step = old->recs->step;
		other->new_step = new->recs->step;
	}
}

/* "" if it holds for all of the objects; the result is the caller's. */
static char *how_many(size_t nr, const struct other_build *other)
{
	return nr == other->nr ? xstrdup("") : xasprintf("%zu of %zu objects were ", nr, other->nr);
}

/* Say why everything might differ, before somebody looks for the reason in the functions. */
static void warn_of_other_build(const struct build *old, const struct build *new)
{
	struct other_build other = {0};
	char *compiled, *taken;

	for (size_t i = 0, j = 0; i < old->nr && j < new->nr;) {
		int cmp = strcmp(old->objs[i].path, new->objs[j].path);

		if (!cmp)
			note_pair(&other, &old->objs[i], &new->objs[j]);
		i += cmp <= 0;
		j += cmp >= 0;
	}
	if (!other.nr && old->nr && new->nr)
		warning("no object is in both builds: %s is only in the old one, %s only in the "
			"new",
			old->objs[0].path, new->objs[0].path);
	compiled = how_many(other.compilers, &other);
	taken = how_many(other.steps, &other);
	if (other.compilers)
		warning("%scompiled by different compilers: '%s' and '%s'", compiled,
			other.old->recs->compiler, other.new->recs->compiler);
	if (other.steps && !*taken)
		warning("one was taken %s the kernel's own objtool ran, the other %s it",
			objtool_step_name(other.old_step), objtool_step_name(other.new_step));
	else if (other.steps)
		warning("%staken %s the kernel's own objtool ran in one build, %s it in the other",
			taken, objtool_step_name(other.old_step),
			objtool_step_name(other.new_step));
	free(compiled);
	free(taken);
}

static void print_form(const struct diff *diff, const struct diff_options *opts, const char *old,
		       const char *new, const struct report_look *look)
{
	if (opts->json)
		report_json(diff, old, new, stdout);
	else if (opts->stat)
		report_stat(diff, look, stdout);
	else if (opts->name_only)
		report_names(diff, opts->strict, stdout);
	else if (opts->name_status)
		report_status(diff, stdout);
	else if (opts->html)
		report_summary(diff, stdout);
	else
		report_text(diff, look, stdout);
}

/* With less there is no room for two columns of code. */
#define MIN_COLUMNS 100

/* The disassembly of what differs, for a report. */
struct patches {
	struct bodies bodies;
	struct hunk_style style;
	bool strict;
	bool whole;    /* what only one build has, too */
	size_t failed; /* records that could not be shown */
	/* Objects of which there are only .checksums in one of the builds. */
	const char *without, *first_without;
	size_t nr_without;
	bool lacking[NR_SIDES];
};

static bool is_shown(const struct patches *p, const struct diff_entry *e)
{
	switch ((enum diff_status)e->status) {
	case DIFF_CHANGED:
		return !report_is_crc(e);
	case DIFF_LINES:
		return p->strict;
	case DIFF_ADDED:
	case DIFF_REMOVED:
		return p->whole;
	case DIFF_RENAMED:
	case DIFF_AMBIGUOUS:
	case NR_DIFF_STATUS:
		break;
	}
	return false;
}

/* Whether the objects are there, and not only their .checksums. */
static bool at_hand(struct patches *p, const struct diff_entry *e)
{
	const struct loaded *builds = p->bodies.builds;
	bool old = !e->old || loaded_image(builds, SIDE_OLD, e->old_object);
	bool new = !e->new || loaded_image(builds, SIDE_NEW, e->object);

	p->lacking[SIDE_OLD] |= !old;
	p->lacking[SIDE_NEW] |= !new;
	return old && new;
}

static void print_patch(struct patches *p, const struct diff_entry *e, FILE *out)
{
	if (!is_shown(p, e))
		return;
	if (at_hand(p, e)) {
		p->failed += bodies_print_patch(&p->bodies, e, &p->style, out) != 0;
		return;
	}
	p->failed++;
	if (!p->without || strcmp(p->without, e->object) != 0)
		p->nr_without++;
	p->without = e->object;
	if (!p->first_without)
		p->first_without = e->object;
}

/* In one line: of two trees of .checksums it would be thousands. */
static void say_without(const struct patches *p)
{
	if (!p->nr_without)
		return;
	error("of %zu object%s (%s%s) only " RECORDS_SUFFIX
	      " are at hand in %s: to show what changed, give the objects, or their tree",
	      p->nr_without, &"s"[p->nr_without == 1], p -> first_without,
	      p -> nr_without == 1 ? "" : ", ...",
	      !p->lacking[SIDE_NEW]   ? "the old build"
	      : !p->lacking[SIDE_OLD] ? "the new build"
				      : "both builds");
}

/* As a string, for report_html(). */
static char *get_patch(void *ctx, const struct diff_entry *e)
{
	char *text = NULL;
	size_t len;
	FILE *out = xopen_memstream(&text, &len);

	print_patch(ctx, e, out);
	xclose_memstream(out, &text);
	return text;
}

/* What is the same in very many objects is shown for one of them. */
static void print_patches(const struct diff *diff, struct patches *p)
{
	struct report_common common = report_find_common(diff);

	for (size_t i = 0; i < common.nr && !ferror(stdout); i++)
		print_patch(p, common.change[i].like, stdout);
	for (size_t i = 0; i < diff->nr && !ferror(stdout); i++)
		if (!common.covers[i])
			print_patch(p, &diff->entries[i], stdout);
	report_common_free(&common);
}

/* Returns 0, or -1 after a message. */
static int write_html(const struct diff *diff, const struct diff_options *opts, struct patches *p,
		      const char *old, const char *new)
{
	struct report_patches patches = {.get = get_patch, .ctx = p};
	struct span page = {0};
	char *text = NULL;
	FILE *out = xopen_memstream(&text, &page.size);
	int ret;

	report_html(diff, old, new, opts->strict, opts->patch ? &patches : NULL, out);
	xclose_memstream(out, &text);
	page.data = (const u8 *)text;
	ret = file_write(opts->html, &page, 1);
	if (ret)
		error("cannot write %s: %s", opts->html, strerror(errno));
	free(text);
	return ret;
}

/* With --html, that is where patches go. */
static void print_report(const struct diff *diff, const struct diff_options *opts,
			 struct patches *p, const char *old, const char *new)
{
	struct report_look look = {.colour = terminal_colour(opts->colour),
				   .strict = opts->strict,
				   .width = terminal_width()};
	struct pager pager = {0};

	if (opts->columns && look.width >= MIN_COLUMNS)
		p->style.columns = look.width;
	p->style.colour = look.colour;
	if (!opts->no_pager)
		pager_start(&pager);
	print_form(diff, opts, old, new, &look);
	if (opts->inlined)
		p->failed += inlined_report(&p->bodies, diff, stdout);
	if (opts->patch && !opts->html)
		print_patches(diff, p);
	pager_stop(&pager);
}

/* Returns how much of it could not be shown. */
static size_t report(const struct diff *diff, const struct loaded *builds,
		     const struct diff_options *opts, const char *old, const char *new)
{
	struct patches p = {.style = {.context = opts->context},
			    .strict = opts->strict,
			    .whole = opts->function};

	bodies_init(&p.bodies, builds, opts->strict);
	if (opts->html && write_html(diff, opts, &p, old, new))
		p.failed++;
	if (!opts->quiet)
		print_report(diff, opts, &p, old, new);
	say_without(&p);
	bodies_free(&p.bodies);
	return p.failed;
}

/* Returns how many patterns were of no use. */
static size_t leave_out(struct diff *diff, struct ignore *ignore)
{
	if (!ignore)
		return 0;
	ignore_apply(ignore, diff);
	return ignore_warn_unused(ignore);
}

static bool is_other(void *asked, const struct diff_entry *e)
{
	return !ask_matches(asked, e->name) && !(e->old && ask_matches(asked, e->old->name));
}

/* Leave in @diff only what --function asks for. Returns -1 after a message if that is nothing. */
static int limit(struct diff *diff, const struct loaded *builds, const char *asked)
{
	size_t ignored = diff->ignored;
	char *name = xstrdup(asked);

	diff_drop(diff, is_other, name);
	diff->ignored = ignored;
	free(name);
	if (ask_exists(asked, &builds->old, &builds->new))
		return 0;
	return ask_failed(asked, &builds->old, &builds->new);
}

static int compare(const char *old_path, const char *new_path, const struct diff_options *opts,
		   struct ignore *ignore, struct exclude *exclude)
{
	int status = EXIT_TROUBLE;
	struct loaded builds;

	if (!load_builds(&builds, old_path, new_path, exclude, opts->jobs)) {
		struct diff *diff;
		size_t unused;

		warn_of_other_build(&builds.old, &builds.new);
		diff = diff_builds(&builds.old, &builds.new);
		unused = leave_out(diff, ignore);
		if (opts->function && limit(diff, &builds, opts->function))
			builds.failed++;
		builds.failed += report(diff, &builds, opts, old_path, new_path);
		if (!builds.failed && !(opts->strict && unused))
			status = diff_differs(diff, opts->strict) ? EXIT_DIFFERENT : EXIT_SAME;
		diff_free(diff);
	}
	loaded_free(&builds);
	return status;
}

static int run_diff(int argc, char **argv)
{
	struct diff_options opts = {.context = 3, .colour = COLOUR_AUTO, .jobs = pool_cpus()};
	struct ignore *ignore = NULL;
	struct exclude *exclude = NULL;
	int status;
	char **operands;

	status = options_parse(&command_diff, argc, argv, &opts, &operands);
	if (status != PARSE_RUN)
		return status;
	status = EXIT_TROUBLE;
	if (opts.json + opts.stat + opts.name_only + opts.name_status > 1)
		return misuse(&command_diff, "of --json, --stat, --name-only and --name-status, "
					     "only one can be printed");
	if (opts.inlined && (opts.json || opts.name_only || opts.name_status || opts.quiet))
		return misuse(&command_diff, "--inlined is text: it goes with --stat and -p only");
	if (opts.patch && !opts.html &&
	    (opts.json || opts.name_only || opts.name_status || opts.quiet))
		return misuse(&command_diff,
			      "--patch is text: it goes with --stat and --html only");
	if (!operands[0] || !operands[1] || operands[2])
		return misuse(&command_diff, "two operands are needed, OLD and NEW");
	if (opts.ignore)
		ignore = ignore_read(opts.ignore);
	if (opts.exclude)
		exclude = exclude_read(opts.exclude);
	if (!ignore == !opts.ignore && !exclude == !opts.exclude)
		status = compare(operands[0], operands[1], &opts, ignore, exclude);
	ignore_free(ignore);
	exclude_free(exclude);
	return status;
}

const struct command command_diff = {
	.name = "diff",
	.operands = "OLD NEW",
	.help = DIFF_HELP,
	.details = "Print which functions and data objects differ, and in what. OLD and NEW are "
		   "each an\n"
		   "object, an archive, a .checksums file (- is standard input), or a "
		   "directory: a build\n"
		   "tree, a tree of modules, or " RECORDS_SUFFIX " files kept of one.\n\n"
		   "A record that differs only in line numbers is printed, but counts as a "
		   "difference\n"
		   "only with --strict. Exit status: 0 no difference, 1 differences, 2 trouble.",
	.options = diff_options,
	.nr_options = ARRAY_SIZE(diff_options),
	.run = run_diff,
};
