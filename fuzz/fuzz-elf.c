// SPDX-License-Identifier: GPL-2.0-or-later
/* fuzz-elf.c - the ELF reader: what it accepts keeps every promise of elf.h */
#include <stdio.h>
#include <stdlib.h>
#include <objtool/elf.h>
#include "fuzz.h"

const size_t fuzz_floor = 512U << 10;

/* Read every byte of it, for a sanitizer to see; the sum keeps the compiler from leaving it out. */
static size_t touch(const void *p, size_t size)
{
	const u8 *bytes = p;
	size_t sum = 0;

	for (size_t i = 0; i < size; i++)
		sum += bytes[i];
	return sum;
}

static size_t check_section(const struct object *obj, const struct section *sec)
{
	size_t sum = touch(sec->name, strlen(sec->name));
	u64 last = 0;

	REQUIRE((u64)sec->first_sym + sec->nr_syms <= obj->nr_by_addr);
	if (sec->data)
		sum += touch(sec->data, sec->size);
	for (u32 i = 0; i < sec->nr_relocs; i++) {
		const struct reloc *rel = &sec->relocs[i];

		REQUIRE(rel->sym < obj->nr_symbols);
		REQUIRE(rel->offset <= sec->size && rel->offset >= last);
		REQUIRE(section_reloc_from(sec, rel->offset) <= i);
		last = rel->offset;
	}
	for (u32 i = 0; i < sec->nr_syms; i++) {
		const struct symbol *sym = &obj->symbols[obj->by_addr[sec->first_sym + i]];

		REQUIRE(sym->sec == section_index(obj, sec));
		REQUIRE(!i || sym->value >= sym[0].value || sym->value <= sec->size);
	}
	return sum;
}

static size_t check_symbol(const struct object *obj, const struct symbol *sym)
{
	REQUIRE(sym->sec < obj->nr_sections || sym->sec >= SEC_ABS);
	REQUIRE(sym->file < obj->nr_symbols);
	if (symbol_defined(sym))
		REQUIRE(range_ok(obj->sections[sym->sec].size, sym->value, sym->size));
	return touch(sym->name, strlen(sym->name));
}

/* Names of all symbols may be one long one's tails: as many as the file has bytes are read. */
static void check_object(const struct object *obj, size_t size)
{
	size_t sum = 0;

	for (u32 i = 0; i < obj->nr_sections && sum < size * 256; i++)
		sum += check_section(obj, &obj->sections[i]);
	for (u32 i = 0; i < obj->nr_symbols && sum < size * 512; i++)
		sum += check_symbol(obj, &obj->symbols[i]);
	REQUIRE(sum != 1);
}

void fuzz_one(const u8 *data, size_t size)
{
	struct object *obj = object_open_mem("fuzz", data, size, NULL);

	if (obj)
		check_object(obj, size);
	object_close(obj);
}
