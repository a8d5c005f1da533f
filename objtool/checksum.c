// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checksum.c - an object's functions, data objects and section rests -> records
 *
 * Each unit is written as tokens (canon.c), and the stream hashed with one
 * call. What no unit covered, by itself or by reference, goes to the rest
 * record of its section class: so a changed string shows at its users and not
 * twice, and a byte that nothing refers to is still seen.
 */
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <objtool/canon.h>
#include <objtool/checksum.h>
#include <objtool/log.h>
#include <objtool/names.h>

u64 hash_bytes(const void *data, size_t len)
{
	return XXH3_64bits(data, len);
}

/* ---- tokens to a record ---- */

static void fill_record(struct record *rec, const struct stream *st)
{
	rec->checksum = hash_bytes(st->all.data, st->all.len);
	for (int i = 0; i < NR_LANES; i++) {
		const struct buf *lane = &st->lane[i];

		if (!lane->len)
			continue;
		rec->lane[i] = (u32)hash_bytes(lane->data, lane->len);
		rec->lanes = (u16)(rec->lanes | 1U << i);
	}
}

static char *canonical_name(struct arena *arena, const char *name, const char *file)
{
	struct buf b = {0};
	char *s;

	name_canonical(name, &b);
	if (file) {
		buf_add(&b, "@", 1);
		buf_add(&b, file, strlen(file));
	}
	buf_add(&b, "", 1);
	s = arena_strdup(arena, (const char *)b.data);
	buf_free(&b);
	return s;
}

static u64 unit_size(const struct code *code, const struct unit *u)
{
	return (u64)u->len + (u->cold == NO_UNIT ? 0 : code->units[u->cold].len);
}

static bool has_record(const struct unit *u)
{
	return u->parent == NO_UNIT && u->kind != UNIT_LABEL && u->len;
}

static void warn_bad(const struct canon *c, const char *name)
{
	const struct object *obj = c->code->obj;

	if (c->bad)
		warning(
		    "%s: %s: %u bytes are no instruction, the first at %s+0x%x: hashed as they are",
		    obj->path, name, c->bad, obj->sections[c->bad_sec].name, c->bad_off);
}

/* ---- names of records ---- */

/* A record under way: which symbol names it. */
struct naming {
	const char *name; /* canonical */
	const char *file; /* of a local symbol, or NULL */
	size_t rec;
	u8 kind;
};

static int compare_naming(const void *pa, const void *pb)
{
	const struct naming *a = pa, *b = pb;
	int cmp = a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);

	return cmp ? cmp : (a->rec > b->rec) - (a->rec < b->rec);
}

static bool same_file(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Add "@file.c" where several records of one name come from different files. */
static void tell_names_apart(struct records *recs, struct naming *names, size_t nr)
{
	qsort(names, nr, sizeof(*names), compare_naming);
	for (size_t i = 0, end; i < nr; i = end) {
		bool differ = false;

		for (end = i + 1; end < nr && names[end].kind == names[i].kind &&
				  strcmp(names[end].name, names[i].name) == 0;
		     end++)
			differ |= !same_file(names[end].file, names[i].file);
		for (size_t k = i; differ && k < end; k++)
			if (names[k].file)
				recs->rec[names[k].rec].name =
				    canonical_name(&recs->arena, names[k].name, names[k].file);
	}
}

/* ---- units ---- */

static const char *file_of(const struct object *obj, const struct symbol *sym)
{
	return sym->file && *obj->symbols[sym->file].name ? obj->symbols[sym->file].name : NULL;
}

static void checksum_units(struct canon *c, struct records *recs)
{
	const struct code *code = c->code;
	struct naming *names = xcalloc(code->nr_units, sizeof(*names));
	size_t nr = 0;

	for (u32 i = 0; i < code->nr_units; i++) {
		const struct unit *u = &code->units[i];
		const struct symbol *sym = &code->obj->symbols[u->sym];
		struct record *rec;

		if (!has_record(u))
			continue;
		canon_unit(c, i);
		rec = records_add(recs);
		rec->kind = u->kind == UNIT_FUNC ? RECORD_FUNC : RECORD_DATA;
		rec->size = unit_size(code, u);
		rec->name = canonical_name(&recs->arena, sym->name, NULL);
		fill_record(rec, &c->stream);
		warn_bad(c, sym->name);
		names[nr++] =
		    (struct naming){rec->name, file_of(code->obj, sym), recs->nr - 1, rec->kind};
	}
	tell_names_apart(recs, names, nr);
	free(names);
}

/* Common symbols have no section: size and alignment (their value) are all there is. */
static void checksum_commons(struct canon *c, struct records *recs)
{
	const struct object *obj = c->code->obj;

	for (u32 i = 1; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];
		struct record *rec;

		if (sym->sec != SEC_COMMON)
			continue;
		canon_common(c, sym);
		rec = records_add(recs);
		rec->kind = RECORD_DATA;
		rec->size = sym->size;
		rec->name = canonical_name(&recs->arena, sym->name, NULL);
		fill_record(rec, &c->stream);
	}
}

