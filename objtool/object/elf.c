// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf.c - reads a relocatable ELF object: bytes in, a validated object out
 *
 * The steps, in order, each relying on what the one before has checked:
 *
 *	check_ident		what kind of file this is, from its first 64 bytes
 *	read_headers		the section table
 *	read_sections		names, extents, and the role of each section
 *	reader_read_symbols	names, sections and extents (elf-symbols.c)
 *	reader_read_rest	an index of them by address, and every relocation of an allocated
 *				section (elf-relocs.c)
 *
 * Nothing is copied that can be used where it was read to. Format facts
 * are from the ELF-64 object file format 1.5, the gABI (extended section
 * numbers) and the x86-64 psABI 1.0 (relocation types).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/contents.h>
#include <objtool/outside.h>
#include "elf-reader.h"

/*
 * The bytes at [@off, @off + @len) of the file, or NULL if it ends before. They are there once
 * the file's contents have been read again.
 */
static const u8 *want_bytes(const struct reader *r, u64 off, u64 len)
{
	if (!range_ok(r->file.size, off, len))
		return NULL;
	if (r->contents)
		contents_want(r->contents, off, len);
	return r->file.data + off;
}

static int read_wanted(const struct reader *r)
{
	return r->contents ? contents_read(r->contents, r->obj->pool) : 0;
}

/* --- What kind of file is it? --- */

/* Files that are not ELF but are often given to us, by how they begin. */
static const struct {
	const char *magic;
	size_t len;
	const char *what;
} not_elf[] = {
	{"BC\xc0\xde", 4, "LLVM bitcode (clang LTO): run it on vmlinux.o or the linked module"},
	{"\xde\xc0\x17\x0b", 4,
	 "LLVM bitcode (clang LTO): run it on vmlinux.o or the linked module"},
	{"!<arch>\n", 8, "an archive, not an object"},
	{"!<thin>\n", 8, "a thin archive, not an object"},
	{"\x1f\x8b", 2, "compressed with gzip: decompress it first"},
	{"\xfd"
	 "7zXZ",
	 5, "compressed with xz: decompress it first"},
	{"\x28\xb5\x2f\xfd", 4, "compressed with zstd: decompress it first"},
	{"objtool-checksums\t", 18, "a .checksums file, not an object"},
};

static const struct {
	u16 machine; /* EM_* */
	const char *name;
} machines[] = {
	{EM_386, "32-bit x86"}, {EM_AARCH64, "ARM64"},	  {EM_ARM, "ARM"},
	{EM_S390, "s390"},	{EM_PPC64, "PowerPC 64"}, {EM_PPC, "PowerPC"},
	{EM_RISCV, "RISC-V"},	{EM_MIPS, "MIPS"},	  {EM_LOONGARCH, "LoongArch"},
	{EM_SPARCV9, "SPARC"},	{EM_PARISC, "PA-RISC"},	  {EM_BPF, "BPF"},
};

static const char *const linked_types[] = {
	[ET_EXEC] = "a linked executable",
	[ET_DYN] = "a shared object or position-independent executable",
	[ET_CORE] = "a core dump",
};

static const char *machine_name(u16 machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return NULL;
}

/* Is it ELF at all? What else it is, is said where that helps. */
static int check_magic(const struct reader *r)
{
	if (r->file.size == 0)
		return error("%s: the file is empty", r->path);
	for (size_t i = 0; i < ARRAY_SIZE(not_elf); i++) {
		if (r->file.size >= not_elf[i].len &&
		    memcmp(r->file.data, not_elf[i].magic, not_elf[i].len) == 0)
			return error("%s: this is %s", r->path, not_elf[i].what);
	}
	if (r->file.size < SELFMAG || memcmp(r->file.data, ELFMAG, SELFMAG) != 0)
		return error("%s: not an ELF object", r->path);
	if (r->file.size < sizeof(Elf64_Ehdr))
		return error("%s: truncated: an ELF header takes %zu bytes, the file has %zu",
			     r->path, sizeof(Elf64_Ehdr), r->file.size);
	return 0;
}

