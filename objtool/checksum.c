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
 *     (check.c).
 *   - Symbols are sorted by address, relocations by offset (elf.c), special entries by the place
 *     they apply to (special.c). Units are made from the first, so they are in order, too. A
 *     function's relocations and entries are walked beside its instructions, and those of the next
 *     begin where these end. What lies at any other place is looked up in an index that leaves
 *     one or two units, or nine relocations, to choose from (check.h, elf.c).
 *   - Units are cut into batches of about equal size, which threads take one by one. A record's
 *     place is known before, so it is written there by whoever makes it. Each thread
 *     has one set of buffers, which it uses for all its units: see struct canon.
 *   - The threads are started once, and wait for the next step (pool.h).
 *   - When the records are there, what was made of the object is released, and its memory used
 *     again to sort and write them; only names stay, where they are in the file. That is
 *     unmapped while what was written goes to its own (update.c).
 *   - A token is written once, and hashed once, with its lane (token.h). Instructions of
 *     which there is no more to say than their bytes are copied in runs (canon-code.c).
 *   - What is covered is a map of bits that all threads set (coverage.h); they search what is left
 *     of it in stretches of a megabyte.
 */
#include <stdlib.h>
#include <objtool/canon.h>
#include <objtool/checksum.h>
#include <objtool/coverage.h>
#include <objtool/finish.h>
#include <objtool/hash.h>
#include <objtool/log.h>
#include <objtool/names.h>
#include <objtool/omit.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

/* Everything about an object that its units' tokens are made from, and what they cover. */
struct reading {
	struct code code;
	struct namesakes namesakes;
	struct lines lines;
	struct coverage coverage;
};

/* Returns 0, or -1 after a message. */
static int read_object(struct object *obj, struct reading *r)
{
	if (code_read(obj, &r->code))
		return -1;
	namesakes_read(&r->code, &r->namesakes);
	lines_read(&r->code, &r->lines);
	coverage_init(&r->coverage, obj);
	return 0;
}

static void init_canon(struct canon *c, const struct reading *r)
{
	canon_init(c, &r->code, &r->namesakes, &r->lines, &r->coverage);
}

/* ---- tokens to a record ---- */

/* Each lane's hash, the lower half of which is shown; and the hash of their order and of these. */
static void fill_record(struct record *rec, struct stream *st)
{
	stream_end(st);
	rec->lanes = (u16)st->lanes;
	for (enum lane i = lanes_next(st->lanes, 0); i < NR_LANES;
	     i = lanes_next(st->lanes, i + 1)) {
		u64 hash = hash_bytes(st->lane[i].data, st->lane[i].len);

		rec->lane[i] = (u32)hash;
		if (i == LANE_LINES)
			continue;
		put_u64(buf_reserve(&st->order, 8), hash);
		st->order.len += 8;
	}
	rec->checksum = hash_bytes(st->order.data, st->order.len);
}

/*
 * @name without its counters, if it is @counted; with "@file" if that is given. Nearly all
 * names are as they are in the object, and stay there.
 */
