// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutate.c - damages ELF objects field by field
 *
 * Random bytes hit the headers, which are a thousandth of an object, nearly
 * never, and a table of relocations in its addends mostly. Here a table is
 * chosen first, then an entry, then a field, then a value that such a field
 * may well have: one near by, a boundary, or another entry's.
 *
 * As LLVMFuzzerCustomMutator() for libFuzzer, as afl_custom_fuzz() for AFL++,
 * and as mutate_any() for replay.c. The object may be damaged already: nothing
 * in it is believed.
 */
#include <elf.h>
#include <stdlib.h>
#include "fuzz.h"

#define MOST_DAMAGES 4 /* at once */

struct mutation {
	u8 *data;
	size_t size, max;
	u64 random; /* state of the generator */
	Elf64_Ehdr head;
};

/* Marsaglia's xorshift64*. */
static u64 random_u64(struct mutation *m)
{
	m->random ^= m->random >> 12;
	m->random ^= m->random << 25;
	m->random ^= m->random >> 27;
	return m->random * 0x2545f4914f6cdd1dU;
}

/* Neighbouring seeds must not begin alike, and the state must not be 0. */
static void seed_random(struct mutation *m, u64 seed)
{
	m->random = (seed + 1) * 0x9e3779b97f4a7c15U | 1;
	random_u64(m);
}

static u64 below(struct mutation *m, u64 limit)
{
	return limit ? (random_u64(m) >> 8) % limit : 0;
}

/* Headers, symbols and relocations, as fields of so many bytes. */
struct field {
	u8 offset, bytes;
};

#define FIELD(type, name)                                          \
	{                                                          \
		offsetof(type, name), sizeof(((type *)NULL)->name) \
	}

static const struct field head_fields[] = {
	FIELD(Elf64_Ehdr, e_type),
	FIELD(Elf64_Ehdr, e_machine),
	FIELD(Elf64_Ehdr, e_version),
	FIELD(Elf64_Ehdr, e_shoff),
	FIELD(Elf64_Ehdr, e_flags),
	FIELD(Elf64_Ehdr, e_ehsize),
	FIELD(Elf64_Ehdr, e_shentsize),
	FIELD(Elf64_Ehdr, e_shnum),
	FIELD(Elf64_Ehdr, e_shstrndx),
	FIELD(Elf64_Ehdr, e_phoff),
	FIELD(Elf64_Ehdr, e_phnum),
	{EI_CLASS, 1},
	{EI_DATA, 1},
	{EI_VERSION, 1},
};

static const struct field section_fields[] = {
	FIELD(Elf64_Shdr, sh_name),    FIELD(Elf64_Shdr, sh_type),
	FIELD(Elf64_Shdr, sh_flags),   FIELD(Elf64_Shdr, sh_offset),
	FIELD(Elf64_Shdr, sh_size),    FIELD(Elf64_Shdr, sh_link),
	FIELD(Elf64_Shdr, sh_info),    FIELD(Elf64_Shdr, sh_addralign),
	FIELD(Elf64_Shdr, sh_entsize),
};

static const struct field symbol_fields[] = {
	FIELD(Elf64_Sym, st_name),  FIELD(Elf64_Sym, st_info),	FIELD(Elf64_Sym, st_other),
	FIELD(Elf64_Sym, st_shndx), FIELD(Elf64_Sym, st_value), FIELD(Elf64_Sym, st_size),
};

static const struct field rela_fields[] = {
	FIELD(Elf64_Rela, r_offset),
	{offsetof(Elf64_Rela, r_info), 4},     /* type */
	{offsetof(Elf64_Rela, r_info) + 4, 4}, /* symbol */
	FIELD(Elf64_Rela, r_addend),
};

static u64 get_field(const u8 *p, const struct field *field)
{
	u64 value = 0;

	memcpy(&value, p + field->offset, field->bytes);
	return value;
}

static void put_field(u8 *p, const struct field *field, u64 value)
{
	memcpy(p + field->offset, &value, field->bytes);
}

/* A value for a field that has @value, in a file where @other is one of the same meaning. */
static u64 new_value(struct mutation *m, u64 value, u64 other)
{
	static const u64 boundaries[] = {
		0,	    1,
		2,	    4,
		8,	    12,
		16,	    24,
		64,	    0x7f,
		0x80,	    0xff,
		0xff00,	    0xffff,
		0xfff1,	    0xfff2,
		0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000,
		INT64_MAX,  (u64)INT64_MAX + 1,
		UINT64_MAX, UINT64_MAX - 3,
	};

	switch (below(m, 8)) {
	case 0:
		return boundaries[below(m, ARRAY_SIZE(boundaries))];
	case 1:
		return value ^ (u64)1 << below(m, 64);
	case 2:
		return m->size - below(m, 16);
	case 3:
		return below(m, m->size * 2);
	case 4:
		return value + below(m, 33) - 16;
	default:
		return other;
	}
}

