// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hunk.c - two listings as one: what both have, and what only one has
 *
 *   match_sequences()   which lines belong together, wherever their labels are
 *   pair_labels()       which labels are the same place
 *   drop_branches()     lines that go to different places do not belong together after all
 *   make_rows()         one sequence of all of it
 */
#include <stdlib.h>
#include <objtool/hash.h>
#include <objtool/hunk.h>
#include <objtool/match.h>

/* A place of either side that might be the same: as many votes as lines refer to both. */
struct vote {
	u32 old, new;
	u32 nr;
};

struct merging {
	const struct listing *side[NR_SIDES];
	u32 *match[NR_SIDES];	/* by line: the other side's, NO_MATCH */
	u8 *labelled[NR_SIDES]; /* by line, and one behind the last */
	u32 *pair[NR_SIDES];	/* by label's line: the other side's, NO_MATCH */
	u32 *before[NR_SIDES];	/* see count_pair() */
};

static void mark_labels(struct merging *g, int s)
{
	const struct listing *list = g->side[s];
	const struct list_ref *refs = (const void *)list->refs.data;

	for (size_t i = 0; i < list->refs.len / sizeof(*refs); i++)
		if (refs[i].line != NO_LINE)
			g->labelled[s][refs[i].line] = 1;
}

static int compare_votes(const void *pa, const void *pb)
{
	const struct vote *a = pa, *b = pb;

	if (a->old != b->old)
		return a->old < b->old ? -1 : 1;
	return (a->new > b->new) - (a->new < b->new);
}

static int compare_counts(const void *pa, const void *pb)
{
	const struct vote *a = pa, *b = pb;

	if (a->nr != b->nr)
		return a->nr > b->nr ? -1 : 1;
	return compare_votes(pa, pb);
}

static void collect_votes(const struct merging *g, struct buf *votes)
{
	const struct listing *old = g->side[SIDE_OLD], *new = g->side[SIDE_NEW];

	for (u32 i = 0; i < old->nr; i++) {
		u32 other = g->match[SIDE_OLD][i];

		if (other == NO_MATCH)
			continue;
		if (g->labelled[SIDE_OLD][i] && g->labelled[SIDE_NEW][other])
			buf_add(votes, &(struct vote){i, other, 1}, sizeof(struct vote));
		for (u32 k = 0; k < old->line[i].nr_refs; k++) {
			u32 a = listing_ref(old, &old->line[i], k)->line;
			u32 b = listing_ref(new, &new->line[other], k)->line;

			if (a != NO_LINE && b != NO_LINE)
				buf_add(votes, &(struct vote){a, b, 1}, sizeof(struct vote));
		}
	}
}

/* Equal votes become one, with their number; the most first. */
static size_t count_votes(struct buf *votes)
{
	struct vote *v = (void *)votes->data;
	size_t nr = votes->len / sizeof(*v), kept = 0;

	if (!nr)
		return 0;
	qsort(v, nr, sizeof(*v), compare_votes);
	for (size_t i = 0; i < nr; i++) {
		if (kept && !compare_votes(&v[kept - 1], &v[i]))
			v[kept - 1].nr++;
		else
			v[kept++] = v[i];
	}
	qsort(v, kept, sizeof(*v), compare_counts);
	return kept;
}

/*
 * How many pairs there are before each line of a side, as P. M. Fenwick's tree of partial sums
 * (1994): both a new pair and the question take a step for each bit of the line's number.
 */
static void count_pair(u32 *tree, u32 nr, u32 line)
{
	for (u32 i = line + 1; i <= nr; i += i & -i)
		tree[i]++;
}

static u32 pairs_before(const u32 *tree, u32 line)
{
	u32 sum = 0;

	for (u32 i = line; i; i &= i - 1)
		sum += tree[i];
	return sum;
}

