// SPDX-License-Identifier: GPL-2.0-or-later
/* report.c - a diff for people and for programs */
#include <objtool/report.h>

/* ECMA-48 "select graphic rendition". */
static const char *const colours[NR_DIFF_STATUS] = {
	[DIFF_CHANGED] = "\033[33m",   /* yellow */
	[DIFF_LINES] = "\033[2m",      /* faint */
	[DIFF_ADDED] = "\033[32m",     /* green */
	[DIFF_REMOVED] = "\033[31m",   /* red */
	[DIFF_RENAMED] = "\033[36m",   /* cyan */
	[DIFF_AMBIGUOUS] = "\033[35m", /* magenta */
};

/* Longer names push what follows to the right, rather than all other lines. */
#define NAME_COLUMN 40

/* Entries [@i, result) are of one object. */
static size_t object_end(const struct diff *diff, size_t i)
{
	const char *object = diff->entries[i].object;

	while (i < diff->nr && !strcmp(diff->entries[i].object, object))
		i++;
	return i;
}

static int name_width(const struct diff *diff, size_t i, size_t end)
{
	size_t width = 0;

	for (; i < end; i++) {
		size_t n = strlen(diff->entries[i].name);

		if (n > width)
			width = n;
	}
	return (int)(width < NAME_COLUMN ? width : NAME_COLUMN);
}

/* A path may hold anything but must not steer a terminal; names are plain already. */
static void print_path(const char *path, FILE *out)
{
	for (; *path; path++) {
		u8 c = (u8)*path;

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else
			putc(c, out);
	}
}

static void print_lanes(u16 lanes, FILE *out)
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

/* What there is to say beside the name of anything but an added or removed record. */
static void print_reason(const struct diff_entry *e, FILE *out)
{
	if (e->status == DIFF_AMBIGUOUS) {
		fputs(e->old ? "old build" : "new build", out);
	} else if (e->status == DIFF_RENAMED) {
		fprintf(out, "from %s", e->old->name);
		if (strcmp(e->object, e->old_object) != 0) {
			fputs(" in ", out);
			print_path(e->old_object, out);
		}
	} else {
		print_lanes(e->lanes, out);
	}
}

static void print_entry(const struct diff_entry *e, int width, bool colour, FILE *out)
{
	fprintf(out, "%s%-9s%s  %s  ", colour ? colours[e->status] : "",
		diff_status_name(e->status), colour ? "\033[m" : "", record_kind_name(e->kind));
	if (e->status == DIFF_ADDED || e->status == DIFF_REMOVED) {
		fputs(e->name, out);
	} else {
		fprintf(out, "%-*s  ", width, e->name);
		print_reason(e, out);
	}
	putc('\n', out);
}

static void print_summary(const struct diff *diff, FILE *out)
{
	fprintf(out, "%zu changed, %zu lines only, %zu added, %zu removed",
		diff->count[DIFF_CHANGED], diff->count[DIFF_LINES], diff->count[DIFF_ADDED],
		diff->count[DIFF_REMOVED]);
	for (enum diff_status status = DIFF_RENAMED; status < NR_DIFF_STATUS; status++)
		if (diff->count[status])
			fprintf(out, ", %zu %s", diff->count[status], diff_status_name(status));
	fprintf(out, " (of %zu functions, %zu data objects)\n", diff->records[RECORD_FUNC],
		diff->records[RECORD_DATA]);
}

void report_text(const struct diff *diff, bool colour, FILE *out)
{
	size_t end;

	for (size_t i = 0; i < diff->nr; i = end) {
		int width;

		end = object_end(diff, i);
		width = name_width(diff, i, end);
		if (diff->objects > 1) {
			print_path(diff->entries[i].object, out);
			fputs(":\n", out);
		}
		for (size_t j = i; j < end; j++)
			print_entry(&diff->entries[j], width, colour, out);
	}
	if (diff->nr)
		print_summary(diff, out);
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
			print_path(e->object, out);
			putc(':', out);
		}
		fprintf(out, "%s\n", e->name);
	}
}

/*
 * Length of the UTF-8 sequence at @s, 0 if it is none (RFC 3629): no overlong
 * forms, no surrogates, nothing over U+10FFFF.
 */
static unsigned int utf8_len(const char *s)
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

/* Bytes that are no UTF-8 become U+FFFD: JSON has no way to write them. */
static void json_string(const char *s, FILE *out)
{
	putc('"', out);
	while (*s) {
		unsigned int n = utf8_len(s);

		if (!n)
			fputs("\\ufffd", out);
		else if ((u8)*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", (unsigned int)*s);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
	putc('"', out);
}

static void json_member(const char *name, const char *value, FILE *out)
{
	fprintf(out, "\"%s\":", name);
	json_string(value, out);
	putc(',', out);
}

static void json_entry(const struct diff_entry *e, FILE *out)
{
	const char *separator = "";

	putc('{', out);
	json_member("object", e->object, out);
	json_member("name", e->name, out);
	json_member("kind", record_kind_name(e->kind), out);
	json_member("status", diff_status_name(e->status), out);
	if (e->status == DIFF_RENAMED) {
		json_member("old_object", e->old_object, out);
		json_member("old_name", e->old->name, out);
	}
	if (e->status == DIFF_AMBIGUOUS)
		json_member("build", e->old ? "old" : "new", out);
	fputs("\"lanes\":[", out);
	for (enum lane lane = 0; lane < NR_LANES; lane++)
		if (e->lanes >> lane & 1) {
			fprintf(out, "%s\"%s\"", separator, lane_name(lane));
			separator = ",";
		}
	fputs("]}", out);
}

void report_json(const struct diff *diff, const char *old, const char *new, FILE *out)
{
	fputs("{\"version\":1,", out);
	json_member("old", old, out);
	json_member("new", new, out);
	fputs("\"changes\":[", out);
	for (size_t i = 0; i < diff->nr; i++) {
		fputs(i ? ",\n" : "\n", out);
		json_entry(&diff->entries[i], out);
	}
	fputs("],\n\"summary\":{", out);
	for (enum diff_status status = 0; status < NR_DIFF_STATUS; status++)
		fprintf(out, "\"%s\":%zu,", diff_status_name(status), diff->count[status]);
	fprintf(out, "\"objects\":%zu,\"functions\":%zu,\"data\":%zu}}\n", diff->objects,
		diff->records[RECORD_FUNC], diff->records[RECORD_DATA]);
}
