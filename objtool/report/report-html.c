// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report-html.c - a diff as a page of its own, to be shared in a review
 *
 * All of it is in the page: style, script and data; it asks no network for
 * anything, and forbids itself to. Without scripts it is a plain table.
 */
#include <stdlib.h>
#include <objtool/report.h>
/* Made from html/ by the Makefile. */
#include <report-html.h>

/* Text between tags, or in double quotes; what could be taken for either is written otherwise. */
static void put_text(const char *s, FILE *out)
{
	while (*s) {
		size_t n = report_utf8_len(s);

		if (!n)
			fputs("\xef\xbf\xbd", out); /* U+FFFD: no UTF-8 */
		else if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else if (((u8)*s < 0x20 && *s != '\t' && *s != '\n') || *s == 0x7f)
			fprintf(out, "\\x%02x", (unsigned int)*s);
		else
			fwrite(s, 1, n, out);
		s += n ? n : 1;
	}
}

/* As a string, which is the caller's: what report_about() prints of @e, or the totals if it is
 * NULL. */
static char *printed(const struct diff *diff, const struct diff_entry *e)
{
	const struct report_look look = {0};
	char *text = NULL;
	size_t len;
	FILE *out = xopen_memstream(&text, &len);

	if (e)
		report_about(diff, e, 1, &look, out);
	else
		report_summary(diff, out);
	xclose_memstream(out, &text);
	return text;
}

/* --- The page's parts --- */

static void put_head(const struct diff *diff, const char *old, const char *new, FILE *out)
{
	char *summary = printed(diff, NULL);

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width\">\n"
	      "<title>objtool diff: ",
	      out);
	put_text(new, out);
	fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", report_css);
	fputs("<h1>What differs</h1>\n<dl>\n<dt>old</dt><dd class=\"path\">", out);
	put_text(old, out);
	fputs("</dd>\n<dt>new</dt><dd class=\"path\">", out);
	put_text(new, out);
	fputs("</dd>\n<dt>in all</dt><dd id=\"summary\">", out);
	summary[strcspn(summary, "\n")] = '\0';
	put_text(summary, out);
	fputs("</dd>\n</dl>\n", out);
	free(summary);
}

/* Of what differs in line numbers only there can be very much; it is shown when asked for. */
static void put_form(const struct diff *diff, bool strict, bool patches, FILE *out)
{
	fputs("<form hidden>\n<input type=\"search\" name=\"search\" "
	      "placeholder=\"words of objects, names, what differs\" aria-label=\"filter\">\n",
	      out);
	for (enum diff_status status = 0; status < NR_DIFF_STATUS; status++)
		if (diff_count(diff, status))
			fprintf(out,
				"<label class=\"%s\"><input type=\"checkbox\" name=\"%s\"%s> "
				"%s %zu</label>\n",
				diff_status_name(status), diff_status_name(status),
				status == DIFF_LINES && !strict ? "" : " checked",
				diff_status_name(status), diff_count(diff, status));
	fputs("<select name=\"kind\" aria-label=\"kind\"><option value=\"\">all kinds</option>"
	      "<option value=\"func\">functions</option><option value=\"data\">data</option>"
	      "<option value=\"rest\">rest of sections</option></select>\n",
	      out);
	if (patches)
		fputs("<button type=\"button\" name=\"unfold\">unfold all</button>\n"
		      "<button type=\"button\" name=\"fold\">fold all</button>\n",
		      out);
	fputs("<output name=\"shown\"></output>\n</form>\n", out);
}

/* A row's text. */
struct row {
	const char *object, *name, *what;
	s64 growth;
};

/* Leaves the row's <tbody> open. */
static void put_row(const struct diff_entry *e, const struct row *row, FILE *out)
{
	const char *status = diff_status_name(e->status);

	fprintf(out,
		"<tbody class=\"%s\">\n<tr><td class=\"status\">%s</td><td>%s</td>"
		"<td class=\"object\">",
		status, status, record_kind_name(e->kind));
	put_text(row->object, out);
	fputs("</td><td class=\"name\">", out);
	put_text(row->name, out);
	if (row->growth)
		fprintf(out, "</td><td class=\"size\">%+lld</td><td>", (long long)row->growth);
	else
		fputs("</td><td class=\"size\"></td><td>", out);
	put_text(row->what, out);
	fputs("</td></tr>\n", out);
}

