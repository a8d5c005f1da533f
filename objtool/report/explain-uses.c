// SPDX-License-Identifier: GPL-2.0-or-later
/* explain-uses.c - what a record's lines call and use: instead, or more or less often */
#include <stdlib.h>
#include <objtool/arch.h>
#include "explain-tell.h"

static const struct list_target *targets(const struct explaining *x, int s)
{
	return (const void *)side(x, s)->targets.data;
}

static int compare_targets(const void *pa, const void *pb)
{
	const struct list_target *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return (a->text > b->text) - (a->text < b->text);
}

static void read_side(struct explaining *x, int s)
{
	struct listing *list = &x->b->body[s].list;
	struct list_target *t = (void *)list->targets.data;
	u32 nr = (u32)(list->targets.len / sizeof(*t)), i = 0;

	if (nr)
		qsort(t, nr, sizeof(*t), compare_targets);
	for (u32 k = 0; k < nr; k++)
		*known_text(&x->counts[s], 0, (const char *)list->names.data + t[k].text, t[k].len,
			    0) += 1;
	for (u32 line = 0; line <= list->nr; line++) {
		while (i < nr && t[i].line < line)
			i++;
		buf_add(&x->line_uses[s], &i, sizeof(i));
	}
}

void uses_read(struct explaining *x)
{
	read_side(x, SIDE_OLD);
	read_side(x, SIDE_NEW);
}

struct targets uses_of_line(const struct explaining *x, int s, u32 line)
{
	const u32 *first = (const void *)x->line_uses[s].data;

	return (struct targets){first[line], first[line + 1] - first[line]};
}

char *target_text(const struct explaining *x, int s, u32 k)
{
	const struct list_target *t = &targets(x, s)[k];
	char *text = xasprintf("%.*s", (int)t->len, (const char *)side(x, s)->names.data + t->text);

	/* Places within the record have labels, which mean nothing here. */
	for (char *p = text; *p; p++)
		if (*p == LABEL_MARK)
			*p = '.';
	return text;
}

static bool is_call(const struct explaining *x, int s, u32 line)
{
	struct insn insn;
	u8 bytes[32];

	return line_of(x, s, line)->kind <= LINE_INSN && insn_decode(x, s, line, bytes, &insn) &&
	       (insn.cls == INSN_CALL || insn.cls == INSN_JMP || insn.cls == INSN_JCC);
}

struct use uses_target(const struct explaining *x, int s, u32 k)
{
	const struct list_target *t = &targets(x, s)[k];

	return (struct use){(const char *)side(x, s)->names.data + t->text, t->len,
			    line_of(x, s, t->line)->at, is_call(x, s, t->line)};
}

static u32 count_uses(struct explaining *x, int s, const struct use *use)
{
	return *known_text(&x->counts[s], 0, use->text, use->len, 0);
}

bool uses_replaced(struct explaining *x, u32 old, u32 new)
{
	struct use a = uses_target(x, SIDE_OLD, old), b = uses_target(x, SIDE_NEW, new);

	if (count_uses(x, SIDE_OLD, &a) <= count_uses(x, SIDE_NEW, &a) ||
	    count_uses(x, SIDE_NEW, &b) <= count_uses(x, SIDE_OLD, &b))
		return false;
	buf_add(&x->uses[SIDE_NEW], &a, sizeof(a));
	buf_add(&x->uses[SIDE_OLD], &b, sizeof(b));
	return true;
}

/* ---- by how many ---- */

static int compare_uses(const void *pa, const void *pb)
{
	const struct use *a = pa, *b = pb;
	int cmp = a->call != b->call ? (a->call < b->call ? 1 : -1)
				     : memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	cmp = cmp ? cmp : (a->len > b->len) - (a->len < b->len);
	return cmp;
}

/* @use is there more often on one side. */
static void tell_counted(struct explaining *x, const struct use *use)
{
	tell_use(x, use, count_uses(x, SIDE_OLD, use), count_uses(x, SIDE_NEW, use));
}

static void collect_uses(struct explaining *x, int s)
{
	const struct list_target *t = targets(x, s);

	for (u32 k = 0; k < side(x, s)->targets.len / sizeof(*t); k++) {
		struct use use = uses_target(x, s, k);

		if (memchr(use.text, LABEL_MARK, use.len))
			continue;
		buf_add(&x->uses[s], &use, sizeof(use));
	}
}

/* How many uses there are like the first of @nr. */
static size_t run_of(const struct use *use, size_t nr)
{
	size_t i = 0;

	while (i < nr && !compare_uses(&use[0], &use[i]))
		i++;
	return i;
}

/* Go on behind the first @n; of none there may be no array. */
static void skip_uses(struct use **use, size_t *nr, size_t n)
{
	if (n)
		*use += n;
	*nr -= n;
}

void uses_tell(struct explaining *x)
{
	struct use *use[NR_SIDES];
	size_t nr[NR_SIDES];

	for (int s = 0; s < NR_SIDES; s++) {
		collect_uses(x, s);
		use[s] = (void *)x->uses[s].data;
		nr[s] = x->uses[s].len / sizeof(struct use);
		if (nr[s])
			qsort(use[s], nr[s], sizeof(struct use), compare_uses);
	}
	while (nr[SIDE_OLD] || nr[SIDE_NEW]) {
		int cmp = !nr[SIDE_OLD]	  ? 1
			  : !nr[SIDE_NEW] ? -1
					  : compare_uses(use[SIDE_OLD], use[SIDE_NEW]);
		size_t old = cmp <= 0 ? run_of(use[SIDE_OLD], nr[SIDE_OLD]) : 0;
		size_t new = cmp >= 0 ? run_of(use[SIDE_NEW], nr[SIDE_NEW]) : 0;

		if (old != new)
			tell_counted(x, cmp >= 0 ? use[SIDE_NEW] : use[SIDE_OLD]);
		skip_uses(&use[SIDE_OLD], &nr[SIDE_OLD], old);
		skip_uses(&use[SIDE_NEW], &nr[SIDE_NEW], new);
	}
}
