// SPDX-License-Identifier: GPL-2.0-or-later
/* bodies.c - from what a diff says differs back to the two objects, and what is in them */
#include <stdlib.h>
#include <objtool/bodies.h>
#include <objtool/log.h>
#include <objtool/tracer.h>

void bodies_init(struct bodies *b, const struct loaded *builds, bool lines)
{
	*b = (struct bodies){.builds = builds, .lines = lines};
}

static void forget_bodies(struct bodies *b)
{
	merged_free(&b->merged);
	for (int s = 0; s < NR_SIDES; s++) {
		listing_free(&b->body[s].list);
		b->body[s].tokens.len = 0;
	}
}

static void close_object(struct open_object *o)
{
	inlines_free(o->inlines);
	tracer_free(o->tracer);
	if (o->tracer)
		input_close(&o->in);
	*o = (struct open_object){0};
}

/* Have object @name of side @s open, if it can be had. */
static struct tracer *object_of(struct bodies *b, int s, const char *name)
{
	struct open_object *o = &b->open[s];
	const struct image *image;
	struct log_text *kept;
	struct log_text said = {0};

	if (o->name && !strcmp(o->name, name))
		return o->tracer;
	close_object(o);
	o->name = name;
	image = loaded_image(b->builds, s, name);
	if (!image) {
		error("%s: of the %s build only " RECORDS_SUFFIX
		      " are at hand: to show what changed, give the object itself, or its tree",
		      name, s == SIDE_OLD ? "old" : "new");
		return NULL;
	}
	o->image = image;
	if (input_open(&o->in, image, NULL, CONTENTS_KEPT))
		return NULL;
	/* What there is to warn of was said when it was hashed. */
	kept = log_keep(&said);
	o->tracer = tracer_open(o->in.obj);
	log_keep(kept);
	free(said.text);
	if (!o->tracer)
		input_close(&o->in);
	return o->tracer;
}

/* Said of the first record, and of the side that is read first. */
static int refuse(struct bodies *b, int s, const char *object, const struct record *rec)
{
	struct open_object *o = &b->open[s];

	if (!o->refused && !b->open[!s].refused)
		error("%s: what differs in %s is not shown, and maybe not in others: with all it "
		      "refers to it is longer than an object of %zu bytes is worth",
		      object, rec->name, o->in.obj->file_size);
	o->refused = true;
	return -1;
}

static int read_body(struct bodies *b, int s, const struct record *rec, const char *object)
{
	struct listing_how how = {.name = rec->name, .disas = b->disas, .lines = b->lines};
	struct tracer *tracer = object_of(b, s, object);
	enum traced traced;

	if (!tracer)
		return -1;
	traced = tracer_record(tracer, rec, &b->body[s].tokens);
	if (traced == TRACED_TOO_MUCH)
		return refuse(b, s, object, rec);
	if (traced != TRACED)
		return error("%s: %s is not what its checksum says: was the object built again?",
			     object, rec->name);
	listing_make(&b->body[s].list, &b->body[s].tokens, &how);
	return 0;
}

int bodies_get(struct bodies *b, const struct diff_entry *e)
{
	int ret = 0;

	if (!b->disas)
		b->disas = disas_open();
	forget_bodies(b);
	if (e->old)
		ret = read_body(b, SIDE_OLD, e->old, e->old_object);
	if (e->new)
		ret = read_body(b, SIDE_NEW, e->new, e->object) ? -1 : ret;
	if (!ret)
		merge_listings(&b->merged, &b->body[SIDE_OLD].list, &b->body[SIDE_NEW].list);
	return ret;
}

const struct inlines *bodies_inlines(struct bodies *b, int side)
{
	struct open_object *o = &b->open[side];

	if (!o->inlines_read && o->tracer)
		o->inlines = inlines_read(o->image, &o->in);
	o->inlines_read = true;
	return o->inlines;
}

const char *bodies_function_at(const struct bodies *b, int side, u32 sec, u32 off)
{
	return tracer_function_at(b->open[side].tracer, sec, off);
}

void bodies_free(struct bodies *b)
{
	forget_bodies(b);
	for (int s = 0; s < NR_SIDES; s++) {
		buf_free(&b->body[s].tokens);
		close_object(&b->open[s]);
	}
	disas_close(b->disas);
	*b = (struct bodies){0};
}

/* "--- a/kernel/fork.o mm_alloc". A path may hold anything, but must not steer a terminal. */
static void print_head(const char *sign, const char *object, const struct record *rec, bool colour,
		       FILE *out)
{
	fprintf(out, "%s%s", colour ? "\033[1m" : "", sign);
	if (!rec)
		fputs("/dev/null", out);
	for (const char *p = object; rec && *p; p++)
		putc((u8)*p < 0x20 || *p == 0x7f ? '?' : *p, out);
	fprintf(out, "%s%s%s\n", rec ? " " : "", rec ? rec->name : "", colour ? "\033[m" : "");
}

int bodies_print_patch(struct bodies *b, const struct diff_entry *e, const struct hunk_style *style,
		       FILE *out)
{
	if (bodies_get(b, e))
		return -1;
	if (!b->merged.differ)
		return 0;
	print_head(e->old ? "--- a/" : "--- ", e->old_object, e->old, style->colour, out);
	print_head(e->new ? "+++ b/" : "+++ ", e->object, e->new, style->colour, out);
	hunks_print(&b->merged, e->name, style, out);
	return 0;
}
