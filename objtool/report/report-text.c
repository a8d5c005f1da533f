// SPDX-License-Identifier: GPL-2.0-or-later
/* report-text.c - a diff for people: what changed, object by object */
#include <stdlib.h>
#include <objtool/report.h>

/* Columns before the names of a list: as wide as a status and the blanks behind it. */
#define LIST_INDENT 11

/* Width of a list in columns, lines of hundreds are hard to read; and of many objects, its lines.
 */
#define LIST_WIDTH	120
#define LIST_LINES_EACH 4

/* Differences of an object that only one build has, that still have a line each. */
#define ALONE_LINES 8

/* A report in the making. */
struct text {
	const struct diff *diff;
	const struct report_look *look;
	struct report_common common;
	FILE *out;
	bool begun;	   /* something was printed: the next object stands apart */
	size_t first, end; /* entries of the object at hand */
	bool fold_alone;   /* it is in one build only, and large */
};

/* Longer names push what follows to the right, rather than all other lines. */
#define NAME_COLUMN 40

static bool is_lines(const struct text *t, const struct diff_entry *e)
{
	return e->status == DIFF_LINES && !t->look->strict;
}

/* True if entry @i has a line of its own. */
static bool has_line(const struct text *t, size_t i)
{
	const struct diff_entry *e = &t->diff->entries[i];

	return !t->common.covers[i] && !(e->alone && t->fold_alone) && !is_lines(t, e) &&
	       !report_is_crc(e);
}

/* How many entries from @i on have the name and status of entry @i. */
static size_t count_same(const struct text *t, size_t i)
{
	const struct diff_entry *first = &t->diff->entries[i], *e = first + 1;

	while (e < t->diff->entries + t->end && e->kind == first->kind &&
	       e->status == first->status && !strcmp(e->name, first->name))
		e++;
	return (size_t)(e - first);
}

/* The same of entries that look the same too: dozens of "_rs", the state of a rate limit. */
static size_t count_alike(const struct text *t, size_t i)
{
	const struct diff_entry *first = &t->diff->entries[i];
	size_t nr = 1, same = first->status == DIFF_RENAMED ? 1 : count_same(t, i);

	while (nr < same && first[nr].lanes == first->lanes &&
	       diff_growth(&first[nr]) == diff_growth(first))
		nr++;
	return nr;
}

/* Several records of one name that cannot be paired: one line for all of them. */
static void print_ambiguous(const struct text *t, size_t i, size_t nr, int width)
{
	const struct diff_entry *e = &t->diff->entries[i];
	size_t old = 0;

	for (size_t j = 0; j < nr; j++)
		old += e[j].old != NULL;
	report_status_word(DIFF_AMBIGUOUS, t->look, t->out);
	fprintf(t->out, "  %s  %7s  %-*s  ", record_kind_name(e->kind), "", width, e->name);
	fprintf(t->out, "%zu in the old build, %zu in the new: which is which cannot be told\n",
		old, nr - old);
}

static int name_width(const struct text *t)
{
	size_t width = 0;

	for (size_t i = t->first; i < t->end; i++) {
		size_t n = strlen(t->diff->entries[i].name);

		if (has_line(t, i) && n > width && n <= NAME_COLUMN)
			width = n;
	}
	return (int)width;
}

static void print_lines(const struct text *t)
{
	int width = name_width(t);
	size_t nr;

	for (size_t i = t->first; i < t->end; i += nr) {
		const struct diff_entry *e = &t->diff->entries[i];

		nr = 1;
		if (has_line(t, i) && e->status == DIFF_AMBIGUOUS) {
			nr = count_same(t, i);
			print_ambiguous(t, i, nr, width);
		} else if (has_line(t, i)) {
			nr = count_alike(t, i);
			report_entry(t->diff, e, nr, t->look, width, t->out);
		}
	}
}

/* A list of names in the making, broken into lines. */
struct list {
	const struct text *t;
	size_t column; /* where it is; 0 if it has not begun */
	size_t lines, left_out;
};

