// SPDX-License-Identifier: GPL-2.0-or-later
/* explain-notes.c - what was said of a record: equal findings once, with how many there are */
#include <stdarg.h>
#include <stdlib.h>
#include <objtool/hash.h>
#include "explain-tell.h"

/* Of one kind as many are printed, and then how many more there are. */
#define MAX_NOTES 8

#define NO_NOTE 0xffffffffU

u32 *known_text(struct seen *table, u32 kind, const char *text, size_t len, u32 fresh)
{
	u64 hash = hash_bytes(text, len) + kind;

	return seen_number(table, (u32)(hash >> 32), (u32)hash, fresh);
}

static u32 *note_number(struct notes *notes, enum note_kind kind, const char *text)
{
	return known_text(&notes->known, kind, text, strlen(text), NO_NOTE);
}

bool note_take(struct notes *notes, enum note_kind kind, const char *text)
{
	u32 number = *note_number(notes, kind, text);

	if (number == NO_NOTE || !notes->note[number].count)
		return false;
	notes->note[number].count--;
	return true;
}

void note_add(struct notes *notes, enum note_kind kind, u32 at, const char *fmt, ...)
{
	va_list args;
	char *text;
	u32 *number;

	va_start(args, fmt);
	text = xvasprintf(fmt, args);
	va_end(args);
	number = note_number(notes, kind, text);
	if (*number != NO_NOTE) {
		notes->note[*number].count++;
		free(text);
		return;
	}
	if (notes->nr == notes->cap) {
		notes->cap = notes->cap ? notes->cap * 2 : 32;
		notes->note = xreallocarray(notes->note, notes->cap, sizeof(*notes->note));
	}
	*number = notes->nr++;
	notes->note[*number] = (struct note){text, kind, 1, at, *number};
}

bool notes_have(const struct notes *notes, enum note_kind kind)
{
	for (u32 i = 0; i < notes->nr; i++)
		if (notes->note[i].kind == kind)
			return true;
	return false;
}

static int compare_notes(const void *pa, const void *pb)
{
	const struct note *a = pa, *b = pb;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static void print_note(const struct note *note, FILE *out)
{
	static const char *const words[NR_NOTE_KINDS][2] = {
		[NOTE_BRANCH] = {"branch goes elsewhere", "branches go elsewhere"},
		[NOTE_REGISTERS] = {"instruction has other operands",
				    "instructions have other operands"},
		[NOTE_STACK] = {"place on the stack is another", "places on the stack are others"},
	};

	if (!note->count)
		return;
	if (words[note->kind][0])
		fprintf(out, "  %u %s", note->count, words[note->kind][note->count > 1]);
	else
		fprintf(out, "  %s", note->text);
	if (note->count > 1 && !words[note->kind][0])
		fprintf(out, " in %u places", note->count);
	else if (note->count == 1 && note->at != NO_AT)
		fprintf(out, " at +0x%x", note->at);
	putc('\n', out);
}

void notes_print(struct notes *notes, FILE *out)
{
	const struct note *note = notes->note;

	if (notes->nr)
		qsort(notes->note, notes->nr, sizeof(*notes->note), compare_notes);
	for (u32 i = 0, end; i < notes->nr; i = end) {
		u32 places = 0;

		for (end = i; end < notes->nr && note[end].kind == note[i].kind; end++)
			if (end - i < MAX_NOTES)
				print_note(&note[end], out);
			else
				places += note[end].count;
		if (places)
			fprintf(out, "  ... and %u more of this kind\n", places);
	}
}

void notes_free(struct notes *notes)
{
	for (u32 i = 0; i < notes->nr; i++)
		free(notes->note[i].text);
	free(notes->note);
	seen_free(&notes->known);
}
