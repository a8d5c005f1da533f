// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - what the forms of a report share, and the forms that are only names */
#include <stdlib.h>
#include <objtool/names.h>
#include <objtool/report.h>

/* ECMA-48 "select graphic rendition". */
static const char *const inks[NR_INKS] = {
	[DIFF_CHANGED] = "\033[33m",   /* yellow */
	[DIFF_LINES] = "\033[2m",      /* faint */
	[DIFF_ADDED] = "\033[32m",     /* green */
	[DIFF_REMOVED] = "\033[31m",   /* red */
	[DIFF_RENAMED] = "\033[36m",   /* cyan */
	[DIFF_AMBIGUOUS] = "\033[35m", /* magenta */
	[INK_BOLD] = "\033[1m",	       [INK_FAINT] = "\033[2m", [INK_PLAIN] = "\033[m",
};

const char *report_ink(const struct report_look *look, unsigned int ink)
{
	return look->colour ? inks[ink] : "";
}

void report_status_word(enum diff_status status, const struct report_look *look, FILE *out)
{
	fprintf(out, "%s%-9s%s", report_ink(look, status), diff_status_name(status),
		report_ink(look, INK_PLAIN));
}

/* What is the same in as many objects, and in this part of all objects, is said once. */
#define COMMON_OBJECTS 10
#define COMMON_PART    4

size_t report_object_end(const struct diff *diff, size_t i)
{
	const char *object = diff->entries[i].object;

	while (i < diff->nr && !strcmp(diff->entries[i].object, object))
		i++;
	return i;
}

