// SPDX-License-Identifier: GPL-2.0-or-later
/* exclude.c - a list of what is left out: objects, and what is theirs in linked ones */
#include <errno.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <objtool/exclude.h>
#include <objtool/log.h>
#include <objtool/mem.h>

struct pattern {
	char *text;
	const char *base; /* .text behind its last slash */
	unsigned int line;
	atomic_bool used;
	atomic_bool doubtful; /* matches file symbols, but they may be another object's */
};

struct exclude {
	const char *path; /* for messages */
	struct pattern *patterns;
	size_t nr;
};

static void add_pattern(struct exclude *list, const char *text, unsigned int line)
{
	struct pattern *p;
	const char *slash;

	list->patterns = xreallocarray(list->patterns, list->nr + 1, sizeof(*list->patterns));
	p = &list->patterns[list->nr++];
	*p = (struct pattern){.text = xstrdup(text), .line = line};
	slash = strrchr(p->text, '/');
	p->base = slash ? slash + 1 : p->text;
}

struct exclude *exclude_read(const char *path)
{
	struct exclude *list;
	FILE *f = fopen(path, "re");
	unsigned int nr = 0;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	if (!f) {
		error("cannot read %s: %s", path, strerror(errno));
		return NULL;
	}
	list = xcalloc(1, sizeof(*list));
	list->path = path;
	while ((len = getline(&line, &cap, f)) > 0) {
		while (len && strchr(" \t\r\n", line[len - 1]))
			line[--len] = '\0';
		nr++;
		if (len && *line != '#')
			add_pattern(list, line, nr);
	}
	if (ferror(f)) {
		error("cannot read %s: %s", path, strerror(errno));
		exclude_free(list);
		list = NULL;
	}
	free(line);
	fclose(f);
	return list;
}

const char *exclude_path(const struct exclude *list)
{
	return list->path;
}

bool exclude_object(struct exclude *list, const char *path)
{
	bool found = false;

	for (size_t i = 0; i < list->nr; i++) {
		struct pattern *p = &list->patterns[i];

		for (const char *end = path; end; end = strchr(end, '/')) {
			end += *end == '/';
			if (fnmatch(p->text, end, 0))
				continue;
			atomic_store(&p->used, true);
			found = true;
			break;
		}
	}
	return found;
}

/* "head_64.o" is the object of "head_64.c", "head_64.S". */
static bool is_object_of(const char *pattern, const char *file)
{
	const char *dot = strrchr(file, '.');
	char *object = xasprintf("%.*s.o", dot ? (int)(dot - file) : (int)strlen(file), file);
	bool matches = !fnmatch(pattern, object, 0);

	free(object);
	return matches;
}

bool exclude_file(struct exclude *list, const char *file, u32 same, bool linked)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	bool found = false;

	for (size_t i = 0; i < list->nr; i++) {
		struct pattern *p = &list->patterns[i];

		if (!fnmatch(p->text, file, 0) || !fnmatch(p->text, base, 0)) {
			atomic_store(&p->used, true);
			found = true;
		} else if (linked && is_object_of(p->base, base)) {
			bool sure = p->base == p->text || (same == 1 && !strpbrk(p->base, "*?["));

			atomic_store(sure ? &p->used : &p->doubtful, true);
			found |= sure;
		}
	}
	return found;
}

void exclude_warn(const struct exclude *list)
{
	for (size_t i = 0; i < list->nr; i++) {
		const struct pattern *p = &list->patterns[i];

		if (atomic_load(&p->doubtful))
			warning("%s:%u: '%s' names a directory, of which a linked object's files "
				"say nothing: all of them are in",
				list->path, p->line, p->text);
		else if (!atomic_load(&p->used))
			warning("%s:%u: '%s' matches nothing", list->path, p->line, p->text);
	}
}

void exclude_free(struct exclude *list)
{
	for (size_t i = 0; list && i < list->nr; i++)
		free(list->patterns[i].text);
	if (list)
		free(list->patterns);
	free(list);
}
