// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * elf.c - reads a relocatable ELF object: bytes in, a validated object out
 *
 * The only file that meets ELF structures. The steps, in order, each relying
 * on what the one before has checked:
 *
 *	check_ident	what kind of file this is, from its first 64 bytes
 *	read_headers	the section table
 *	read_sections	names, extents, and the role of each section
 *	read_symbols	names, sections and extents
 *	read_rest	an index of them by address, and every relocation of an allocated
 *			section
 *
 * Nothing is copied that can be used where it was read to. Format facts
 * are from the ELF-64 object file format 1.5, the gABI (extended section
 * numbers) and the x86-64 psABI 1.0 (relocation types).
 */
#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <objtool/contents.h>
#include <objtool/elf.h>
#include <objtool/log.h>
#include <objtool/outside.h>
#include <objtool/pool.h>
#include <objtool/sort.h>

#define SYM_BYTES  sizeof(Elf64_Sym)
#define RELA_BYTES sizeof(Elf64_Rela)

/* Symbols of livepatch modules that the kernel resolves when it loads them. */
#define SHN_LIVEPATCH 0xff20

/* Relocations in one struct reloc_range. */
#define RANGE 4096U

/* What one thread takes at once. */
#define SYMBOLS_AT_ONCE	 4096U
#define SECTIONS_AT_ONCE 64

/* What is known while an object is being read. */
struct reader {
	struct object *obj;
	const char *path;
	struct span file;
	struct contents *contents; /* which .file is read to, NULL if it is all there */
	struct span section_names, symbol_names; /* each ends in NUL */
	const Elf64_Shdr *headers;		 /* one a section: in the file, or */
	Elf64_Shdr *copied_headers;		 /* a copy of those, NULL if there is none */
	u32 symtab;				 /* section index of the symbol table */
	u32 symtab_shndx; /* and of its extended section indexes, 0 if none */
	u32 *rela_first;  /* by section index: its first relocation section, 0 if none */
	u32 *rela_next;	  /* by relocation section index: the next one of the same section */
	bool *unread;	  /* by section: it is loaded, and nobody looks at it */
	u64 in_sections;  /* bytes of the file that are in sections, so far */
	u64 in_names;	  /* and of their names */
	bool gcc_lto;	  /* there are .gnu.lto_* sections */
};

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

/* Can structures of this alignment be used where they lie in the file? */
static bool usable_in_place(const u8 *raw, size_t alignment)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && (uintptr_t)raw % alignment == 0;
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
	if (usable_in_place(table, _Alignof(Elf64_Shdr))) {
		r->headers = (const Elf64_Shdr *)(const void *)table;
	} else {
		r->copied_headers = xreallocarray(NULL, nr, sizeof(*r->headers));
		memcpy(r->copied_headers, table, nr * sizeof(*r->headers));
		r->headers = r->copied_headers;
	}
	return find_section_names(r);
}

/*
 * Names may share bytes: ".text" is the end of ".rela.text", and many symbols have one
 * name. But a hundred thousand that are all the end of one of a megabyte would be
 * too much to hash, and to write. In bytes.
 */
static u64 names_limit(const struct reader *r)
{
	return (u64)r->file.size * 2;
}

