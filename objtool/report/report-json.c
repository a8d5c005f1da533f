// SPDX-License-Identifier: GPL-2.0-or-later
/* report-json.c - a diff for programs; doc/diff.schema.json describes the document */
#include <stdlib.h>
#include <objtool/names.h>
#include <objtool/report.h>

/* Bytes that are no UTF-8 become U+FFFD: JSON has no way to write them. */
static void json_string(const char *s, FILE *out)
{
	putc('"', out);
	while (*s) {
		unsigned int n = report_utf8_len(s);

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
	if (e->kind == RECORD_FUNC && name_clone(e->name, &origin)) {
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
