// SPDX-License-Identifier: GPL-2.0-or-later
/* explain-insns.c - instructions of a record as such: added, removed, moved */
#include <stdlib.h>
#include "explain-tell.h"

struct span insn_bytes(const struct explaining *x, int s, u32 i)
{
	const struct list_line *line = line_of(x, s, i);
	const u8 *raw = side(x, s)->raw.data + line->raw;
	struct token t;
	struct token_field f;
	size_t at = 1;

	if (line->raw_len < 6 || raw[4] != TOKEN_INSN)
		return (struct span){NULL, 0};
	t = (struct token){.tag = TOKEN_INSN, .bytes = {raw + 4, get_u32(raw)}};
	return token_read_field(&t, &at, &f) ? f.bytes : (struct span){NULL, 0};
}

bool insn_decode(const struct explaining *x, int s, u32 i, u8 bytes[32], struct insn *insn)
{
	struct span span = insn_bytes(x, s, i);

	memset(bytes, 0, 32);
	if (!span.size || span.size > 32)
		return false;
	memcpy(bytes, span.data, span.size);
	return arch_decode(bytes, ARCH_MAX_INSN, insn) != 0;
}

/* An instruction that has no partner. */
struct single {
	u64 key;
	u32 line;
	u32 moved; /* it has, elsewhere */
};

void insns_add_single(struct explaining *x, int s, u32 i)
{
	struct single single = {line_of(x, s, i)->key, i, 0};

	buf_add(&x->single[s], &single, sizeof(single));
}

static int compare_singles(const void *pa, const void *pb)
{
	const struct single *a = pa, *b = pb;

	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

static int compare_single_lines(const void *pa, const void *pb)
{
	const struct single *a = pa, *b = pb;

	return (a->line > b->line) - (a->line < b->line);
}

static struct single *singles(struct explaining *x, int s, u32 *nr)
{
	*nr = (u32)(x->single[s].len / sizeof(struct single));
	return (void *)x->single[s].data;
}

/* Mark what both sides have, in different places; returns how many. */
static u32 find_moved(struct explaining *x)
{
	u32 nr[NR_SIDES], i = 0, k = 0, moved = 0;
	struct single *old = singles(x, SIDE_OLD, &nr[SIDE_OLD]);
	struct single *new = singles(x, SIDE_NEW, &nr[SIDE_NEW]);

	if (!nr[SIDE_OLD] || !nr[SIDE_NEW])
		return 0;
	qsort(old, nr[SIDE_OLD], sizeof(*old), compare_singles);
	qsort(new, nr[SIDE_NEW], sizeof(*new), compare_singles);
	while (i < nr[SIDE_OLD] && k < nr[SIDE_NEW]) {
		u64 a = old[i].key, b = new[k].key;

		if (a == b) {
			old[i].moved = new[k].moved = 1;
			moved++;
		}
		i += a <= b;
		k += b <= a;
	}
	qsort(old, nr[SIDE_OLD], sizeof(*old), compare_single_lines);
	qsort(new, nr[SIDE_NEW], sizeof(*new), compare_single_lines);
	return moved;
}

static u32 count_insns(const struct listing *list)
{
	u32 nr = 0;

	for (u32 i = 0; i < list->nr; i++)
		nr += list->line[i].kind == LINE_INSN;
	return nr;
}

/* Of so few instructions it is said which. */
#define FEW 3

/* ", 2 added: testb $0x80, 0x38(%rdi); jne ." */
static void print_singles(struct explaining *x, int s, u32 moved, const char *word,
			  const char **separator, FILE *out)
{
	u32 nr, count;
	const struct single *single = singles(x, s, &nr);
	const char *next = ": ";

	count = nr - moved;
	if (!count)
		return;
	fprintf(out, "%s%u", *separator, count);
	if (**separator == ' ' || **separator == '\n')
		fprintf(out, " instruction%s", count == 1 ? "" : "s");
	fprintf(out, " %s", word);
	*separator = ", ";
	for (u32 i = 0; i < nr && count <= FEW; i++) {
		char *text = single[i].moved ? NULL : line_text(x, s, single[i].line);

		if (text)
			fprintf(out, "%s%s", next, text);
		next = text ? "; " : next;
		free(text);
	}
	if (count <= FEW)
		*separator = "\n  ";
}

void insns_print(struct explaining *x, FILE *out)
{
	u32 moved = find_moved(x);
	const char *separator = "  ";

	print_singles(x, SIDE_NEW, moved, "added", &separator, out);
	print_singles(x, SIDE_OLD, moved, "removed", &separator, out);
	if (moved)
		fprintf(out, "%s%u moved", separator, moved);
	if (separator[0] != ' ' || moved)
		fprintf(out, *separator == ',' || moved ? ", of %u\n" : "\n",
			count_insns(side(x, SIDE_OLD)));
}