/* Is it for x86-64? A known foreign machine is named before its class or byte order. */
static int check_machine(const struct reader *r)
{
	const u8 *id = r->file.data, *field = id + offsetof(Elf64_Ehdr, e_machine);
	bool big = id[EI_DATA] == ELFDATA2MSB;
	u16 machine = get_u16(field);
	const char *name;

	if (big)
		machine = (u16)(field[0] << 8 | field[1]);
	name = machine_name(machine);
	if (name)
		return error("%s: an object for %s; only x86-64 is supported", r->path, name);
	if (id[EI_CLASS] == ELFCLASS32)
		return error("%s: a 32-bit object; only 64-bit x86-64 is supported", r->path);
	if (id[EI_CLASS] != ELFCLASS64)
		return error("%s: damaged: ELF class %u in the header", r->path, id[EI_CLASS]);
	if (big)
		return error("%s: a big-endian object; x86-64 is little-endian", r->path);
	if (id[EI_DATA] != ELFDATA2LSB)
		return error("%s: damaged: ELF byte order %u in the header", r->path, id[EI_DATA]);
	if (machine != EM_X86_64)
		return error("%s: an object for machine %u; only x86-64 is supported", r->path,
			     machine);
	return 0;
}

static int check_ident(const struct reader *r)
{
	const u8 *head = r->file.data;
	u16 type, entsize;

	want_bytes(r, 0, sizeof(Elf64_Ehdr) < r->file.size ? sizeof(Elf64_Ehdr) : r->file.size);
	if (read_wanted(r) || check_magic(r) || check_machine(r))
		return -1;
	if (head[EI_VERSION] != EV_CURRENT ||
	    get_u32(head + offsetof(Elf64_Ehdr, e_version)) != EV_CURRENT)
		return error("%s: damaged: unknown ELF version in the header", r->path);
	type = get_u16(head + offsetof(Elf64_Ehdr, e_type));
	if (type < ARRAY_SIZE(linked_types) && linked_types[type])
		return error("%s: this is %s: run it on the .o, .ko or vmlinux.o", r->path,
			     linked_types[type]);
	if (type != ET_REL)
		return error("%s: damaged: ELF type %u in the header", r->path, type);
	entsize = get_u16(head + offsetof(Elf64_Ehdr, e_shentsize));
	if (entsize != sizeof(Elf64_Shdr))
		return error("%s: damaged: section headers of %u bytes, should be %zu", r->path,
			     entsize, sizeof(Elf64_Shdr));
	return 0;
}

/* --- Sections --- */

/*
 * Find the section table, whose number of headers goes to *@nr. More than 65279 sections do not
 * fit e_shnum, which is then 0, and the first header's sh_size has their number.
 */
static const u8 *find_section_table(const struct reader *r, u64 *nr)
{
	const u8 *head = r->file.data, *table;
	u64 off = get_u64(head + offsetof(Elf64_Ehdr, e_shoff));

	*nr = get_u16(head + offsetof(Elf64_Ehdr, e_shnum));
	if (off == 0) {
		error("%s: no section table", r->path);
		return NULL;
	}
	if (*nr == 0) {
		const u8 *first = want_bytes(r, off, sizeof(Elf64_Shdr));

		if (read_wanted(r))
			return NULL;
		if (first)
			*nr = get_u64(first + offsetof(Elf64_Shdr, sh_size));
	}
	table = *nr > r->file.size / sizeof(Elf64_Shdr)
			? NULL
			: want_bytes(r, off, *nr * sizeof(Elf64_Shdr));
	if (!table) {
		error("%s: truncated: %" PRIu64 " section headers at offset %#" PRIx64
		      ", the file has %zu bytes",
		      r->path, *nr, off, r->file.size);
		return NULL;
	}
	if (*nr < 2 || *nr >= SEC_ABS) {
		error("%s: no sections", r->path);
		return NULL;
	}
	return read_wanted(r) ? NULL : table;
}

