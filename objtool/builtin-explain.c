// SPDX-License-Identifier: GPL-2.0-or-later
/* builtin-explain.c - objtool explain: why one function or data object differs */
#include <stdlib.h>
#include <objtool/ask.h>
#include <objtool/builtin.h>
#include <objtool/explain.h>
#include <objtool/pool.h>

struct explain_options {
	unsigned int jobs;
};

static const struct option_spec explain_options[] = {
	OPTION(struct explain_options, jobs, .name = "jobs", .letter = 'j', .arg = "N",
	       .kind = OPTION_NUMBER, .help = "threads; by default, one for each CPU"),
};

static int compare_records(const void *pa, const void *pb)
{
	const struct record *const *a = pa, *const *b = pb;

	return (*a > *b) - (*a < *b);
}

/* The new records that entries are about, sorted by address: *@nr, the caller's. */
static const struct record **told_records(const struct diff *diff, size_t *nr)
{
	const struct record **told = xcalloc(diff->nr + 1, sizeof(const struct record *));

	*nr = 0;
	for (size_t i = 0; i < diff->nr; i++)
		if (diff->entries[i].new)
			told[(*nr)++] = diff->entries[i].new;
	if (*nr)
		qsort(told, *nr, sizeof(*told), compare_records);
	return told;
}

/*
 * Say of each record of @build that is meant and that no entry of @diff is about: no difference. Of
 * namesakes of what differs, only how many there are.
 */
static void print_unchanged(const struct build *build, const struct diff *diff, const char *name,
			    bool differ)
{
	size_t others = 0, nr;
	const struct record **told = told_records(diff, &nr);

	for (size_t i = 0; i < build->nr; i++)
		for (size_t k = 0; k < build->objs[i].recs->nr; k++) {
			const struct record *rec = &build->objs[i].recs->rec[k];
			bool differs = !ask_matches(name, rec->name) ||
				       bsearch(&rec, told, nr, sizeof(*told), compare_records);

			others += !differs && differ;
			if (!differs && !differ)
				printf("%s (%s) is the same in both: %s, %llu bytes\n", rec->name,
				       build->objs[i].path, record_kind_name(rec->kind),
				       (unsigned long long)rec->size);
		}
	if (others)
		printf("the same in both: %zu other%s called %s\n", others, others > 1 ? "s" : "",
		       name);
	free(told);
}

static int explain(const struct loaded *builds, const struct diff *diff, const char *name)
{
	struct bodies bodies;
	int status = EXIT_SAME, failed = 0;

	if (!ask_exists(name, &builds->old, &builds->new)) {
		ask_failed(name, &builds->old, &builds->new);
		return EXIT_TROUBLE;
	}
	bodies_init(&bodies, builds, false);
	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];

		if (!ask_matches(name, e->name) && !(e->old && ask_matches(name, e->old->name)))
			continue;
		failed |= explain_entry(&bodies, e, stdout);
		if (e->status != DIFF_LINES)
			status = EXIT_DIFFERENT;
	}
	bodies_free(&bodies);
	print_unchanged(&builds->new, diff, name, status != EXIT_SAME);
	return failed || builds->failed ? EXIT_TROUBLE : status;
}

static int run_explain(int argc, char **argv)
{
	struct explain_options opts = {.jobs = pool_cpus()};
	struct loaded builds;
	struct diff *diff;
	char **operands;
	int status;

	status = options_parse(&command_explain, argc, argv, &opts, &operands);
	if (status != PARSE_RUN)
		return status;
	status = EXIT_TROUBLE;
	if (!operands[0] || !operands[1] || !operands[2] || operands[3])
		return misuse(&command_explain, "three operands are needed, NAME, OLD and NEW");
	if (!load_builds(&builds, operands[1], operands[2], NULL, opts.jobs)) {
		diff = diff_builds(&builds.old, &builds.new);
		status = explain(&builds, diff, operands[0]);
		diff_free(diff);
	}
	loaded_free(&builds);
	return status;
}

const struct command command_explain = {
	.name = "explain",
	.operands = "NAME OLD NEW",
	.help = EXPLAIN_HELP,
	.details = "Say, in a few lines, what differs in each function or data object called NAME, "
		   "and what\n"
		   "does not. OLD and NEW are as for diff; objects must be at hand, of which "
		   "" RECORDS_SUFFIX "\n"
		   "files do not tell enough.\n\n"
		   "Exit status: 0 no difference, 1 differences, 2 trouble, or nothing is called "
		   "NAME.",
	.options = explain_options,
	.nr_options = ARRAY_SIZE(explain_options),
	.run = run_explain,
};
