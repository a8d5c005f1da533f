// SPDX-License-Identifier: GPL-2.0-or-later
/* report-json.c - a diff for programs; doc/diff.schema.json describes the document */
#include <stdlib.h>
#include <objtool/names.h>
#include <objtool/report.h>

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
	size_t origin;

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
	if (name_clone(e->name, &origin)) {
		char *name = xasprintf("%.*s", (int)origin, e->name);

		json_member("clone_of", name, out);
		free(name);
	}
	if (e->old)
		fprintf(out, "\"old_size\":%llu,", (unsigned long long)e->old->size);
	if (e->new)
		fprintf(out, "\"new_size\":%llu,", (unsigned long long)e->new->size);
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
		fprintf(out, "\"%s\":%zu,", diff_status_name(status), diff_count(diff, status));
	fprintf(out, "\"ignored\":%zu,", diff->ignored);
	fprintf(out, "\"objects\":%zu,\"functions\":%zu,\"data\":%zu}}\n", diff->objects,
		diff->records[RECORD_FUNC], diff->records[RECORD_DATA]);
}