/* Entries of @bytes each, the first at @at: a table, as far as it lies within the file. */
struct table {
	size_t at, nr, bytes;
	const struct field *fields;
	size_t nr_fields;
};

static u8 *entry(const struct mutation *m, const struct table *t, size_t i)
{
	return m->data + t->at + i * t->bytes;
}

static void cut_table(const struct mutation *m, struct table *t)
{
	if (t->at > m->size || t->nr > (m->size - t->at) / t->bytes)
		t->nr = t->at > m->size ? 0 : (m->size - t->at) / t->bytes;
}

static struct table section_table(const struct mutation *m)
{
	struct table t = {m->head.e_shoff, m->head.e_shnum, sizeof(Elf64_Shdr), section_fields,
			  ARRAY_SIZE(section_fields)};

	cut_table(m, &t);
	return t;
}

/* A section chosen by chance, a small one as likely as a large one. Zeros if there is none. */
static Elf64_Shdr some_section(struct mutation *m, u32 type)
{
	struct table t = section_table(m);
	Elf64_Shdr sh = {0};
	size_t start = (size_t)below(m, t.nr);

	for (size_t i = 0; i < t.nr; i++) {
		memcpy(&sh, entry(m, &t, (start + i) % t.nr), sizeof(sh));
		if (sh.sh_type == type && sh.sh_offset < m->size &&
		    sh.sh_size <= m->size - sh.sh_offset && sh.sh_size)
			return sh;
	}
	return (Elf64_Shdr){0};
}

/* Change a field of an entry, or two entries' order, or one to be the other. */
static void damage_table(struct mutation *m, struct table t)
{
	const struct field *field = &t.fields[below(m, t.nr_fields)];
	u8 swap[sizeof(Elf64_Shdr)];
	u8 *p, *q;

	cut_table(m, &t);
	if (!t.nr)
		return;
	p = entry(m, &t, (size_t)below(m, t.nr));
	q = entry(m, &t, (size_t)below(m, t.nr));
	switch (below(m, 8)) {
	case 0:
		memcpy(swap, p, t.bytes);
		memmove(p, q, t.bytes);
		memcpy(q, swap, t.bytes);
		break;
	case 1:
		memmove(p, q, t.bytes);
		break;
	default:
		put_field(p, field, new_value(m, get_field(p, field), get_field(q, field)));
	}
}

static void damage_head(struct mutation *m)
{
	damage_table(
		m, (struct table){0, 1, sizeof(Elf64_Ehdr), head_fields, ARRAY_SIZE(head_fields)});
}

static void damage_sections(struct mutation *m)
{
	damage_table(m, section_table(m));
}

static void damage_symbols(struct mutation *m)
{
	Elf64_Shdr sh = some_section(m, SHT_SYMTAB);

	damage_table(m,
		     (struct table){sh.sh_offset, sh.sh_size / sizeof(Elf64_Sym), sizeof(Elf64_Sym),
				    symbol_fields, ARRAY_SIZE(symbol_fields)});
}

static void damage_relocs(struct mutation *m)
{
	Elf64_Shdr sh = some_section(m, SHT_RELA);

	damage_table(m, (struct table){sh.sh_offset, sh.sh_size / sizeof(Elf64_Rela),
				       sizeof(Elf64_Rela), rela_fields, ARRAY_SIZE(rela_fields)});
}

/* Code, data, and the entries of special tables, which are small sections: up to eight bytes. */
static void damage_contents(struct mutation *m)
{
	Elf64_Shdr sh = some_section(m, below(m, 8) ? SHT_PROGBITS : SHT_NOTE);
	u64 at = below(m, sh.sh_size), n = 1 + below(m, 8), value = 0;

	n = n < sh.sh_size - at ? n : sh.sh_size - at;
	memcpy(&value, m->data + sh.sh_offset + at, n);
	value = new_value(m, value, random_u64(m));
	memcpy(m->data + sh.sh_offset + at, &value, n);
}

/* Names: shorter, joined to the next, or of other letters, dots and digits among them. */
static void damage_strings(struct mutation *m)
{
	static const char letters[] = "\0\0\0..__@0123456789abcold\xff\n\\\t/";
	Elf64_Shdr sh = some_section(m, SHT_STRTAB);

	if (sh.sh_size)
		m->data[sh.sh_offset + below(m, sh.sh_size)] =
			(u8)letters[below(m, sizeof(letters))];
}

static void truncate_file(struct mutation *m)
{
	Elf64_Shdr sh = some_section(m, SHT_PROGBITS);
	u64 size = below(m, 2) ? below(m, m->size) : sh.sh_offset + sh.sh_size;

	/* Seldom, as what is behind the section table's place is then all lost. */
	if (size && size < m->size && !below(m, 4))
		m->size = size;
}

/*
 * Copy a table to the end of the file and let it be longer by entries that are all
 * like one of its own: many relocations or symbols at one place.
 */
