// SPDX-License-Identifier: GPL-2.0-or-later
/* builtin-checksum.c - objtool checksum: objects and trees to .checksums files */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <objtool/builtin.h>
#include <objtool/checksum.h>
#include <objtool/log.h>
#include <objtool/pool.h>
#include <objtool/selfcheck.h>
#include <objtool/update.h>

struct checksum_options {
	const char *output; /* NULL, a file, a directory, or "-" */
	const char *dump;   /* name of the function to dump, or NULL */
	unsigned int jobs;
	const char *exclude; /* a file of patterns, or NULL */
	bool kbuild;
	bool selfcheck;
	unsigned int seed; /* 0: none given */
};

static const struct option_spec checksum_options[] = {
	OPTION(struct checksum_options, output, .name = "output", .letter = 'o',
	       .arg = "FILE|DIR|-", .kind = OPTION_STRING,
	       .help = "write there, not beside the object"),
	OPTION(struct checksum_options, jobs, .name = "jobs", .letter = 'j', .arg = "N",
	       .kind = OPTION_NUMBER, .help = "threads; by default, one for each CPU"),
	OPTION(struct checksum_options, exclude, .name = "exclude-from", .letter = 'X',
	       .arg = "FILE", .kind = OPTION_STRING,
	       .help = "leave out objects and source files that FILE lists"),
	OPTION(struct checksum_options, dump, .name = "dump", .arg = "FUNC", .kind = OPTION_STRING,
	       .help = "print what the checksum of FUNC covers"),
	OPTION(struct checksum_options, kbuild, .name = "kbuild", .kind = OPTION_FLAG,
	       .help = "of objects just made by Kbuild, do what DIR would do of them"),
	OPTION(struct checksum_options, selfcheck, .name = "selfcheck", .kind = OPTION_FLAG,
	       .help = "alter fields of a copy, one at a time: who notices?"),
	OPTION(struct checksum_options, seed, .name = "seed", .arg = "N", .kind = OPTION_NUMBER,
	       .help = "other choices for --selfcheck; by default 1"),
};

/* What the command line comes to. */
struct plan {
	const struct checksum_options *opts;
	const char *out; /* the directory given with -o; NULL if none is */
	bool to_stdout;
	struct images images;
	struct tree **trees;
	size_t nr_trees;
	struct exclude *exclude; /* what is left out, or NULL */
	bool trouble;		 /* something was refused */
};

