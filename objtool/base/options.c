// SPDX-License-Identifier: GPL-2.0-or-later
/* options.c - command lines as tables: parsing, and the help text */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/mem.h>
#include <objtool/options.h>

/* getopt_long()'s value for the option at an index: above all letters. */
#define LONG_BASE 256

/* Where the help texts start, in columns. */
#define HELP_COLUMN 36

int misuse(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;
	char *what;

	va_start(ap, fmt);
	if (vasprintf(&what, fmt, ap) < 0)
		what = NULL;
	va_end(ap);
	error("%s (see 'objtool %s%s--help')", what ? what : fmt, cmd ? cmd->name : "",
	      cmd ? " " : "");
	free(what);
	return EXIT_TROUBLE;
}

static void print_option(const struct option_spec *opt, FILE *out)
{
	static const char *const open[] = {
		[OPTION_FLAG] = "",   [OPTION_STRING] = "=",  [OPTION_NUMBER] = "=",
		[OPTION_COUNT] = "=", [OPTION_CHOICE] = "[=",
	};
	const char letter[] = {'-', opt->letter, ',', '\0'};
	int width = fprintf(out, "  %3s --%s%s%s%s", opt->letter ? letter : "", opt->name,
			    open[opt->kind], opt->arg ? opt->arg : "",
			    opt->kind == OPTION_CHOICE ? "]" : "");

	fprintf(out, "%*s%s\n", width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", opt->help);
}

static const struct option_spec help_option = {
	.name = "help",
	.letter = 'h',
	.help = "show this help",
};

/* Print the help of @cmd. */
static void options_help(const struct command *cmd, FILE *out)
{
	fprintf(out, "usage: objtool %s [OPTION]... %s\n\n%s\n\n", cmd->name, cmd->operands,
		cmd->details);
	for (size_t i = 0; i < cmd->nr_options; i++)
		print_option(&cmd->options[i], out);
	print_option(&help_option, out);
}

static int set_number(const struct command *cmd, const struct option_spec *opt, const char *arg,
		      unsigned int *value)
{
	char *end;
	long n, least = opt->kind == OPTION_NUMBER;

	errno = 0;
	n = strtol(arg, &end, 10);
	if (errno || *end || end == arg || n < least || n > INT_MAX) {
		misuse(cmd, "--%s: '%s' is not a number from %ld on", opt->name, arg, least);
		return -1;
	}
	*value = (unsigned int)n;
	return 0;
}

static int set_choice(const struct command *cmd, const struct option_spec *opt, const char *arg,
		      unsigned int *value)
{
	const char *word = opt->arg;

	*value = 0;
	while (arg) {
		size_t n = strcspn(word, "|");

		if (strlen(arg) == n && !memcmp(arg, word, n))
			break;
		if (!word[n]) {
			misuse(cmd, "--%s: '%s' is none of %s", opt->name, arg, opt->arg);
			return -1;
		}
		word += n + 1;
		++*value;
	}
	return 0;
}

static int set_value(const struct command *cmd, const struct option_spec *opt, const char *arg,
		     void *values)
{
	void *value = (char *)values + opt->offset;

	switch (opt->kind) {
	case OPTION_FLAG:
		*(bool *)value = true;
		return 0;
	case OPTION_STRING:
		*(const char **)value = arg;
		return 0;
	case OPTION_NUMBER:
	case OPTION_COUNT:
		return set_number(cmd, opt, arg, value);
	case OPTION_CHOICE:
		return set_choice(cmd, opt, arg, value);
	}
	return -1;
}

/* The table in getopt_long()'s form. */
struct getopt_form {
	struct option *longs;
	char *letters;
};

static struct getopt_form getopt_form(const struct command *cmd)
{
	static const int has_arg[] = {
		[OPTION_FLAG] = no_argument,	     [OPTION_STRING] = required_argument,
		[OPTION_NUMBER] = required_argument, [OPTION_COUNT] = required_argument,
		[OPTION_CHOICE] = optional_argument,
	};
	size_t nr = cmd->nr_options;
	struct getopt_form form = {
		.longs = xcalloc(nr + 2, sizeof(*form.longs)),
		.letters = xcalloc(nr + 2, 3),
	};
	/* With a colon in front, getopt_long() says what is wrong by its value, not on stderr. */
	char *p = stpcpy(form.letters, ":h");

	for (size_t i = 0; i < nr; i++) {
		const struct option_spec *opt = &cmd->options[i];

		form.longs[i].name = opt->name;
		form.longs[i].has_arg = has_arg[opt->kind];
		form.longs[i].val = LONG_BASE + (int)i;
		if (opt->letter) {
			*p++ = opt->letter;
			/* One colon for an argument, two for one that may be left out. */
			p = stpcpy(p, &"::"[2 - has_arg[opt->kind]]);
		}
	}
	form.longs[nr].name = help_option.name;
	form.longs[nr].val = help_option.letter;
	return form;
}

static const struct option_spec *find_option(const struct command *cmd, int value)
{
	if (value >= LONG_BASE)
		return &cmd->options[value - LONG_BASE];
	for (size_t i = 0; i < cmd->nr_options; i++)
		if (cmd->options[i].letter == value)
			return &cmd->options[i];
	return NULL;
}

/* Say what getopt_long() did not like; @value is ':' or '?', @word where it stopped. */
static int refuse(const struct command *cmd, int value, const char *word)
{
	const struct option_spec *opt = optopt ? find_option(cmd, optopt) : NULL;

	if (opt)
		return misuse(cmd, "option '--%s' takes %s argument", opt->name,
			      value == ':' ? "an" : "no");
	if (optopt == help_option.letter)
		return misuse(cmd, "option '--help' takes no argument");
	if (optopt)
		return misuse(cmd, "unknown option '-%c'", optopt);
	return misuse(cmd, "unknown option '%s'", word);
}

int options_parse(const struct command *cmd, int argc, char **argv, void *values, char ***operands)
{
	struct getopt_form form = getopt_form(cmd);
	int result = PARSE_RUN;
	int value;

	optind = 0; /* glibc: begin anew */
	while (result == PARSE_RUN &&
	       (value = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
		if (value == help_option.letter) {
			options_help(cmd, stdout);
			result = EXIT_SAME;
		} else if (value == ':' || value == '?') {
			refuse(cmd, value, argv[optind - 1]);
			result = EXIT_TROUBLE;
		} else if (set_value(cmd, find_option(cmd, value), optarg, values)) {
			result = EXIT_TROUBLE;
		}
	}
	*operands = argv + optind;
	free(form.longs);
	free(form.letters);
	return result;
}