static const char *record_name(struct arena *arena, const char *name, bool counted,
			       const char *file)
{
	struct buf b = {0};
	char *s;

	if (!file && !counted)
		return name;
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

static const char *canonical_name(struct arena *arena, const char *name)
{
	return record_name(arena, name, name_has_counter(name), NULL);
}

static u64 unit_size(const struct code *code, const struct unit *u)
{
	return (u64)u->len + (u->cold == NO_UNIT ? 0 : code->units[u->cold].len);
}

static bool has_record(const struct unit *u)
{
	return u->parent == NO_UNIT && u->kind != UNIT_LABEL && u->len;
}

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
			recs->rec[n->rec].name = record_name(&recs->arena, n->name, true, n->file);
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
	struct buf chunks;  /* struct chunk: of rests */
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

/*
 * The symbols of the units to come are anywhere in memory: asked for now, they are there by then.
 * Always inline: a function that only asks for memory has no effect to gcc, and is not called.
 */
static inline __attribute__((always_inline)) void fetch_symbol(const struct code *code, u32 unit)
{
	u32 sym;

	if (unit + 8 >= code->nr_units)
		return;
	sym = code->units[unit + 8].sym;
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

		fetch_symbol(code, i);
		if (!has_record(u))
			continue;
		canon_unit(&w->canon, i);
		*rec = (struct record){
			.kind = u->kind == UNIT_FUNC ? RECORD_FUNC : RECORD_DATA,
			.size = unit_size(code, u),
			.name = record_name(&w->names, code->obj->symbols[u->sym].name,
					    code->ids[u->sym].traits & NAME_COUNTED, NULL)};
		fill_record(rec, &w->canon.stream);
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
		nr += has_record(&code->units[i]);
		bytes += code->units[i].len + 64;
		if (bytes < BATCH_BYTES)
			continue;
		units->batch[++units->nr_batches] = (struct batch){i + 1, nr};
		bytes = 0;
	}
	units->batch[++units->nr_batches] = (struct batch){code->nr_units, nr};
	recs->nr = nr;
	recs->cap = (size_t)nr + OTHER_RECORDS;
	/*
	 * Memory of which the pages are there: of new memory both threads would ask for the same
	 * large page at once, as their batches are next to each other, and clear one each.
	 */
	recs->rec = scratch_take(&code->obj->scratch, recs->cap, sizeof(*recs->rec));
}

static int compare_bad(const void *pa, const void *pb)
{
	const struct bad *a = pa, *b = pb;

	return (a->unit > b->unit) - (a->unit < b->unit);
}

static void warn_bad(const struct code *code, struct worker *workers, unsigned int nr)
{
	const struct object *obj = code->obj;
	struct buf all = {0};
	struct bad *bad;

	for (unsigned int i = 0; i < nr; i++)
		buf_add(&all, workers[i].bad.data, workers[i].bad.len);
	bad = (void *)all.data;
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
	struct buf all = {0};
	size_t len = 0;

	for (unsigned int i = 0; i < nr; i++)
		len += workers[i].namings.len;
	buf_grow(&all, len);
	for (unsigned int i = 0; i < nr; i++) {
		buf_add(&all, workers[i].namings.data, workers[i].namings.len);
		buf_free(&workers[i].namings);
	}
	tell_names_apart(recs, (void *)all.data, all.len / sizeof(struct naming));
	buf_free(&all);
}

/* Take out the records of units that are left out; to be called while there are no others. */
static void omit_units(const struct code *code, const struct omit *omit, struct records *recs)
{
	size_t nr = 0, r = 0;

	for (u32 i = 0; i < code->nr_units; i++) {
		if (!has_record(&code->units[i]))
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

	for (u32 i = 1; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];
		struct record *rec;

		if (sym->sec != SEC_COMMON)
			continue;
		canon_common(c, sym);
		rec = records_add(recs);
		rec->kind = RECORD_DATA;
		rec->size = sym->size;
		rec->name = canonical_name(&recs->arena, sym->name);
		fill_record(rec, &c->stream);
	}
}

/* ---- rests ---- */

typedef void gap_fn(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end);

/* Bytes [@from, @to) of each section of [@first, @end). */
struct gap_work {
	u32 first, end;
	u32 from, to;
};

struct gaps {
	const struct code *code;
	const struct coverage *coverage;
	const struct gap_work *work;
	gap_fn *fn;
	void *ctx;
};

struct chunk {
	const char *class; /* section class */
	u64 hash;
	u32 lane[NR_LANES];
	u32 len;
	u16 lanes;
};

/* The end of the gap that begins at @off: the next covered byte, or where a chunk must end. */
static u32 gap_end(const struct gaps *gaps, u32 s, u32 off)
{
	const struct code *code = gaps->code;
	const struct section *sec = &code->obj->sections[s];
	struct special entry;
	u32 limit = sec->size;
	const u8 *nul;

	/* Entries and strings are chunks of their own, so that their order does not matter. */
	if (specials_at(code->obj, &code->specials, s, off, &entry))
		limit = entry.entry + entry.size;
	else if (sec->flags & SF_MERGE && !(sec->flags & SF_STRINGS) && sec->entsize &&
		 limit - off > sec->entsize - off % sec->entsize)
		limit = off + sec->entsize - off % sec->entsize;
	nul = sec->flags & SF_STRINGS ? memchr(sec->data + off, 0, limit - off) : NULL;
	if (nul)
		limit = (u32)(nul - sec->data) + 1;
	return coverage_gap_end(gaps->coverage, s, off + 1, limit);
}

