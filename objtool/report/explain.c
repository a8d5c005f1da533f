// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain.c - why a record differs, in sentences
 *
 * What is found becomes notes, see explain-tell.h; here are the sentences around these.
 */
#include <inttypes.h>
#include <objtool/explain.h>
#include <objtool/names.h>
#include "explain-tell.h"

/* "same: a, b": the lanes of @lanes, in words; nothing if there are none. */
static void print_lanes(const char *head, unsigned int lanes, FILE *out)
{
	const char *separator = head;

	for (enum lane lane = 0; lane < NR_LANES; lane++)
		if (lanes >> lane & 1) {
			fprintf(out, "%s%s", separator, lane_words(lane));
			separator = ", ";
		}
	if (separator != head)
		putc('\n', out);
}

static void print_path(const char *path, FILE *out)
{
	for (; *path; path++)
		putc((u8)*path < 0x20 || *path == 0x7f ? '?' : *path, out);
}

static void print_head(const struct diff_entry *e, FILE *out)
{
	const char *clone;
	size_t len;

	fprintf(out, "%s (", e->name);
	print_path(e->object, out);
	fputs(")", out);
	clone = e->kind == RECORD_FUNC ? name_clone(e->name, &len) : NULL;
	if (clone)
		fprintf(out, ", a %s of %.*s,", clone, (int)len, e->name);
	switch ((enum diff_status)e->status) {
	case DIFF_CHANGED:
		fprintf(out, " changed: %" PRIu64 " -> %" PRIu64 " bytes\n", e->old->size,
			e->new->size);
		break;
	case DIFF_LINES:
		fputs(" differs in line numbers only\n", out);
		break;
	case DIFF_ADDED:
		fprintf(out, " is new: %" PRIu64 " bytes\n", e->new->size);
		break;
	case DIFF_REMOVED:
		fprintf(out, " is gone: it had %" PRIu64 " bytes\n", e->old->size);
		break;
	case DIFF_RENAMED:
		fprintf(out, " is what was %s (", e->old->name);
		print_path(e->old_object, out);
		fputs(") and has not changed\n", out);
		break;
	case DIFF_AMBIGUOUS:
		fprintf(out,
			" in the %s build, %" PRIu64 " bytes: one of several of its name that "
			"differ; which became which cannot be told\n",
			e->old ? "old" : "new", (e->old ? e->old : e->new)->size);
		break;
	case NR_DIFF_STATUS:
		break;
	}
}

static void free_explaining(struct explaining *x)
{
	notes_free(&x->notes);
	for (int s = 0; s < NR_SIDES; s++) {
		buf_free(&x->uses[s]);
		buf_free(&x->single[s]);
		buf_free(&x->line_uses[s]);
		seen_free(&x->counts[s]);
	}
}

int explain_entry(struct bodies *b, const struct diff_entry *e, FILE *out)
{
	struct explaining x = {.b = b, .e = e};

	print_head(e, out);
	if (e->status != DIFF_CHANGED)
		return 0;
	if (bodies_get(b, e)) {
		print_lanes("  differs in: ", e->lanes, out);
		return -1;
	}
	uses_read(&x);
	pairs_tell(&x);
	uses_tell(&x);
	tell_inlined(&x);
	notes_print(&x.notes, out);
	insns_print(&x, out);
	if (e->kind == RECORD_FUNC && e->lanes >> LANE_REFS & 1 &&
	    !notes_have(&x.notes, NOTE_CALL) && !notes_have(&x.notes, NOTE_USE))
		fputs("  calls and uses the same, in another order\n", out);
	if (e->lanes >> LANE_LINES & 1)
		fputs("  line numbers differ, too, which does not count\n", out);
	print_lanes("  the same: ", e->old->lanes & e->new->lanes &(unsigned int)~e->lanes, out);
	free_explaining(&x);
	return 0;
}
