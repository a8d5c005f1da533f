// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-command.c - whole commands, on an object and on a copy of it that is damaged further
 *
 * What the other targets do not reach: patches of disassembly, sentences, pages, and debug
 * information. What must hold of any object: trouble is said, and shows in the exit status,
 * and an object does not differ from itself.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <objtool/builtin.h>
#include <objtool/elf.h>
#include "fuzz.h"

/* A listing has a line of text for each instruction, capstone and libdw have tables. */
const size_t fuzz_floor = 32U << 20;

#define ROOM 4096 /* the copy may be larger by so many bytes */
#define ARGS 10

/* "OLD", "NEW" and "NAME" stand for the object, its copy, and a function of the object. */
static const struct {
	const struct command *command;
	const char *args[ARGS];
} lines[] = {
	{&command_diff, {"diff", "-j1", "--no-pager", "-p", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--no-pager", "-p", "-U0", "--strict", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--no-pager", "-p", "--side-by-side", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--no-pager", "-p", "--function=NAME", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--no-pager", "--inlined", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--html=/dev/null", "-p", "-q", "OLD", "NEW"}},
	{&command_diff, {"diff", "-j1", "--json", "NEW", "OLD"}},
	{&command_diff, {"diff", "-j1", "--strict", "-p", "OLD", "OLD"}},
	{&command_explain, {"explain", "-j1", "NAME", "OLD", "NEW"}},
	{&command_checksum, {"checksum", "-j1", "-o-", "NEW"}},
	{&command_checksum, {"checksum", "-j1", "--dump=NAME", "OLD"}},
};

#define ITSELF 7

struct file {
	int fd;
	char path[32];
};

/* Once: loading them takes as long as all else. */
__attribute__((constructor)) static void load_libraries(void)
{
	dlopen("libcapstone.so.4", RTLD_NOW);
	dlopen("libdw.so.1", RTLD_NOW);
}

static void make_file(struct file *file, const u8 *data, size_t size)
{
	file->fd = memfd_create("fuzz", MFD_CLOEXEC);
	REQUIRE(file->fd >= 0 && write(file->fd, data, size) == (ssize_t)size);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

/* The name of a function of the object, "f" if it has none; malloc'ed. */
static char *some_function(const u8 *data, size_t size, u32 which)
{
	struct object *obj = object_open_mem("fuzz", data, size, NULL);
	char *name = NULL;

	for (u32 i = 0; obj && !name && i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[(i + which) % obj->nr_symbols];

		if (sym->type == SYM_FUNC && symbol_defined(sym))
			name = strdup(sym->name);
	}
	object_close(obj);
	return name ? name : strdup("f");
}

/* An argument of lines[], with what its words stand for; malloc'ed. */
static char *argument(const char *arg, const struct file *files, const char *name)
{
	static const char stands[] = "NAME";
	const char *at = strstr(arg, stands);
	char *text = NULL;

	if (!strcmp(arg, "OLD"))
		return strdup(files[0].path);
	if (!strcmp(arg, "NEW"))
		return strdup(files[1].path);
	if (!at)
		return strdup(arg);
	REQUIRE(asprintf(&text, "%.*s%s", (int)(at - arg), arg, name) >= 0);
	return text;
}

/* Run a command, and return its exit status; *@printed is how many bytes it printed. */
static int run(size_t line, const struct file *files, const char *name, size_t *printed)
{
	char *argv[ARGS + 1] = {NULL}, *given[ARGS], *text = NULL;
	FILE *before = stdout;
	int argc = 0, status;

	for (; lines[line].args[argc]; argc++)
		argv[argc] = given[argc] = argument(lines[line].args[argc], files, name);
	stdout = open_memstream(&text, printed);
	REQUIRE(stdout);
	status = lines[line].command->run(argc, argv);
	fclose(stdout);
	stdout = before;
	free(text);
	while (argc)
		free(given[--argc]);
	return status;
}

static void check(size_t line, const struct file *files, const char *name)
{
	size_t errors = fuzz_said(FUZZ_ERRORS), all = fuzz_said(FUZZ_ALL), printed = 0;
	int status = run(line, files, name, &printed);

	REQUIRE(status >= EXIT_SAME && status <= EXIT_TROUBLE);
	REQUIRE(status == EXIT_TROUBLE || fuzz_said(FUZZ_ERRORS) == errors);
	REQUIRE(status != EXIT_TROUBLE || fuzz_said(FUZZ_ALL) > all);
	if (line == ITSELF && fuzz_said(FUZZ_ERRORS) == errors)
		REQUIRE(status == EXIT_SAME && !printed);
}

void fuzz_one(const u8 *data, size_t size)
{
	struct file files[2];
	size_t damaged, line;
	u8 *copy;
	u32 dice = 0;
	char *name;

	if (!size)
		return;
	copy = malloc(size + ROOM);
	REQUIRE(copy);
	for (size_t i = 0; i < size; i++)
		dice = (dice ^ data[i]) * 16777619U;
	line = (dice >> 16) % ARRAY_SIZE(lines);
	memcpy(copy, data, size);
	damaged = mutate_any(copy, size, size + ROOM, dice);
	make_file(&files[0], data, size);
	make_file(&files[1], copy, damaged);
	free(copy);
	name = some_function(data, size, dice);
	check(line, files, name);
	free(name);
	close(files[0].fd);
	close(files[1].fd);
}
