// SPDX-License-Identifier: GPL-2.0-or-later
/* builtin-checksum.c - objtool checksum: objects to .checksums files */
#include <stdlib.h>
#include <sys/stat.h>
#include <objtool/builtin.h>
#include <objtool/checksum.h>
#include <objtool/log.h>
#include <objtool/pool.h>

struct checksum_options {
	const char *output; /* NULL, a file, a directory, or "-" */
	const char *dump;   /* name of the function to dump, or NULL */
};

static const struct option_spec checksum_options[] = {
	OPTION(struct checksum_options, output, .name = "output", .letter = 'o',
	       .arg = "FILE|DIR|-", .kind = OPTION_STRING,
	       .help = "write there, not beside the object"),
	OPTION(struct checksum_options, dump, .name = "dump", .arg = "FUNC", .kind = OPTION_STRING,
	       .help = "print what the checksum of FUNC covers"),
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

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Where the records of the object at @path go. The result is the caller's. */
static char *output_path(const char *path, const char *output)
{
	if (!output)
		return xasprintf("%s" RECORDS_SUFFIX, path);
	if (is_dir(output))
		return xasprintf("%s/%s" RECORDS_SUFFIX, output, base_name(path));
	return xstrdup(output);
}

static int cmp_base_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

/* In one directory, a/x.o and b/x.o would overwrite each other. */
static int check_base_names(char **paths, size_t nr)
{
	char **sorted = xcalloc(nr, sizeof(*sorted));
	int ret = 0;

	memcpy(sorted, paths, nr * sizeof(*paths));
	qsort(sorted, nr, sizeof(*sorted), cmp_base_name);
	for (size_t i = 1; i < nr && !ret; i++)
		if (!cmp_base_name(&sorted[i - 1], &sorted[i]))
			ret = misuse(&command_checksum,
				     "'%s' and '%s' would be one file in -o's directory",
				     sorted[i - 1], sorted[i]);
	free(sorted);
	return ret;
}

static int check_operands(const struct checksum_options *opts, char **paths, size_t nr)
{
	if (!nr)
		return misuse(&command_checksum, "no object given");
	if (!opts->output)
		return 0;
	if (opts->dump)
		return misuse(&command_checksum,
			      "--dump prints to standard output and takes no -o");
	if (is_dir(opts->output))
		return check_base_names(paths, nr);
	if (nr > 1)
		return misuse(&command_checksum,
			      "-o takes a directory if there are several objects");
	return 0;
}

static int write_records(const struct records *recs, const char *path, const char *output)
{
	char *to;
	int ret;

	if (output && !strcmp(output, "-"))
		return records_print(recs, stdout); /* main reports what is wrong with stdout */
	to = output_path(path, output);
	if (same_file(path, to))
		ret = error("%s is the object itself: nothing written", to);
	else
		ret = records_write(recs, to);
	free(to);
	return ret;
}

static int checksum_path(const char *path, const struct checksum_options *opts)
{
	struct object *obj = object_open(path);
	struct records *recs;
	int ret = -1;

	if (!obj)
		return -1;
	if (opts->dump) {
		ret = checksum_dump(obj, opts->dump, stdout);
	} else {
		recs = checksum_object(obj, pool_cpus());
		if (recs)
			ret = write_records(recs, path, opts->output);
		records_free(recs);
	}
	object_close(obj);
	return ret;
}

static int run_checksum(int argc, char **argv)
{
	struct checksum_options opts = {0};
	int status = EXIT_SAME;
	char **paths;
	size_t nr = 0;

	switch (options_parse(&command_checksum, argc, argv, &opts, &paths)) {
	case PARSE_HELP:
		return EXIT_SAME;
	case PARSE_MISUSE:
		return EXIT_TROUBLE;
	case PARSE_RUN:
		break;
	}
	while (paths[nr])
		nr++;
	if (check_operands(&opts, paths, nr))
		return EXIT_TROUBLE;
	for (size_t i = 0; i < nr; i++)
		if (checksum_path(paths[i], &opts))
			status = EXIT_TROUBLE;
	return status;
}

const struct command command_checksum = {
	.name = "checksum",
	.operands = "OBJECT...",
	.help = "write the checksums of an object's functions and data",
	.details = "Write OBJECT" RECORDS_SUFFIX
		   " beside each object: one line for each function and data object,\n"
		   "with a checksum over everything that decides what it does.\n\n"
		   "Exit status: 0, or 2 if any of the objects could not be done.",
	.options = checksum_options,
	.nr_options = ARRAY_SIZE(checksum_options),
	.run = run_checksum,
};