static void count_matches(struct merging *g)
{
	for (int s = 0; s < NR_SIDES; s++) {
		u32 nr = g->side[s]->nr + 1;

		memset(g->before[s], 0, ((size_t)nr + 1) * sizeof(u32));
		for (u32 i = 0; i + 1 < nr; i++)
			if (g->match[s][i] != NO_MATCH)
				count_pair(g->before[s], nr, i);
	}
}

/*
 * True if no pair, of lines or of labels, is before one of the two and behind the other: pairs do
 * not cross, so the first so many of one side are those of the other, too.
 */
static bool fits(const struct merging *g, u32 old, u32 new)
{
	return pairs_before(g->before[SIDE_OLD], old) == pairs_before(g->before[SIDE_NEW], new);
}

static void pair_label(struct merging *g, int s, u32 label, u32 other)
{
	g->pair[s][label] = other;
	count_pair(g->before[s], g->side[s]->nr + 1, label);
}

static void pair_labels(struct merging *g)
{
	struct buf votes = {0};
	const struct vote *v;
	size_t nr;

	for (int s = 0; s < NR_SIDES; s++)
		memset(g->pair[s], 0xff, ((size_t)g->side[s]->nr + 1) * sizeof(u32));
	count_matches(g);
	collect_votes(g, &votes);
	nr = count_votes(&votes);
	v = (const void *)votes.data;
	for (size_t i = 0; i < nr; i++) {
		if (g->pair[SIDE_OLD][v[i].old] != NO_MATCH ||
		    g->pair[SIDE_NEW][v[i].new] != NO_MATCH || !fits(g, v[i].old, v[i].new))
			continue;
		pair_label(g, SIDE_OLD, v[i].old, v[i].new);
		pair_label(g, SIDE_NEW, v[i].new, v[i].old);
	}
	buf_free(&votes);
}

static bool same_place(const struct merging *g, const struct list_ref *a, const struct list_ref *b)
{
	if (a->line != NO_LINE && b->line != NO_LINE)
		return g->pair[SIDE_OLD][a->line] == b->line;
	return a->line == b->line && a->place.scope == b->place.scope &&
	       a->place.ord == b->place.ord;
}

static void drop_branches(struct merging *g)
{
	const struct listing *old = g->side[SIDE_OLD], *new = g->side[SIDE_NEW];

	for (u32 i = 0; i < old->nr; i++) {
		u32 other = g->match[SIDE_OLD][i];

		for (u32 k = 0; other != NO_MATCH && k < old->line[i].nr_refs; k++)
			if (!same_place(g, listing_ref(old, &old->line[i], k),
					listing_ref(new, &new->line[other], k))) {
				g->match[SIDE_OLD][i] = g->match[SIDE_NEW][other] = NO_MATCH;
				break;
			}
	}
}

static void add_row(struct merged *m, struct row row)
{
	if (m->nr == m->cap) {
		m->cap = m->cap ? m->cap * 2 : 256;
		m->row = xreallocarray(m->row, m->cap, sizeof(*m->row));
	}
	m->differ += row_differs(&row);
	m->row[m->nr++] = row;
}

/* Lines and labels of one side from *@at on, up to what both have: label or line @end. */
static void add_own(struct merged *m, const struct merging *g, int s, u32 *at, u32 end, bool label,
		    u32 *labels)
{
	struct row row = {{NO_LINE, NO_LINE}, 0};

	for (;; (*at)++) {
		row.line[s] = *at;
		if (g->labelled[s][*at] && g->pair[s][*at] == NO_MATCH) {
			row.label = m->label[s][*at] = ++*labels;
			add_row(m, row);
			row.label = 0;
		}
		if (*at == end)
			return;
		add_row(m, row);
		if (label && *at + 1 == end) {
			(*at)++;
			return;
		}
	}
}

/*
 * The rows, in an order that is right for both sides: before what both have comes
 * what only the old one has, then what only the new one has.
 */
