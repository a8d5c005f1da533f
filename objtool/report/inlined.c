// SPDX-License-Identifier: GPL-2.0-or-later
/* inlined.c - which inlined functions the changed ones changed in */
#include <stdlib.h>
#include <objtool/inlined.h>
#include <objtool/log.h>
#include <objtool/seen.h>

/* ---- copies in one function ---- */

/* Those met so far: there may be as many inlined functions as there are changed ones. */
struct copies {
	struct bodies *b;
	const struct inlines *inl[NR_SIDES];
	struct seen numbers; /* by side and function: its number in .all */
	struct buf all;	     /* struct inlined_copy */
};

/* That of function @func of side @s, which is also that of the same function of the other side. */
static struct inlined_copy *copy_of(struct copies *c, int s, u32 func)
{
	u32 *found = seen_number(&c->numbers, (u32)s, func, NO_INLINE), number = *found, other;
	struct inlined_copy fresh = {.func = c->inl[s]->func[func]};

	if (number == NO_INLINE) {
		number = *found = (u32)(c->all.len / sizeof(fresh));
		other = inlines_find(c->inl[!s], &fresh.func);
		if (other != NO_INLINE)
			*seen_number(&c->numbers, (u32)!s, other, 0) = number;
		buf_add(&c->all, &fresh, sizeof(fresh));
	}
	return (struct inlined_copy *)(void *)c->all.data + number;
}

static void count_line(struct copies *c, const struct row *row, int s)
{
	const struct list_line *line;
	u32 funcs[MAX_COPIES], nr;

	if (row->label || row->line[s] == NO_LINE)
		return;
	line = &c->b->body[s].list.line[row->line[s]];
	if (line->kind != LINE_INSN)
		return;
	nr = inlines_at(c->inl[s], line->sec, line->off, funcs);
	for (u32 i = 0; i < nr; i++) {
		struct inlined_copy *copy = copy_of(c, s, funcs[i]);

		copy->insns[s]++;
		copy->differ += row_differs(row);
	}
}

static int compare_copies(const void *pa, const void *pb)
{
	const struct inlined_copy *a = pa, *b = pb;
	int cmp = strcmp(a->func.name, b->func.name);

	return cmp ? cmp : strcmp(a->func.file, b->func.file);
}

struct inlined_copy *inlined_copies(struct bodies *b, size_t *nr)
{
	struct copies c = {.b = b,
			   .inl = {bodies_inlines(b, SIDE_OLD), bodies_inlines(b, SIDE_NEW)}};

	*nr = 0;
	if (!c.inl[SIDE_OLD] || !c.inl[SIDE_NEW])
		return NULL;
	for (u32 i = 0; i < b->merged.nr; i++)
		for (int s = 0; s < NR_SIDES; s++)
			count_line(&c, &b->merged.row[i], s);
	*nr = c.all.len / sizeof(struct inlined_copy);
	if (*nr)
		qsort(c.all.data, *nr, sizeof(struct inlined_copy), compare_copies);
	seen_free(&c.numbers);
	return (void *)c.all.data;
}

/* ---- all of a diff ---- */

/* How a function that contains an inlined one fares. */
enum fate { FATE_IN_IT, FATE_ELSEWHERE, FATE_SAME, NR_FATES };

/* A function that contains an inlined one. */
struct host {
	const char *func, *file; /* the inlined one */
	const char *object, *name;
	u32 fate;
};

struct hosts {
	struct arena arena;
	const char *bare; /* the first object without debug information */
	size_t nr_bare;
	struct buf all; /* struct host */
	bool objects;	/* there are several: say which */
};

static void add_host(struct hosts *h, const struct inline_func *func, const char *object,
		     const char *name, enum fate fate)
{
	struct host host = {arena_strdup(&h->arena, func->name),
			    arena_strdup(&h->arena, func->file), object,
			    arena_strdup(&h->arena, name), fate};

	buf_add(&h->all, &host, sizeof(host));
}

static int compare_hosts(const void *pa, const void *pb)
{
	const struct host *a = pa, *b = pb;
	int cmp = strcmp(a->func, b->func);

	cmp = cmp ? cmp : strcmp(a->file, b->file);
	cmp = cmp ? cmp : strcmp(a->object, b->object);
	cmp = cmp ? cmp : strcmp(a->name, b->name);
	return cmp ? cmp : (a->fate > b->fate) - (a->fate < b->fate);
}

