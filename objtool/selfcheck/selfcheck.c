// SPDX-License-Identifier: GPL-2.0-or-later
/* selfcheck.c - proof, on an object of anybody's, that its checksums notice */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <objtool/batch.h>
#include <objtool/checksum.h>
#include <objtool/finish.h>
#include <objtool/fields.h>
#include <objtool/log.h>
#include <objtool/names.h>
#include <objtool/selfcheck.h>

/* Alterations of each kind: of an object of up to 1 MiB, and at least. */
#define CASES	  16
#define MIN_CASES 2
#define FULL_SIZE (1U << 20)

/* Candidates for each: not all of them can be altered in a way that is sure to be noticed. */
#define CANDIDATES 8

/* One object under test. */
struct check {
	struct selfcheck *sc;
	const char *path;
	u8 *image; /* a private copy of the file */
	size_t size;
	struct code code;
	struct fields fields;
	struct records *base; /* of the object as it is */
	FILE *out;
};

/* ---- records ---- */

static struct records *checksum_image(const char *path, const u8 *image, size_t size)
{
	struct object *obj = object_open_mem(path, image, size, NULL);
	struct records *recs = obj ? checksum_object(obj, NULL) : NULL;

	if (recs)
		records_finish(recs, NULL);
	object_close(obj);
	return recs;
}

static int compare_group(const struct record *a, const struct record *b)
{
	return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->name, b->name);
}

/* How many records from @i on share kind and name. */
static size_t group_size(const struct records *recs, size_t i)
{
	size_t n = 0;

	while (i + n < recs->nr && !compare_group(&recs->rec[i], &recs->rec[i + n]))
		n++;
	return n;
}

/* Index of the first record of a kind and name; recs->nr if there is none. */
static size_t find_group(const struct records *recs, const struct record *like)
{
	size_t lo = 0, hi = recs->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_group(&recs->rec[mid], like) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < recs->nr && !compare_group(&recs->rec[lo], like) ? lo : recs->nr;
}

/* The group of the record of unit @unit: its name has the file behind it if others share it. */
static size_t group_of_unit(const struct check *check, u32 unit)
{
	const struct object *obj = check->code.obj;
	const struct unit *u = &check->code.units[unit];
	const struct symbol *sym = &obj->symbols[u->sym];
	struct record like = {.kind = u->kind == UNIT_FUNC ? RECORD_FUNC : RECORD_DATA};
	struct buf name = {0};
	size_t plain, found;

	name_canonical(sym->name, &name);
	plain = name.len;
	buf_add(&name, "@", 1);
	buf_add(&name, obj->symbols[sym->file].name, strlen(obj->symbols[sym->file].name) + 1);
	like.name = (const char *)name.data;
	found = find_group(check->base, &like);
	name.data[plain] = '\0';
	if (found == check->base->nr)
		found = find_group(check->base, &like);
	buf_free(&name);
	return found;
}

/* The order of records in their group; of equal checksums that of @lines, if these count. */
static int compare(const struct record *a, const struct record *b, bool lines)
{
	u32 line_a = a->lane[LANE_LINES], line_b = b->lane[LANE_LINES];

	if (a->checksum != b->checksum)
		return a->checksum < b->checksum ? -1 : 1;
	return lines ? (line_a > line_b) - (line_a < line_b) : 0;
}

/* How many of the @nr records at @a, all of one group, are not among as many at @b. */
static size_t count_changed(const struct record *a, const struct record *b, size_t nr, bool lines)
{
	size_t changed = 0, i = 0, k = 0;

	while (i < nr && k < nr) {
		int cmp = compare(&a[i], &b[k], lines);

		changed += cmp < 0;
		i += cmp <= 0;
		k += cmp >= 0;
	}
	return changed + nr - i;
}

struct changes {
	size_t nr;   /* records of a group that changed */
	size_t line; /* of these, how many only in a line number */
};

static struct changes compare_groups(const struct record *a, const struct record *b, size_t nr)
{
	size_t all = count_changed(a, b, nr, true);

	return (struct changes){all, all - count_changed(a, b, nr, false)};
}

/* ---- one alteration ---- */

/* What came of it. */
struct verdict {
	bool missed, wrong;
	bool line; /* noticed, as a line number */
};

static void tell(const struct check *check, u32 kind, const struct alteration *alt,
		 const char *verdict, const char *who)
{
	char field[64];

	fields_name(kind, field);
	fprintf(check->out, "%s: %s: %s: %s: %s+0x%x, at 0x%zx of the file:", check->path, verdict,
		who, field, check->code.obj->sections[alt->sec].name, alt->off, alt->at);
	for (u8 i = 0; i < alt->len; i++)
		fprintf(check->out, " %02x", alt->was[i]);
	fputs(" ->", check->out);
	for (u8 i = 0; i < alt->len; i++)
		fprintf(check->out, " %02x", alt->is[i]);
	fputc('\n', check->out);
}

