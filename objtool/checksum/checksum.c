// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * checksum.c - an object's functions, data objects and section rests -> records
 *
 * Each unit is written as tokens (canon.c), and each lane of them hashed with one
 * call. What no unit covered, by itself or by reference, goes to the rest
 * record of its section class: so a changed string shows at its users and not
 * twice, and a byte that nothing refers to is still seen.
 *
 * What makes it fast, with the place that tells more:
 *
 *   - The file stays where it is read to, and what nobody looks at is not read (outside.h). What is
 *     known of it is in arrays of its arena, of a large file in one piece of memory, allocated
 *     when their length is known; nothing is allocated for a symbol, a relocation
 *     or an instruction. What one step sorts and needs no more is where the next does so (mem.h).
 *   - What is asked of a symbol, by each of the references to it, lies side by side
 *     (symname.h), and where symbols come in no order, the next ones are asked for early
 *     (code-read.h).
 *   - Symbols are sorted by address, relocations by offset (elf-symbols.c, elf-relocs.c), special
 *     entries by the place they apply to (special.c). Units are made from the first, so they are
 *     in order, too. A function's relocations and entries are walked beside its instructions, and
 *     those of the next begin where these end. What lies at any other place is looked up in an
 *     index that leaves one or two units, or nine relocations, to choose from (code.h,
 *     elf-relocs.c).
 *   - Units are cut into batches of about equal size, which threads take one by one. A record's
 *     place is known before, so it is written there by whoever makes it. Each thread
 *     has one set of buffers, which it uses for all its units: see struct canon.
 *   - The threads are started once, and wait for the next step (pool.h). Steps that need nothing of
 *     each other are one, so that a part that one thread does is beside others (elf-relocs.c,
 *     code.c).
 *   - When the records are there, what was made of the object is released, and its memory used
 *     again to sort and write them; only names stay, where they are in the file. That is
 *     unmapped while what was written goes to its own (update.c).
 *   - A token is written once, and hashed once, with its lane (token.h). Instructions of
 *     which there is no more to say than their bytes are copied in runs (canon-code.c).
 *   - What is covered is a map of bits that all threads set (coverage.h); they search what is left
 *     of it in stretches of a megabyte.
 */
#include <stdlib.h>
#include <objtool/checksum.h>
#include <objtool/log.h>
#include <objtool/omit.h>
#include <objtool/rest.h>
#include <objtool/sort.h>

/* ---- names of records ---- */

/* A record whose name others may have. */
struct naming {
	const char *name; /* canonical */
	const char *file; /* of a local symbol, or NULL */
	u32 rec;
	u32 group; /* the same for records of one kind and name */
};

static bool same_file(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Add "@file.c" where several records of one name, whose @keys these are, come from different
 * files. */
static void name_group(struct records *recs, const struct naming *names, const u64 *keys, size_t nr)
{
	const char *first = names[(u32)keys[0]].file;
	bool differ = false;

	for (size_t i = 1; i < nr; i++)
		differ |= !same_file(names[(u32)keys[i]].file, first);
	for (size_t i = 0; differ && i < nr; i++) {
		const struct naming *n = &names[(u32)keys[i]];

		if (n->file)
			recs->rec[n->rec].name = reading_name(&recs->arena, n->name, true, n->file);
	}
}

static void tell_names_apart(struct records *recs, const struct naming *names, size_t nr)
{
	u64 *keys = xreallocarray(NULL, nr, 2 * sizeof(*keys));

	for (size_t i = 0; i < nr; i++)
		keys[i] = (u64)names[i].group << 32 | i;
	sort_high(keys, keys + nr, nr);
	for (size_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && keys[end] >> 32 == keys[i] >> 32;)
			end++;
		name_group(recs, names, keys + i, end - i);
	}
	free(keys);
}

/* ---- units ---- */

static const char *file_of(const struct object *obj, const struct symbol *sym)
{
	return sym->file && *obj->symbols[sym->file].name ? obj->symbols[sym->file].name : NULL;
}

/* Bytes of a function that are no instruction: said when all work is done, in order. */
struct bad {
	u32 unit, nr, sec, off;
};

/* What one thread has of its own. */
struct worker {
	struct canon canon;
	struct arena names;
	struct buf chunks;  /* see rest_add_chunk() */
	struct buf namings; /* struct naming, of names that others have, too */
	struct buf bad;	    /* struct bad */
};

/* A run of units, and which the first of their records is. */
struct batch {
	u32 unit, rec;
};

/* All units of an object, cut into batches of about equal work. */
struct units {
	const struct code *code;
	struct worker *workers;
	struct records *recs;
	struct batch *batch; /* and one behind the last, where that ends */
	u32 nr_batches;
};

