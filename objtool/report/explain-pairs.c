// SPDX-License-Identifier: GPL-2.0-or-later
/* explain-pairs.c - which lines of both sides belong together, and which have no partner */
#include <stdlib.h>
#include <objtool/arch.h>
#include <objtool/hash.h>
#include <objtool/match.h>
#include "explain-tell.h"

/* What lines must have in common to be a pair: equal for those that do, else different. */
static u64 shape(const struct explaining *x, int s, u32 i, enum likeness like)
{
	const struct list_line *line = line_of(x, s, i);
	u8 bytes[33] = {line->kind};
	struct insn insn = {0};
	char *text;
	u64 hash;

	if (line->kind == LINE_DATA) {
		memcpy(bytes + 1, &line->at, sizeof(line->at));
	} else if (line->kind == LINE_SPECIAL) {
		bytes[1] = line->lane;
	} else if (line->kind == LINE_HEAD) {
		bytes[1] = side(x, s)->raw.data[line->raw + 4];
	} else if (!insn_decode(x, s, i, bytes + 1, &insn)) {
		return i | (u64)1 << (62 + s); /* no other's */
	} else if (like == LIKE_FIELDS) {
		memset(bytes + 1 + insn.disp_off, 0, insn.disp_len);
		memset(bytes + 1 + insn.imm_off, 0, insn.imm_len);
	} else {
		text = line_text(x, s, i);
		hash = hash_bytes(text, strcspn(text, " ")) ^ line->kind;
		free(text);
		return hash;
	}
	return hash_bytes(bytes, sizeof(bytes));
}

/* Lines of a stretch of rows that all differ, and have no partner so far. */
struct block {
	u32 *line[NR_SIDES];
	u32 nr[NR_SIDES];
};

/* Those of side @s of the rows [@from, @end). */
static void collect(const struct explaining *x, u32 from, u32 end, int s, struct block *b)
{
	const struct row *row = x->b->merged.row;

	b->line[s] = xcalloc(end - from, sizeof(u32));
	for (u32 i = from; i < end; i++)
		if (!row[i].label && row[i].line[s] != NO_LINE)
			b->line[s][b->nr[s]++] = row[i].line[s];
}

/* Take out what is marked as taken. */
static void drop_taken(struct block *b, int s, const bool *taken)
{
	u32 left = 0;

	for (u32 i = 0; i < b->nr[s]; i++)
		if (!taken[i])
			b->line[s][left++] = b->line[s][i];
	b->nr[s] = left;
}

/* Match what is left of both sides, by likeness; what was matched is taken out. */
static void pair_lines(struct explaining *x, struct block *b, enum likeness like)
{
	u32 *match = xcalloc((size_t)b->nr[SIDE_OLD] + 1, sizeof(*match));
	bool *taken[NR_SIDES];
	u64 *key[NR_SIDES];

	for (int s = 0; s < NR_SIDES; s++) {
		taken[s] = xcalloc((size_t)b->nr[s] + 1, sizeof(bool));
		key[s] = xcalloc((size_t)b->nr[s] + 1, sizeof(u64));
		for (u32 i = 0; i < b->nr[s]; i++)
			key[s][i] = shape(x, s, b->line[s][i], like);
	}
	match_sequences(key[SIDE_OLD], b->nr[SIDE_OLD], key[SIDE_NEW], b->nr[SIDE_NEW], match);
	for (u32 i = 0; i < b->nr[SIDE_OLD]; i++) {
		if (match[i] == NO_MATCH)
			continue;
		tell_pair(x, b->line[SIDE_OLD][i], b->line[SIDE_NEW][match[i]], like);
		taken[SIDE_OLD][i] = taken[SIDE_NEW][match[i]] = true;
	}
	for (int s = 0; s < NR_SIDES; s++) {
		drop_taken(b, s, taken[s]);
		free(taken[s]);
		free(key[s]);
	}
	free(match);
}

/* Rows [@from, @end), which all differ: pairs, and what is left. */
static void tell_block(struct explaining *x, u32 from, u32 end)
{
	struct block b = {.nr = {0}};

	for (int s = 0; s < NR_SIDES; s++)
		collect(x, from, end, s, &b);
	pair_lines(x, &b, LIKE_FIELDS);
	/* Where much differs, what has the same name by chance is no pair. */
	if (b.nr[SIDE_OLD] == b.nr[SIDE_NEW])
		pair_lines(x, &b, LIKE_MNEMONIC);
	for (int s = 0; s < NR_SIDES; s++) {
		for (u32 i = 0; i < b.nr[s]; i++)
			tell_single(x, s, b.line[s][i]);
		free(b.line[s]);
	}
}

void pairs_tell(struct explaining *x)
{
	const struct merged *m = &x->b->merged;

	for (u32 i = 0, end; i < m->nr; i = end) {
		end = i + 1;
		if (!row_differs(&m->row[i]))
			continue;
		while (end < m->nr && row_differs(&m->row[end]))
			end++;
		tell_block(x, i, end);
	}
}
