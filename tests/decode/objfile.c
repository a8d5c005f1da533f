// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * objfile.c - find the functions in ELF files and archives
 */
#include "objfile.h"

#include <ar.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct elf {
	const u8 *base;
	size_t size;
	const Elf64_Ehdr *eh;
	const Elf64_Shdr *sh;
	const char *shstr;
	const Elf64_Sym *syms;
	size_t nr_syms;
	const char *str;
};

static const void *at(const struct elf *e, u64 off, u64 len)
{
	return range_ok(e->size, off, len) ? e->base + off : NULL;
}

static bool open_elf(struct elf *e, const u8 *base, size_t size)
{
	*e = (struct elf){.base = base, .size = size};
	e->eh = at(e, 0, sizeof(*e->eh));
	if (!e->eh || memcmp(e->eh->e_ident, ELFMAG, SELFMAG) ||
	    e->eh->e_ident[EI_CLASS] != ELFCLASS64 || e->eh->e_machine != EM_X86_64)
		return false;
	e->sh = at(e, e->eh->e_shoff, (u64)e->eh->e_shnum * sizeof(*e->sh));
	if (!e->sh || e->eh->e_shstrndx >= e->eh->e_shnum)
		return false;
	e->shstr = at(e, e->sh[e->eh->e_shstrndx].sh_offset, 1);
	for (unsigned int i = 0; i < e->eh->e_shnum; i++) {
		if (e->sh[i].sh_type != SHT_SYMTAB)
			continue;
		e->syms = at(e, e->sh[i].sh_offset, e->sh[i].sh_size);
		e->nr_syms = e->sh[i].sh_size / sizeof(Elf64_Sym);
		e->str = at(e, e->sh[e->sh[i].sh_link].sh_offset, 1);
	}
	return e->shstr;
}

static int by_value(const void *a, const void *b)
{
	const Elf64_Sym *x = a, *y = b;

	return (x->st_value > y->st_value) - (x->st_value < y->st_value);
}

static int by_offset(const void *a, const void *b)
{
	const Elf64_Rela *x = a, *y = b;

	return (x->r_offset > y->r_offset) - (x->r_offset < y->r_offset);
}

static void *copy_of(const void *p, size_t size)
{
	void *copy = malloc(size + 1);

	if (!copy)
		exit(2);
	memcpy(copy, p, size);
	return copy;
}

/* The relocations of section @sec; the caller frees them. */
static Elf64_Rela *relocs_of(const struct elf *e, unsigned int sec, size_t *nr)
{
	Elf64_Rela *relocs;

	for (unsigned int i = 0; i < e->eh->e_shnum; i++) {
		const Elf64_Shdr *sh = &e->sh[i];

		if (sh->sh_type != SHT_RELA || sh->sh_info != sec || e->eh->e_type != ET_REL ||
		    !at(e, sh->sh_offset, sh->sh_size))
			continue;
		relocs = copy_of(e->base + sh->sh_offset, sh->sh_size);
		*nr = sh->sh_size / sizeof(*relocs);
		qsort(relocs, *nr, sizeof(*relocs), by_offset);
		return relocs;
	}
	*nr = 0;
	return NULL;
}

/* The functions of section @sec; false if it has none. */
static bool functions(const struct elf *e, unsigned int sec, struct code *code, const char *file,
		      code_fn *fn, void *arg)
{
	const Elf64_Shdr *sh = &e->sh[sec];
	u64 start = e->eh->e_type == ET_REL ? 0 : sh->sh_addr, last = ~(u64)0;
	Elf64_Sym *syms = copy_of(e->syms, e->nr_syms * sizeof(*syms));
	bool found = false;

	qsort(syms, e->nr_syms, sizeof(*syms), by_value);
	for (size_t i = 0; i < e->nr_syms; i++) {
		const Elf64_Sym *s = &syms[i];

		if (s->st_shndx != sec || ELF64_ST_TYPE(s->st_info) != STT_FUNC || !s->st_size ||
		    s->st_value == last || s->st_value < start ||
		    !range_ok(sh->sh_size, s->st_value - start, s->st_size))
			continue;
		last = s->st_value;
		found = true;
		code->name = e->str + s->st_name;
		code->is_function = true;
		code->off = s->st_value - start;
		code->data = e->base + sh->sh_offset + code->off;
		code->size = s->st_size;
		fn(arg, file, code);
	}
	free(syms);
	return found;
}

static void one_elf(const struct elf *e, const char *file, code_fn *fn, void *arg)
{
	for (unsigned int i = 0; i < e->eh->e_shnum; i++) {
		const Elf64_Shdr *sh = &e->sh[i];
		struct code code = {0};
		Elf64_Rela *relocs;

		if (sh->sh_type != SHT_PROGBITS || !(sh->sh_flags & SHF_EXECINSTR) ||
		    !at(e, sh->sh_offset, sh->sh_size))
			continue;
		relocs = relocs_of(e, i, &code.nr_relocs);
		code.relocs = relocs;
		if (!e->syms || !functions(e, i, &code, file, fn, arg)) {
			code.name = e->shstr + sh->sh_name;
			code.data = e->base + sh->sh_offset;
			code.size = sh->sh_size;
			fn(arg, file, &code);
		}
		free(relocs);
	}
}

static void archive(const u8 *base, size_t size, const char *file, code_fn *fn, void *arg)
{
	size_t off = SARMAG;
	struct ar_hdr hdr;
	struct elf e;

	while (range_ok(size, off, sizeof(hdr))) {
		size_t len;
		void *member;

		memcpy(&hdr, base + off, sizeof(hdr));
		off += sizeof(hdr);
		len = strtoul(hdr.ar_size, NULL, 10);
		if (!range_ok(size, off, len))
			return;
		/* Members are aligned to 2 only, ELF structures want 8. */
		member = copy_of(base + off, len);
		if (open_elf(&e, member, len))
			one_elf(&e, file, fn, arg);
		free(member);
		off += len + (len & 1);
	}
}

bool for_each_code(const char *path, code_fn *fn, void *arg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = false;
	struct elf e;
	struct stat st;
	size_t size;
	void *map;

	if (fd < 0 || fstat(fd, &st))
		return false;
	size = (size_t)st.st_size;
	map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return false;
	if (size > SARMAG && !memcmp(map, ARMAG, SARMAG)) {
		archive(map, size, path, fn, arg);
		ok = true;
	} else if (open_elf(&e, map, size)) {
		one_elf(&e, path, fn, arg);
		ok = true;
	}
	munmap(map, size);
	return ok;
}