static u64 unit_size(const struct code *code, const struct unit *u)
{
	return (u64)u->len + (u->cold == NO_UNIT ? 0 : code->units[u->cold].len);
}

static void note_unit(struct worker *w, const struct unit *u, u32 unit, u32 rec, const char *name)
{
	const struct canon *c = &w->canon;
	const struct object *obj = c->code->obj;
	u32 head = c->code->ids[u->sym].head;

	if (c->bad) {
		struct bad bad = {unit, c->bad, c->bad_sec, c->bad_off};

		buf_add(&w->bad, &bad, sizeof(bad));
	}
	if (head) {
		/* No object has 2^31 symbols: their table is smaller than 4 GiB. */
		struct naming naming = {name, file_of(obj, &obj->symbols[u->sym]), rec,
					head << 1 | (u->kind == UNIT_FUNC)};

		buf_add(&w->namings, &naming, sizeof(naming));
	}
}

/* Units to come, and their symbols, which are anywhere: asked for now, they are there by then. */
#define UNITS_AHEAD   32U
#define SYMBOLS_AHEAD 8U

static ALWAYS_INLINE void fetch_unit(const struct code *code, u32 unit)
{
	u32 sym;

	if (code->nr_units - unit <= UNITS_AHEAD)
		return;
	__builtin_prefetch(&code->units[unit + UNITS_AHEAD]);
	sym = code->units[unit + SYMBOLS_AHEAD].sym;
	__builtin_prefetch(&code->obj->symbols[sym]);
	__builtin_prefetch(&code->ids[sym]);
}

static void checksum_batch(void *ctx, unsigned int worker, size_t batch)
{
	const struct units *units = ctx;
	const struct code *code = units->code;
	struct worker *w = &units->workers[worker];
	u32 r = units->batch[batch].rec;

	for (u32 i = units->batch[batch].unit; i < units->batch[batch + 1].unit; i++) {
		const struct unit *u = &code->units[i];
		struct record *rec = &units->recs->rec[r];

		fetch_unit(code, i);
		if (!reading_has_record(u))
			continue;
		canon_unit(&w->canon, i);
		*rec = (struct record){
			.kind = u->kind == UNIT_FUNC ? RECORD_FUNC : RECORD_DATA,
			.size = unit_size(code, u),
			.name = reading_name(&w->names, code->obj->symbols[u->sym].name,
					     code->ids[u->sym].traits & NAME_COUNTED, NULL)};
		reading_fill(rec, &w->canon.stream);
		note_unit(w, u, i, r++, rec->name);
	}
}

/* Work per batch: enough that handing it out costs nothing, little enough to even out. */
#define BATCH_BYTES 65536

/* Records that are added to those of units: a few dozen rests. More are made room for. */
#define OTHER_RECORDS 128

/* Cut the batches, and make room for the records: each thread fills in those of its batches. */
static void cut_batches(struct units *units)
{
	const struct code *code = units->code;
	struct records *recs = units->recs;
	u64 bytes = 0;
	u32 nr = 0;

	units->batch = xcalloc((size_t)code->nr_units + 2, sizeof(*units->batch));
	for (u32 i = 0; i < code->nr_units; i++) {
		nr += reading_has_record(&code->units[i]);
		bytes += code->units[i].len + 64;
		if (bytes < BATCH_BYTES)
			continue;
		units->batch[++units->nr_batches] = (struct batch){i + 1, nr};
		bytes = 0;
	}
	units->batch[++units->nr_batches] = (struct batch){code->nr_units, nr};
	recs->nr = nr;
	recs->cap = (size_t)nr + OTHER_RECORDS;
	/* Memory of which the pages are there: new ones would have to be cleared. */
	recs->rec = scratch_take(&code->obj->scratch, recs->cap, sizeof(*recs->rec));
}

static int compare_bad(const void *pa, const void *pb)
{
	const struct bad *a = pa, *b = pb;

	return (a->unit > b->unit) - (a->unit < b->unit);
}

/* What all workers have in the buffer at @offset of them, one's after the other's; it is empty
 * then. */
static struct buf gather(struct worker *workers, unsigned int nr, size_t offset)
{
	struct buf all = {0};
	size_t len = 0;

	for (unsigned int i = 0; i < nr; i++)
		len += ((struct buf *)((char *)&workers[i] + offset))->len;
	if (len)
		buf_reserve(&all, len);
	for (unsigned int i = 0; i < nr; i++) {
		struct buf *one = (struct buf *)((char *)&workers[i] + offset);

		buf_add(&all, one->data, one->len);
		buf_free(one);
	}
	return all;
}

