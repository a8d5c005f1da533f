/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * options.h - command lines as tables: parsing, and the help text
 *
 * A command says once what its options are; what is parsed, what --help
 * prints, and what the tests check against each other all come from that.
 */
#ifndef OBJTOOL_OPTIONS_H
#define OBJTOOL_OPTIONS_H

#include <stdio.h>
#include <objtool/util.h>

/* Exit statuses of every command, as those of diff(1). */
enum exit_status { EXIT_SAME = 0, EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_STRING, /* const char *, into argv */
	OPTION_NUMBER, /* unsigned int, at least 1 */
	OPTION_COUNT,  /* unsigned int, 0 too */
	OPTION_CHOICE, /* unsigned int: which of the words in .arg; the first if none is given */
};

struct option_spec {
	const char *name; /* long, without dashes */
	const char *arg;  /* what --help calls the argument; of a choice, "always|never|auto" */
	const char *help;
	size_t offset; /* of the value in the command's struct of values */
	enum option_kind kind;
	char letter; /* 0 if it has no short form */
};

#define OPTION(type, member, ...)                             \
	{                                                     \
		.offset = offsetof(type, member), __VA_ARGS__ \
	}

struct command {
	const char *name;
	const char *operands; /* as in the usage line: "OLD NEW" */
	const char *help;     /* one line */
	const char *details;  /* for the command's own --help: what it reads, prints and returns */
	const struct option_spec *options;
	size_t nr_options;
	/* argv[0] is the command's name. Returns an enum exit_status. */
	int (*run)(int argc, char **argv);
};

/* What options_parse() returns if there is something to do: no exit status. */
#define PARSE_RUN (-1)

/*
 * Parse @argv into the struct at @values, which holds the defaults. Returns
 *
 *   PARSE_RUN     *@operands is what is left: argv's end, NULL-terminated;
 *   EXIT_SAME     --help was there, and the help is printed to stdout;
 *   EXIT_TROUBLE  misuse, after one message.
 */
int options_parse(const struct command *cmd, int argc, char **argv, void *values, char ***operands);

/*
 * Print one message that ends in a hint at the command's --help (the
 * program's own if @cmd is NULL). Returns EXIT_TROUBLE.
 */
int misuse(const struct command *cmd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