/* Of a line of a unified diff, in the colours that people expect; NULL for one of both sides. */
static const char *line_class(const char *line)
{
	static const struct {
		const char *start, *class;
	} classes[] = {
		{"--- ", "head"}, {"+++ ", "head"}, {"@", "at"}, {"-", "del"}, {"+", "ins"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (str_starts(line, classes[i].start))
			return classes[i].class;
	return NULL;
}

static void put_patch(char *text, FILE *out)
{
	char *line, *rest;

	fputs("<tr class=\"patch\"><td colspan=\"6\"><details><summary>disassembly</summary><pre>",
	      out);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		const char *class = line_class(line);

		if (class)
			fprintf(out, "<span class=\"%s\">", class);
		put_text(line, out);
		fputs(class ? "</span>\n" : "\n", out);
	}
	fputs("</pre></details></td></tr>\n", out);
}

static void put_entry(const struct diff *diff, const struct diff_entry *e,
		      const struct report_patches *patches, FILE *out)
{
	char *what = printed(diff, e), *patch;
	struct row row = {e->object, e->name, what, 0};

	if (e->status != DIFF_AMBIGUOUS)
		row.growth = diff_growth(e);
	put_row(e, &row, out);
	patch = patches ? patches->get(patches->ctx, e) : NULL;
	if (patch && *patch)
		put_patch(patch, out);
	fputs("</tbody>\n", out);
	free(patch);
	free(what);
}

static void put_common(const struct diff *diff, const struct common_change *change, FILE *out)
{
	char *object = xasprintf("in %zu of %zu objects", change->objects, diff->objects);
	char *what = printed(diff, change->like);

	put_row(change->like, &(struct row){object, change->like->name, what, 0}, out);
	fputs("</tbody>\n", out);
	free(object);
	free(what);
}

/* Entries [@i, @end) of one object. */
static void put_object(const struct diff *diff, const struct report_common *common, size_t i,
		       size_t end, const struct report_patches *patches, FILE *out)
{
	const struct diff_entry *crc = NULL;
	size_t nr = 0;
	char *name;

	for (; i < end; i++) {
		const struct diff_entry *e = &diff->entries[i];

		if (common->covers[i])
			continue;
		if (report_is_crc(e)) {
			crc = e;
			nr++;
		} else {
			put_entry(diff, e, patches, out);
		}
	}
	if (!crc)
		return;
	name = xasprintf("%zu exported symbol%s", nr, &"s"[nr == 1]);
	put_row(crc, &(struct row){crc->object, name, "versions", 0}, out);
	fputs("</tbody>\n", out);
	free(name);
}

static void put_table(const struct diff *diff, const struct report_patches *patches, FILE *out)
{
	struct report_common common = report_find_common(diff);

	fputs("<table>\n<thead><tr><th data-key=\"status\">status</th><th data-key=\"kind\">kind"
	      "</th><th data-key=\"object\">object</th><th data-key=\"name\">name</th>"
	      "<th data-key=\"size\" class=\"size\">size</th><th data-key=\"what\">what differs"
	      "</th></tr></thead>\n",
	      out);
	for (size_t i = 0; i < common.nr; i++)
		put_common(diff, &common.change[i], out);
	for (size_t i = 0, end; i < diff->nr; i = end) {
		end = report_object_end(diff, i);
		put_object(diff, &common, i, end, patches, out);
	}
	fputs("</table>\n", out);
	report_common_free(&common);
}

void report_html(const struct diff *diff, const char *old, const char *new, bool strict,
		 const struct report_patches *patches, FILE *out)
{
	put_head(diff, old, new, out);
	put_form(diff, strict, patches, out);
	put_table(diff, patches, out);
	fprintf(out, "<script>\n%s</script>\n</body>\n</html>\n", report_js);
}
