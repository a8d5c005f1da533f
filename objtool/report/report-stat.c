// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-stat.c - a diff in numbers: by directory and by kind of change
 *
 * Of a whole kernel's directories those with most differences have a row, the
 * others count in the one that they are in, so that it all fits a screen.
 */
#include <stdlib.h>
#include <objtool/report.h>

/* Directories at most, and the part of all differences that is worth a row. */
#define MAX_ROWS   32
#define LEAST_PART 50

/* Columns of a bar at least. */
#define LEAST_BAR 10

/* What bars are made of. */
enum part { PART_CHANGED, PART_ADDED, PART_REMOVED, NR_PARTS };

static const struct {
	char mark;
	u8 ink; /* whose colour it has */
} parts[NR_PARTS] = {
	[PART_CHANGED] = {'*', DIFF_CHANGED},
	[PART_ADDED] = {'+', DIFF_ADDED},
	[PART_REMOVED] = {'-', DIFF_REMOVED},
};

struct row {
	const char *name;
	size_t len;	       /* of the name, in bytes */
	size_t part[NR_PARTS]; /* functions: what the bar shows */
	size_t data;	       /* data objects, rest of sections */
	size_t lines;	       /* of either, that differ in line numbers only */
	bool others;	       /* of directories: some of it has rows of its own */
};

struct table {
	struct row *rows;
	size_t nr;
};

static enum part part_of(const struct diff_entry *e)
{
	return e->status == DIFF_ADDED	   ? PART_ADDED
	       : e->status == DIFF_REMOVED ? PART_REMOVED
					   : PART_CHANGED;
}

static size_t total(const struct row *row)
{
	return row->part[PART_CHANGED] + row->part[PART_ADDED] + row->part[PART_REMOVED];
}

static void count_entry(struct row *row, const struct diff_entry *e)
{
	if (e->status == DIFF_LINES)
		row->lines++;
	else if (e->kind == RECORD_FUNC)
		row->part[part_of(e)]++;
	else
		row->data++;
}

static void add_row(struct row *to, const struct row *row)
{
	for (enum part part = 0; part < NR_PARTS; part++)
		to->part[part] += row->part[part];
	to->data += row->data;
	to->lines += row->lines;
}

static u8 rank(char c)
{
	return c == '/' ? 0 : (u8)c;
}

/* By name, with what is below a directory right behind it: "fs", "fs/ext4", "fs-x". */
static int by_name(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;
	size_t common = a->len < b->len ? a->len : b->len;

	for (size_t i = 0; i < common; i++)
		if (a->name[i] != b->name[i])
			return rank(a->name[i]) - rank(b->name[i]);
	return (a->len > b->len) - (a->len < b->len);
}

/* Rows of one name become one: a directory's objects are not all in one run. */
static void merge_rows(struct table *table)
{
	size_t nr = 0;

	if (table->nr)
		qsort(table->rows, table->nr, sizeof(*table->rows), by_name);
	for (size_t i = 0; i < table->nr; i++) {
		struct row *row = nr ? &table->rows[nr - 1] : NULL;

		if (row && !by_name(row, &table->rows[i]))
			add_row(row, &table->rows[i]);
		else
			table->rows[nr++] = table->rows[i];
	}
	table->nr = nr;
}

/* A row for each directory that has differing objects itself, in order of names. */
static struct table count_directories(const struct diff *diff, const struct report_common *common)
{
	struct table table = {.rows = xcalloc(diff->nr + 1, sizeof(*table.rows))};

	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];
		const char *slash = strrchr(e->object, '/');

		if (common->covers[i] || report_is_crc(e))
			continue;
		table.rows[table.nr] = (struct row){.name = e->object,
						    .len = slash ? (size_t)(slash - e->object) : 0};
		count_entry(&table.rows[table.nr++], e);
	}
	merge_rows(&table);
	return table;
}

/* True if @row's directory is @dir's, or below it. */
static bool is_below(const struct row *row, const char *dir, size_t len)
{
	return row->len >= len && !memcmp(row->name, dir, len) &&
	       (row->len == len || !len || row->name[len] == '/');
}

/* Length of the name of @row's directory that is directly below one of @len bytes. */
static size_t child_len(const struct row *row, size_t len)
{
	size_t start = len ? len + 1 : 0;

	if (row->len <= len)
		return len;
	return start + strcspn(row->name + start, "/") < row->len
		       ? start + strcspn(row->name + start, "/")
		       : row->len;
}

