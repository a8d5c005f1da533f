// SPDX-License-Identifier: GPL-2.0-or-later
/* insns.c - the instructions of a stretch of code, less what only aligns it */
#include <stdlib.h>
#include <objtool/insns.h>

/* Alignment filler runs are shorter than the largest alignment worth one cache line. */
#define MAX_FILLER 63

void insns_free(struct insns *insns)
{
	free(insns->insn);
	free(insns->note);
	free(insns->at);
	free(insns->target);
	*insns = (struct insns){0};
}

u32 code_insn_index(const struct code_insn *insn, u32 nr, u32 off)
{
	u32 lo = 0, hi = nr;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (insn[mid].off + insn[mid].insn.len <= off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

u32 code_ordinal(const struct code_insn *insn, u32 nr, u32 off, u32 *delta)
{
	u32 i = code_insn_index(insn, nr, off), last;

	*delta = i < nr && off > insn[i].off ? off - insn[i].off : 0;
	if (i < nr || !nr)
		return nr ? insn[i].ordinal : 0;
	last = insn[nr - 1].ordinal;
	return last + !insn[nr - 1].filler;
}

static bool leaves(const struct insn *insn)
{
	return insn->cls == INSN_JMP || insn->cls == INSN_JMP_IND || insn->cls == INSN_RET ||
	       insn->cls == INSN_TRAP;
}

/*
 * A function with its parts and replacements has at most so many instructions, and one for so many
 * bytes of the file: each takes 20 bytes of memory, and can be one byte that very many
 * functions have replaced. The kernel's largest have 20,000.
 */
#define MAX_INSNS_BASE 250000U
#define BYTES_PER_INSN 100U

/* False if the object is refused: there are as many as there may be. */
static bool grow(const struct code *code, struct insns *insns)
{
	u32 most = MAX_INSNS_BASE + (u32)(code->obj->file_size / BYTES_PER_INSN);

	if (insns->cap == most) {
		effort_refuse(code->effort);
		return false;
	}
	insns->cap = !insns->cap ? 4096 : insns->cap < most / 2 ? insns->cap * 2 : most;
	insns->insn = xreallocarray(insns->insn, insns->cap, sizeof(*insns->insn));
	insns->note = xreallocarray(insns->note, insns->cap, sizeof(*insns->note));
	return true;
}

/* So many are decoded at once, as there is room for their bytes before it is known how many. */
#define INSNS_AT_ONCE 4096U

/*
 * Room in .at for @len bytes of code behind those of @used. From the start there is room for a
 * large function; memory is taken for as much of it as is used, which is cleared once.
 */
static u32 *reserve_at(struct insns *insns, size_t used, size_t len)
{
	size_t end = used + len;

	if (insns->cap_at < end) {
		insns->cap_at = end < 4096 ? 8192 : end * 2;
		insns->at = xreallocarray(insns->at, insns->cap_at, sizeof(*insns->at));
	}
	if (insns->most_at < end) {
		memset(insns->at + insns->most_at, 0, (end - insns->most_at) * sizeof(*insns->at));
		insns->most_at = end;
	}
	return insns->at + used;
}

/* A stretch that was decoded, and where what is known of it begins. */
struct decoded {
	const struct code *code;
	const struct section *sec;
	struct insns *insns;
	u32 s, off, end;
	u32 first, note;
};

/*
 * A byte for each byte of the stretch that a branch of it goes to. Branches are noted, as is all
 * that can be filler, so that other instructions are not looked at.
 */
static void mark_targets(const struct decoded *d)
{
	struct reloc_cursor relocs = reloc_cursor(d->sec, d->off);
	struct insns *insns = d->insns;
	u32 size = d->end - d->off;

	if (insns->target_cap < size) {
		insns->target_cap = size;
		insns->target = xreallocarray(insns->target, size, 1);
	}
	memset(insns->target, 0, size);
	for (u32 i = d->note; i < insns->nr_notes; i++) {
		const struct code_insn *ci = &insns->insn[d->first + insns->note[i]];
		s64 to;

		if (!(ci->insn.flags & INSN_PCREL_IMM))
			continue;
		/* The field of a branch that a relocation fills is 0: it does not go to what
		 * follows. */
		while (reloc_next(&relocs, ci->off))
			;
		if (reloc_next(&relocs, (u64)ci->off + ci->insn.len))
			continue;
		to = code_branch_target(d->sec, ci);
		if (to >= d->off && to < d->end)
			insns->target[to - d->off] = 1;
	}
}

/* Does a branch of the stretch, or a relocation, go to that instruction of it? */
static bool is_target(const struct decoded *d, const struct code_insn *ci)
{
	const u8 *bits = d->code->referenced[d->s];

	return d->insns->target[ci->off - d->off] ||
	       (bits && bits[ci->off >> 3] >> (ci->off & 7) & 1);
}

/* Does a special entry apply to any of [@from, @end)? Then that is no filler. */
static bool applies(const struct decoded *d, u32 from, u32 end)
{
	return specials_apply(d->code->obj, &d->code->specials, d->s, from, end);
}

static bool is_padding(const struct decoded *d, const struct code_insn *ci)
{
	return ci->insn.cls == INSN_NOP &&
	       arch_padding(d->sec->data + ci->off, ci->insn.len) == ci->insn.len;
}

/* Are nops from @from to @target as many as align that? */
static bool aligns(u32 from, u32 target)
{
	return target - from < (target & -target);
}

/*
 * Mark the nops before instruction @end, which is branched to, if they are filler: those from the
 * last on that is branched to, and behind what a special entry applies to. Returns the first that
 * was marked, @end if none.
 */
static u32 mark_run(const struct decoded *d, u32 end)
{
	struct code_insn *insn = d->insns->insn;
	u32 run = end;

	while (run > d->first && is_padding(d, &insn[run - 1]) &&
	       (run > d->first + 1 || aligns(insn[d->first].off, insn[end].off)) &&
	       !applies(d, insn[run - 1].off, insn[run].off)) {
		run--;
		if (is_target(d, &insn[run]))
			break;
	}
	if (insn[end].off - insn[run].off > MAX_FILLER)
		return end;
	for (u32 i = run; i < end; i++)
		insn[i].filler = 1;
	return run;
}

/*
 * Mark alignment filler: a run of nops that ends where a branch goes to (".p2align 4" before a
 * loop). How long it is depends on where the linker put the function, not on what the function
 * does. A nop that was written there cannot be told from it, as that of the kernel's
 * instrumentation_end() behind a WARN:
 *
 *	ud2; nop; .p2align 3; 1: xor %eax, %eax
 *
 * So it does not count either, whether or not what follows is aligned just now; but at the start
 * of a function, where one may be there to be patched, only what aligns is filler. Returns the
 * first instruction that is filler, the number of all if there is none.
 */
static u32 mark_filler(const struct decoded *d)
{
	const struct insns *insns = d->insns;
	u32 nr = insns->nr, filler = nr, marked;
	bool targets = false;

	for (u32 i = d->note; i < insns->nr_notes; i++) {
		u32 next = d->first + insns->note[i] + 1;

		if (insns->insn[next - 1].insn.cls != INSN_NOP)
			continue;
		if (next == nr)
			break;
		if (!targets)
			mark_targets(d);
		targets = true;
		if (is_target(d, &insns->insn[next])) {
			marked = mark_run(d, next);
			filler = marked < next && filler == nr ? marked : filler;
		}
	}
	return filler;
}

/* Filler behind the last instruction of a function whose end no symbol says; returns the first. */
static u32 mark_tail(const struct decoded *d)
{
	u32 i;

	for (i = d->insns->nr; i > d->first + 1; i--) {
		struct code_insn *ci = &d->insns->insn[i - 1];

		if (!arch_padding(d->sec->data + ci->off, ci->insn.len) ||
		    applies(d, ci->off, ci->off + ci->insn.len))
			break;
		ci->filler = 1;
	}
	return i;
}

/* All filler of room; returns the first that can be. */
static u32 mark_room(const struct decoded *d)
{
	for (u32 i = d->first; i < d->insns->nr; i++) {
		struct code_insn *ci = &d->insns->insn[i];

		ci->filler = arch_padding(d->sec->data + ci->off, ci->insn.len) != 0;
	}
	return d->first;
}

/* Filler, @from the first on, found after the ordinals were given makes those behind it smaller. */
static void number(struct insns *insns, u32 from)
{
	for (u32 i = from, n = from < insns->nr ? insns->insn[from].ordinal : 0; i < insns->nr;
	     i++) {
		insns->insn[i].ordinal = n & MAX_ORDINAL;
		n += !insns->insn[i].filler;
	}
}

/*
 * Append the instructions of @stretch, or up to the first that leaves, if @to_exit; fewer if there
 * is no memory left.
 */
static void read_insns(const struct code *code, struct stretch *stretch, bool to_exit,
		       struct insns *insns)
{
	size_t notes = insns->nr_notes;
	u32 from = stretch->off;
	bool done = false;

	while (stretch->off < stretch->end && !done) {
		struct code_insn *ci;
		u32 room, *at, *note;
		u64 most;

		if (insns->nr == insns->cap && !grow(code, insns))
			break;
		ci = insns->insn + insns->nr;
		room = to_exit ? 1 : insns->cap - insns->nr;
		room = room < INSNS_AT_ONCE ? room : INSNS_AT_ONCE;
		most = (u64)room * ARCH_MAX_INSN;
		most = most < stretch->end - stretch->off ? most : stretch->end - stretch->off;
		at = reserve_at(insns, insns->nr_at + (stretch->off - from), most);
		note = insns->note + notes + stretch->nr_notes;
		insns->nr += arch_decode_run(stretch, ci, note, at, room);
		done = to_exit && leaves(&ci->insn);
	}
	insns->nr_notes += stretch->nr_notes;
	insns->nr_at += stretch->off - from;
}

/* Say which of the instructions are filler, and number all anew if some are. */
static void mark(const struct decoded *d, enum decode_end how)
{
	u32 filler = how == DECODE_ROOM ? mark_room(d) : mark_filler(d);
	u32 tail = how == DECODE_TO_NEXT ? mark_tail(d) : filler;

	number(d->insns, filler < tail ? filler : tail);
}

u32 code_decode(const struct code *code, u32 s, u32 off, u32 end, enum decode_end how,
		struct insns *insns)
{
	const struct section *sec = &code->obj->sections[s];
	u32 first = insns->nr, note = insns->nr_notes;
	struct stretch stretch;

	/* Even for none there is an array, for who counts from its start. */
	if (!insns->cap)
		grow(code, insns);
	/* Most room is nops from end to end: 16 before each of a kernel's 60,000 functions. */
	if (!sec->data ||
	    (how == DECODE_ROOM && arch_fillers(sec->data + off, end - off) == end - off))
		return 0;
	stretch =
		(struct stretch){.data = sec->data, .size = (u32)sec->size, .off = off, .end = end};
	read_insns(code, &stretch, how == DECODE_TO_EXIT, insns);
	/* Most functions have no nop, and an end. */
	if (stretch.classes & INSN_NOP || how == DECODE_ROOM || how == DECODE_TO_NEXT)
		mark(&(struct decoded){code, sec, insns, s, off, stretch.off, first, note}, how);
	return insns->nr - first;
}