/* A refusal that names section @i: "FILE: section 5 (.text): WHAT". */
#define section_error(r, i, fmt, ...) \
	error("%s: section %u (%s): " fmt, (r)->path, i, (r)->obj->sections[i].name, ##__VA_ARGS__)

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
static int check_array(const struct reader *r, u32 i, size_t bytes)
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
	if (check_array(r, i, RELA_BYTES))
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
		if (r->in_names > names_limit(r))
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

/* --- Symbols --- */

/* A refusal that names symbol @i. */
#define symbol_error(r, i, fmt, ...) \
	error("%s: symbol %u (%s): " fmt, (r)->path, i, (r)->obj->symbols[i].name, ##__VA_ARGS__)

/* Turn @shndx, as found in symbol @i, into a section index or SEC_*. */
static int symbol_section(const struct reader *r, u32 i, u16 shndx, u32 *sec)
{
	const u8 *more = r->obj->sections[r->symtab_shndx].data;

	*sec = shndx;
	if (shndx == SHN_ABS)
		*sec = SEC_ABS;
	else if (shndx == SHN_COMMON)
		*sec = SEC_COMMON;
	else if (shndx == SHN_LIVEPATCH)
		*sec = SEC_UNDEF;
	else if (shndx == SHN_XINDEX && more)
		*sec = get_u32(more + (size_t)i * sizeof(u32));
	else if (shndx >= SHN_LORESERVE)
		return symbol_error(r, i, "damaged: section index %#x has no meaning here", shndx);
	if (*sec < SEC_ABS && *sec >= r->obj->nr_sections)
		return symbol_error(r, i, "damaged: it is in section %u of %u", *sec,
				    r->obj->nr_sections);
	return 0;
}

/* Fill symbol @i from its entry @raw in the file. */
static int read_symbol(const struct reader *r, u32 i, const u8 *raw)
{
	struct symbol *sym = &r->obj->symbols[i];
	u32 name = get_u32(raw + offsetof(Elf64_Sym, st_name));
	u64 size = get_u64(raw + offsetof(Elf64_Sym, st_size));
	u8 info = raw[offsetof(Elf64_Sym, st_info)];

	sym->name = "";
	if (name && name >= r->symbol_names.size)
		return symbol_error(r, i, "damaged: its name is at %#x of %#zx bytes of names",
				    name, r->symbol_names.size);
	if (name)
		sym->name = (const char *)r->symbol_names.data + name;
	sym->type = ELF64_ST_TYPE(info);
	sym->bind = ELF64_ST_BIND(info);
	sym->visibility = ELF64_ST_VISIBILITY(raw[offsetof(Elf64_Sym, st_other)]);
	sym->value = get_u64(raw + offsetof(Elf64_Sym, st_value));
	if (symbol_section(r, i, get_u16(raw + offsetof(Elf64_Sym, st_shndx)), &sym->sec))
		return -1;
	if (symbol_defined(sym)) {
		const struct section *sec = &r->obj->sections[sym->sec];

		if (!range_ok(sec->size, sym->value, size))
			return symbol_error(r, i,
					    "damaged: %#" PRIx64 " bytes at %s+%#" PRIx64
					    ", which has %#x",
					    size, sec->name, sym->value, sec->size);
		if (sym->type == SYM_SECTION)
			sym->name = sec->name;
	}
	if (size > UINT32_MAX)
		return symbol_error(r, i, "damaged: a size of %#" PRIx64 ": none may reach 2^32",
				    size);
	sym->size = (u32)size;
	/* What is defined here gets a record by its name; what is common always, whatever it is. */
	if (sym->sec != SEC_UNDEF && !*sym->name &&
	    (sym->sec == SEC_COMMON ||
	     (sym->type != SYM_FILE && !(sym->type == SYM_SECTION && symbol_defined(sym)))))
		return symbol_error(r, i, "damaged: it is defined here and has no name");
	return 0;
}

/* Slim LTO leaves no code in the object, and says so by a symbol. */
static int check_gcc_lto(const struct reader *r)
{
	for (u32 i = 1; r->gcc_lto && i < r->obj->nr_symbols; i++)
		if (strcmp(r->obj->symbols[i].name, "__gnu_lto_slim") == 0)
			return error(
				"%s: GCC LTO bytecode without code: run it on vmlinux.o or the "
				"linked module, or build with -ffat-lto-objects",
				r->path);
	return 0;
}

/* Check the symbol table's header and those of the tables it needs. */
static int check_symtab(struct reader *r)
{
	const Elf64_Shdr *sh = &r->headers[r->symtab];
	const struct section *strings;

	if (check_array(r, r->symtab, SYM_BYTES))
		return -1;
	if (sh->sh_size == 0 || sh->sh_info > sh->sh_size / SYM_BYTES)
		return section_error(r, r->symtab, "damaged: %u local symbols of %" PRIu64,
				     sh->sh_info, sh->sh_size / SYM_BYTES);
	if (r->symtab_shndx && check_array(r, r->symtab_shndx, sizeof(u32)))
		return -1;
	if (r->symtab_shndx &&
	    r->headers[r->symtab_shndx].sh_size / sizeof(u32) != sh->sh_size / SYM_BYTES)
		return section_error(r, r->symtab_shndx,
				     "damaged: not one section index for each of %" PRIu64
				     " symbols",
				     sh->sh_size / SYM_BYTES);
	if (sh->sh_link == 0 || sh->sh_link >= r->obj->nr_sections ||
	    r->headers[sh->sh_link].sh_type != SHT_STRTAB)
		return section_error(r, r->symtab,
				     "damaged: its names are in section %u, which is "
				     "no string table",
				     sh->sh_link);
	strings = &r->obj->sections[sh->sh_link];
	if (strings->size && strings->data[strings->size - 1] != '\0')
		return section_error(r, sh->sh_link, "damaged: the symbol names do not end in NUL");
	r->symbol_names = (struct span){strings->data, strings->size};
	return 0;
}

static bool in_by_addr(const struct symbol *sym)
{
	return symbol_defined(sym) && sym->type != SYM_SECTION && sym->type != SYM_FILE;
}

/* Symbols whose sections one thread takes at once, and sections that have none. */
#define CUT_SYMBOLS  4096U
#define CUT_SECTIONS 256U

/*
 * Cut the sections to runs that are about as much work each as far as that is for their symbols:
 * half of those of a kernel are in four of its 12,000 sections, one behind the other.
 */
static void cut_sections(struct object *obj)
{
	u32 symbols = 0, first = 0;

	obj->cuts = arena_alloc(&obj->arena, (size_t)obj->nr_sections + 1, sizeof(*obj->cuts));
	for (u32 s = 0; s < obj->nr_sections; s++) {
		const struct section *sec = &obj->sections[s];

		if (s > first &&
		    (symbols + sec->nr_syms > CUT_SYMBOLS || s - first == CUT_SECTIONS)) {
			obj->cuts[++obj->nr_cuts] = first = s;
			symbols = 0;
		}
		symbols += sec->nr_syms;
	}
	obj->cuts[++obj->nr_cuts] = obj->nr_sections;
}

struct sections {
	const struct object *obj;
	section_fn *fn;
	void *ctx;
};

static void run_sections(void *ctx, unsigned int worker, size_t i)
{
	const struct sections *all = ctx;

	all->fn(all->ctx, worker, all->obj->cuts[i], all->obj->cuts[i + 1]);
}

void object_each_section(const struct object *obj, section_fn *fn, void *ctx)
{
	struct sections all = {obj, fn, ctx};

	pool_run(obj->pool, obj->nr_cuts, run_sections, &all);
}

/* Keys of symbols, value << 32 | index, in by_addr's order but for the sorting of each run. */
struct runs {
	struct object *obj;
	u64 *keys; /* and as much room again to sort in */
};

static void sort_runs(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct runs *runs = ctx;
	struct object *obj = runs->obj;

	(void)worker;
	for (size_t i = from; i < end; i++) {
		const struct section *sec = &obj->sections[i];
		u64 *keys = runs->keys + sec->first_sym;

		sort_high(keys, keys + obj->nr_by_addr, sec->nr_syms);
		for (u32 k = 0; k < sec->nr_syms; k++)
			obj->by_addr[sec->first_sym + k] = (u32)keys[k];
	}
}

/* Fill by_addr and each section's run in it: by section first, then each run by value. */
static void index_symbols(struct object *obj)
{
	struct runs runs = {.obj = obj};
	u32 at = 0;

	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (in_by_addr(&obj->symbols[i]))
			obj->sections[obj->symbols[i].sec].nr_syms++;
	for (u32 i = 0; i < obj->nr_sections; i++) {
		obj->sections[i].first_sym = at;
		at += obj->sections[i].nr_syms;
		obj->sections[i].nr_syms = 0;
	}
	obj->nr_by_addr = at;
	obj->by_addr = arena_alloc(&obj->arena, at, sizeof(*obj->by_addr));
	runs.keys = scratch_get(&obj->scratch, at, 2 * sizeof(*runs.keys));
	for (u32 i = 1; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];

		if (in_by_addr(sym)) {
			struct section *sec = &obj->sections[sym->sec];

			runs.keys[sec->first_sym + sec->nr_syms++] = sym->value << 32 | i;
		}
	}
	cut_sections(obj);
	object_each_section(obj, sort_runs, &runs);
}

/* The symbols that one thread reads at once. */
struct symbol_range {
	u32 first_file, last_file; /* STT_FILE symbols among them, 0 if none is */
	u32 last_local;		   /* 0 if none is */
	bool common;		   /* one of them is */
	bool bad;		   /* one of them is refused */
};

struct symbols {
	const struct reader *r;
	struct symbol_range *ranges;
};

/* Linkers write names in an order of their own: those of so many symbols later are asked for. */
#define NAMES_AHEAD 8U

static ALWAYS_INLINE void fetch_name(const struct reader *r, const u8 *raw)
{
	u32 name = get_u32(raw + offsetof(Elf64_Sym, st_name));

	if (name < r->symbol_names.size)
		__builtin_prefetch(r->symbol_names.data + name);
}

/* Silent about what is wrong: of several ranges, only the first bad symbol is to be named. */
static void read_symbol_range(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct symbols *all = ctx;
	struct object *obj = all->r->obj;
	const u8 *raw = obj->sections[all->r->symtab].data;
	struct symbol_range *range = &all->ranges[from / SYMBOLS_AT_ONCE];
	struct log_text said = {0}, *before = log_keep(&said);

	(void)worker;
	for (u32 i = from ? (u32)from : 1; i < end && !range->bad; i++) {
		if (i + NAMES_AHEAD < end)
			fetch_name(all->r, raw + (i + NAMES_AHEAD) * SYM_BYTES);
		range->bad = read_symbol(all->r, i, raw + i * SYM_BYTES);
		range->common |= obj->symbols[i].sec == SEC_COMMON;
		if (obj->symbols[i].bind == BIND_LOCAL)
			range->last_local = i;
		if (obj->symbols[i].type == SYM_FILE) {
			range->last_file = i;
			range->first_file = range->first_file ? range->first_file : i;
		} else if (obj->symbols[i].bind == BIND_LOCAL) {
			obj->symbols[i].file = range->last_file;
		}
	}
	log_keep(before);
	free(said.text);
}

/* Read the bad range again, this time aloud. */
static int refuse_symbol(const struct reader *r, u32 range)
{
	const u8 *raw = r->obj->sections[r->symtab].data;
	u32 i = range ? range * SYMBOLS_AT_ONCE : 1;

	while (!read_symbol(r, i, raw + i * SYM_BYTES))
		i++;
	return -1;
}

/*
 * Where locals end, and whether there are commons; and those before the first file of a range are
 * of the last one before the range.
 */
static void carry_files(const struct symbols *all, u32 nr_ranges)
{
	struct object *obj = all->r->obj;
	u32 file = 0;

	for (u32 k = 0; k < nr_ranges; k++) {
		const struct symbol_range *range = &all->ranges[k];
		u32 first = k * SYMBOLS_AT_ONCE, end = first + SYMBOLS_AT_ONCE;

		obj->has_commons |= range->common;
		if (range->last_local)
			obj->nr_locals = range->last_local + 1;
		if (end > obj->nr_symbols)
			end = obj->nr_symbols;
		if (range->first_file)
			end = range->first_file;
		for (u32 i = first; file && i < end; i++)
			if (obj->symbols[i].bind == BIND_LOCAL)
				obj->symbols[i].file = file;
		if (range->last_file)
			file = range->last_file;
	}
}

static int read_all_symbols(const struct reader *r)
{
	struct object *obj = r->obj;
	u32 nr_ranges = obj->nr_symbols / SYMBOLS_AT_ONCE + 1, bad = 0;
	struct symbols all = {r, xcalloc(nr_ranges, sizeof(*all.ranges))};

	pool_ranges(obj->pool, obj->nr_symbols, SYMBOLS_AT_ONCE, read_symbol_range, &all);
	while (bad < nr_ranges && !all.ranges[bad].bad)
		bad++;
	if (bad == nr_ranges)
		carry_files(&all, nr_ranges);
	free(all.ranges);
	return bad < nr_ranges ? refuse_symbol(r, bad) : 0;
}

/* Names are shorter than two blocks if there is a NUL in each. */
#define NAME_BLOCK 128U

static bool names_are_short(struct span names)
{
	for (size_t at = 0; names.size - at >= NAME_BLOCK; at += NAME_BLOCK)
		if (!memchr(names.data + at, 0, NAME_BLOCK))
			return false;
	return true;
}

/* The names of symbols and, once for each that is local, of their files: see names_limit(). */
static int check_names(const struct reader *r, bool all_short)
{
	const struct symbol *symbols = r->obj->symbols;
	u64 sum = 0;

	if (all_short && (u64)r->obj->nr_symbols * 2 * 2 * NAME_BLOCK <= names_limit(r))
		return 0;
	for (u32 i = 1; i < r->obj->nr_symbols; i++) {
		sum += strlen(symbols[i].name) +
		       (symbols[i].file ? strlen(symbols[symbols[i].file].name) : 0);
		if (sum > names_limit(r))
			return error("%s: symbol %u: refused: names share too many bytes", r->path,
				     i);
	}
	return 0;
}

/*
 * What is known of a symbol, of one that has a place and so a record, and of a section takes about
 * so many bytes, up to the line that is written. Where all are as small as can be, that is more
 * than four times the file. Compilers make one symbol for each 270 bytes of an object of a
 * megabyte; for small ones there is the memory that is taken for any.
 */
#define BYTES_PER_SYMBOL  64U
#define BYTES_PER_PLACED  340U
#define BYTES_PER_SECTION 150U
#define BYTES_FOR_ANY	  (28U << 20)

static int check_number(const struct reader *r)
{
	const struct object *obj = r->obj;
	u64 need = (u64)obj->nr_symbols * BYTES_PER_SYMBOL +
		   (u64)obj->nr_by_addr * BYTES_PER_PLACED +
		   (u64)obj->nr_sections * BYTES_PER_SECTION;

	if (need <= BYTES_FOR_ANY + (u64)obj->file_size * 3)
		return 0;
	return error("%s: refused: %u symbols and %u sections are too many for %zu bytes", r->path,
		     obj->nr_symbols, obj->nr_sections, obj->file_size);
}

static int read_symbols(struct reader *r)
{
	struct object *obj = r->obj;

	if (r->symtab && check_symtab(r))
		return -1;
	obj->nr_symbols = r->symtab ? (u32)(obj->sections[r->symtab].size / SYM_BYTES) : 1;
	obj->symbols = arena_alloc(&obj->arena, obj->nr_symbols, sizeof(*obj->symbols));
	obj->symbols[0].name = "";
	return read_all_symbols(r);
}

/* --- Relocations --- */

/* Bytes filled by each relocation type (psABI 1.0, table 4.9), 0xff if there is no such type. */
static const u8 reloc_bytes[] = {
	[R_X86_64_NONE] = 0,
	[R_X86_64_64] = 8,
	[R_X86_64_PC32] = 4,
	[R_X86_64_GOT32] = 4,
	[R_X86_64_PLT32] = 4,
	[R_X86_64_COPY] = 0xff, /* this and the next three: only in linked files */
	[R_X86_64_GLOB_DAT] = 0xff,
	[R_X86_64_JUMP_SLOT] = 0xff,
	[R_X86_64_RELATIVE] = 0xff,
	[R_X86_64_GOTPCREL] = 4,
	[R_X86_64_32] = 4,
	[R_X86_64_32S] = 4,
	[R_X86_64_16] = 2,
	[R_X86_64_PC16] = 2,
	[R_X86_64_8] = 1,
	[R_X86_64_PC8] = 1,
	[R_X86_64_DTPMOD64] = 8,
	[R_X86_64_DTPOFF64] = 8,
	[R_X86_64_TPOFF64] = 8,
	[R_X86_64_TLSGD] = 4,
	[R_X86_64_TLSLD] = 4,
	[R_X86_64_DTPOFF32] = 4,
	[R_X86_64_GOTTPOFF] = 4,
	[R_X86_64_TPOFF32] = 4,
	[R_X86_64_PC64] = 8,
	[R_X86_64_GOTOFF64] = 8,
	[R_X86_64_GOTPC32] = 4,
	[R_X86_64_GOT64] = 8,
	[R_X86_64_GOTPCREL64] = 8,
	[R_X86_64_GOTPC64] = 8,
	[R_X86_64_GOTPLT64] = 8,
	[R_X86_64_PLTOFF64] = 8,
	[R_X86_64_SIZE32] = 4,
	[R_X86_64_SIZE64] = 8,
	[R_X86_64_GOTPC32_TLSDESC] = 4,
	[R_X86_64_TLSDESC_CALL] = 0, /* marks a call, fills nothing */
	[R_X86_64_TLSDESC] = 16,
	[R_X86_64_IRELATIVE] = 0xff, /* linked files again */
	[R_X86_64_RELATIVE64] = 0xff,
	[39] = 4, /* R_X86_64_PC32_BND and R_X86_64_PLT32_BND: gas 2.25 and 2.26 with
		     -madd-bnd-prefix */
	[40] = 4,
	[R_X86_64_GOTPCRELX] = 4,
	[R_X86_64_REX_GOTPCRELX] = 4,
};

_Static_assert(sizeof(struct reloc) == sizeof(Elf64_Rela) &&
		       offsetof(struct reloc, addend) == offsetof(Elf64_Rela, r_addend) &&
		       offsetof(struct reloc, type) == offsetof(Elf64_Rela, r_info),
	       "struct reloc is laid out as Elf64_Rela");

/* Decode the relocations of one relocation section to @out; returns their number. */
static u32 copy_relocs(const struct section *rela, struct reloc *out)
{
	u32 nr = (u32)(rela->size / RELA_BYTES);

	for (u32 i = 0; i < nr; i++) {
		const u8 *raw = rela->data + i * RELA_BYTES;

		out[i] = (struct reloc){
			.offset = get_u64(raw),
			.type = get_u32(raw + offsetof(struct reloc, type)),
			.sym = get_u32(raw + offsetof(struct reloc, sym)),
			.addend = (s64)get_u64(raw + offsetof(struct reloc, addend)),
		};
	}
	return nr;
}

/* Set section @i's relocations, unchecked and unsorted: in place if that is possible. */
static int gather_relocs(const struct reader *r, u32 i)
{
	struct object *obj = r->obj;
	struct section *sec = &obj->sections[i];
	const struct section *first = &obj->sections[r->rela_first[i]];
	struct reloc *copy;
	u64 nr = 0;

	for (u32 rela = r->rela_first[i]; rela; rela = r->rela_next[rela])
		nr += obj->sections[rela].size / RELA_BYTES;
	if (nr > UINT32_MAX)
		return section_error(r, i, "%" PRIu64 " relocations are too many", nr);
	sec->nr_relocs = (u32)nr;
	if (nr == 0)
		return 0;
	if (nr == first->size / RELA_BYTES &&
	    usable_in_place(first->data, _Alignof(struct reloc))) {
		sec->relocs = (const struct reloc *)(const void *)first->data;
		return 0;
	}
	copy = arena_alloc(&obj->arena, nr, sizeof(*copy));
	sec->relocs = copy;
	for (u32 rela = r->rela_first[i]; rela; rela = r->rela_next[rela])
		copy += copy_relocs(&obj->sections[rela], copy);
	return 0;
}

/* Say what is wrong with relocation @rel of section @i. */
static int refuse_reloc(const struct reader *r, u32 i, const struct reloc *rel)
{
	u32 nr = (u32)(rel - r->obj->sections[i].relocs);

	if (rel->type >= ARRAY_SIZE(reloc_bytes) || reloc_bytes[rel->type] == 0xff)
		return section_error(r, i,
				     "relocation %u at %#" PRIx64
				     ": type %u is not one of relocatable x86-64 objects",
				     nr, rel->offset, rel->type);
	if (rel->sym >= r->obj->nr_symbols)
		return section_error(
			r, i, "damaged: relocation %u at %#" PRIx64 " is against symbol %u of %u",
			nr, rel->offset, rel->sym, r->obj->nr_symbols);
	return section_error(
		r, i, "damaged: relocation %u fills %u bytes at %#" PRIx64 ", the section has %#x",
		nr, reloc_bytes[rel->type], rel->offset, r->obj->sections[i].size);
}

/*
 * An index of the relocations of a section: 480,000 of a kernel are in its .text, of which each
 * function has those of its own looked up. A cell of 256 bytes has about nine.
 */
#define RELOC_CELL 8
#define FEW_RELOCS 32U

static u32 nr_cells(const struct section *sec)
{
	return (sec->size >> RELOC_CELL) + 2;
}

static bool has_cells(const struct section *sec)
{
	return sec->data && sec->nr_relocs >= FEW_RELOCS;
}

/*
 * Relocation @nr, at @off, is the first of the cells that start at @from, or behind, and not behind
 * @off. Returns where the next cell starts.
 */
static u64 fill_cells(const struct section *sec, u64 from, u64 off, u32 nr)
{
	u64 cell = from >> RELOC_CELL;

	for (u64 end = nr_cells(sec); cell <= off >> RELOC_CELL && cell < end; cell++)
		__atomic_store_n(&sec->reloc_cells[cell], nr, __ATOMIC_RELAXED);
	return cell << RELOC_CELL;
}

static u64 next_cell(u64 off)
{
	return ((off >> RELOC_CELL) + 1) << RELOC_CELL;
}

/* What is found out about the relocations, by section; and about names. */
struct judgement {
	struct object *obj;
	struct span names;
	bool short_names;
	struct reloc_range *ranges;
	u32 nr_ranges;
	u8 *bad;	       /* some are refused */
	u8 *unsorted;	       /* some are not in the order of their offsets */
	struct reloc **sorted; /* room for the sorted ones */
};

/* In a section of @size bytes, against one of @nr_symbols. */
static bool is_good_reloc(u32 size, u32 nr_symbols, const struct reloc *rel)
{
	return rel->type < ARRAY_SIZE(reloc_bytes) && reloc_bytes[rel->type] != 0xff &&
	       rel->sym < nr_symbols && range_ok(size, rel->offset, reloc_bytes[rel->type]);
}

static void judge_range(const struct judgement *j, const struct reloc_range *range)
{
	const struct section *sec = &j->obj->sections[range->sec];
	u64 last = range->from ? sec->relocs[range->from - 1].offset : 0;
	u64 cell = range->from ? next_cell(last) : 0;
	const struct reloc *first = &sec->relocs[range->from], *end = &sec->relocs[range->end];
	u32 size = sec->size, nr_symbols = j->obj->nr_symbols;
	bool good = true, sorted = true;

	/* In vain if they turn out not to be sorted: but then the others see that, and do not. */
	if (!sec->reloc_cells || __atomic_load_n(&j->unsorted[range->sec], __ATOMIC_RELAXED))
		cell = UINT64_MAX;
	for (const struct reloc *rel = first; rel < end; rel++) {
		good &= is_good_reloc(size, nr_symbols, rel);
		sorted &= rel->offset >= last;
		last = rel->offset;
		if (last >= cell)
			cell = fill_cells(sec, cell, last, range->from + (u32)(rel - first));
	}
	if (cell != UINT64_MAX && range->end == sec->nr_relocs)
		fill_cells(sec, cell, UINT64_MAX, sec->nr_relocs);
	if (!good)
		__atomic_store_n(&j->bad[range->sec], 1, __ATOMIC_RELAXED);
	if (!sorted)
		__atomic_store_n(&j->unsorted[range->sec], 1, __ATOMIC_RELAXED);
}

static void judge_ranges(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct judgement *j = ctx;

	(void)worker;
	for (size_t i = from; i < end; i++)
		judge_range(j, &j->ranges[i]);
}

/*
 * gas writes the relocations of jumps it may relax behind all the others of
 * their section. Equal offsets keep their order.
 */
static void sort_relocs(struct section *sec, struct reloc *sorted)
{
	u64 *keys = xreallocarray(NULL, sec->nr_relocs, 2 * sizeof(*keys)), cell = 0;

	for (u32 i = 0; i < sec->nr_relocs; i++)
		keys[i] = sec->relocs[i].offset << 32 | i;
	sort_high(keys, keys + sec->nr_relocs, sec->nr_relocs);
	for (u32 i = 0; i < sec->nr_relocs; i++)
		sorted[i] = sec->relocs[(u32)keys[i]];
	sec->relocs = sorted;
	free(keys);
	if (!sec->reloc_cells)
		return;
	for (u32 i = 0; i < sec->nr_relocs; i++)
		cell = fill_cells(sec, cell, sorted[i].offset, i);
	fill_cells(sec, cell, UINT64_MAX, sec->nr_relocs);
}

static void sort_sections(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct judgement *j = ctx;

	(void)worker;
	for (size_t s = from; s < end; s++)
		if (j->sorted[s])
			sort_relocs(&j->obj->sections[s], j->sorted[s]);
}

/* Name the first relocation that is refused. */
static int refuse_section_relocs(const struct reader *r, u32 s)
{
	const struct section *sec = &r->obj->sections[s];
	const struct reloc *rel = sec->relocs;

	while (is_good_reloc(sec->size, r->obj->nr_symbols, rel))
		rel++;
	return refuse_reloc(r, s, rel);
}

/* Refuse what is bad, and sort what is not. */
static int refuse_or_sort(const struct reader *r, struct judgement *j)
{
	struct object *obj = r->obj;

	for (u32 s = 1; s < obj->nr_sections; s++) {
		const struct section *sec = &obj->sections[s];

		if (sec->nr_relocs && sec->nobits)
			return section_error(r, s,
					     "damaged: relocations for a section without contents");
		if (j->bad[s])
			return refuse_section_relocs(r, s);
		if (j->unsorted[s])
			j->sorted[s] =
				arena_alloc(&obj->arena, sec->nr_relocs, sizeof(**j->sorted));
	}
	pool_ranges(obj->pool, obj->nr_sections, SECTIONS_AT_ONCE, sort_sections, j);
	return 0;
}

static void make_cells(struct object *obj)
{
	u64 nr = 0;
	u32 *cells;

	for (u32 s = 1; s < obj->nr_sections; s++)
		nr += has_cells(&obj->sections[s]) ? nr_cells(&obj->sections[s]) : 0;
	cells = arena_alloc(&obj->arena, nr, sizeof(*cells));
	for (u32 s = 1; s < obj->nr_sections; s++) {
		if (!has_cells(&obj->sections[s]))
			continue;
		obj->sections[s].reloc_cells = cells;
		cells += nr_cells(&obj->sections[s]);
	}
}

/* Once symbols are read, these have nothing to do with each other. */
static void index_or_judge(void *ctx, unsigned int worker, size_t item)
{
	struct judgement *j = ctx;

	(void)worker;
	if (item == 0)
		index_symbols(j->obj);
	else if (item == 1)
		pool_ranges(j->obj->pool, j->nr_ranges, RELOC_RANGES_AT_ONCE, judge_ranges, j);
	else
		j->short_names = names_are_short(j->names);
}

static int read_rest(const struct reader *r)
{
	struct object *obj = r->obj;
	u32 nr = obj->nr_sections;
	struct judgement j = {.obj = obj, .names = r->symbol_names};
	bool bad;

	for (u32 s = 1; s < nr; s++)
		if (r->rela_first[s] && gather_relocs(r, s))
			return -1;
	make_cells(obj);
	j.nr_ranges = object_reloc_ranges(obj, &j.ranges);
	j.bad = xcalloc(nr, 1);
	j.unsorted = xcalloc(nr, 1);
	j.sorted = xcalloc(nr, sizeof(*j.sorted));
	pool_run(obj->pool, 3, index_or_judge, &j);
	bad = check_names(r, j.short_names) || check_gcc_lto(r) || check_number(r) ||
	      refuse_or_sort(r, &j);
	free(j.ranges);
	free(j.bad);
	free(j.unsorted);
	free(j.sorted);
	return bad ? -1 : 0;
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
	ok = !check_ident(&r) && !read_sections(&r) && !read_symbols(&r) && !read_rest(&r);
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

u32 object_reloc_ranges(const struct object *obj, struct reloc_range **ranges)
{
	u32 nr = 0, n = 0;

	for (u32 s = 1; s < obj->nr_sections; s++)
		nr += obj->sections[s].nr_relocs / RANGE + 1;
	*ranges = xreallocarray(NULL, nr, sizeof(**ranges));
	for (u32 s = 1; s < obj->nr_sections; s++)
		for (u32 left = obj->sections[s].nr_relocs; left;) {
			u32 from = obj->sections[s].nr_relocs - left;
			u32 count = left < RANGE ? left : RANGE;

			(*ranges)[n++] = (struct reloc_range){s, from, from + count};
			left -= count;
		}
	return n;
}

u32 section_reloc_from(const struct section *sec, u64 off)
{
	u32 low = 0, high = sec->nr_relocs;

	if (sec->reloc_cells && off < sec->size) {
		low = sec->reloc_cells[off >> RELOC_CELL];
		high = sec->reloc_cells[(off >> RELOC_CELL) + 1];
	}
	while (high - low > FEW_RELOCS) {
		u32 mid = low + (high - low) / 2;

		if (sec->relocs[mid].offset < off)
			low = mid + 1;
		else
			high = mid;
	}
	/* The few of a cell one by one: halving them is as many guesses that the processor gets
	 * wrong. */
	while (low < high && sec->relocs[low].offset < off)
		low++;
	return low;
}