static size_t weight(const struct row *row)
{
	return total(row) * 16 + row->data + row->lines;
}

/* Directories on their way to rows: every one counts in exactly one row. */
struct split {
	struct table full; /* each directory */
	size_t *owner;	   /* by index of the directory: its row's index */
	struct row rows[MAX_ROWS];
	size_t nr;
};

/* Of all that could be split off a row, a directory and what is below it, the heaviest. */
static struct row find_heaviest(const struct split *split)
{
	struct row runs[MAX_ROWS] = {0}, best = {0};

	for (size_t i = 0; i < split->full.nr; i++) {
		const struct row *dir = &split->full.rows[i], *row = &split->rows[split->owner[i]];
		struct row *run = &runs[split->owner[i]];
		size_t len = child_len(dir, row->len);

		if (len == row->len)
			continue;
		if (run->len != len || memcmp(run->name, dir->name, len) != 0)
			*run = (struct row){.name = dir->name, .len = len};
		add_row(run, dir);
		if (weight(run) > weight(&best))
			best = *run;
	}
	return best;
}

/* Give what is at and below @row's directory to @row: one more, or instead of one that it empties.
 */
static void split_off(struct split *split, struct row row)
{
	size_t parent = 0, left = 0, to = split->nr;

	for (size_t i = 0; i < split->full.nr; i++)
		if (is_below(&split->full.rows[i], row.name, row.len))
			parent = split->owner[i];
	for (size_t i = 0; i < split->full.nr; i++)
		left += split->owner[i] == parent &&
			!is_below(&split->full.rows[i], row.name, row.len);
	if (left)
		split->rows[parent].others = true;
	else
		to = parent;
	for (size_t i = 0; i < split->full.nr; i++)
		if (split->owner[i] == parent && is_below(&split->full.rows[i], row.name, row.len))
			split->owner[i] = to;
	split->nr += to == split->nr;
	split->rows[to] = row;
}

static struct table fit_directories(const struct diff *diff, const struct report_common *common)
{
	struct split split = {.full = count_directories(diff, common), .nr = 1};
	struct table table = {.rows = xcalloc(MAX_ROWS, sizeof(*table.rows))};
	struct row all = {.name = ""};

	split.owner = xcalloc(split.full.nr + 1, sizeof(*split.owner));
	split.rows[0] = all;
	for (size_t i = 0; i < split.full.nr; i++)
		add_row(&all, &split.full.rows[i]);
	while (split.nr < MAX_ROWS) {
		struct row row = find_heaviest(&split);

		if (!row.len || weight(&row) < weight(&all) / LEAST_PART)
			break;
		split_off(&split, row);
	}
	for (; table.nr < split.nr; table.nr++)
		table.rows[table.nr] = (struct row){.name = split.rows[table.nr].name,
						    .len = split.rows[table.nr].len,
						    .others = split.rows[table.nr].others};
	for (size_t i = 0; i < split.full.nr; i++)
		add_row(&table.rows[split.owner[i]], &split.full.rows[i]);
	free(split.full.rows);
	free(split.owner);
	merge_rows(&table);
	return table;
}

static void add_kind(struct table *table, const char *words, const struct row *counts)
{
	struct row *row = &table->rows[table->nr];

	*row = *counts;
	row->name = words;
	row->len = strlen(words);
	table->nr += total(row) || row->data || row->lines;
}

/*
 * A change of several kinds counts in each of them; what is in very many
 * objects, in none. Versions of exported symbols are a kind of their own.
 */
static struct table count_kinds(const struct diff *diff, const struct report_common *common)
{
	struct table table = {.rows = xcalloc(NR_LANES + NR_DIFF_STATUS + 1, sizeof(*table.rows))};
	struct row lanes[NR_LANES] = {0}, statuses[NR_DIFF_STATUS] = {0}, crcs = {0};

	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];
		bool crc = report_is_crc(e);

		if (common->covers[i])
			continue;
		count_entry(crc ? &crcs : &statuses[e->status], e);
		for (enum lane lane = 0; lane < NR_LANES; lane++)
			if (e->status == DIFF_CHANGED && !crc && e->lanes >> lane & 1)
				count_entry(&lanes[lane], e);
	}
	for (enum lane lane = 0; lane < LANE_LINES; lane++)
		add_kind(&table, lane_words(lane), &lanes[lane]);
	add_kind(&table, "symbol versions", &crcs);
	for (enum diff_status status = DIFF_LINES; status < NR_DIFF_STATUS; status++)
		add_kind(&table,
			 status == DIFF_LINES ? "line numbers only" : diff_status_name(status),
			 &statuses[status]);
	return table;
}