/* ---- rests ---- */

struct chunk {
	const char *class; /* section class */
	u64 hash;
	u32 lane[NR_LANES];
	u32 len;
	u16 lanes;
};

struct rest {
	struct chunk *chunks;
	size_t nr, cap;
	struct arena arena;
};

/* A bit for each byte of section @s that a record covers. */
static void mark_covered(const struct canon *c, u8 **bits)
{
	const struct object *obj = c->code->obj;
	const struct covered *range = (const void *)c->covered.data;
	size_t nr = c->covered.len / sizeof(*range);

	for (size_t i = 0; i < nr; i++) {
		u8 *b = bits[range[i].sec];
		u32 at = range[i].off, end = at + range[i].len;

		if (obj->sections[range[i].sec].nobits || !b)
			continue;
		while (at < end) {
			if (!(at & 7) && end - at >= 8) {
				b[at >> 3] = 0xff;
				at += 8;
			} else {
				b[at >> 3] |= (u8)(1U << (at & 7));
				at++;
			}
		}
	}
}

/* The end of the gap that begins at @off: the next covered byte, or where a chunk must end. */
static u32 gap_end(const struct code *code, u32 s, const u8 *bits, u32 off)
{
	const struct section *sec = &code->obj->sections[s];
	struct special entry;
	u32 end = off + 1, limit = sec->size;

	/* Entries and strings are chunks of their own, so that their order does not matter. */
	if (specials_at(code->obj, &code->specials, s, off, &entry))
		limit = entry.entry + entry.size;
	else if (sec->flags & SF_MERGE && !(sec->flags & SF_STRINGS) && sec->entsize &&
		 limit - off > sec->entsize - off % sec->entsize)
		limit = off + sec->entsize - off % sec->entsize;
	for (; end < limit; end++) {
		if (!(end & 7) && limit - end >= 8 && !bits[end >> 3] && !(sec->flags & SF_STRINGS))
			end += 7;
		else if (bits[end >> 3] >> (end & 7) & 1)
			break;
		else if (sec->flags & SF_STRINGS && !sec->data[end - 1])
			break;
	}
	return end < limit ? end : limit;
}

static bool has_relocs(const struct section *sec, u32 off, u32 end)
{
	u32 i = section_reloc_from(sec, off);

	return i < sec->nr_relocs && sec->relocs[i].offset < end;
}

/* Alignment between units: zeros, or nops and int3 where there is code. It comes and goes. */
static bool is_alignment(const struct section *sec, u32 off, u32 end)
{
	u32 at = off;

	if (has_relocs(sec, off, end))
		return false;
	while (at < end && sec->flags & SF_EXEC) {
		u32 n = arch_padding(sec->data + at, end - at);

		if (!n)
			break;
		at += n;
	}
	while (at < end && !sec->data[at])
		at++;
	return at == end;
}

static void add_chunk(struct rest *rest, struct canon *c, u32 s, u32 off, u32 end)
{
	const struct section *sec = &c->code->obj->sections[s];
	struct record rec = {0};
	struct buf class = {0};

	if (is_alignment(sec, off, end))
		return;
	canon_chunk(c, s, off, end - off);
	fill_record(&rec, &c->stream);
	if (rest->nr == rest->cap) {
		rest->cap = rest->cap ? rest->cap * 2 : 64;
		rest->chunks = xreallocarray(rest->chunks, rest->cap, sizeof(*rest->chunks));
	}
	section_class(sec->name, &class);
	buf_add(&class, "", 1);
	rest->chunks[rest->nr] =
	    (struct chunk){.class = arena_strdup(&rest->arena, (char *)class.data),
			   .hash = rec.checksum,
			   .len = end - off,
			   .lanes = rec.lanes};
	memcpy(rest->chunks[rest->nr++].lane, rec.lane, sizeof(rec.lane));
	buf_free(&class);
}

static int compare_chunks(const void *pa, const void *pb)
{
	const struct chunk *a = pa, *b = pb;
	int cmp = strcmp(a->class, b->class);

	return cmp ? cmp : (a->hash > b->hash) - (a->hash < b->hash);
}

/* One record a section class: its chunks as a set, in the order of their hashes. */
static void rest_record(struct records *recs, const struct chunk *chunk, size_t nr)
{
	struct record *rec = records_add(recs);
	struct stream st = {.within = NR_LANES};

	rec->kind = RECORD_REST;
	rec->name = canonical_name(&recs->arena, chunk->class, NULL);
	for (size_t i = 0; i < nr; i++) {
		rec->size += chunk[i].len;
		for (enum lane lane = 0; lane < NR_LANES; lane++) {
			if (!(chunk[i].lanes >> lane & 1))
				continue;
			token_begin(&st, TOKEN_BYTES, lane);
			token_num(&st, chunk[i].lane[lane]);
			token_num(&st, (s64)chunk[i].hash);
			token_end(&st);
		}
	}
	fill_record(rec, &st);
	stream_free(&st);
}

