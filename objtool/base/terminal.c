// SPDX-License-Identifier: GPL-2.0-or-later
/* terminal.c - what standard output is shown on: colours, width, a pager */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <objtool/log.h>
#include <objtool/mem.h>
#include <objtool/terminal.h>

#define DEFAULT_WIDTH 80
#define LEAST_WIDTH   40

bool terminal_colour(enum colour colour)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0 &&
	       isatty(STDOUT_FILENO);
}

unsigned int terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = {0};
	long width = columns ? strtol(columns, NULL, 10) : 0;

	if (width <= 0 && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		width = size.ws_col;
	if (width <= 0 || width > 10000)
		width = DEFAULT_WIDTH;
	return (unsigned int)(width < LEAST_WIDTH ? LEAST_WIDTH : width);
}

/* True if a program called @name is in one of the directories of PATH. */
static bool in_path(const char *name)
{
	const char *dir = getenv("PATH");
	bool found = false;

	while (dir && !found) {
		size_t n = strcspn(dir, ":");
		char *file = xasprintf("%.*s/%s", (int)n, dir, name);

		found = !access(file, X_OK);
		free(file);
		dir = dir[n] ? dir + n + 1 : NULL;
	}
	return found;
}

/* The command of the pager, or NULL for none. */
static const char *pager_command(void)
{
	const char *command = getenv("OBJTOOL_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = in_path("less") ? "less" : "";
	if (!*command || !strcmp(command, "cat"))
		return NULL;
	/* A single word that the shell would not find: better no pager than no output. */
	if (!strpbrk(command, "/ \t\"'$;|&<>()`~*?=\\") && !in_path(command)) {
		warning("there is no pager '%s'", command);
		return NULL;
	}
	return command;
}

/* In the child; @pipe's reading end becomes its standard input. */
static void run_pager(const char *command, const int *pipe)
{
	dup2(pipe[0], STDIN_FILENO);
	/* F: leave if it fits the screen; R: let colours through; X: leave the text there. */
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	error("cannot run the pager '%s': %s", command, strerror(errno));
	_exit(127);
}

void pager_start(struct pager *pager)
{
	const char *command = isatty(STDOUT_FILENO) ? pager_command() : NULL;
	int pipe[2];

	*pager = (struct pager){0};
	if (!command)
		return;
	fflush(stdout);
	pager->terminal = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	if (pager->terminal < 0 || pipe2(pipe, O_CLOEXEC))
		return;
	pager->messages = isatty(STDERR_FILENO) ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0) : -1;
	pager->pid = fork();
	if (!pager->pid)
		run_pager(command, pipe);
	if (pager->pid > 0) {
		dup2(pipe[1], STDOUT_FILENO);
		if (pager->messages >= 0)
			dup2(pipe[1], STDERR_FILENO);
		signal(SIGPIPE, SIG_IGN);
		/* ^C is the pager's: if this process ended, a shell would read from its terminal.
		 */
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	} else {
		pager->pid = 0;
	}
	close(pipe[0]);
	close(pipe[1]);
}

void pager_stop(struct pager *pager)
{
	int status;

	if (!pager->pid)
		return;
	fflush(stdout);
	clearerr(stdout);
	/* The last writing ends of the pipe are closed by this. */
	dup2(pager->terminal, STDOUT_FILENO);
	close(pager->terminal);
	if (pager->messages >= 0) {
		dup2(pager->messages, STDERR_FILENO);
		close(pager->messages);
	}
	while (waitpid(pager->pid, &status, 0) < 0 && errno == EINTR)
		;
	pager->pid = 0;
}