static void make_rows(struct merged *m, const struct merging *g)
{
	u32 at[NR_SIDES] = {0, 0}, labels = 0, nr = g->side[SIDE_OLD]->nr;
	u32 nr_new = g->side[SIDE_NEW]->nr;

	for (u32 i = 0; i <= nr; i++) {
		u32 label = g->pair[SIDE_OLD][i];
		u32 line = i < nr ? g->match[SIDE_OLD][i] : nr_new;

		if (label != NO_MATCH) {
			if (at[SIDE_OLD] < i)
				add_own(m, g, SIDE_OLD, &at[SIDE_OLD], i, true, &labels);
			if (at[SIDE_NEW] < label)
				add_own(m, g, SIDE_NEW, &at[SIDE_NEW], label, true, &labels);
			m->label[SIDE_OLD][i] = m->label[SIDE_NEW][label] = ++labels;
			add_row(m, (struct row){{i, label}, labels});
		}
		if (line == NO_MATCH)
			continue;
		add_own(m, g, SIDE_OLD, &at[SIDE_OLD], i, false, &labels);
		add_own(m, g, SIDE_NEW, &at[SIDE_NEW], line, false, &labels);
		if (i < nr)
			add_row(m, (struct row){{at[SIDE_OLD]++, at[SIDE_NEW]++}, 0});
	}
}

/* A line's key, and which of the places that both sides have it refers to. */
static u64 key_with_labels(const struct merging *g, int s, const struct list_line *line)
{
	u64 key = line->key;

	for (u32 k = 0; k < line->nr_refs; k++) {
		u32 at = listing_ref(g->side[s], line, k)->line;
		u64 parts[2] = {key, at};

		if (at != NO_LINE && s == SIDE_NEW)
			parts[1] = g->pair[s][at];
		key = hash_bytes(parts, sizeof(parts));
	}
	return key;
}

static void match_lines(struct merging *g, bool places)
{
	u64 *keys[NR_SIDES];

	for (int s = 0; s < NR_SIDES; s++) {
		keys[s] = xcalloc((size_t)g->side[s]->nr + 1, sizeof(u64));
		for (u32 i = 0; i < g->side[s]->nr; i++)
			keys[s][i] = places ? key_with_labels(g, s, &g->side[s]->line[i])
					    : g->side[s]->line[i].key;
		memset(g->match[s], 0xff, ((size_t)g->side[s]->nr + 1) * sizeof(u32));
	}
	match_sequences(keys[SIDE_OLD], g->side[SIDE_OLD]->nr, keys[SIDE_NEW],
			g->side[SIDE_NEW]->nr, g->match[SIDE_OLD]);
	for (u32 i = 0; i < g->side[SIDE_OLD]->nr; i++) {
		u32 *other = &g->match[SIDE_OLD][i];

		if (*other == NO_MATCH)
			continue;
		/* A line of a damaged object may say the same of fewer places: that is no match. */
		if (g->side[SIDE_OLD]->line[i].nr_refs == g->side[SIDE_NEW]->line[*other].nr_refs)
			g->match[SIDE_NEW][*other] = i;
		else
			*other = NO_MATCH;
	}
	free(keys[SIDE_OLD]);
	free(keys[SIDE_NEW]);
}

void merge_listings(struct merged *m, const struct listing *old, const struct listing *new)
{
	struct merging g = {.side = {old, new}};

	*m = (struct merged){.side = {old, new}};
	for (int s = 0; s < NR_SIDES; s++) {
		size_t nr = (size_t)g.side[s]->nr + 1;

		g.match[s] = xcalloc(nr, sizeof(u32));
		g.pair[s] = xcalloc(nr, sizeof(u32));
		g.before[s] = xcalloc(nr + 1, sizeof(u32));
		g.labelled[s] = xcalloc(nr, 1);
		m->label[s] = xcalloc(nr, sizeof(u32));
		mark_labels(&g, s);
	}
	/* At first no place is known; then branches to the same place match better than others. */
	match_lines(&g, false);
	pair_labels(&g);
	match_lines(&g, true);
	pair_labels(&g);
	drop_branches(&g);
	make_rows(m, &g);
	for (int s = 0; s < NR_SIDES; s++) {
		free(g.match[s]);
		free(g.pair[s]);
		free(g.before[s]);
		free(g.labelled[s]);
	}
}

