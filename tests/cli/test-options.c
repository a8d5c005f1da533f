// SPDX-License-Identifier: GPL-2.0-or-later
/* test-options.c - parse the command line by a table of every kind of option, print the values */
#include <stdio.h>
#include <objtool/options.h>

struct values {
	bool flag;
	const char *string;
	unsigned int number, choice;
};

static const struct option_spec specs[] = {
	OPTION(struct values, flag, .name = "flag", .letter = 'f', .help = "a flag"),
	OPTION(struct values, string, .name = "string", .letter = 's', .arg = "TEXT",
	       .kind = OPTION_STRING, .help = "a string"),
	OPTION(struct values, number, .name = "number", .letter = 'n', .arg = "N",
	       .kind = OPTION_NUMBER, .help = "a number"),
	OPTION(struct values, choice, .name = "choice", .letter = 'c', .arg = "one|two|three",
	       .kind = OPTION_CHOICE, .help = "a choice"),
	OPTION(struct values, flag, .name = "flat", .help = "shares three letters with flag"),
};

static const struct command test = {
	.name = "test",
	.operands = "WORD...",
	.details = "Details.",
	.options = specs,
	.nr_options = ARRAY_SIZE(specs),
};

int main(int argc, char **argv)
{
	struct values v = {.string = "", .choice = 9};
	char **operands;
	int status;

	status = options_parse(&test, argc, argv, &v, &operands);
	if (status != PARSE_RUN)
		return status;
	printf("%d '%s' %u %u", v.flag, v.string, v.number, v.choice);
	for (; *operands; operands++)
		printf(" %s", *operands);
	putchar('\n');
	return EXIT_SAME;
}