static void checksum_rests(struct canon *c, struct records *recs)
{
	const struct object *obj = c->code->obj;
	u8 **bits = xcalloc(obj->nr_sections, sizeof(*bits));
	struct arena maps = {0};
	struct rest rest = {0};

	for (u32 s = 1; s < obj->nr_sections; s++)
		if (!section_excluded(&obj->sections[s]) && obj->sections[s].data)
			bits[s] = arena_alloc(&maps, obj->sections[s].size / 8 + 1, 1);
	mark_covered(c, bits);
	for (u32 s = 1; s < obj->nr_sections; s++) {
		for (u32 off = 0; bits[s] && off < obj->sections[s].size;) {
			u32 end;

			if (bits[s][off >> 3] >> (off & 7) & 1) {
				off++;
				continue;
			}
			end = gap_end(c->code, s, bits[s], off);
			add_chunk(&rest, c, s, off, end);
			off = end;
		}
	}
	qsort(rest.chunks, rest.nr, sizeof(*rest.chunks), compare_chunks);
	for (size_t i = 0, end; i < rest.nr; i = end) {
		for (end = i + 1;
		     end < rest.nr && !strcmp(rest.chunks[end].class, rest.chunks[i].class);)
			end++;
		rest_record(recs, &rest.chunks[i], end - i);
	}
	free(rest.chunks);
	arena_free(&rest.arena);
	arena_free(&maps);
	free(bits);
}

/* ---- which build was this ---- */

/* The compilers' identifications in .comment, each once, in order. */
static const char *compiler(const struct object *obj, struct arena *arena)
{
	const struct section *sec = object_section(obj, ".comment");
	struct buf b = {0};
	const char *result;

	for (u32 i = 0; sec && sec->data && i < sec->size;) {
		const char *s = (const char *)sec->data + i;
		size_t n = strnlen(s, sec->size - i);

		if (n && !(b.len && memmem(b.data, b.len, s, n))) {
			if (b.len)
				buf_add(&b, "; ", 2);
			buf_add(&b, s, n);
		}
		i += (u32)n + 1;
	}
	buf_add(&b, "", 1);
	result = arena_strdup(arena, (const char *)b.data);
	buf_free(&b);
	return result;
}

/* What objtool adds to nearly every object with code in it. */
static enum objtool_step step(const struct object *obj)
{
	static const char *const made[] = {".orc_unwind_ip",	 ".return_sites",
					   ".retpoline_sites",	 ".call_sites",
					   ".static_call_sites", ".ibt_endbr_seal"};
	bool code = false;

	for (u32 i = 1; i < obj->nr_sections; i++) {
		code |= obj->sections[i].flags & SF_EXEC && obj->sections[i].size;
		for (size_t k = 0; k < ARRAY_SIZE(made); k++)
			if (strcmp(obj->sections[i].name, made[k]) == 0)
				return STEP_AFTER;
	}
	return code ? STEP_BEFORE : STEP_UNKNOWN;
}

struct records *checksum_object(struct object *obj)
{
	struct records *recs = xcalloc(1, sizeof(*recs));
	struct namesakes namesakes;
	struct lines lines;
	struct code code;
	struct canon c = {.code = &code, .namesakes = &namesakes, .lines = &lines};

	code_read(obj, &code);
	namesakes_read(&code, &namesakes);
	lines_read(&code, &lines);
	checksum_units(&c, recs);
	checksum_commons(&c, recs);
	checksum_rests(&c, recs);
	canon_free(&c);
	recs->compiler = compiler(obj, &recs->arena);
	recs->step = step(obj);
	records_finish(recs);
	return recs;
}

int checksum_dump(struct object *obj, const char *name, FILE *out)
{
	struct namesakes namesakes;
	struct lines lines;
	struct code code;
	struct canon c = {.code = &code, .namesakes = &namesakes, .lines = &lines};
	bool found = false;

	code_read(obj, &code);
	namesakes_read(&code, &namesakes);
	lines_read(&code, &lines);
	c.stream.dump = out;
	for (u32 i = 0; i < code.nr_units; i++) {
		struct arena arena = {0};
		const char *symbol = obj->symbols[code.units[i].sym].name;

		if (has_record(&code.units[i]) &&
		    (!strcmp(symbol, name) ||
		     !strcmp(canonical_name(&arena, symbol, NULL), name))) {
			found = true;
			canon_unit(&c, i);
		}
		arena_free(&arena);
	}
	canon_free(&c);
	return found ? 0 : error("%s: no function or data object is called %s", obj->path, name);
}