static void list_add(struct list *list, const char *word)
{
	const struct text *t = list->t;
	size_t room = t->look->width < LIST_WIDTH ? t->look->width : LIST_WIDTH;
	size_t len = strlen(word);

	if (list->left_out) {
		list->left_out++;
	} else if (list->column && list->column + 2 + len < room) {
		fprintf(t->out, ", %s", word);
		list->column += 2 + len;
	} else if (t->diff->objects > 1 && list->lines == LIST_LINES_EACH) {
		list->left_out++;
	} else {
		if (list->lines++)
			fprintf(t->out, ",\n%*s", LIST_INDENT, "");
		fputs(word, t->out);
		list->column = LIST_INDENT + len;
	}
}

/* The names of what differs in line numbers only. */
static void print_moved(const struct text *t)
{
	struct list list = {.t = t};
	size_t nr;

	for (size_t i = t->first; i < t->end; i += nr) {
		const char *name = t->diff->entries[i].name;
		char *word;

		nr = 1;
		if (t->common.covers[i] || !is_lines(t, &t->diff->entries[i]))
			continue;
		if (!list.column) {
			report_status_word(DIFF_LINES, t->look, t->out);
			fputs("  ", t->out);
		}
		nr = count_same(t, i);
		word = nr > 1 ? xasprintf("%s (%zu)", name, nr) : xstrdup(name);
		list_add(&list, word);
		free(word);
	}
	if (list.left_out)
		fprintf(t->out, ", and %zu more", list.left_out);
	if (list.column)
		putc('\n', t->out);
}

static void print_crcs(const struct text *t)
{
	size_t nr = 0;

	for (size_t i = t->first; i < t->end; i++)
		nr += !t->common.covers[i] && report_is_crc(&t->diff->entries[i]);
	if (nr) {
		report_status_word(DIFF_CHANGED, t->look, t->out);
		fprintf(t->out, "  crc   versions of %zu exported symbol%s\n", nr, &"s"[nr == 1]);
	}
}

/* "only in the new build: 34 functions, 12 data objects", for an object of more than a few. */
static void print_alone(const struct text *t)
{
	size_t nr[NR_RECORD_KINDS] = {0};
	const struct diff_entry *e = NULL;

	if (!t->fold_alone)
		return;
	for (size_t i = t->first; i < t->end; i++)
		if (t->diff->entries[i].alone) {
			e = &t->diff->entries[i];
			nr[e->kind]++;
		}
	report_status_word(e->status, t->look, t->out);
	fprintf(t->out, "  only in the %s build: %zu function%s, %zu data object%s\n",
		e->new ? "new" : "old", nr[RECORD_FUNC], &"s"[nr[RECORD_FUNC] == 1],
		nr[RECORD_DATA], &"s"[nr[RECORD_DATA] == 1]);
}

static bool all_common(const struct text *t)
{
	for (size_t i = t->first; i < t->end; i++)
		if (!t->common.covers[i])
			return false;
	return true;
}

/* Make the object that begins at entry @i the one at hand. */
static void take_object(struct text *t, size_t i)
{
	size_t alone = 0;

	t->first = i;
	t->end = report_object_end(t->diff, i);
	for (; i < t->end; i++)
		alone += t->diff->entries[i].alone;
	t->fold_alone = alone > ALONE_LINES;
}

static void print_object(struct text *t)
{
	if (all_common(t))
		return;
	if (t->begun)
		putc('\n', t->out);
	t->begun = true;
	if (t->diff->objects > 1)
		report_heading(t->diff->entries[t->first].object, t->look, t->out);
	print_alone(t);
	print_lines(t);
	print_crcs(t);
	print_moved(t);
}

void report_text(const struct diff *diff, const struct report_look *look, FILE *out)
{
	struct text t = {.diff = diff, .look = look, .out = out};

	t.common = report_find_common(diff);
	report_print_common(diff, &t.common, look, out);
	t.begun = t.common.nr;
	/* A pager that was left takes no more. */
	while (t.end < diff->nr && !ferror(out)) {
		take_object(&t, t.end);
		print_object(&t);
	}
	if (t.begun && diff->objects > 1)
		putc('\n', out);
	if (diff->nr || diff->ignored)
		report_summary(diff, out);
	report_common_free(&t.common);
}
