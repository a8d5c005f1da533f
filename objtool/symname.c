// SPDX-License-Identifier: GPL-2.0-or-later
/* symname.c - what the names of an object's symbols say, and what they name */
#include <objtool/hash.h>
#include <objtool/names.h>
#include <objtool/pool.h>
#include <objtool/symname.h>

/* Symbols that one thread takes at once. */
#define GRAIN 4096

/* Linkers write names in an order of their own: those of this many symbols ahead are asked for. */
#define AHEAD 8

static u64 hash_canonical(const char *name, struct buf *scratch)
{
	scratch->len = 0;
	name_canonical(name, scratch);
	return hash_bytes(scratch->data, scratch->len);
}

u64 symname_hash(const char *name, size_t len)
{
	struct buf copy = {0}, scratch = {0};
	u64 hash;

	buf_add(&copy, name, len);
	buf_add(&copy, "", 1);
	hash = hash_canonical((const char *)copy.data, &scratch);
	buf_free(&copy);
	buf_free(&scratch);
	return hash;
}

/* Most names are plain: those have no dot and do not begin with "__". */
static u8 traits_of(const char *name, size_t len)
{
	bool dotted = memchr(name, '.', len), reserved = name[0] == '_' && name[1] == '_';
	u32 traits = len ? 0 : NAME_EMPTY;
	size_t cold;

	if (dotted ? name_has_counter(name) : reserved && name_has_macro_counter(name))
		traits |= NAME_COUNTED;
	if (reserved)
		traits |=
			str_starts(name, "__cfi_") || str_starts(name, "__pfx_") ? NAME_PREFIX : 0;
	if (dotted) {
		traits |= str_starts(name, ".L") ? NAME_LABEL : 0;
		traits |= name_is_content(name) ? NAME_CONTENT : 0;
		traits |= name_is_static_local(name) ? NAME_STATIC_LOCAL : 0;
		traits |= name_is_cold(name, &cold) ? NAME_COLD : 0;
	}
	return (u8)traits;
}

struct reading {
	const struct object *obj;
	struct identity *ids;
};

static void read_names(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct reading *r = ctx;
	struct buf scratch = {0};

	(void)worker;
	for (size_t s = from; s < end; s++) {
		const struct symbol *sym = &r->obj->symbols[s];
		size_t len = strlen(sym->name);
		u8 traits = traits_of(sym->name, len);
		bool here = symbol_defined(sym);

		if (s + AHEAD < end)
			__builtin_prefetch(sym[AHEAD].name);
		r->ids[s] = (struct identity){.name = traits & NAME_COUNTED
							      ? hash_canonical(sym->name, &scratch)
							      : hash_bytes(sym->name, len),
					      .unit = NO_UNIT,
					      .sec = here ? sym->sec : 0,
					      .value = here ? (u32)sym->value : 0,
					      .traits = traits,
					      .bind = sym->bind,
					      .type = sym->type,
					      .only = !(traits & NAME_COUNTED)};
	}
	buf_free(&scratch);
}

struct identity *symnames_read(struct object *obj)
{
	struct reading r = {obj, arena_alloc(&obj->arena, obj->nr_symbols, sizeof(*r.ids))};

	pool_ranges(obj->pool, obj->nr_symbols, GRAIN, read_names, &r);
	return r.ids;
}