/* True if there is a relocation in [@off, @end); @next: the first at or after @off, moved there. */
static bool has_relocs(const struct section *sec, u32 off, u32 end, u32 *next)
{
	while (*next < sec->nr_relocs && sec->relocs[*next].offset < off)
		++*next;
	return *next < sec->nr_relocs && sec->relocs[*next].offset < end;
}

/* Alignment between units: zeros, or nops and int3 where there is code. It comes and goes. */
static bool is_alignment(const struct section *sec, u32 off, u32 end)
{
	u32 at = off;

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

static void add_chunk(void *ctx, unsigned int worker, u32 s, u32 off, u32 end)
{
	struct worker *w = (struct worker *)ctx + worker;
	struct record rec = {0};
	struct chunk chunk;

	/* Here, with those of all threads, and where they are sorted. */
	effort_keep(w->canon.code->effort, 3 * sizeof(chunk));
	if (effort_is_over(w->canon.code->effort))
		return;
	canon_chunk(&w->canon, s, off, end - off);
	fill_record(&rec, &w->canon.stream);
	chunk = (struct chunk){.class = w->canon.code->class[s],
			       .hash = rec.checksum,
			       .len = end - off,
			       .lanes = rec.lanes};
	memcpy(chunk.lane, rec.lane, sizeof(rec.lane));
	buf_add(&w->chunks, &chunk, sizeof(chunk));
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
	struct stream st = {0};

	stream_reset(&st);
	rec->kind = RECORD_REST;
	rec->name = arena_strdup(&recs->arena, canonical_name(&recs->arena, chunk->class));
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

/*
 * Gaps of a section on their way from the map of bits to gap_fn. Nearly all are alignment, one
 * behind each function, and to see that is a cache miss: so many at once wait for theirs.
 */
#define GAPS_AT_ONCE 16

struct gap_queue {
	const struct gaps *gaps;
	unsigned int worker;
	u32 sec;
	u32 next; /* relocation of the section: none before it is in the gaps to come */
	u32 nr;
	u32 off[GAPS_AT_ONCE], end[GAPS_AT_ONCE];
};

static void give_gaps(struct gap_queue *q)
{
	const struct section *sec = &q->gaps->code->obj->sections[q->sec];

	for (u32 i = 0; i < q->nr; i++)
		if (has_relocs(sec, q->off[i], q->end[i], &q->next) ||
		    !is_alignment(sec, q->off[i], q->end[i]))
			q->gaps->fn(q->gaps->ctx, q->worker, q->sec, q->off[i], q->end[i]);
	q->nr = 0;
}

static void add_gap(struct gap_queue *q, u32 off, u32 end)
{
	__builtin_prefetch(q->gaps->code->obj->sections[q->sec].data + off);
	q->off[q->nr] = off;
	q->end[q->nr++] = end;
	if (q->nr == GAPS_AT_ONCE)
		give_gaps(q);
}

/* The gaps of stretch @from to @to of section @s; one that begins in it is its own to the end. */
static void find_gaps(const struct gaps *gaps, unsigned int worker, u32 s, u32 from, u32 to)
{
	const struct section *sec = &gaps->code->obj->sections[s];
	struct gap_queue q = {gaps, worker, s, section_reloc_from(sec, from), .nr = 0};
	u32 off = from, end;

	if (from && coverage_gap(gaps->coverage, s, from - 1, from) < from)
		off = coverage_gap_end(gaps->coverage, s, from, sec->size);
	for (off = coverage_gap(gaps->coverage, s, off, sec->size); off < to;
	     off = coverage_gap(gaps->coverage, s, end, sec->size)) {
		do {
			end = gap_end(gaps, s, off);
			add_gap(&q, off, end);
			off = end;
		} while (end < sec->size && coverage_gap(gaps->coverage, s, end, end + 1) == end);
	}
	give_gaps(&q);
}

/* Sections that one thread takes at once, and how many bytes of a large one. */
#define GAP_SECTIONS 64
#define GAP_BYTES    (1U << 20)

static void find_gaps_of(void *ctx, unsigned int worker, size_t item)
{
	const struct gaps *gaps = ctx;
	const struct gap_work *work = &gaps->work[item];

	for (u32 s = work->first; s < work->end; s++) {
		u32 size = gaps->coverage->bits[s] ? gaps->code->obj->sections[s].size : 0;
		u32 to = work->to < size ? work->to : size;

		if (work->from < to)
			find_gaps(gaps, worker, s, work->from, to);
	}
}

/*
 * Call @fn for each stretch that no record covers, by @pool. Many small sections
 * are one piece of work, and a large one is several.
 */
static void each_gap(const struct reading *r, struct pool *pool, gap_fn *fn, void *ctx)
{
	const struct object *obj = r->code.obj;
	struct gaps gaps = {.code = &r->code, .coverage = &r->coverage, .fn = fn, .ctx = ctx};
	struct buf work = {0};

	for (u32 s = 1, first = 1; s < obj->nr_sections; s++) {
		bool large = obj->sections[s].size > GAP_BYTES;
		struct gap_work w = {first, s, 0, 0xffffffffU};

		if (!large && s + 1 - first < GAP_SECTIONS && s + 1 < obj->nr_sections)
			continue;
		w.end = large ? s : s + 1;
		if (w.end > first)
			buf_add(&work, &w, sizeof(w));
		first = s + 1;
		for (u32 from = 0, size = obj->sections[s].size; large && from < size;
		     from = w.to) {
			w = (struct gap_work){s, s + 1, from, size};
			if (size - from > GAP_BYTES)
				w.to = from + GAP_BYTES;
			buf_add(&work, &w, sizeof(w));
		}
	}
	gaps.work = (const void *)work.data;
	pool_run(pool, work.len / sizeof(*gaps.work), find_gaps_of, &gaps);
	buf_free(&work);
}

static void rest_records(struct worker *workers, unsigned int nr_workers, struct records *recs)
{
	struct buf all = {0};
	struct chunk *chunks;
	size_t nr, len = 0;

	for (unsigned int i = 0; i < nr_workers; i++)
		len += workers[i].chunks.len;
	buf_grow(&all, len);
	for (unsigned int i = 0; i < nr_workers; i++) {
		buf_add(&all, workers[i].chunks.data, workers[i].chunks.len);
		buf_free(&workers[i].chunks);
	}
	chunks = (void *)all.data;
	nr = all.len / sizeof(*chunks);
	if (nr)
		qsort(chunks, nr, sizeof(*chunks), compare_chunks);
	for (size_t i = 0, end; i < nr; i = end) {
		for (end = i + 1; end < nr && !strcmp(chunks[end].class, chunks[i].class);)
			end++;
		rest_record(recs, &chunks[i], end - i);
	}
	buf_free(&all);
}

struct wanted {
	struct canon *canon;
	const char *class;
	bool found;
};

static void dump_chunk(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end)
{
	struct wanted *w = ctx;

	(void)worker;
	if (strcmp(w->canon->code->class[sec], w -> class) != 0)
		return;
	canon_chunk(w->canon, sec, off, end - off);
	w->found = true;
}

/* Print the chunks of the rest record called @name; false if there is none. */
static bool dump_rest(const struct reading *r, struct canon *canon, const char *name)
{
	struct wanted wanted = {canon, name, false};

	each_gap(r, NULL, dump_chunk, &wanted);
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
		each_gap(m->reading, m->reading->code.obj->pool, add_chunk, m->workers);
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
		rest_records(m->workers, m->nr_workers, m->recs);
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

	if (read_object(obj, &reading))
		return NULL;
	recs = xcalloc(1, sizeof(*recs));
	w = xcalloc(workers, sizeof(*w));
	for (unsigned int i = 0; i < workers; i++)
		init_canon(&w[i].canon, &reading);
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

	if (input_open(in, image, pool, true))
		return NULL;
	recs = checksum_object(in->obj, exclude);
	if (recs) {
		object_forget(in->obj);
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
	return !strcmp(sym->name, name) || !strcmp(canonical_name(&obj->arena, sym->name), name);
}

int checksum_dump(struct object *obj, const char *name, FILE *out)
{
	struct reading reading;
	struct worker w = {0};
	struct canon *c = &w.canon;
	struct token_watch watch = {.dump = out};
	bool found = false;
	int ret;

	if (read_object(obj, &reading))
		return -1;
	init_canon(c, &reading);
	for (u32 i = 0; i < reading.code.nr_units; i++) {
		const struct unit *u = &reading.code.units[i];
		bool wanted = has_record(u) && is_called(obj, &obj->symbols[u->sym], name);

		if (!has_record(u))
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

/* ---- the tokens of single records ---- */

/* A unit with a record, or a symbol that the linker makes room for (SEC_COMMON). */
struct named {
	const char *name; /* canonical */
	u32 index;	  /* of the unit, or of the symbol */
	u32 namesakes;	  /* how many have the name; 0: not asked for yet, what follows is unset */
	u64 checksum;
	u32 lines; /* lane hash */
	u32 kind;  /* enum record_kind */
};

struct named_list {
	struct named *all; /* sorted by name; namesakes that were asked for, by what they are */
	size_t nr;
};

/* Bytes that nothing covers, as a rest record has them. */
struct gap {
	u32 sec, off, end;
};

struct tracer {
	struct reading reading;
	struct worker worker;
	struct named_list units, commons; /* the object's arena's */
	const char **unit_names;	  /* by unit; NULL if it has no record */
	struct buf gaps;		  /* struct gap by section class, see find_rest() */
	bool covered;			  /* what units cover is known, and so the gaps are */
	u64 left;			  /* bytes of tokens that may still be asked for */
};

static int compare_named(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	int cmp = strcmp(a->name, b->name);

	return cmp ? cmp : (a->index > b->index) - (a->index < b->index);
}

static int compare_marks(const struct named *a, const struct named *b)
{
	if (a->checksum != b->checksum)
		return a->checksum < b->checksum ? -1 : 1;
	if (a->lines != b->lines)
		return a->lines < b->lines ? -1 : 1;
	return (a->kind > b->kind) - (a->kind < b->kind);
}

static int compare_namesakes(const void *pa, const void *pb)
{
	const struct named *a = pa, *b = pb;
	int cmp = compare_marks(a, b);

	return cmp ? cmp : (a->index > b->index) - (a->index < b->index);
}

static void add_named(struct named_list *list, const char *name, u32 index)
{
	list->all[list->nr++] = (struct named){.name = name, .index = index};
}

static void sort_named(struct named_list *list)
{
	if (list->nr)
		qsort(list->all, list->nr, sizeof(*list->all), compare_named);
}

static void name_all(struct tracer *t)
{
	const struct code *code = &t->reading.code;
	struct object *obj = t->reading.code.obj;

	t->units.all = arena_alloc(&obj->arena, code->nr_units, sizeof(*t->units.all));
	t->unit_names = arena_alloc(&obj->arena, code->nr_units, sizeof(*t->unit_names));
	for (u32 i = 0; i < code->nr_units; i++) {
		if (!has_record(&code->units[i]))
			continue;
		t->unit_names[i] =
			canonical_name(&obj->arena, obj->symbols[code->units[i].sym].name);
		add_named(&t->units, t->unit_names[i], i);
	}
	sort_named(&t->units);
	for (u32 i = 1; i < obj->nr_symbols; i++)
		t->commons.nr += obj->symbols[i].sec == SEC_COMMON;
	t->commons.all = arena_alloc(&obj->arena, t->commons.nr, sizeof(*t->commons.all));
	t->commons.nr = 0;
	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (obj->symbols[i].sec == SEC_COMMON)
			add_named(&t->commons, canonical_name(&obj->arena, obj->symbols[i].name),
				  i);
	sort_named(&t->commons);
}

struct tracer *tracer_open(struct object *obj)
{
	struct tracer *t = xcalloc(1, sizeof(*t));

	if (read_object(obj, &t->reading)) {
		free(t);
		return NULL;
	}
	init_canon(&t->worker.canon, &t->reading);
	name_all(t);
	t->left = TRACE_BASE + (u64)obj->file_size * TRACE_PER_BYTE;
	return t;
}

/* The first of those called @name; NULL if there is none. */
static struct named *find_named(const struct named_list *list, const char *name)
{
	size_t lo = 0, hi = list->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(list->all[mid].name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < list->nr && !strcmp(list->all[lo].name, name) ? &list->all[lo] : NULL;
}

/* Learn what namesakes are, once for all of them: their records may all be asked for. */
static void read_namesakes(struct tracer *t, struct named *first)
{
	const struct named *end = t->units.all + t->units.nr;
	struct canon *c = &t->worker.canon;
	u32 nr = 0;

	for (struct named *n = first; n < end && !strcmp(n->name, first->name); n++, nr++) {
		struct record rec = {0};

		canon_unit(c, n->index);
		fill_record(&rec, &c->stream);
		n->checksum = rec.checksum;
		n->lines = rec.lane[LANE_LINES];
		n->kind = t->reading.code.units[n->index].kind == UNIT_FUNC ? RECORD_FUNC
									    : RECORD_DATA;
	}
	qsort(first, nr, sizeof(*first), compare_namesakes);
	for (u32 i = 0; i < nr; i++)
		first[i].namesakes = nr;
}

/* The unit called @name that is @rec; NULL if there is none. */
static const struct named *find_unit(struct tracer *t, const struct record *rec, const char *name)
{
	struct named *first = find_named(&t->units, name);
	const struct named wanted = {
		.checksum = rec->checksum, .lines = rec->lane[LANE_LINES], .kind = (u32)rec->kind};
	u32 lo = 0, hi, nr;

	if (!first)
		return NULL;
	if (!first->namesakes)
		read_namesakes(t, first);
	nr = hi = first->namesakes;
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (compare_marks(&first[mid], &wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < nr && !compare_marks(&first[lo], &wanted) ? &first[lo] : NULL;
}

/* Begin to keep what is written in @tokens, as much as there may be. */
static struct token_watch watch_tokens(const struct tracer *t, struct buf *tokens)
{
	return (struct token_watch){.keep = tokens, .most = tokens->len + t->left};
}

/* It was written, and began at @before: false if it is too much, and not all there. */
static bool take_tokens(struct tracer *t, const struct token_watch *watch, size_t before)
{
	u64 len = watch->keep->len - before;

	if (watch->over || len > t->left)
		return false;
	t->left -= len;
	return true;
}

static enum traced trace_unit(struct tracer *t, u32 unit, struct buf *tokens)
{
	struct canon *c = &t->worker.canon;
	struct token_watch watch = watch_tokens(t, tokens);
	size_t before = tokens->len;

	c->stream.watch = &watch;
	canon_unit(c, unit);
	c->stream.watch = NULL;
	return take_tokens(t, &watch, before) ? TRACED : TRACED_TOO_MUCH;
}

static enum traced trace_common(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	struct canon *c = &t->worker.canon;
	struct token_watch watch = watch_tokens(t, tokens);
	const struct named *common = find_named(&t->commons, rec->name);
	size_t before = tokens->len;

	if (!common || rec->kind != RECORD_DATA)
		return TRACED_NONE;
	c->stream.watch = &watch;
	canon_common(c, &t->reading.code.obj->symbols[common->index]);
	c->stream.watch = NULL;
	return take_tokens(t, &watch, before) ? TRACED : TRACED_TOO_MUCH;
}

static void keep_gap(void *ctx, unsigned int worker, u32 sec, u32 off, u32 end)
{
	struct gap gap = {sec, off, end};

	(void)worker;
	buf_add(ctx, &gap, sizeof(gap));
}

static int compare_gaps(const void *pa, const void *pb, void *class)
{
	const struct gap *a = pa, *b = pb;
	const char *const *classes = class;
	int cmp = a->sec != b->sec ? strcmp(classes[a->sec], classes[b->sec]) : 0;

	cmp = cmp ? cmp : (a->sec > b->sec) - (a->sec < b->sec);
	return cmp ? cmp : (a->off > b->off) - (a->off < b->off);
}

/* What is in no unit, which is known when all units were written. */
static void find_rest(struct tracer *t)
{
	const struct code *code = &t->reading.code;

	for (u32 i = 0; i < code->nr_units; i++)
		if (has_record(&code->units[i]))
			canon_unit(&t->worker.canon, i);
	each_gap(&t->reading, NULL, keep_gap, &t->gaps);
	if (t->gaps.len)
		qsort_r(t->gaps.data, t->gaps.len / sizeof(struct gap), sizeof(struct gap),
			compare_gaps, code->class);
	t->covered = true;
}

/* The first gap in a section of that class, or of one behind it. */
static size_t first_gap(const struct tracer *t, const char *class)
{
	const struct gap *gaps = (const void *)t->gaps.data;
	size_t lo = 0, hi = t->gaps.len / sizeof(*gaps);

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(t->reading.code.class[gaps[mid].sec], class) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A chunk of a rest record, and where its tokens are. */
struct traced_chunk {
	u64 hash;
	size_t at, len;
};

static int compare_traced(const void *pa, const void *pb)
{
	const struct traced_chunk *a = pa, *b = pb;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return (a->at > b->at) - (a->at < b->at);
}

/* Write a gap's tokens behind those in @tokens, and note them in @chunks. */
static bool trace_gap(struct tracer *t, const struct gap *gap, struct buf *tokens,
		      struct buf *chunks)
{
	struct canon *c = &t->worker.canon;
	struct token_watch watch = watch_tokens(t, tokens);
	struct traced_chunk chunk = {.at = tokens->len};
	struct record rec = {0};

	c->stream.watch = &watch;
	canon_chunk(c, gap->sec, gap->off, gap->end - gap->off);
	c->stream.watch = NULL;
	fill_record(&rec, &c->stream);
	chunk.hash = rec.checksum;
	chunk.len = tokens->len - chunk.at;
	buf_add(chunks, &chunk, sizeof(chunk));
	return take_tokens(t, &watch, chunk.at);
}

static enum traced trace_rest(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	const struct gap *gaps;
	struct traced_chunk *chunk;
	struct buf all = {0}, chunks = {0};
	bool fits = true;
	size_t nr;

	if (!t->covered)
		find_rest(t);
	gaps = (const void *)t->gaps.data;
	for (size_t i = first_gap(t, rec->name), end = t->gaps.len / sizeof(*gaps);
	     fits && i < end && !strcmp(t->reading.code.class[gaps[i].sec], rec -> name); i++)
		fits = trace_gap(t, &gaps[i], &all, &chunks);
	chunk = (void *)chunks.data;
	nr = chunks.len / sizeof(*chunk);
	if (nr)
		qsort(chunk, nr, sizeof(*chunk), compare_traced);
	for (size_t i = 0; fits && i < nr; i++)
		buf_add(tokens, all.data + chunk[i].at, chunk[i].len);
	buf_free(&all);
	buf_free(&chunks);
	return !fits ? TRACED_TOO_MUCH : nr ? TRACED : TRACED_NONE;
}

enum traced tracer_record(struct tracer *t, const struct record *rec, struct buf *tokens)
{
	const struct named *unit;
	char *name;

	if (!t)
		return TRACED_NONE;
	/* All of the object was not too much when it was hashed; records over and over may be. */
	canon_settle_effort(&t->worker.canon);
	effort_restart(t->reading.code.effort);
	if (rec->kind == RECORD_REST)
		return trace_rest(t, rec, tokens);
	name = xstrdup(rec->name);
	unit = find_unit(t, rec, name);
	if (!unit && strrchr(name, '@')) {
		*strrchr(name, '@') = '\0';
		unit = find_unit(t, rec, name);
	}
	free(name);
	return unit ? trace_unit(t, unit->index, tokens) : trace_common(t, rec, tokens);
}

const char *tracer_function_at(const struct tracer *t, u32 sec, u32 off)
{
	const struct code *code = &t->reading.code;
	u32 unit = sec < code->obj->nr_sections ? code_unit_at(code, sec, off) : NO_UNIT;

	if (unit != NO_UNIT && code->units[unit].parent != NO_UNIT)
		unit = code->units[unit].parent;
	if (unit == NO_UNIT || code->units[unit].kind != UNIT_FUNC)
		return NULL;
	return t->unit_names[unit];
}

void tracer_free(struct tracer *t)
{
	if (!t)
		return;
	canon_free(&t->worker.canon);
	buf_free(&t->gaps);
	free(t);
}