void merged_free(struct merged *m)
{
	free(m->row);
	free(m->label[SIDE_OLD]);
	free(m->label[SIDE_NEW]);
	*m = (struct merged){0};
}

/* ---- text ---- */

static void add_string(struct buf *out, const char *s)
{
	buf_add(out, s, strlen(s));
}

static void add_label_name(const struct merged *m, int side, const struct list_ref *ref,
			   struct buf *out)
{
	char name[64];

	if (ref->line != NO_LINE)
		snprintf(name, sizeof(name), ".L%u", m->label[side][ref->line]);
	else
		snprintf(name, sizeof(name), "(part %u, instruction %u)", ref->place.scope,
			 ref->place.ord);
	add_string(out, name);
}

void merged_text(const struct merged *m, int side, u32 i, struct buf *out)
{
	const struct listing *list = m->side[side];
	const struct list_line *line = &list->line[i];
	const u8 *text = list->text.data + line->text, *end = text + line->len, *mark;

	for (u32 ref = 0; text < end && ref < line->nr_refs; text = mark + 1) {
		mark = memchr(text, LABEL_MARK, (size_t)(end - text));
		if (!mark)
			break;
		buf_add(out, text, (size_t)(mark - text));
		add_label_name(m, side, listing_ref(list, line, ref++), out);
	}
	if (text < end)
		buf_add(out, text, (size_t)(end - text));
}

/* What a row looks like, indented; NUL-terminated. */
static void row_text(const struct merged *m, const struct row *row, int side, struct buf *out)
{
	const struct list_line *line;
	char label[32];

	out->len = 0;
	if (row->label) {
		snprintf(label, sizeof(label), ".L%u:", row->label);
		add_string(out, label);
	} else {
		line = &m->side[side]->line[row->line[side]];
		if (line->kind != LINE_HEAD)
			add_string(out, "    ");
		for (u8 i = 1; i < line->depth; i++)
			add_string(out, "; ");
		if (line->kind == LINE_REPL)
			add_string(out, ";     ");
		merged_text(m, side, row->line[side], out);
	}
	buf_add(out, "", 1);
}

static int row_side(const struct row *row)
{
	return row->line[SIDE_NEW] == NO_LINE ? SIDE_OLD : SIDE_NEW;
}

/* How a row that only one side has looks, and what it is. */
struct look {
	u64 text, key; /* hashes */
	u32 row;
	int side;
};