static bool is_dir(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return !stat(a, &sa) && !stat(b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static int check_operands(const struct checksum_options *opts, char **paths, struct plan *plan)
{
	size_t nr = 0, dirs = 0;

	for (; paths[nr]; nr++)
		dirs += is_dir(paths[nr]);
	if (!nr)
		return misuse(&command_checksum, "no object given");
	if (opts->dump && dirs)
		return misuse(&command_checksum, "--dump takes an object, not a directory");
	if (opts->selfcheck && (dirs || opts->dump || opts->output))
		return misuse(&command_checksum,
			      "--selfcheck takes objects, no directory, and neither --dump nor -o");
	if (opts->kbuild && (dirs || opts->dump || opts->selfcheck || opts->output))
		return misuse(&command_checksum,
			      "--kbuild takes objects and, of other options, -j and -X");
	if (opts->exclude && (opts->dump || opts->selfcheck))
		return misuse(&command_checksum,
			      "--exclude-from is not for --dump and --selfcheck");
	if (opts->seed && !opts->selfcheck)
		return misuse(&command_checksum, "--seed is for --selfcheck");
	if (!opts->output)
		return 0;
	if (opts->dump)
		return misuse(&command_checksum,
			      "--dump prints to standard output and takes no -o");
	plan->to_stdout = !strcmp(opts->output, "-");
	if (dirs && !access(opts->output, F_OK) && !is_dir(opts->output))
		return misuse(&command_checksum, "-o: '%s' is not a directory", opts->output);
	if (dirs && (nr > 1 || plan->to_stdout))
		return misuse(&command_checksum,
			      "-o takes a directory of its own for each directory");
	if (dirs || str_ends(opts->output, "/") || is_dir(opts->output))
		plan->out = opts->output;
	else if (nr > 1)
		return misuse(&command_checksum,
			      "-o takes a directory if there are several objects");
	return 0;
}

/* Take what stands for the build in @tree, which becomes the plan's. */
static void choose_in(struct plan *plan, struct tree *tree)
{
	tree_choose(tree, TREE_OBJECTS);
	plan->trees = xreallocarray(plan->trees, plan->nr_trees + 1, sizeof(*plan->trees));
	plan->trees[plan->nr_trees++] = tree;
}

static void add_tree(struct plan *plan, const char *path)
{
	struct tree *tree = tree_scan(path, plan->opts->jobs);

	if (!tree) {
		plan->trouble = true;
		return;
	}
	choose_in(plan, tree);
	if (plan->out && same_file(path, plan->out))
		plan->out = NULL;
	if (!tree->nr_chosen)
		error("%s: no objects in this directory", path);
	plan->trouble |= tree->unread || !tree->nr_chosen;
}

static void add_paths(struct plan *plan, char **paths)
{
	for (; *paths; paths++) {
		size_t before = plan->images.nr;

		if (plan->opts->kbuild) {
			choose_in(plan, tree_scan_file(*paths));
		} else if (is_dir(*paths)) {
			add_tree(plan, *paths);
		} else if (images_add(&plan->images, *paths)) {
			plan->trouble = true;
		} else if (plan->images.nr == before) {
			error("%s: no objects in this archive", *paths);
			plan->trouble = true;
		}
	}
	images_warn(&plan->images);
}

/* Where the checksums of @image go; NULL is standard output. The result is the caller's. */
static char *output_path(const struct plan *plan, const struct image *image)
{
	/* Members of thin archives have paths, which must not lead out of the directory. */
	bool outside = image->rel[0] == '/' || strstr(image->rel, "../");

	if (plan->to_stdout)
		return NULL;
	if (plan->out)
		return xasprintf("%s/%s" RECORDS_SUFFIX, plan->out,
				 outside ? strrchr(image->rel, '/') + 1 : image->rel);
	return plan->opts->output ? xstrdup(plan->opts->output)
				  : xconcat(image->name, RECORDS_SUFFIX);
}

/* Put together what is to be written where. Returns 0, or EXIT_TROUBLE after a message. */
static int make_update(const struct plan *plan, struct update *up)
{
	const struct update_task *clash[2];

	if (plan->opts->output && !plan->out && plan->images.nr > 1)
		return misuse(&command_checksum,
			      "-o takes a directory if there are several objects");
	for (size_t i = 0; i < plan->images.nr; i++)
		update_add(up, &plan->images.image[i], output_path(plan, &plan->images.image[i]),
			   plan->out);
	for (size_t i = 0; i < plan->nr_trees; i++)
		update_add_tree(up, plan->trees[i], plan->out);
	if (!plan->to_stdout && update_clash(up, clash))
		return misuse(&command_checksum,
			      "'%s' and '%s' would be one file in -o's directory",
			      clash[0]->image.name, clash[1]->image.name);
	return 0;
}

static int write_all(struct plan *plan)
{
	struct update up = {.jobs = plan->opts->jobs, .exclude = plan->exclude};
	size_t failed;

	if (make_update(plan, &up)) {
		update_free(&up);
		return EXIT_TROUBLE;
	}
	failed = update_run(&up);
	for (size_t i = 0; i < plan->nr_trees && !plan->opts->kbuild; i++) {
		if (plan->trees[i]->nr_chosen)
			failed += update_prune(plan->trees[i], plan->out);
		tree_warn(plan->trees[i]);
	}
	/* Of an object that is up to date, its files are not known. */
	if (plan->exclude && !plan->opts->kbuild && !up.skipped)
		exclude_warn(plan->exclude);
	update_free(&up);
	return failed || plan->trouble ? EXIT_TROUBLE : EXIT_SAME;
}

static int dump_all(const struct plan *plan)
{
	bool trouble = plan->trouble;

	for (size_t i = 0; i < plan->images.nr; i++) {
		struct input in;

		if (input_open(&in, &plan->images.image[i], NULL, CONTENTS_KEPT)) {
			trouble = true;
			continue;
		}
		trouble |= checksum_dump(in.obj, plan->opts->dump, stdout) != 0;
		input_close(&in);
	}
	return trouble ? EXIT_TROUBLE : EXIT_SAME;
}

static int selfcheck_all(const struct plan *plan)
{
	struct selfcheck sc = {.seed = plan->opts->seed ? plan->opts->seed : 1};
	size_t failed = selfcheck_run(&sc, &plan->images, plan->opts->jobs, stdout);
	bool right = selfcheck_report(&sc, stdout);

	selfcheck_free(&sc);
	if (failed || plan->trouble)
		return EXIT_TROUBLE;
	return right ? EXIT_SAME : EXIT_DIFFERENT;
}

static int run_checksum(int argc, char **argv)
{
	struct checksum_options opts = {.jobs = pool_cpus()};
	struct plan plan = {.opts = &opts};
	char **paths;
	int status;

	status = options_parse(&command_checksum, argc, argv, &opts, &paths);
	if (status != PARSE_RUN)
		return status;
	if (check_operands(&opts, paths, &plan))
		return EXIT_TROUBLE;
	if (opts.exclude) {
		plan.exclude = exclude_read(opts.exclude);
		if (!plan.exclude)
			return EXIT_TROUBLE;
	}
	add_paths(&plan, paths);
	if (opts.selfcheck)
		status = selfcheck_all(&plan);
	else
		status = opts.dump ? dump_all(&plan) : write_all(&plan);
	for (size_t i = 0; i < plan.nr_trees; i++)
		tree_free(plan.trees[i]);
	free(plan.trees);
	exclude_free(plan.exclude);
	images_free(&plan.images);
	return status;
}

const struct command command_checksum = {
	.name = "checksum",
	.operands = "PATH...",
	.help = "write the checksums of an object's or a tree's functions and data",
	.details =
		"PATH is an object (.o, .ko, .ko.gz, .ko.xz, .ko.zst, vmlinux.o), an archive of "
		"objects,\n"
		"or a directory. Write OBJECT" RECORDS_SUFFIX
		" beside each object: one line for each\n"
		"function and data object, with a checksum over everything that decides what it "
		"does.\n\n"
		"Of a directory, those objects are done that stand for the build, each function "
		"once, and\n"
		"whose " RECORDS_SUFFIX
		" is not up to date; that of an object that is gone is removed.\n"
		"With -o, it is mirrored under another directory.\n\n"
		"With -X, each line of FILE is a pattern of objects, as OBJECT_FILES_NON_STANDARD "
		"names them "
		"in a\n"
		"Makefile (arch/x86/kernel/head_64.o, drivers/staging/*), or of source files "
		"(purgatory.c). They are\n"
		"left out; and of vmlinux.o and modules, what was linked of them, as far as "
		"their file symbols tell.\n"
		"Patterns that match nothing are said.\n\n"
		"With --kbuild, PATH is an object that Kbuild has just made: it is done if, of its "
		"directory,\n"
		"it would be; else nothing is done or said. This is what a hook in a build "
		"calls.\n\n"
		"With --selfcheck, nothing is written: fields of each object are altered in "
		"memory, "
		"and the\n"
		"checksums of the functions they belong to, and no others, must change; what does "
		"not is\n"
		"told, and a table printed.\n\n"
		"Exit status: 0, 1 if --selfcheck found something, or 2 if any of the objects "
		"could not be done.",
	.options = checksum_options,
	.nr_options = ARRAY_SIZE(checksum_options),
	.run = run_checksum,
};
