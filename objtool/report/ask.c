// SPDX-License-Identifier: GPL-2.0-or-later
/* ask.c - a function's name as somebody typed it */
#include <stdlib.h>
#include <objtool/ask.h>
#include <objtool/distance.h>
#include <objtool/log.h>
#include <objtool/names.h>

#define NEAR 5 /* as many near names are told */

bool ask_matches(const char *asked, const char *name)
{
	struct buf canonical = {0};
	size_t base = strcspn(name, "@");
	bool same = !strcmp(asked, name);

	if (!same) {
		name_canonical(asked, &canonical);
		same = (canonical.len == base || canonical.len == strlen(name)) &&
		       !memcmp(canonical.data, name, canonical.len);
		buf_free(&canonical);
	}
	return same;
}

struct near {
	const char *name;
	u32 far;
};

/* How far @name is from what was typed; a name that has it in it is nearer than most. */
static u32 how_far(const char *asked, const char *name)
{
	size_t len = strlen(asked), base = strcspn(name, "@");

	if (len > 2 && strstr(name, asked))
		return 1 + (u32)(base > len ? (base - len) / 8 : 0);
	if (!len || base > 2 * len || len > 2 * base)
		return DISTANCE_FAR;
	return distance(asked, len, name, base);
}

/* Keep @near sorted, each name once. */
static void consider(struct near *near, struct near this)
{
	for (int i = 0; i < NEAR; i++) {
		struct near other = near[i];

		if (other.name && !strcmp(other.name, this.name))
			return;
		if (other.name && other.far <= this.far)
			continue;
		near[i] = this;
		if (!other.name)
			return;
		this = other;
	}
}

static void consider_build(struct near *near, const char *asked, const struct build *build)
{
	size_t limit = strlen(asked) / 3 + 1;

	for (size_t i = 0; i < build->nr; i++)
		for (size_t k = 0; k < build->objs[i].recs->nr; k++) {
			const struct record *rec = &build->objs[i].recs->rec[k];
			u32 far = how_far(asked, rec->name);

			if (far <= limit)
				consider(near, (struct near){rec->name, far});
		}
}

static bool build_has(const char *asked, const struct build *build)
{
	for (size_t i = 0; i < build->nr; i++)
		for (size_t k = 0; k < build->objs[i].recs->nr; k++)
			if (ask_matches(asked, build->objs[i].recs->rec[k].name))
				return true;
	return false;
}

bool ask_exists(const char *asked, const struct build *old, const struct build *new)
{
	return build_has(asked, old) || build_has(asked, new);
}

int ask_failed(const char *asked, const struct build *old, const struct build *new)
{
	struct near near[NEAR] = {{NULL, 0}};
	struct buf names = {0};

	consider_build(near, asked, old);
	consider_build(near, asked, new);
	for (int i = 0; i < NEAR && near[i].name; i++) {
		if (i)
			buf_add(&names, ", ", 2);
		buf_add(&names, near[i].name, strlen(near[i].name));
	}
	buf_add(&names, "", 1);
	if (near[0].name)
		error("no function or data object is called %s; near it are: %s", asked,
		      (const char *)names.data);
	else
		error("no function or data object is called %s, or anything like it", asked);
	buf_free(&names);
	return -1;
}
