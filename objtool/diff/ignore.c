// SPDX-License-Identifier: GPL-2.0-or-later
/* ignore.c - differences that somebody has looked at and does not want to see again */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <objtool/ignore.h>
#include <objtool/log.h>

#define BLANKS " \t\r\n\v\f"

struct pattern {
	const char *text; /* the line, for messages */
	const char *name, *object;
	/* Bit sets; 0: any */
	u16 kinds, statuses, lanes;
	unsigned int line; /* in the file, from 1 */
	bool used;
};

struct ignore {
	const char *path;
	struct pattern *pattern;
	size_t nr;
	struct arena arena; /* texts */
};

/* Of the words of a list: what number it has, or -1. */

static int kind_number(const char *word, size_t len)
{
	for (int i = 0; i < NR_RECORD_KINDS; i++) {
		const char *name = record_kind_name((enum record_kind)i);

		if (strlen(name) == len && !memcmp(name, word, len))
			return i;
	}
	return -1;
}

static int status_number(const char *word, size_t len)
{
	for (int i = 0; i < NR_DIFF_STATUS; i++) {
		const char *name = diff_status_name((enum diff_status)i);

		if (strlen(name) == len && !memcmp(name, word, len))
			return i;
	}
	return -1;
}

static int lane_number(const char *word, size_t len)
{
	enum lane lane = lane_find(word, len);

	return lane == NR_LANES ? -1 : (int)lane;
}

static const struct key {
	const char *name;
	size_t offset;				     /* of the value in struct pattern */
	int (*number)(const char *word, size_t len); /* of lists; NULL: a glob */
} keys[] = {
	{"name", offsetof(struct pattern, name), NULL},
	{"object", offsetof(struct pattern, object), NULL},
	{"kind", offsetof(struct pattern, kinds), kind_number},
	{"status", offsetof(struct pattern, statuses), status_number},
	{"lanes", offsetof(struct pattern, lanes), lane_number},
};

static const struct key *find_key(const char *field, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == len && !memcmp(keys[i].name, field, len))
			return &keys[i];
	return NULL;
}

/* Words joined by commas, as a bit set. Returns 0 after a message. */
static u16 parse_list(const struct ignore *ignore, const struct pattern *p, const struct key *key,
		      const char *words)
{
	unsigned int set = 0;

	for (;; words++) {
		size_t len = strcspn(words, ",");
		int number = key->number(words, len);

		if (number < 0) {
			error("%s:%u: there is no %s '%.*s'", ignore->path, p->line, key->name,
			      (int)len, words);
			return 0;
		}
		set |= 1U << number;
		words += len;
		if (!*words)
			return (u16)set;
	}
}

/* One KEY=VALUE, terminated. Returns 0, or -1 after a message. */
static int parse_field(const struct ignore *ignore, struct pattern *p, const char *field)
{
	size_t len = strcspn(field, "=");
	const struct key *key = field[len] ? find_key(field, len) : NULL;
	const char *value = field + len + 1;
	void *to;

	if (!key)
		return error("%s:%u: '%s' is none of name=, object=, kind=, status=, lanes=",
			     ignore->path, p->line, field);
	if (!*value)
		return error("%s:%u: nothing behind '%s='", ignore->path, p->line, key->name);
	to = (char *)p + key->offset;
	if (key->number ? *(u16 *)to != 0 : *(const char **)to != NULL)
		return error("%s:%u: '%s=' is there twice", ignore->path, p->line, key->name);
	if (!key->number)
		*(const char **)to = value;
	else
		*(u16 *)to = parse_list(ignore, p, key, value);
	return !key->number || *(u16 *)to ? 0 : -1;
}

static int parse_line(struct ignore *ignore, const char *text, unsigned int line)
{
	char *fields = arena_strdup(&ignore->arena, text), *rest, *field;
	struct pattern p = {.line = line};
	char *shown;

	field = strtok_r(fields, BLANKS, &rest);
	if (!field || *field == '#')
		return 0;
	for (; field; field = strtok_r(NULL, BLANKS, &rest))
		if (parse_field(ignore, &p, field))
			return -1;
	shown = arena_strdup(&ignore->arena, text + strspn(text, BLANKS));
	shown[strcspn(shown, "\r\n")] = '\0';
	p.text = shown;
	ignore->pattern = xreallocarray(ignore->pattern, ignore->nr + 1, sizeof(p));
	ignore->pattern[ignore->nr++] = p;
	return 0;
}

static int read_lines(struct ignore *ignore, FILE *in)
{
	char *text = NULL;
	size_t cap = 0;
	int ret = 0;

	for (unsigned int line = 1; getline(&text, &cap, in) >= 0; line++)
		if (parse_line(ignore, text, line))
			ret = -1;
	free(text);
	if (ferror(in))
		return error("cannot read %s: %s", ignore->path, strerror(errno));
	return ret;
}

struct ignore *ignore_read(const char *path)
{
	struct ignore *ignore = xcalloc(1, sizeof(*ignore));
	FILE *in = fopen(path, "re");
	int ret;

	ignore->path = path;
	if (in) {
		ret = read_lines(ignore, in);
		fclose(in);
	} else {
		ret = error("cannot read %s: %s", path, strerror(errno));
	}
	if (!ret)
		return ignore;
	ignore_free(ignore);
	return NULL;
}

static bool object_matches(const char *glob, const char *path)
{
	const char *slash = strchr(glob, '/') ? NULL : strrchr(path, '/');

	return !fnmatch(glob, slash ? slash + 1 : path, 0);
}

/* Nothing else differs than @lanes; line numbers are no difference. */
static bool lanes_match(u16 lanes, const struct diff_entry *e)
{
	unsigned int moved = 1U << LANE_LINES;

	if (e->status == DIFF_LINES)
		return lanes & moved;
	return e->status == DIFF_CHANGED && e->lanes && !(e->lanes & ~(lanes | moved));
}

static bool matches(const struct pattern *p, const struct diff_entry *e)
{
	if (p->kinds && !(p->kinds >> e->kind & 1))
		return false;
	if (p->statuses && !(p->statuses >> e->status & 1))
		return false;
	if (p->lanes && !lanes_match(p->lanes, e))
		return false;
	if (p->object && !object_matches(p->object, e->object))
		return false;
	return !p->name || !fnmatch(p->name, e->name, 0) ||
	       (e->status == DIFF_RENAMED && !fnmatch(p->name, e->old->name, 0));
}

/* Ask all patterns, so that of two for the same, none is called unused. */
static bool is_ignored(void *ctx, const struct diff_entry *e)
{
	struct ignore *ignore = ctx;
	bool found = false;

	for (size_t i = 0; i < ignore->nr; i++)
		if (matches(&ignore->pattern[i], e))
			found = ignore->pattern[i].used = true;
	return found;
}

void ignore_apply(struct ignore *ignore, struct diff *diff)
{
	diff_drop(diff, is_ignored, ignore);
}

size_t ignore_warn_unused(const struct ignore *ignore)
{
	size_t nr = 0;

	for (size_t i = 0; i < ignore->nr; i++)
		if (!ignore->pattern[i].used) {
			warning("%s:%u: nothing differs that matches '%s'", ignore->path,
				ignore->pattern[i].line, ignore->pattern[i].text);
			nr++;
		}
	return nr;
}

void ignore_free(struct ignore *ignore)
{
	if (!ignore)
		return;
	free(ignore->pattern);
	arena_free(&ignore->arena);
	free(ignore);
}
