// SPDX-License-Identifier: GPL-2.0-or-later
/* symname.c - what the names of an object's symbols say, and what they name */
#include <stdlib.h>
#include <objtool/hash.h>
#include <objtool/names.h>
#include <objtool/pool.h>
#include <objtool/sort.h>
#include <objtool/symname.h>

/* Symbols that one thread takes at once. */
#define GRAIN 4096

/* Linkers write names in an order of their own: those of this many symbols ahead are asked for. */
#define NAMES_AHEAD 8

/* And identities, which lie all over their array where a bucket's are looked at. */
#define IDS_AHEAD 16

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

	if (dotted ? name_has_counter(name)
		   : name_may_have_macro_counter(name) && name_has_macro_counter(name))
		traits |= NAME_COUNTED;
	if (reserved && (name[2] == 'c' || name[2] == 'p'))
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

		if (s + NAMES_AHEAD < end)
			__builtin_prefetch(sym[NAMES_AHEAD].name);
		traits |= sym->sec == SEC_ABS ? NAME_ABSOLUTE : 0;
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

/* ---- who shares a name ---- */

struct name_slot {
	u32 tag; /* the upper half of the name's hash */
	u32 sym; /* 0: empty */
};

/* Names are dealt to buckets by their hashes: a bucket's table fits the cache. */
struct heads {
	struct identity *ids;
	u32 *order; /* symbols, bucket after bucket; then, in its place, those that are kept */
	u32 nr_buckets;
	u32 first[MAX_BUCKETS + 1];
	u32 nr_shared[MAX_BUCKETS];
};

static bool may_have_namesakes(const struct identity *id)
{
	return !(id->traits & NAME_EMPTY) && id->type != SYM_SECTION && id->type != SYM_FILE;
}

static void find_buckets(const void *ctx, u8 *bucket, u32 from, u32 end)
{
	const struct heads *h = ctx;

	for (u32 s = from; s < end; s++)
		bucket[s] = (u8)((u32)(u8)h->ids[s].name * h->nr_buckets >> 8);
}

/* Where the first symbol of this name is, or is to be. */
static struct name_slot *find_slot(const struct identity *ids, struct name_slot *slots, u32 cap,
				   u64 key, u64 name)
{
	u32 i = table_slot(name, key, cap);

	while (slots[i].sym && (slots[i].tag != name >> 32 || ids[slots[i].sym].name != name))
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

/* It has namesakes. Keep it, if it is local: at @kept, of which the number is returned. */
static u32 keep_shared(struct identity *ids, u32 s, u32 head, u32 *kept)
{
	ids[s].head = head;
	ids[s].only = false;
	*kept = s;
	return ids[s].bind == BIND_LOCAL;
}

/*
 * Give each symbol of a bucket the first of its name, unless it is the only one. The first is kept
 * when the second is met; so never more are than were met.
 */
static void find_heads_of(void *ctx, unsigned int worker, size_t bucket)
{
	struct heads *h = ctx;
	u32 nr = h->first[bucket + 1] - h->first[bucket], cap = 64, kept = 0;
	u32 *order = h->order + h->first[bucket];
	struct name_slot *slots;
	u64 key = table_key();

	(void)worker;
	while (cap < nr / 2 * 3)
		cap *= 2;
	slots = xcalloc(cap, sizeof(*slots));
	for (u32 k = 0; k < nr; k++) {
		u32 s = order[k];
		struct identity *id = &h->ids[s];
		struct name_slot *slot;

		if (k + IDS_AHEAD < nr)
			__builtin_prefetch(&h->ids[order[k + IDS_AHEAD]]);
		if (!s || !may_have_namesakes(id))
			continue;
		slot = find_slot(h->ids, slots, cap, key, id->name);
		if (!slot->sym) {
			*slot = (struct name_slot){(u32)(id->name >> 32), s};
			continue;
		}
		if (!h->ids[slot->sym].head)
			kept += keep_shared(h->ids, slot->sym, slot->sym, &order[kept]);
		kept += keep_shared(h->ids, s, slot->sym, &order[kept]);
	}
	free(slots);
	h->nr_shared[bucket] = kept;
}

static u32 find_heads(const struct object *obj, struct identity *ids, u32 *shared)
{
	u32 nr = obj->nr_symbols, nr_shared = 0;
	struct heads h = {.ids = ids, .order = shared, .nr_buckets = bucket_number(nr)};

	deal(obj->pool, find_buckets, &h, nr, h.nr_buckets, h.order, h.first);
	pool_run(obj->pool, h.nr_buckets, find_heads_of, &h);
	for (u32 b = 0; b < h.nr_buckets; b++) {
		memmove(shared + nr_shared, h.order + h.first[b],
			h.nr_shared[b] * sizeof(*h.order));
		nr_shared += h.nr_shared[b];
	}
	return nr_shared;
}

u32 symnames_read(const struct object *obj, struct identity *ids, u32 *shared)
{
	struct reading r = {obj, ids};

	pool_ranges(obj->pool, obj->nr_symbols, GRAIN, read_names, &r);
	return find_heads(obj, ids, shared);
}