static int find_section_names(struct reader *r)
{
	struct span *names = &r->section_names;
	u32 strndx = get_u16(r->file.data + offsetof(Elf64_Ehdr, e_shstrndx));
	const Elf64_Shdr *sh;

	if (strndx == SHN_XINDEX)
		strndx = r->headers[0].sh_link;
	if (strndx == 0 || strndx >= r->obj->nr_sections)
		return error("%s: damaged: section names are in section %u of %u", r->path, strndx,
			     r->obj->nr_sections);
	sh = &r->headers[strndx];
	names->size = sh->sh_size;
	names->data = want_bytes(r, sh->sh_offset, names->size);
	if (read_wanted(r))
		return -1;
	if (sh->sh_type != SHT_STRTAB || !names->data || !names->size ||
	    names->data[names->size - 1] != '\0')
		return error("%s: damaged: the section names (section %u) are no string table "
			     "within the file that ends in NUL",
			     r->path, strndx);
	return 0;
}

/*
 * A copy if the table lies at an odd offset. Not by libelf: for each section it would make a
 * structure of some hundred bytes, none of which is needed here, and there can be 100,000; and
 * to load it and the libraries it needs takes a tenth of the time that a small object does.
 */
static int read_headers(struct reader *r)
{
	const u8 *table;
	u64 nr;

	table = find_section_table(r, &nr);
	if (!table)
		return -1;
	r->obj->nr_sections = (u32)nr;
	if (reader_usable_in_place(table, _Alignof(Elf64_Shdr))) {
		r->headers = (const Elf64_Shdr *)(const void *)table;
	} else {
		r->copied_headers = xreallocarray(NULL, nr, sizeof(*r->headers));
		memcpy(r->copied_headers, table, nr * sizeof(*r->headers));
		r->headers = r->copied_headers;
	}
	return find_section_names(r);
}

/* Are section @i's relocations of no use? Those of debug information are most, where there is any.
 */
static bool is_unrelocated(const struct reader *r, u32 i)
{
	return !(r->headers[i].sh_flags & SHF_ALLOC) || r->unread[i];
}

/* Is it one of those that nobody looks at? They are most of the bytes, or a quarter. */
static bool is_unread(const struct reader *r, u32 i)
{
	const Elf64_Shdr *sh = &r->headers[i];
	const struct section *sec = &r->obj->sections[i];

	if (sh->sh_type == SHT_RELA)
		return sh->sh_info < r->obj->nr_sections && is_unrelocated(r, sh->sh_info);
	return r->unread[i] ||
	       (sh->sh_type == SHT_PROGBITS && !(sec->flags & SF_ALLOC) &&
		(str_starts(sec->name, ".debug_") || str_starts(sec->name, ".zdebug_")));
}

/* What is outside has a size, for symbols, and no more. */
static void judge_contents(const struct reader *r, u32 i)
{
	struct section *sec = &r->obj->sections[i];
	enum outside is = sec->flags & SF_ALLOC ? outside_section(sec->name) : OUTSIDE;

	sec->excluded = is != OUTSIDE_NOT;
	/* Branches to code may be followed. */
	if (is != OUTSIDE_UNREAD || sec->flags & SF_EXEC || sec->type != SHT_PROGBITS)
		return;
	r->unread[i] = true;
	sec->nobits = true;
	sec->data = NULL;
}

/* Fill section @i from its header; its name is there already. */
static int read_section(struct reader *r, u32 i)
{
	const Elf64_Shdr *sh = &r->headers[i];
	struct section *sec = &r->obj->sections[i];

	sec->type = sh->sh_type;
	if (sh->sh_type == SHT_NULL) /* an inactive header: its other fields mean nothing */
		return 0;
	if (sh->sh_size > UINT32_MAX || sh->sh_entsize > UINT32_MAX || sh->sh_flags > UINT32_MAX)
		return section_error(r, i,
				     "damaged: size %#" PRIx64 ", entry size %#" PRIx64
				     ", flags %#" PRIx64 ": none may reach 2^32",
				     sh->sh_size, sh->sh_entsize, sh->sh_flags);
	if (sh->sh_addralign > UINT32_MAX || (sh->sh_addralign & (sh->sh_addralign - 1)))
		return section_error(r, i, "damaged: an alignment of %#" PRIx64, sh->sh_addralign);
	sec->size = (u32)sh->sh_size;
	sec->flags = (u32)sh->sh_flags;
	sec->entsize = (u32)sh->sh_entsize;
	sec->align = sh->sh_addralign ? (u32)sh->sh_addralign : 1;
	sec->nobits = sh->sh_type == SHT_NOBITS;
	if ((sec->flags & SHF_ALLOC) && !*sec->name)
		return section_error(r, i, "damaged: it is loaded and has no name");
	if ((sec->flags & SHF_ALLOC) && (sec->flags & SHF_COMPRESSED))
		return section_error(r, i, "a compressed section that is loaded is not supported");
	if (sec->nobits || !sec->size)
		return 0;
	if (range_ok(r->file.size, sh->sh_offset, sec->size))
		sec->data = r->file.data + sh->sh_offset;
	else
		return section_error(r, i,
				     "truncated: %u bytes at offset %#" PRIx64 ", the file has %zu",
				     sec->size, sh->sh_offset, r->file.size);
	r->in_sections += sec->size;
	if (r->in_sections > r->file.size)
		return section_error(r, i,
				     "damaged: sections overlap: up to this one they have %" PRIu64
				     " bytes, the file has %zu",
				     r->in_sections, r->file.size);
	return 0;
}