static void lengthen_table(struct mutation *m)
{
	struct table t = section_table(m);
	size_t i = (size_t)below(m, t.nr), bytes, more, end = (m->size + 7) & ~(size_t)7;
	Elf64_Shdr sh = {0};

	if (t.nr)
		memcpy(&sh, entry(m, &t, i), sizeof(sh));
	bytes = sh.sh_entsize && sh.sh_entsize <= 64 ? (size_t)sh.sh_entsize : 1;
	more = bytes * (1 + (size_t)below(m, 32));
	if (sh.sh_type == SHT_NULL || sh.sh_type == SHT_NOBITS || sh.sh_offset > m->size ||
	    sh.sh_size > m->size - sh.sh_offset || sh.sh_size < bytes || end > m->max ||
	    sh.sh_size + more > m->max - end)
		return;
	memset(m->data + m->size, 0, end - m->size);
	memcpy(m->data + end, m->data + sh.sh_offset, sh.sh_size);
	for (size_t at = 0; at < more; at++)
		m->data[end + sh.sh_size + at] = m->data[end + sh.sh_size + at - bytes];
	m->size = end + sh.sh_size + more;
	sh.sh_offset = end;
	sh.sh_size += more;
	memcpy(entry(m, &t, i), &sh, sizeof(sh));
}

static void (*const damages[])(struct mutation *m) = {
	damage_head,	 damage_sections, damage_sections, damage_sections,
	damage_symbols,	 damage_symbols,  damage_symbols,  damage_relocs,
	damage_relocs,	 damage_relocs,	  damage_contents, damage_contents,
	damage_contents, damage_strings,  truncate_file,   lengthen_table,
};

size_t mutate_elf(u8 *data, size_t size, size_t max, u64 seed)
{
	struct mutation m = {.data = data, .size = size, .max = max};

	if (size < sizeof(m.head) || size > max || memcmp(data, ELFMAG, SELFMAG) != 0)
		return 0;
	seed_random(&m, seed);
	for (u64 n = 1 + below(&m, MOST_DAMAGES); n; n--) {
		memcpy(&m.head, m.data, sizeof(m.head));
		damages[below(&m, ARRAY_SIZE(damages))](&m);
		if (m.size < sizeof(m.head))
			break;
	}
	return m.size;
}

/* --- Anything else --- */

/* Change, take out or repeat a few bytes. */
static void damage_bytes(struct mutation *m)
{
	size_t at = (size_t)below(m, m->size), n = 1 + (size_t)below(m, 16);

	n = n < m->size - at ? n : m->size - at;
	switch (below(m, 4)) {
	case 0:
		memmove(m->data + at, m->data + at + n, m->size - at - n);
		m->size -= n;
		break;
	case 1:
		if (m->max - m->size < n)
			break;
		memmove(m->data + at + n, m->data + at, m->size - at);
		m->size += n;
		break;
	default:
		m->data[at] = (u8)new_value(m, m->data[at], m->data[below(m, m->size)]);
	}
}

size_t mutate_any(u8 *data, size_t size, size_t max, u64 seed)
{
	struct mutation m = {.data = data, .size = size, .max = max};
	size_t done = mutate_elf(data, size, max, seed);

	if (done)
		return done;
	seed_random(&m, seed);
	for (u64 n = 1 + below(&m, MOST_DAMAGES); n && m.size; n--)
		damage_bytes(&m);
	return m.size;
}

/* --- libFuzzer --- */

size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max) __attribute__((weak));
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed);

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max, unsigned int seed)
{
	size_t done = seed % 8 ? mutate_elf(data, size, max, seed) : 0;

	return done || !LLVMFuzzerMutate ? done : LLVMFuzzerMutate(data, size, max);
}

/* --- AFL++, as the library that AFL_CUSTOM_MUTATOR_LIBRARY names --- */

struct afl_mutator {
	u64 seed;
	u8 *out; /* malloc'ed */
	size_t cap;
};

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(void *state, u8 *data, size_t size, u8 **out, u8 *other, size_t other_size,
		       size_t max);
void afl_custom_deinit(void *state);

void *afl_custom_init(void *afl, unsigned int seed)
{
	struct afl_mutator *mutator = calloc(1, sizeof(*mutator));

	(void)afl;
	if (mutator)
		mutator->seed = seed;
	return mutator;
}

size_t afl_custom_fuzz(void *state, u8 *data, size_t size, u8 **out, u8 *other, size_t other_size,
		       size_t max)
{
	struct afl_mutator *mutator = state;

	(void)other;
	(void)other_size;
	if (mutator->cap < max) {
		free(mutator->out);
		mutator->out = malloc(max);
		mutator->cap = mutator->out ? max : 0;
	}
	*out = mutator->out;
	if (!*out || size > max)
		return 0;
	memcpy(*out, data, size);
	return mutate_elf(*out, size, max, mutator->seed++);
}

void afl_custom_deinit(void *state)
{
	struct afl_mutator *mutator = state;

	free(mutator->out);
	free(mutator);
}