static void warn_bad(const struct code *code, struct worker *workers, unsigned int nr)
{
	const struct object *obj = code->obj;
	struct buf all = gather(workers, nr, offsetof(struct worker, bad));
	struct bad *bad = (void *)all.data;

	if (bad)
		qsort(bad, all.len / sizeof(*bad), sizeof(*bad), compare_bad);
	for (size_t i = 0; i < all.len / sizeof(*bad); i++)
		warning("%s: %s: %u bytes are no instruction, the first at %s+0x%x: hashed as they "
			"are",
			obj->path, obj->symbols[code->units[bad[i].unit].sym].name, bad[i].nr,
			obj->sections[bad[i].sec].name, bad[i].off);
	buf_free(&all);
}

static void name_units(struct worker *workers, unsigned int nr, struct records *recs)
{
	struct buf all = gather(workers, nr, offsetof(struct worker, namings));

	tell_names_apart(recs, (void *)all.data, all.len / sizeof(struct naming));
	buf_free(&all);
}

/* Take out the records of units that are left out; to be called while there are no others. */
static void omit_units(const struct code *code, const struct omit *omit, struct records *recs)
{
	size_t nr = 0, r = 0;

	for (u32 i = 0; i < code->nr_units; i++) {
		if (!reading_has_record(&code->units[i]))
			continue;
		if (!omit->units[i])
			recs->rec[nr++] = recs->rec[r];
		r++;
	}
	recs->nr = nr;
}

static void checksum_units(const struct code *code, struct worker *workers, unsigned int nr,
			   struct records *recs)
{
	struct units units = {.code = code, .workers = workers, .recs = recs};

	cut_batches(&units);
	pool_run(code->obj->pool, units.nr_batches, checksum_batch, &units);
	warn_bad(code, workers, nr);
	free(units.batch);
}

/* Common symbols have no section: size and alignment (their value) are all there is. */
static void checksum_commons(struct canon *c, struct records *recs)
{
	const struct object *obj = c->code->obj;

	for (u32 i = 1; obj->has_commons && i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];
		struct record *rec;

		if (sym->sec != SEC_COMMON)
			continue;
		canon_common(c, sym);
		rec = records_add(recs);
		rec->kind = RECORD_DATA;
		rec->size = sym->size;
		rec->name = reading_canonical_name(&recs->arena, sym->name);
		reading_fill(rec, &c->stream);
	}
}

/* ---- rests ---- */

static void add_chunk(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end)
{
	struct worker *w = (struct worker *)ctx + worker;

	rest_add_chunk(&w->canon, &w->chunks, sec, off, end);
}

static void add_rests(struct worker *workers, unsigned int nr, struct records *recs)
{
	struct buf all = gather(workers, nr, offsetof(struct worker, chunks));

	rest_records(&all, recs);
	buf_free(&all);
}

struct wanted {
	struct canon *canon;
	const char *name;
	bool found;
};

static void dump_chunk(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end)
{
	struct wanted *w = ctx;

	(void)worker;
	if (strcmp(w->canon->code->class[sec], w -> name) != 0)
		return;
	canon_chunk(w->canon, sec, off, end - off);
	w->found = true;
}

/* Print the chunks of the rest record called @name; false if there is none. */
static bool dump_rest(const struct reading *r, struct canon *canon, const char *name)
{
	struct wanted wanted = {canon, name, false};

	rest_each_gap(r, NULL, dump_chunk, &wanted);
	return wanted.found;
}

/* ---- which build was this ---- */

/* Bytes of these identifications; an object linked from those of many compilers has some hundred.
 */
#define MAX_COMPILER 4096U