void report_path(const char *path, FILE *out)
{
	for (; *path; path++) {
		u8 c = (u8)*path;

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

void report_heading(const char *text, const struct report_look *look, FILE *out)
{
	fputs(report_ink(look, INK_BOLD), out);
	report_path(text, out);
	fprintf(out, ":%s\n", report_ink(look, INK_PLAIN));
}

bool report_is_crc(const struct diff_entry *e)
{
	return e->status == DIFF_CHANGED && e->kind == RECORD_DATA && str_starts(e->name, "__crc_");
}

void report_lanes(u16 lanes, FILE *out)
{
	const char *separator = "";

	/* A lane's hash has 32 bits: two can be equal by chance where the checksums are not. */
	if (!lanes)
		fputs("contents", out);
	for (enum lane lane = 0; lane < NR_LANES; lane++)
		if (lanes >> lane & 1) {
			fprintf(out, "%s%s", separator, lane_words(lane));
			separator = ", ";
		}
}

/* Length of the name of the function of the source that @name comes from. */
static size_t origin_len(const char *name)
{
	size_t len;

	return name_clone(name, &len) ? len : strcspn(name, "@");
}

/* True if both come from one function of the source. */
static bool same_origin(const struct diff_entry *a, const struct diff_entry *b)
{
	size_t len = origin_len(a->name);

	return len == origin_len(b->name) && !memcmp(a->name, b->name, len) &&
	       !strcmp(strchrnul(a->name, '@'), strchrnul(b->name, '@'));
}

/* The first function of @object whose name is @name or comes behind it, in the diff's order. */
static const struct diff_entry *first_named(const struct diff *diff, const char *object,
					    const char *name)
{
	size_t lo = 0, hi = diff->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct diff_entry *e = &diff->entries[mid];
		int cmp = strcmp(e->object, object);

		cmp = cmp ? cmp : e->kind != RECORD_FUNC;
		cmp = cmp ? cmp : strcmp(e->name, name);
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return diff->entries + lo;
}

/* Of one function there are no more variants; of a file made to be slow, there may be. */
#define MOST_VARIANTS 64

/* Functions that may come from the same function of the source as .of. */
struct variants {
	const struct diff *diff;
	const struct diff_entry *of, *found;
	size_t nr, looked;
};

/* Look at those whose names have the first @len bytes of @name; that is freed. */
static void look_at(struct variants *v, char *name, size_t len)
{
	const struct diff_entry *e = first_named(v->diff, v->of->object, name);
	const struct diff_entry *end = v->diff->entries + v->diff->nr;
	enum diff_status other = v->of->status == DIFF_ADDED ? DIFF_REMOVED : DIFF_ADDED;

	for (; e < end && e->kind == RECORD_FUNC && !strncmp(e->name, name, len) &&
	       !strcmp(e->object, v->of->object) && v->looked <= MOST_VARIANTS;
	     e++, v->looked++)
		if (e->status == other && same_origin(e, v->of)) {
			v->found = e;
			v->nr++;
		}
	free(name);
}

/*
 * Of an added function the removed one, and of a removed one the added, that
 * comes from the same function of the source, if there is exactly one: the
 * compiler made foo.isra of foo before, and now does not.
 */
static const struct diff_entry *counterpart(const struct diff *diff, const struct diff_entry *e)
{
	struct variants v = {.diff = diff, .of = e};
	int len = (int)origin_len(e->name);
	char *plain, *clones;

	if (e->kind != RECORD_FUNC || (e->status != DIFF_ADDED && e->status != DIFF_REMOVED))
		return NULL;
	plain = xasprintf("%.*s%s", len, e->name, strchrnul(e->name, '@'));
	clones = xasprintf("%.*s.", len, e->name);
	look_at(&v, plain, strlen(plain) + 1);
	look_at(&v, clones, strlen(clones));
	return v.nr == 1 && v.looked <= MOST_VARIANTS ? v.found : NULL;
}

/* What differs, or what it was called. Returns false if there is nothing to say. */
static bool print_reason(const struct diff *diff, const struct diff_entry *e, FILE *out)
{
	const struct diff_entry *other;

	switch ((enum diff_status)e->status) {
	case DIFF_CHANGED:
	case DIFF_LINES:
		report_lanes(e->lanes, out);
		return true;
	case DIFF_RENAMED:
		fprintf(out, "was %s", e->old->name);
		if (strcmp(e->object, e->old_object) != 0) {
			fputs(" in ", out);
			report_path(e->old_object, out);
		}
		return true;
	case DIFF_AMBIGUOUS:
		fputs(e->old ? "one of several in the old build"
			     : "one of several in the new build",
		      out);
		return true;
	case DIFF_ADDED:
	case DIFF_REMOVED:
		other = counterpart(diff, e);
		if (other)
			fprintf(out, "%s %s", e->new ? "instead of" : "now", other->name);
		return other;
	case NR_DIFF_STATUS:
		break;
	}
	return false;
}

static void print_growth(const struct diff_entry *e, FILE *out)
{
	s64 growth = e->status == DIFF_AMBIGUOUS ? 0 : diff_growth(e);

	if (growth)
		fprintf(out, "%+7lld  ", (long long)growth);
	else
		fprintf(out, "%7s  ", "");
}

void report_about(const struct diff *diff, const struct diff_entry *e, size_t nr,
		  const struct report_look *look, FILE *out)
{
	size_t origin;
	const char *clone = e->kind == RECORD_FUNC ? name_clone(e->name, &origin) : NULL;
	const char *gap = print_reason(diff, e, out) ? "  " : "";

	if (nr > 1) {
		fprintf(out, "%s(%zu of this name)", gap, nr);
		gap = "  ";
	}
	if (clone)
		fprintf(out, "%s%s(%s of %.*s)%s", gap, report_ink(look, INK_FAINT), clone,
			(int)origin, e->name, report_ink(look, INK_PLAIN));
}

void report_entry(const struct diff *diff, const struct diff_entry *e, size_t nr,
		  const struct report_look *look, int name_width, FILE *out)
{
	char *rest = NULL;
	size_t len = 0;
	FILE *behind = xopen_memstream(&rest, &len);

	report_about(diff, e, nr, look, behind);
	xclose_memstream(behind, &rest);
	report_status_word(e->status, look, out);
	fprintf(out, "  %s  ", record_kind_name(e->kind));
	print_growth(e, out);
	if (len)
		fprintf(out, "%-*s  %s\n", name_width, e->name, rest);
	else
		fprintf(out, "%s\n", e->name);
	free(rest);
}

/* "functions: 35 changed, 2 added (of 1472)", behind @separator. */
static void print_kind(const struct diff *diff, enum record_kind kind, const char *separator,
		       FILE *out)
{
	static const char *const kinds[NR_RECORD_KINDS] = {
		[RECORD_FUNC] = "functions",
		[RECORD_DATA] = "data objects",
		[RECORD_REST] = "rest of sections",
	};
	const char *comma = "";

	fprintf(out, "%s%s: ", separator, kinds[kind]);
	for (enum diff_status status = 0; status < NR_DIFF_STATUS; status++)
		if (diff->count[kind][status]) {
			fprintf(out, "%s%zu %s", comma, diff->count[kind][status],
				status == DIFF_LINES ? "lines only" : diff_status_name(status));
			comma = ", ";
		}
	if (!*comma)
		fputs("none", out);
	fprintf(out, " (of %zu)", diff->records[kind]);
}

static bool any_of_kind(const struct diff *diff, enum record_kind kind)
{
	for (enum diff_status status = 0; status < NR_DIFF_STATUS; status++)
		if (diff->count[kind][status])
			return true;
	return false;
}

void report_summary(const struct diff *diff, FILE *out)
{
	size_t differing = 0;

	for (size_t i = 0; i < diff->nr; i = report_object_end(diff, i))
		differing++;
	if (diff->objects > 1)
		fprintf(out, "%zu of %zu objects differ; ", differing, diff->objects);
	print_kind(diff, RECORD_FUNC, "", out);
	if (diff->records[RECORD_DATA] || any_of_kind(diff, RECORD_DATA))
		print_kind(diff, RECORD_DATA, "; ", out);
	if (any_of_kind(diff, RECORD_REST))
		print_kind(diff, RECORD_REST, "; ", out);
	if (diff->ignored)
		fprintf(out, "; %zu ignored", diff->ignored);
	putc('\n', out);
}

unsigned int report_utf8_len(const char *s)
{
	/* By first byte: range of the first and, where it is narrower, of the second byte. */
	static const struct {
		u8 first, last, low, high, len;
	} forms[] = {
		{0x00, 0x7f, 0, 0, 1},	     {0xc2, 0xdf, 0x80, 0xbf, 2},
		{0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
		{0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
		{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
		{0xf4, 0xf4, 0x80, 0x8f, 4},
	};
	const u8 *p = (const u8 *)s;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		unsigned int n = 1;

		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (forms[i].len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
			return 0;
		while (n < forms[i].len && (n == 1 || (p[n] & 0xc0) == 0x80))
			n++;
		return n == forms[i].len ? n : 0;
	}
	return 0;
}

/* Names are sorted within their object and kind: what repeats follows itself. */
void report_names(const struct diff *diff, bool strict, FILE *out)
{
	const struct diff_entry *last = NULL;

	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];

		if ((e->status == DIFF_LINES && !strict) ||
		    (last && !strcmp(last->name, e->name) && !strcmp(last->object, e->object)))
			continue;
		last = e;
		if (diff->objects > 1) {
			report_path(e->object, out);
			putc(':', out);
		}
		fprintf(out, "%s\n", e->name);
	}
}

void report_status(const struct diff *diff, FILE *out)
{
	for (size_t i = 0; i < diff->nr; i++) {
		const struct diff_entry *e = &diff->entries[i];

		fprintf(out, "%s\t%s\t", diff_status_name(e->status), record_kind_name(e->kind));
		report_path(e->object, out);
		fprintf(out, "\t%s", e->name);
		if (e->status == DIFF_RENAMED) {
			putc('\t', out);
			report_path(e->old_object, out);
			fprintf(out, "\t%s", e->old->name);
		}
		putc('\n', out);
	}
}

/* --- What is the same in very many objects --- */

static int cmp_change(const struct diff_entry *a, const struct diff_entry *b)
{
	int cmp = a->kind - b->kind;

	cmp = cmp ? cmp : strcmp(a->name, b->name);
	cmp = cmp ? cmp : a->status - b->status;
	return cmp ? cmp : a->lanes - b->lanes;
}

/* Same changes beside each other, in the diff's order among themselves. */
static int sort_changes(const void *va, const void *vb)
{
	const struct diff_entry *const *a = va, *const *b = vb;
	int cmp = cmp_change(*a, *b);

	return cmp ? cmp : (*a > *b) - (*a < *b);
}

static size_t count_objects(const struct diff_entry *const *run, size_t nr)
{
	size_t objects = 1;

	for (size_t i = 1; i < nr; i++)
		objects += strcmp(run[i - 1]->object, run[i]->object) != 0;
	return objects;
}

static void note_run(struct report_common *common, const struct diff *diff,
		     const struct diff_entry *const *run, size_t nr)
{
	size_t objects = count_objects(run, nr);

	if (objects < COMMON_OBJECTS || objects < diff->objects / COMMON_PART)
		return;
	common->change = xreallocarray(common->change, common->nr + 1, sizeof(*common->change));
	common->change[common->nr++] = (struct common_change){run[0], objects};
	for (size_t i = 0; i < nr; i++)
		common->covers[run[i] - diff->entries] = true;
}

struct report_common report_find_common(const struct diff *diff)
{
	struct report_common common = {.covers = xcalloc(diff->nr + 1, sizeof(bool))};
	const struct diff_entry **by_change;
	size_t nr = 0, end;

	if (diff->objects < COMMON_OBJECTS)
		return common;
	by_change = xcalloc(diff->nr + 1, sizeof(const struct diff_entry *));
	for (size_t i = 0; i < diff->nr; i++)
		if (!diff->entries[i].alone && diff->entries[i].status != DIFF_RENAMED &&
		    diff->entries[i].status != DIFF_AMBIGUOUS)
			by_change[nr++] = &diff->entries[i];
	if (nr)
		qsort(by_change, nr, sizeof(*by_change), sort_changes);
	for (size_t i = 0; i < nr; i = end) {
		for (end = i + 1; end < nr && !cmp_change(by_change[i], by_change[end]);)
			end++;
		note_run(&common, diff, by_change + i, end - i);
	}
	free(by_change);
	return common;
}

void report_print_common(const struct diff *diff, const struct report_common *common,
			 const struct report_look *look, FILE *out)
{
	size_t width = 0;

	if (!common->nr)
		return;
	for (size_t i = 0; i < common->nr; i++)
		if (strlen(common->change[i].like->name) > width)
			width = strlen(common->change[i].like->name);
	report_heading("in many objects", look, out);
	for (size_t i = 0; i < common->nr; i++) {
		const struct diff_entry *e = common->change[i].like;

		report_status_word(e->status, look, out);
		fprintf(out, "  %s  %-*s  in %zu of %zu: ", record_kind_name(e->kind), (int)width,
			e->name, common->change[i].objects, diff->objects);
		report_lanes(e->lanes, out);
		putc('\n', out);
	}
}

void report_common_free(struct report_common *common)
{
	free(common->change);
	free(common->covers);
	*common = (struct report_common){0};
}