/* The entries that say that a function changed, or came, by name. */
struct hosts_by_name {
	const struct diff_entry **entry;
	size_t nr;
};

static int compare_entries(const void *pa, const void *pb)
{
	const struct diff_entry *const *a = pa, *const *b = pb;

	return strcmp((*a)->name, (*b)->name);
}

static struct hosts_by_name sort_entries(const struct diff *diff, size_t from, size_t end)
{
	struct hosts_by_name all = {xcalloc(end - from, sizeof(*all.entry)), 0};

	for (; from < end; from++) {
		const struct diff_entry *e = &diff->entries[from];

		if (e->kind == RECORD_FUNC && e->new && e->status != DIFF_LINES &&
		    e->status != DIFF_RENAMED)
			all.entry[all.nr++] = e;
	}
	if (all.nr)
		qsort(all.entry, all.nr, sizeof(*all.entry), compare_entries);
	return all;
}

/* The first whose name begins with the @len bytes of @name and @next; NULL if there is none. */
static const struct diff_entry *find_entry(const struct hosts_by_name *all, const char *name,
					   size_t len, char next)
{
	size_t lo = 0, hi = all->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *other = all->entry[mid]->name;
		int cmp = strncmp(other, name, len);

		if (cmp < 0 || (!cmp && (u8)other[len] < (u8)next))
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == all->nr || strncmp(all->entry[lo]->name, name, len) != 0 ||
	    all->entry[lo]->name[len] != next)
		return NULL;
	return all->entry[lo];
}

/* That of function @name, which may have its file behind it: "f", or "f@a.c". */
static const struct diff_entry *entry_of(const struct hosts_by_name *all, const char *name)
{
	const struct diff_entry *e = find_entry(all, name, strlen(name), '\0');

	return e ? e : find_entry(all, name, strlen(name), '@');
}

/* Those of the new object that contain what changed somewhere, and do not themselves, or elsewhere.
 */
static void add_others(struct hosts *h, struct bodies *b, const struct diff *diff, size_t from,
		       size_t end, const u8 *wanted)
{
	const struct inlines *inl = bodies_inlines(b, SIDE_NEW);
	struct hosts_by_name changed = sort_entries(diff, from, end);

	for (u32 i = 0; i < inl->nr_ranges; i++) {
		const struct inline_range *range = &inl->range[i];
		const struct diff_entry *e;
		const char *name;

		if (!wanted[range->func])
			continue;
		name = bodies_function_at(b, SIDE_NEW, range->sec, range->off);
		if (!name)
			continue;
		e = entry_of(&changed, name);
		add_host(h, &inl->func[range->func], diff->entries[from].object, e ? e->name : name,
			 e ? FATE_ELSEWHERE : FATE_SAME);
	}
	free(changed.entry);
}

/* Returns 0, or -1: there is no debug information, or, after a message, no object. */
static int add_object(struct hosts *h, struct bodies *b, const struct diff *diff, size_t from,
		      size_t end)
{
	const struct inlines *inl = NULL;
	u8 *wanted = NULL;
	int ret = 0;

	for (size_t i = from; i < end && !ret; i++) {
		const struct diff_entry *e = &diff->entries[i];
		struct inlined_copy *copies;
		size_t nr;

		if (e->status != DIFF_CHANGED || e->kind != RECORD_FUNC)
			continue;
		ret = bodies_get(b, e);
		if (ret)
			break;
		inl = bodies_inlines(b, SIDE_NEW);
		if (!inl || !bodies_inlines(b, SIDE_OLD)) {
			h->bare = h->bare ? h->bare : e->object;
			h->nr_bare++;
			ret = -1;
			break;
		}
		if (!wanted)
			wanted = xcalloc((size_t)inl->nr_funcs + 1, 1);
		copies = inlined_copies(b, &nr);
		for (size_t k = 0; k < nr; k++) {
			u32 func = inlines_find(inl, &copies[k].func);

			if (!copies[k].differ)
				continue;
			add_host(h, &copies[k].func, e->object, e->name, FATE_IN_IT);
			if (func != NO_INLINE)
				wanted[func] = 1;
		}
		free(copies);
	}
	if (!ret && wanted)
		add_others(h, b, diff, from, end, wanted);
	free(wanted);
	return ret;
}