/* How many of the @nr groups in @expected are @group. */
static size_t count(const size_t *expected, size_t nr, size_t group)
{
	size_t n = 0;

	for (size_t i = 0; i < nr; i++)
		n += expected[i] == group;
	return n;
}

static void judge_group(const struct check *check, u32 kind, const struct alteration *alt,
			size_t group, struct changes changes, size_t expected,
			struct verdict *verdict)
{
	const char *name = check->base->rec[group].name;

	verdict->line |= changes.line && changes.line == changes.nr;
	if (changes.nr < expected) {
		tell(check, kind, alt, "missed", name);
		verdict->missed = true;
	} else if (changes.nr > expected) {
		tell(check, kind, alt, "false", name);
		verdict->wrong = true;
	}
}

/* Hold the records of the altered object against those of the other: where they should differ. */
static struct verdict judge(const struct check *check, u32 kind, const struct alteration *alt,
			    const struct records *recs, const size_t *expected, size_t nr)
{
	const struct records *base = check->base;
	struct verdict verdict = {0};
	size_t i = 0, k = 0;

	while (i < base->nr && base->rec[i].kind != RECORD_REST) {
		size_t in_base = group_size(base, i), in_recs = 0;
		struct changes changes = {.nr = in_base};

		/* Names do not change: a record of another name, or one less, is a change to all.
		 */
		while (k < recs->nr && compare_group(&recs->rec[k], &base->rec[i]) < 0)
			k++;
		if (k < recs->nr && !compare_group(&recs->rec[k], &base->rec[i]))
			in_recs = group_size(recs, k);
		if (in_base == in_recs)
			changes = compare_groups(&base->rec[i], &recs->rec[k], in_base);
		if (changes.nr || nr)
			judge_group(check, kind, alt, i, changes, count(expected, nr, i), &verdict);
		i += in_base;
		k += in_recs;
	}
	return verdict;
}

static struct verdict judge_any(const struct check *check, u32 kind, const struct alteration *alt,
				const struct records *recs)
{
	struct verdict verdict = {.missed = recs->total == check->base->total};

	if (verdict.missed)
		tell(check, kind, alt, "missed", "all records");
	return verdict;
}

/* Alter the copy, checksum it, and undo that. An object that is refused has been noticed. */
static void run_case(struct check *check, u32 kind, const struct alteration *alt,
		     const size_t *expected, size_t nr)
{
	struct selfcheck_row *row = &check->sc->rows[kind];
	struct verdict verdict = {0};
	struct records *recs;

	memcpy(check->image + alt->at, alt->is, alt->len);
	recs = checksum_image(check->path, check->image, check->size);
	memcpy(check->image + alt->at, alt->was, alt->len);
	if (recs)
		verdict = alt->any ? judge_any(check, kind, alt, recs)
				   : judge(check, kind, alt, recs, expected, nr);
	records_free(recs);
	row->cases++;
	row->noticed += !verdict.missed;
	row->missed += verdict.missed;
	row->wrong += verdict.wrong;
	check->sc->lines += !verdict.missed && verdict.line;
}

/* Alter one field; false if it belongs to somebody whose record's name is not known. */
static bool try_case(struct check *check, u32 kind, const struct alteration *alt)
{
	const u32 *unit = (const void *)alt->units.data;
	size_t nr = alt->units.len / sizeof(*unit);
	size_t *expected = xcalloc(nr, sizeof(*expected));
	bool known = true;

	for (size_t i = 0; i < nr; i++) {
		expected[i] = group_of_unit(check, unit[i]);
		known &= expected[i] < check->base->nr;
	}
	if (known)
		run_case(check, kind, alt, expected, nr);
	free(expected);
	return known;
}

/* ---- one object ---- */

static u32 cases_for(size_t size)
{
	size_t nr = size <= FULL_SIZE ? CASES : (size_t)CASES * FULL_SIZE / size;

	return (u32)(nr < MIN_CASES ? MIN_CASES : nr);
}

static void check_kinds(struct check *check, u32 cases)
{
	struct alteration alt = {0};

	for (u32 kind = 0; kind < check->fields.nr_kinds; kind++)
		for (u32 done = 0; done < cases && fields_next(&check->fields, kind, &alt);)
			done += try_case(check, kind, &alt);
	buf_free(&alt.units);
}

static void check_image(struct check *check)
{
	u32 cases = cases_for(check->size);
	struct object *obj;

	check->base = checksum_image(check->path, check->image, check->size);
	obj = object_open_mem(check->path, check->image, check->size, NULL);
	if (!check->base || !obj || code_read(obj, &check->code)) {
		object_close(obj);
		return;
	}
	fields_read(&check->code, (struct span){check->image, check->size}, check->sc->seed,
		    cases * CANDIDATES, &check->fields);
	check_kinds(check, cases);
	fields_free(&check->fields);
	object_close(obj);
	records_free(check->base);
}