/* The compilers' identifications in .comment, each once, in order. */
static const char *compiler(const struct object *obj, struct arena *arena)
{
	const struct section *sec = object_section(obj, ".comment");
	struct buf b = {0};
	const char *result;

	/* Of a compiler each; who made up thousands is not worth more than the first few. */
	for (u32 i = 0; sec && sec->data && i < sec->size && b.len < MAX_COMPILER;) {
		const char *s = (const char *)sec->data + i;
		size_t n = strnlen(s, sec->size - i < MAX_COMPILER ? sec->size - i : MAX_COMPILER);

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

/* So many have enough names for a thread of its own to be worth it. */
#define MANY_UNITS 4096

/* What is being made of an object. */
struct making {
	const struct reading *reading;
	struct worker *workers;
	unsigned int nr_workers;
	struct records *recs;
};

/*
 * When all units are hashed, their names can be told apart and what none covered can be
 * found: at once, as one has nothing to do with the other.
 */
static void name_or_find(void *ctx, unsigned int worker, size_t item)
{
	const struct making *m = ctx;

	(void)worker;
	if (item)
		rest_each_gap(m->reading, m->reading->code.obj->pool, add_chunk, m->workers);
	else
		name_units(m->workers, m->nr_workers, m->recs);
}

/* All records of an object, less what @exclude lists, not finished yet. */
static void add_records(struct making *m, struct exclude *exclude)
{
	const struct code *code = &m->reading->code;
	struct omit omit = exclude ? omit_read(&m->reading->namesakes, exclude) : (struct omit){0};

	if (!omit.all) {
		checksum_units(code, m->workers, m->nr_workers, m->recs);
		pool_run(code->nr_units < MANY_UNITS ? NULL : code->obj->pool, 2, name_or_find, m);
		if (omit.units)
			omit_units(code, &omit, m->recs);
		checksum_commons(&m->workers[0].canon, m->recs);
		add_rests(m->workers, m->nr_workers, m->recs);
	}
	for (unsigned int i = 0; i < m->nr_workers; i++)
		arena_join(&m->recs->arena, &m->workers[i].names);
	omit_free(&omit);
}

/* Returns -1 after a message if that object was too much, and what was made of it means nothing. */
static int check_effort(const struct code *code)
{
	if (!effort_is_over(code->effort))
		return 0;
	return error(
		"%s: refused: what its symbols share and refer to takes more steps or memory to "
		"describe than an object of %zu bytes is worth",
		code->obj->path, code->obj->file_size);
}

struct records *checksum_object(struct object *obj, struct exclude *exclude)
{
	unsigned int workers = pool_workers(obj->pool);
	struct records *recs;
	struct reading reading;
	struct worker *w;

	if (reading_open(obj, &reading))
		return NULL;
	recs = xcalloc(1, sizeof(*recs));
	w = xcalloc(workers, sizeof(*w));
	for (unsigned int i = 0; i < workers; i++)
		reading_canon(&reading, &w[i].canon);
	add_records(&(struct making){&reading, w, workers, recs}, exclude);
	for (unsigned int i = 0; i < workers; i++) {
		canon_settle_effort(&w[i].canon);
		canon_free(&w[i].canon);
		buf_free(&w[i].namings);
		buf_free(&w[i].bad);
		buf_free(&w[i].chunks);
	}
	free(w);
	if (check_effort(&reading.code)) {
		records_free(recs);
		return NULL;
	}
	recs->compiler = compiler(obj, &recs->arena);
	recs->step = step(obj);
	return recs;
}

struct records *checksum_input(const struct image *image, struct exclude *exclude,
			       finish_fn *finish, struct pool *pool, struct input *in)
{
	struct records *recs;

	if (input_open(in, image, pool, pool ? CONTENTS_ALONE : CONTENTS_BRIEF))
		return NULL;
	recs = checksum_object(in->obj, exclude);
	if (recs) {
		object_forget(in->obj, &recs->spare);
		finish(recs, in->obj->pool);
		if (!object_confirm(in->obj))
			return recs;
	}
	records_free(recs);
	input_close(in);
	return NULL;
}

/* Is @name, as somebody typed it, this symbol? With its counters or without. */
static bool is_called(struct object *obj, const struct symbol *sym, const char *name)
{
	return !strcmp(sym->name, name) ||
	       !strcmp(reading_canonical_name(&obj->arena, sym->name), name);
}

int checksum_dump(struct object *obj, const char *name, FILE *out)
{
	struct reading reading;
	struct worker w = {0};
	struct canon *c = &w.canon;
	struct token_watch watch = {.dump = out};
	bool found = false;
	int ret;

	if (reading_open(obj, &reading))
		return -1;
	reading_canon(&reading, c);
	for (u32 i = 0; i < reading.code.nr_units; i++) {
		const struct unit *u = &reading.code.units[i];
		bool wanted = reading_has_record(u) && is_called(obj, &obj->symbols[u->sym], name);

		if (!reading_has_record(u))
			continue;
		c->stream.watch = wanted ? &watch : NULL;
		canon_unit(c, i);
		found |= wanted;
	}
	for (u32 i = 1; i < obj->nr_symbols; i++) {
		c->stream.watch = &watch;
		if (obj->symbols[i].sec != SEC_COMMON || !is_called(obj, &obj->symbols[i], name))
			continue;
		canon_common(c, &obj->symbols[i]);
		found = true;
	}
	/* What is left can only be said when all else has been written. */
	found |= dump_rest(&reading, c, name);
	canon_settle_effort(c);
	ret = check_effort(&reading.code);
	canon_free(c);
	if (ret)
		return -1;
	return found ? 0 : error("%s: no function or data object is called %s", obj->path, name);
}
