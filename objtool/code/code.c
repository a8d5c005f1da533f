// SPDX-License-Identifier: GPL-2.0-or-later
/* code.c - what an object's sections are made of: the passes that find it out */
#include <objtool/names.h>
#include <objtool/pool.h>
#include "code-read.h"

/*
 * Steps that an object is worth: of all of Debian's modules and of a vmlinux.o,
 * none takes more than four for each of its bytes and a few million.
 */
#define EFFORT_BASE	(32U << 20)
#define EFFORT_PER_BYTE 64U
#define MOST_KEPT_BASE	(12U << 20) /* and the file's size */

static const char **section_classes(struct object *obj)
{
	const char **class = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*class));
	struct buf b = {0};

	for (u32 i = 0; i < obj->nr_sections; i++) {
		class[i] = obj->sections[i].name;
		if (!code_has_places(&obj->sections[i]))
			continue;
		if (*class[i] != '.' && !name_has_counter(class[i]))
			continue;
		b.len = 0;
		section_class(obj->sections[i].name, &b);
		buf_add(&b, "", 1);
		if (strcmp((const char *)b.data, class[i]) != 0)
			class[i] = arena_strdup(&obj->arena, (const char *)b.data);
	}
	buf_free(&b);
	return class;
}

/*
 * One has nothing to do with the other. The caller's part, the first, is the one that uses the
 * object's arena and scratch, and prints messages.
 */
static void walk_or_name(void *ctx, unsigned int worker, size_t item)
{
	struct code *code = ctx;

	(void)worker;
	if (item)
		code->nr_shared = symnames_read(code->obj, code->ids, code->shared);
	else
		specials_read(code->obj, &code->specials);
}

/*
 * Nor have these: units are found by symbols, and places are those that relocations name. Of an
 * object that is refused no part is looked for, since units are not indexed.
 */
static void collect_or_mark(void *ctx, unsigned int worker, size_t item)
{
	struct code *code = ctx;

	(void)worker;
	if (item) {
		code_mark_places(code);
		return;
	}
	code_collect_units(code);
	if (!effort_is_over(code->effort))
		code_link_parts(code);
}

int code_read(struct object *obj, struct code *code)
{
	*code = (struct code){.obj = obj,
			      .class = section_classes(obj),
			      .ids = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(*code->ids)),
			      .shared = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(u32)),
			      .effort = arena_alloc(&obj->arena, 1, sizeof(*code->effort))};
	code->effort->limit = EFFORT_BASE + (u64)obj->file_size * EFFORT_PER_BYTE;
	code->effort->most_kept = MOST_KEPT_BASE + (u64)obj->file_size;
	pool_run(obj->pool, 2, walk_or_name, code);
	code_make_places(code);
	pool_run(obj->pool, 2, collect_or_mark, code);
	return effort_is_over(code->effort) ? -1 : 0;
}