/* A copy of the file that can be written to, the file itself excepted; NULL after a message. */
static u8 *map_copy(const char *path, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *copy = MAP_FAILED;

	if (fd >= 0) {
		copy = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
		close(fd);
	}
	if (copy == MAP_FAILED) {
		error("%s: cannot map it: %s", path, strerror(errno));
		return NULL;
	}
	return copy;
}

/* Returns 0, or -1 after a message. */
static int check_object(struct selfcheck *sc, const struct image *image, FILE *out)
{
	struct check check = {.sc = sc, .path = image->name, .out = out};
	struct log_text ignored = {0}, *messages;
	struct input in;

	if (input_open(&in, image, NULL, CONTENTS_KEPT))
		return -1;
	check.size = in.obj->file_size;
	check.image = in.bytes ? in.bytes : map_copy(image->path, check.size);
	if (check.image) {
		/* What is said of altered objects is of no interest. */
		messages = log_keep(&ignored);
		check_image(&check);
		log_keep(messages);
		free(ignored.text);
	}
	if (check.image && !in.bytes)
		munmap(check.image, check.size);
	input_close(&in);
	return check.image ? 0 : -1;
}

/* ---- many objects ---- */

/* What came of one object, until it is its turn to be told of. */
struct result {
	struct selfcheck part;
	char *text;
	size_t len;
};

struct run {
	u64 seed;
	const struct images *images;
	struct result *results;
};

static int check_item(void *ctx, size_t item)
{
	struct run *run = ctx;
	struct result *result = &run->results[item];
	FILE *out = xopen_memstream(&result->text, &result->len);
	int ret;

	result->part = (struct selfcheck){.seed = run->seed};
	result->part.rows = xcalloc(fields_nr_kinds(), sizeof(*result->part.rows));
	ret = check_object(&result->part, &run->images->image[item], out);
	result->part.objects = !ret;
	xclose_memstream(out, &result->text);
	return ret;
}

static void add_rows(struct selfcheck_row *sum, const struct selfcheck_row *row)
{
	sum->cases += row->cases;
	sum->noticed += row->noticed;
	sum->missed += row->missed;
	sum->wrong += row->wrong;
}

static void add_result(struct selfcheck *sc, struct result *result, FILE *out)
{
	if (result->text)
		fputs(result->text, out);
	for (u32 i = 0; result->part.rows && i < fields_nr_kinds(); i++)
		add_rows(&sc->rows[i], &result->part.rows[i]);
	sc->objects += result->part.objects;
	sc->lines += result->part.lines;
	selfcheck_free(&result->part);
	free(result->text);
}

size_t selfcheck_run(struct selfcheck *sc, const struct images *images, unsigned int jobs,
		     FILE *out)
{
	struct run run = {.seed = sc->seed, .images = images};
	size_t failed;

	run.results = xcalloc(images->nr, sizeof(*run.results));
	sc->rows = xcalloc(fields_nr_kinds(), sizeof(*sc->rows));
	failed = batch_run(&(struct batch){.nr = images->nr,
					   .jobs = jobs,
					   .doing = "selfcheck",
					   .run = check_item,
					   .ctx = &run});
	for (size_t i = 0; i < images->nr; i++)
		add_result(sc, &run.results[i], out);
	free(run.results);
	return failed;
}

/* ---- the report ---- */

static void print_row(const char *name, const struct selfcheck_row *row, FILE *out)
{
	fprintf(out, "%-40s %7u %7u %7u %7u\n", name, row->cases, row->noticed, row->missed,
		row->wrong);
}

bool selfcheck_report(const struct selfcheck *sc, FILE *out)
{
	struct selfcheck_row all = {0};
	char name[64];

	fprintf(out, "%-40s %7s %7s %7s %7s\n", "field", "cases", "noticed", "missed", "false");
	for (u32 i = 0; i < fields_nr_kinds(); i++) {
		if (!sc->rows[i].cases)
			continue;
		fields_name(i, name);
		print_row(name, &sc->rows[i], out);
		add_rows(&all, &sc->rows[i]);
	}
	print_row("all", &all, out);
	fprintf(out,
		"%u objects, %u alterations: %u missed, %u noticed where they should not be, "
		"%u noticed as line numbers (seed %" PRIu64 ")\n",
		sc->objects, all.cases, all.missed, all.wrong, sc->lines, sc->seed);
	return !all.missed && !all.wrong;
}

void selfcheck_free(struct selfcheck *sc)
{
	free(sc->rows);
	*sc = (struct selfcheck){0};
}
