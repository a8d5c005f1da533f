// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-watched.c - who watches sees what is hashed
 *
 *     test-watched OBJECT...
 *
 * Writes the tokens of each function and data object twice, once as they are hashed and once as
 * they are printed, where each instruction is looked at by itself. Both must have the same
 * checksum. Status 0 if so, else 1.
 */
#include <stdlib.h>
#include <objtool/elf.h>
#include <objtool/reading.h>

static u64 checksum(struct canon *c, u32 unit, struct token_watch *watch)
{
	struct record rec = {0};

	c->stream.watch = watch;
	canon_unit(c, unit);
	c->stream.watch = NULL;
	reading_fill(&rec, &c->stream);
	return rec.checksum;
}

/* Returns how many there were; adds to @wrong, and names, those that differ. */
static u32 compare(const struct reading *r, u32 *wrong)
{
	const struct code *code = &r->code;
	struct canon seen = {0}, hashed = {0};
	struct token_watch watch = {.dump = fopen("/dev/null", "w")};
	u32 nr = 0;

	reading_canon(r, &seen);
	reading_canon(r, &hashed);
	for (u32 i = 0; watch.dump && i < code->nr_units; i++) {
		if (!reading_has_record(&code->units[i]))
			continue;
		nr++;
		if (checksum(&hashed, i, NULL) == checksum(&seen, i, &watch))
			continue;
		++*wrong;
		printf("%s: %s\n", code->obj->path, code->obj->symbols[code->units[i].sym].name);
	}
	if (watch.dump)
		fclose(watch.dump);
	canon_free(&seen);
	canon_free(&hashed);
	return nr;
}

int main(int argc, char **argv)
{
	u32 nr = 0, wrong = 0;

	for (int i = 1; i < argc; i++) {
		struct object *obj = object_open(argv[i], NULL, CONTENTS_KEPT);
		struct reading reading;

		if (!obj || reading_open(obj, &reading))
			return 1;
		nr += compare(&reading, &wrong);
		object_close(obj);
	}
	printf("%u units, %u wrong\n", nr, wrong);
	return wrong || !nr;
}