/* Check that section @i is an array of entries of @bytes each. */
int reader_check_array(const struct reader *r, u32 i, size_t bytes)
{
	const Elf64_Shdr *sh = &r->headers[i];

	if (sh->sh_entsize != bytes || sh->sh_size % bytes)
		return section_error(r, i,
				     "damaged: %" PRIu64 " bytes in entries of %" PRIu64
				     ", should be entries of %zu",
				     sh->sh_size, sh->sh_entsize, bytes);
	return 0;
}

/*
 * Put relocation section @i in front of the others of the section it is for.
 * A livepatch module has several for one: .rela.text and
 * .klp.rela.vmlinux..text; they are merged. Those of sections that are not
 * loaded, debug info above all, are left alone.
 */
static int note_relocs(struct reader *r, u32 i)
{
	const Elf64_Shdr *sh = &r->headers[i];

	if (sh->sh_info == 0 || sh->sh_info >= r->obj->nr_sections)
		return section_error(r, i, "damaged: relocations for section %u of %u", sh->sh_info,
				     r->obj->nr_sections);
	if (is_unrelocated(r, sh->sh_info))
		return 0;
	if (sh->sh_type == SHT_REL)
		return section_error(r, i,
				     "relocations without addends (SHT_REL) are not used on "
				     "x86-64");
	if (reader_check_array(r, i, RELA_BYTES))
		return -1;
	if (sh->sh_link != r->symtab)
		return section_error(r, i,
				     "damaged: its symbols are in section %u, the symbol "
				     "table is section %u",
				     sh->sh_link, r->symtab);
	r->rela_next[i] = r->rela_first[sh->sh_info];
	r->rela_first[sh->sh_info] = i;
	return 0;
}

static bool has_code(const struct object *obj)
{
	for (u32 i = 1; i < obj->nr_sections; i++)
		if ((obj->sections[i].flags & SF_EXEC) && obj->sections[i].size)
			return true;
	return false;
}

/*
 * Find the symbol table and what belongs to it. gas writes none for a .S file
 * that its #ifdefs leave empty: then there is just the null symbol.
 */
static int find_symtab(struct reader *r)
{
	for (u32 i = 1; i < r->obj->nr_sections; i++) {
		if (r->headers[i].sh_type == SHT_SYMTAB && r->symtab)
			return section_error(r, i, "a second symbol table; the first is section %u",
					     r->symtab);
		if (r->headers[i].sh_type == SHT_SYMTAB)
			r->symtab = i;
	}
	if (!r->symtab && has_code(r->obj))
		return error("%s: no symbol table: was it stripped?", r->path);
	for (u32 i = 1; i < r->obj->nr_sections; i++)
		if (r->headers[i].sh_type == SHT_SYMTAB_SHNDX && r->headers[i].sh_link == r->symtab)
			r->symtab_shndx = i;
	return 0;
}