/* As many names are printed, and then how many more there are. */
#define MAX_NAMES 8

static void print_fate(const struct hosts *h, const struct host *host, size_t nr, enum fate fate,
		       const char **separator, FILE *out)
{
	static const char *const words[NR_FATES][2] = {
		[FATE_IN_IT] = {" changed in it", " changed in it"},
		[FATE_ELSEWHERE] = {" contains it and changed elsewhere",
				    " contain it and changed elsewhere"},
		[FATE_SAME] = {" contains it and did not change", " contain it and did not change"},
	};
	size_t count = 0;

	for (size_t i = 0; i < nr; i++) {
		if (host[i].fate != fate)
			continue;
		if (count++ >= MAX_NAMES)
			continue;
		fprintf(out, "%s%s%s%s", *separator, h->objects ? host[i].object : "",
			h->objects ? ":" : "", host[i].name);
		*separator = ", ";
	}
	if (!count)
		return;
	if (count > MAX_NAMES)
		fprintf(out, " and %zu more", count - MAX_NAMES);
	fputs(words[fate][count > 1], out);
	*separator = "; ";
}

/* Of the hosts of one function, each once: where it changed in a copy, that is all to be said. */
static size_t once(struct host *host, size_t nr)
{
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++)
		if (!kept || strcmp(host[kept - 1].name, host[i].name) != 0 ||
		    strcmp(host[kept - 1].object, host[i].object) != 0)
			host[kept++] = host[i];
	return kept;
}

/* The hosts of one function. */
struct group {
	const struct host *host;
	size_t nr, in_it;
	bool spared; /* one of them did not change */
};

static int compare_groups(const void *pa, const void *pb)
{
	const struct group *a = pa, *b = pb;
	int cmp = a->spared - b->spared;

	cmp = cmp ? cmp : (a->in_it < b->in_it) - (a->in_it > b->in_it);
	return cmp ? cmp : compare_hosts(a->host, b->host);
}

static struct group *group_hosts(struct hosts *h, size_t *nr_groups)
{
	struct host *host = (void *)h->all.data;
	size_t nr = h->all.len / sizeof(*host);
	struct group *groups = xcalloc(nr + 1, sizeof(*groups));

	*nr_groups = 0;
	if (nr)
		qsort(host, nr, sizeof(*host), compare_hosts);
	for (size_t i = 0, end; i < nr; i = end) {
		struct group *group = &groups[(*nr_groups)++];

		for (end = i + 1; end < nr && !strcmp(host[end].func, host[i].func) &&
				  !strcmp(host[end].file, host[i].file);)
			end++;
		*group = (struct group){.host = &host[i], .nr = once(&host[i], end - i)};
		for (size_t k = 0; k < group->nr; k++) {
			group->in_it += group->host[k].fate == FATE_IN_IT;
			group->spared |= group->host[k].fate == FATE_SAME;
		}
	}
	if (nr)
		qsort(groups, *nr_groups, sizeof(*groups), compare_groups);
	return groups;
}

static void print_hosts(struct hosts *h, FILE *out)
{
	size_t nr;
	struct group *groups = group_hosts(h, &nr);

	for (size_t i = 0; i < nr; i++) {
		const struct group *group = &groups[i];
		const char *separator = " -> ";

		fprintf(out, "%s (%s%sinlined)", group->host->func, group->host->file,
			*group->host->file ? ", " : "");
		for (enum fate fate = 0; fate < NR_FATES; fate++)
			print_fate(h, group->host, group->nr, fate, &separator, out);
		putc('\n', out);
	}
	free(groups);
}

size_t inlined_report(struct bodies *b, const struct diff *diff, FILE *out)
{
	struct hosts h = {.objects = diff->objects > 1};
	size_t failed = 0;

	for (size_t i = 0, end; i < diff->nr; i = end) {
		for (end = i + 1;
		     end < diff->nr && !strcmp(diff->entries[end].object, diff->entries[i].object);)
			end++;
		failed += add_object(&h, b, diff, i, end) != 0;
	}
	if (h.nr_bare)
		warning("%s%s: no debug information (-g, CONFIG_DEBUG_INFO): what is inlined there "
			"cannot be told",
			h.bare, h.nr_bare > 1 ? " and other objects with changes" : "");
	print_hosts(&h, out);
	arena_free(&h.arena);
	buf_free(&h.all);
	return failed;
}
