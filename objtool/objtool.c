// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * objtool.c - main: the table of commands, and what holds for all of them
 *
 * A command is a builtin-*.c, and what it does is in folders, each of which knows those before it:
 *
 *	base		what any program needs: memory, threads, files, messages, options
 *	object		a path -> the bytes of objects -> objects, validated
 *	arch		instructions, relocations and tables of a machine, as bytes
 *	code		object -> functions and data objects, and what these refer to
 *	canon		function -> tokens: what of it counts, and nothing else
 *	checksum	tokens -> checksums -> records, the lines of a .checksums file
 *	tree		the same for all objects of a build
 *	selfcheck	object -> alterations of it, and who notices
 *	diff		two builds' records -> what differs
 *	listing		tokens -> lines for people, and two lists of lines as one
 *	report		what differs -> text, sentences, JSON, a page
 */
#include <errno.h>
#include <stdio.h>
#include <objtool/builtin.h>
#include <objtool/distance.h>
#include <objtool/log.h>
#include <objtool/records.h>
#include <objtool/version.h>

static const struct command *const commands[] = {
	&command_checksum,
	&command_diff,
	&command_explain,
};

static void print_help(FILE *out)
{
	fputs("usage: objtool COMMAND [OPTION]... OPERAND...\n"
	      "       objtool --version | --help | help COMMAND\n\n"
	      "Checksum the functions of x86-64 kernel objects, and compare builds by them.\n\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->help);
	fputs("\nExit status: 0 no difference, 1 differences, 2 trouble.\n", out);
}

/* Is @word a slip of the pen for @name, or its beginning? */
static bool is_near(const char *name, const char *word)
{
	return distance(name, strlen(name), word, strlen(word)) <= 2 || str_starts(name, word);
}

/* The command called @name, or NULL after a message. */
static const struct command *find_command(const char *name)
{
	const struct command *near = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
		if (is_near(commands[i]->name, name))
			near = commands[i];
	}
	if (near)
		misuse(NULL, "unknown command '%s': did you mean '%s'?", name, near->name);
	else
		misuse(NULL, "unknown command '%s'", name);
	return NULL;
}

/* "objtool help diff" is "objtool diff --help". */
static int run_help(char *name)
{
	const struct command *cmd = name ? find_command(name) : NULL;
	char help[] = "--help", *args[] = {name, help, NULL};

	if (cmd)
		return cmd->run(2, args);
	if (name)
		return EXIT_TROUBLE;
	print_help(stdout);
	return EXIT_SAME;
}

static int run(int argc, char **argv)
{
	const struct command *cmd;

	if (argc < 2)
		return misuse(NULL, "no command given");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return run_help(NULL);
	if (!strcmp(argv[1], "help"))
		return run_help(argv[2]);
	if (!strcmp(argv[1], "--version")) {
		printf("objtool %s (.checksums format %d)\n", OBJTOOL_VERSION, RECORDS_VERSION);
		return EXIT_SAME;
	}
	if (argv[1][0] == '-')
		return misuse(NULL, "unknown option '%s'", argv[1]);
	cmd = find_command(argv[1]);
	return cmd ? cmd->run(argc - 1, argv + 1) : EXIT_TROUBLE;
}

int main(int argc, char **argv)
{
	int status, failed;

	status = run(argc, argv);
	/* Of an error before, only that there was one is known by now. */
	failed = ferror(stdout);
	errno = 0;
	if (fclose(stdout) || failed) {
		error("cannot write standard output%s%s", errno ? ": " : "",
		      errno ? strerror(errno) : "");
		return EXIT_TROUBLE;
	}
	return status;
}
