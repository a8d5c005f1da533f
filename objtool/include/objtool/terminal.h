/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal.h - what standard output is shown on: colours, width, a pager
 *
 * The same conventions as git's, so that nobody has to learn any: NO_COLOR,
 * COLUMNS, PAGER, and LESS=FRX for less, which then ends by itself if
 * everything fits the screen.
 */
#ifndef OBJTOOL_TERMINAL_H
#define OBJTOOL_TERMINAL_H

#include <stdio.h>
#include <sys/types.h>
#include <objtool/util.h>

/* In the order of an option's "always|never|auto". */
enum colour { COLOUR_ALWAYS, COLOUR_NEVER, COLOUR_AUTO };

/*
 * Whether to colour what goes to standard output. COLOUR_AUTO: on a terminal,
 * unless NO_COLOR is set to something or TERM is "dumb". To be asked before
 * pager_start(), which puts a pipe in the terminal's place.
 */
bool terminal_colour(enum colour colour);

/* Columns of the terminal: of COLUMNS, else of standard output, else 80. Never below 40. */
unsigned int terminal_width(void);

struct pager {
	pid_t pid;    /* 0: none runs */
	int terminal; /* standard output, as it was */
	int messages; /* standard error, as it was; -1 if that is not the terminal */
};

/*
 * If standard output is a terminal, have what is written to it from now on go
 * through the command in OBJTOOL_PAGER, or else PAGER, or else less. An empty
 * one and "cat" mean none. Messages go there too if they would else be written
 * across what the pager shows. From now on SIGPIPE is ignored: a pager may be left
 * before its end, and stdout is then in error, which tells a long output to
 * stop; the exit status is still the command's own.
 */
void pager_start(struct pager *pager);

/*
 * Wait until the pager is left, and put standard output back. A pager that was
 * left early is no error. Does nothing if none runs.
 */
void pager_stop(struct pager *pager);

#endif