static int read_sections(struct reader *r)
{
	struct object *obj = r->obj;

	if (read_headers(r))
		return -1;
	obj->sections = arena_alloc(&obj->arena, obj->nr_sections, sizeof(*obj->sections));
	r->rela_first = xcalloc(obj->nr_sections, sizeof(*r->rela_first));
	r->rela_next = xcalloc(obj->nr_sections, sizeof(*r->rela_next));
	r->unread = xcalloc(obj->nr_sections, sizeof(*r->unread));
	obj->sections[0].name = "";
	for (u32 i = 1; i < obj->nr_sections; i++) {
		u32 name = r->headers[i].sh_name;

		obj->sections[i].name = "";
		if (name >= r->section_names.size)
			return section_error(r, i,
					     "damaged: its name is at %#x of %#zx bytes of names",
					     name, r->section_names.size);
		obj->sections[i].name = (const char *)r->section_names.data + name;
		r->in_names += strlen(obj->sections[i].name);
		if (r->in_names > reader_names_limit(r))
			return section_error(r, i, "refused: names share too many bytes");
		if (read_section(r, i))
			return -1;
		r->gcc_lto |= str_starts(obj->sections[i].name, ".gnu.lto_");
	}
	for (u32 i = 0; i < obj->nr_sections; i++)
		judge_contents(r, i);
	for (u32 i = 1; i < obj->nr_sections; i++)
		if (!obj->sections[i].nobits && !is_unread(r, i))
			want_bytes(r, r->headers[i].sh_offset, obj->sections[i].size);
	if (read_wanted(r) || find_symtab(r))
		return -1;
	for (u32 i = obj->nr_sections - 1; i; i--) /* backwards, as each goes to the front */
		if ((r->headers[i].sh_type == SHT_RELA || r->headers[i].sh_type == SHT_REL) &&
		    note_relocs(r, i))
			return -1;
	return 0;
}

/* --- Opening and closing --- */

/*
 * Of a file of this size, all that is known of it is about half as much again: one large piece of
 * memory for that, and one for what each step sorts, instead of dozens.
 */
#define LARGE (8U << 20)

/* Read the object at @bytes; those that come from a file are still to be read to there. */
static struct object *read_object(const char *path, struct span bytes, struct contents *contents,
				  struct pool *pool)
{
	struct object *obj = xcalloc(1, sizeof(*obj));
	struct reader r = {.obj = obj, .path = path, .file = bytes, .contents = contents};
	bool ok;

	if (bytes.size >= LARGE) {
		arena_reserve(&obj->arena, bytes.size / 2);
		scratch_get(&obj->scratch, bytes.size / 8, 1);
	}
	obj->path = arena_strdup(&obj->arena, path);
	obj->file_size = bytes.size;
	obj->pool = pool;
	ok = !check_ident(&r) && !read_sections(&r) && !reader_read_symbols(&r) &&
	     !reader_read_rest(&r);
	free(r.copied_headers);
	free(r.rela_first);
	free(r.rela_next);
	free(r.unread);
	if (ok)
		return obj;
	object_close(obj);
	return NULL;
}

struct object *object_open_mem(const char *path, const void *image, size_t size, struct pool *pool)
{
	return read_object(path, (struct span){image, size}, NULL, pool);
}

/* A file up to this size is one thread's: all there is to do takes less than starting others. */
#define FOR_ONE (512U << 10)

struct object *object_open(const char *path, struct pool *pool, enum contents_use use)
{
	struct contents contents;
	struct object *obj;

	if (contents_open(&contents, path, use))
		return NULL;
	obj = read_object(path, (struct span){contents.data, contents.size}, &contents,
			  contents.size < FOR_ONE ? NULL : pool);
	if (!obj) {
		contents_close(&contents);
		return NULL;
	}
	obj->contents = xcalloc(1, sizeof(*obj->contents));
	*obj->contents = contents;
	return obj;
}

int object_confirm(const struct object *obj)
{
	return obj->contents ? contents_confirm(obj->contents) : 0;
}

void object_forget(struct object *obj, struct arena *spare)
{
	scratch_free(&obj->scratch);
	arena_pass_on(&obj->arena, spare);
}

void object_close(struct object *obj)
{
	if (!obj)
		return;
	if (obj->contents)
		contents_close(obj->contents);
	scratch_free(&obj->scratch);
	arena_free(&obj->arena);
	free(obj->contents);
	free(obj);
}

/* --- Looking things up --- */

const struct section *object_section(const struct object *obj, const char *name)
{
	for (u32 i = 1; i < obj->nr_sections; i++)
		if (strcmp(obj->sections[i].name, name) == 0)
			return &obj->sections[i];
	return NULL;
}