static int compare_looks(const void *pa, const void *pb)
{
	const struct look *a = pa, *b = pb;

	if (a->text != b->text)
		return a->text < b->text ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* Those of a block that are lines, sorted by text; returns how many. */
static u32 read_looks(const struct merged *m, u32 from, u32 end, struct look *look)
{
	struct buf text = {0};
	u32 nr = 0;

	for (u32 i = from; i < end; i++) {
		const struct row *row = &m->row[i];
		int side = row_side(row);

		if (row->label)
			continue;
		row_text(m, row, side, &text);
		look[nr++] = (struct look){hash_bytes(text.data, text.len),
					   m->side[side]->line[row->line[side]].key, i, side};
	}
	buf_free(&text);
	if (nr)
		qsort(look, nr, sizeof(*look), compare_looks);
	return nr;
}

/* Of @nr rows of one text: those of which the other side has one that is not the same. */
static void mark_alike(const struct look *look, u32 nr, u8 *alike)
{
	const struct look *first[NR_SIDES] = {NULL, NULL};
	bool several[NR_SIDES] = {false, false};

	for (u32 i = 0; i < nr; i++) {
		const struct look **seen = &first[look[i].side];

		*seen = *seen ? *seen : &look[i];
		several[look[i].side] |= look[i].key != (*seen)->key;
	}
	for (u32 i = 0; i < nr; i++) {
		const struct look *other = first[!look[i].side];

		if (other && (several[!look[i].side] || other->key != look[i].key))
			alike[look[i].row] = 1;
	}
}

/* Which rows of a block that differs look alike though they differ; a byte each. */
static void find_alike(const struct merged *m, u32 from, u32 end, u8 *alike)
{
	struct look *look;
	u32 nr;

	if (row_side(&m->row[from]) == row_side(&m->row[end - 1]))
		return;
	look = xcalloc(end - from, sizeof(*look));
	nr = read_looks(m, from, end, look);
	for (u32 i = 0, next; i < nr; i = next) {
		for (next = i + 1; next < nr && look[next].text == look[i].text;)
			next++;
		mark_alike(look + i, next - i, alike);
	}
	free(look);
}

/* The tokens of a line, for what its text does not tell. */
static void print_raw(const struct merged *m, const struct row *row, FILE *out)
{
	int side = row_side(row);
	const struct list_line *line = &m->side[side]->line[row->line[side]];
	const u8 *p = m->side[side]->raw.data + line->raw, *end = p + line->raw_len;
	u32 len;

	fputs("  {", out);
	for (; p < end; p += len) {
		memcpy(&len, p, sizeof(len));
		p += sizeof(len);
		token_print(p, len, out);
		fputs(p + len < end ? "; " : "}", out);
	}
}

/* ---- hunks ---- */

struct printer {
	const struct merged *m;
	const struct hunk_style *style;
	const char *name;
	FILE *out;
	u8 *alike;  /* by row */
	u8 *shown;  /* by row */
	u32 passed; /* rows so far, and how many of them each side has */
	u32 before[NR_SIDES];
	struct buf text;
};

static void set_colour(const struct printer *p, const char *code)
{
	if (p->style->colour)
		fprintf(p->out, "\033[%sm", code);
}

static void print_row(struct printer *p, const struct row *row, u32 i)
{
	int side = row_side(row);
	char sign = !row_differs(row) ? ' ' : side == SIDE_OLD ? '-' : '+';

	row_text(p->m, row, side, &p->text);
	if (sign != ' ')
		set_colour(p, sign == '-' ? "31" : "32");
	fprintf(p->out, "%c%s", sign, (const char *)p->text.data);
	if (p->alike[i])
		print_raw(p->m, row, p->out);
	if (sign != ' ')
		set_colour(p, "");
	putc('\n', p->out);
}

/* One column: what @side has of the row, cut and padded. */
static void print_column(struct printer *p, const struct row *row, int side, u32 width)
{
	bool differs = row && row_differs(row);

	p->text.len = 0;
	if (row)
		row_text(p->m, row, side, &p->text);
	else
		buf_add(&p->text, "", 1);
	if (differs)
		set_colour(p, side == SIDE_OLD ? "31" : "32");
	if (side == SIDE_NEW)
		fprintf(p->out, "%.*s", (int)width, (const char *)p->text.data);
	else
		fprintf(p->out, "%-*.*s", (int)width, (int)width, (const char *)p->text.data);
	if (differs)
		set_colour(p, "");
}

/* Between the columns; "!" says that what looks the same is not. */
static const char *columns_mark(const struct printer *p, u32 row, bool left, bool right)
{
	if (!left || !right)
		return left ? " < " : " > ";
	return p->alike[row] ? " ! " : " | ";
}

static void print_columns(struct printer *p, u32 from, u32 end)
{
	const struct row *row = p->m->row;
	u32 width = (p->style->columns - 3) / 2;

	while (from < end) {
		u32 old = from, new, block;

		while (from < end && row_differs(&row[from]) && row_side(&row[from]) == SIDE_OLD)
			from++;
		for (new = block = from;
		     block < end &&row_differs(&row[block]) && row_side(&row[block]) == SIDE_NEW;)
			block++;
		from = block;
		if (old == block) {
			print_column(p, &row[old], SIDE_OLD, width);
			fputs("   ", p->out);
			print_column(p, &row[old], SIDE_NEW, width);
			putc('\n', p->out);
			from = old + 1;
			continue;
		}
		for (u32 mid = new; old < mid || new < block;) {
			bool left = old < mid, right = new < block;

			print_column(p, left ? &row[old] : NULL, SIDE_OLD, width);
			fputs(columns_mark(p, left ? old : new, left, right), p->out);
			print_column(p, right ? &row[new] : NULL, SIDE_NEW, width);
			putc('\n', p->out);
			old += left;
			new += right;
		}
	}
}

/* Go on to row @end; counted are those that each side has. */
static void pass_rows(struct printer *p, u32 end, u32 count[NR_SIDES])
{
	for (; p->passed < end; p->passed++)
		for (int s = 0; s < NR_SIDES; s++)
			count[s] += p->m->row[p->passed].line[s] != NO_LINE;
}

/* As many bytes of a name; the kernel has no longer ones, and there may be many hunks. */
#define LONGEST_NAME 512

/* "@@ -3,7 +3,8 @@ name+0x1c": rows of either listing, and where the first instruction lies. */
static void print_range(struct printer *p, u32 from, u32 end)
{
	u32 count[NR_SIDES] = {0, 0}, at = 0;
	bool found = false;

	pass_rows(p, from, p->before);
	pass_rows(p, end, count);
	for (u32 i = from; i < end && !found; i++) {
		int s = row_side(&p->m->row[i]);
		const struct list_line *line;

		if (p->m->row[i].label)
			continue;
		line = &p->m->side[s]->line[p->m->row[i].line[s]];
		found = line->kind != LINE_HEAD;
		at = line->at;
	}
	set_colour(p, "36");
	fprintf(p->out, "@@ -%u,%u +%u,%u @@", p->before[SIDE_OLD] + 1, count[SIDE_OLD],
		p->before[SIDE_NEW] + 1, count[SIDE_NEW]);
	for (int s = 0; s < NR_SIDES; s++)
		p->before[s] += count[s];
	if (found)
		fprintf(p->out, " %.*s+0x%x", LONGEST_NAME, p->name, at);
	set_colour(p, "");
	putc('\n', p->out);
}

/* Mark what differs and its surroundings; find rows that would look alike. */
static void choose_rows(struct printer *p)
{
	u32 context = p->style->context;

	for (u32 i = 0, end; i < p->m->nr; i = end) {
		u32 from, to;

		end = i + 1;
		if (!row_differs(&p->m->row[i]))
			continue;
		while (end < p->m->nr && row_differs(&p->m->row[end]))
			end++;
		find_alike(p->m, i, end, p->alike);
		from = i > context ? i - context : 0;
		to = p->m->nr - end > context ? end + context : p->m->nr;
		memset(p->shown + from, 1, to - from);
	}
}

void hunks_print(const struct merged *m, const char *name, const struct hunk_style *style,
		 FILE *out)
{
	struct printer p = {.m = m, .style = style, .name = name, .out = out};

	p.alike = xcalloc((size_t)m->nr + 1, 1);
	p.shown = xcalloc((size_t)m->nr + 1, 1);
	choose_rows(&p);
	for (u32 i = 0, end; i < m->nr; i = end) {
		end = i + 1;
		if (!p.shown[i])
			continue;
		while (p.shown[end])
			end++;
		print_range(&p, i, end);
		if (style->columns)
			print_columns(&p, i, end);
		else
			for (u32 k = i; k < end; k++)
				print_row(&p, &m->row[k], k);
	}
	free(p.alike);
	free(p.shown);
	buf_free(&p.text);
}