/* @nr of @most, in @columns; what is not nothing shows. */
static size_t scale(size_t nr, size_t most, size_t columns)
{
	size_t marks = most <= columns ? nr : nr * columns / most;

	return nr && !marks ? 1 : marks;
}

static void print_bar(const struct row *row, size_t most, size_t columns,
		      const struct report_look *look, FILE *out)
{
	for (enum part part = 0; part < NR_PARTS; part++) {
		size_t marks = scale(row->part[part], most, columns);

		if (!marks)
			continue;
		fputs(report_ink(look, parts[part].ink), out);
		while (marks--)
			putc(parts[part].mark, out);
		fputs(report_ink(look, INK_PLAIN), out);
	}
}

static const char others[] = " (others)";

static size_t name_len(const struct row *row)
{
	return row->len + (row->others ? sizeof(others) - 1 : 0);
}

static void print_name(const struct row *row, size_t width, FILE *out)
{
	char *name = xasprintf("%.*s%s", row->len ? (int)row->len : 1, row->len ? row->name : ".",
			       row->others ? others : "");
	size_t len = strlen(name);

	fputs("  ", out);
	report_path(name, out);
	fprintf(out, "%*s", len < width ? (int)(width - len) : 0, "");
	free(name);
}

static void print_table(const struct table *table, const struct report_look *look, FILE *out)
{
	size_t most = 1, width = 1, columns;

	for (size_t i = 0; i < table->nr; i++) {
		most = total(&table->rows[i]) > most ? total(&table->rows[i]) : most;
		width = name_len(&table->rows[i]) > width ? name_len(&table->rows[i]) : width;
	}
	/* Marks may be more than their part of the bar: a few may have been rounded up. */
	columns = width + 33 + NR_PARTS;
	columns = look->width > columns + LEAST_BAR ? look->width - columns : LEAST_BAR;
	fprintf(out, "  %-*s  %9s  %6s  %6s\n", (int)width, "", "functions", "data", "lines");
	for (size_t i = 0; i < table->nr; i++) {
		const struct row *row = &table->rows[i];

		print_name(row, width, out);
		fprintf(out, "  %9zu  %6zu  %6zu%s", total(row), row->data, row->lines,
			total(row) ? "  " : "");
		print_bar(row, most, columns, look, out);
		putc('\n', out);
	}
}

/* Length of the directory, with its slash, that all rows are in. */
static size_t common_dir(const struct table *table)
{
	size_t common = table->nr > 1 ? table->rows[0].len : 0;

	for (size_t i = 1; i < table->nr; i++) {
		const struct row *row = &table->rows[i];
		size_t same = 0;

		while (same < common && same < row->len &&
		       row->name[same] == table->rows[0].name[same])
			same++;
		common = same;
	}
	while (common && table->rows[0].name[common - 1] != '/')
		common--;
	return common;
}

static void print_directories(struct table *table, const struct report_look *look, FILE *out)
{
	size_t common = common_dir(table);
	char *heading = xasprintf("by directory%s%.*s", common ? ", below " : "", (int)common,
				  common ? table->rows[0].name : "");

	for (size_t i = 0; i < table->nr; i++) {
		table->rows[i].name += common;
		table->rows[i].len -= common;
	}
	report_heading(heading, look, out);
	print_table(table, look, out);
	free(heading);
}

void report_stat(const struct diff *diff, const struct report_look *look, FILE *out)
{
	struct report_common common = report_find_common(diff);
	struct table table;

	report_print_common(diff, &common, look, out);
	if (diff->objects > 1 && diff->nr) {
		table = fit_directories(diff, &common);
		print_directories(&table, look, out);
		free(table.rows);
	}
	if (diff->nr) {
		table = count_kinds(diff, &common);
		report_heading("by kind of change", look, out);
		print_table(&table, look, out);
		free(table.rows);
	}
	if (diff->nr || diff->ignored)
		report_summary(diff, out);
	report_common_free(&common);
}
