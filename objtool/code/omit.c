// SPDX-License-Identifier: GPL-2.0-or-later
/* omit.c - which units of an object are left out, as a list of files and objects says */
#include <stdlib.h>
#include <objtool/log.h>
#include <objtool/omit.h>

static int compare_strings(const void *pa, const void *pb)
{
	const char *const *a = pa, *const *b = pb;

	return strcmp(*a, *b);
}

/* A byte for each symbol: 1 if it is the STT_FILE symbol of a file that is left out. */
static u8 *excluded_files(const struct object *obj, struct exclude *list)
{
	u8 *out = xcalloc(obj->nr_symbols, 1);
	const char **names = xcalloc(obj->nr_symbols, sizeof(*names));
	u32 nr = 0;

	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (obj->symbols[i].type == SYM_FILE && *obj->symbols[i].name)
			names[nr++] = obj->symbols[i].name;
	qsort(names, nr, sizeof(*names), compare_strings);
	for (u32 i = 1; i < obj->nr_symbols; i++) {
		const struct symbol *sym = &obj->symbols[i];
		const char **first, **end;

		if (sym->type != SYM_FILE || !*sym->name)
			continue;
		first = bsearch(&sym->name, names, nr, sizeof(*names), compare_strings);
		for (end = first; end < names + nr && !strcmp(*end, sym->name);)
			end++;
		while (first > names && !strcmp(first[-1], sym->name))
			first--;
		out[i] = exclude_file(list, sym->name, (u32)(end - first), nr > 1);
	}
	free(names);
	return out;
}

/* True if the object has one file symbol, and that is left out. */
static bool is_all(const struct object *obj, const u8 *excluded)
{
	u32 nr = 0, out = 0;

	for (u32 i = 1; i < obj->nr_symbols; i++) {
		nr += obj->symbols[i].type == SYM_FILE && *obj->symbols[i].name;
		out += excluded[i];
	}
	return nr == 1 && out == 1;
}

/*
 * Files lie in a section in order, each in one piece: what is between two units of known files
 * is of these, or of one between them.
 */
static void bound_origins(const struct code *code, struct origin *origins)
{
	const struct unit *units = code->units;
	u32 nr = code->nr_units, file = 0;

	for (u32 i = 0; i < nr; i++) {
		if (i && units[i].sec != units[i - 1].sec)
			file = 0;
		if (origins[i].file)
			file = origins[i].file;
		else if (file)
			origins[i].lo = file;
	}
	file = 0;
	for (u32 i = nr; i--;) {
		if (i + 1 < nr && units[i].sec != units[i + 1].sec)
			file = 0;
		if (origins[i].file)
			file = origins[i].file;
		else if (file)
			origins[i].hi = file;
		if (origins[i].lo == origins[i].hi)
			origins[i].file = origins[i].lo;
	}
}

/*
 * With -ffunction-sections, as LTO has it, a global function is alone in .text.NAME, and ld.lld
 * keeps that section's symbol among the local ones of its file.
 */
static void use_sections(const struct code *code, struct origin *origins)
{
	const struct object *obj = code->obj;
	u32 *file = xcalloc(obj->nr_sections, sizeof(*file));

	for (u32 i = 1; i < obj->nr_symbols; i++)
		if (obj->symbols[i].type == SYM_SECTION && symbol_defined(&obj->symbols[i]))
			file[obj->symbols[i].sec] = obj->symbols[i].file;
	for (u32 i = 0; i < code->nr_units; i++) {
		const char *sec = obj->sections[code->units[i].sec].name;
		const char *name = obj->symbols[code->units[i].sym].name;
		size_t len = strlen(sec), end = strlen(name);

		if (!origins[i].file && len > end && sec[len - end - 1] == '.' &&
		    str_ends(sec, name))
			origins[i].file = file[code->units[i].sec];
	}
	free(file);
}

static bool may_be_excluded(const u8 *excluded, const struct origin *origin)
{
	for (u32 file = origin->lo; !origin->file && file <= origin->hi; file++)
		if (excluded[file])
			return true;
	return false;
}

struct omit omit_read(const struct namesakes *ns, struct exclude *list)
{
	const struct code *code = ns->code;
	u8 *files = excluded_files(code->obj, list);
	struct origin *origins = xcalloc(code->nr_units, sizeof(*origins));
	struct omit omit = {.all = is_all(code->obj, files), .units = xcalloc(code->nr_units, 1)};
	struct insns scratch = {0};
	u32 doubtful = 0;

	for (u32 i = 0; i < code->nr_units; i++)
		origins[i] = namesake_origin(ns, i, NULL, &scratch);
	use_sections(code, origins);
	bound_origins(code, origins);
	for (u32 i = 0; i < code->nr_units; i++) {
		omit.units[i] = files[origins[i].file];
		doubtful += code->units[i].parent == NO_UNIT && may_be_excluded(files, &origins[i]);
	}
	if (doubtful && !omit.all)
		warning("%s: %u functions and data objects lie between a file that is left out and "
			"others, and may be of either: they are in",
			code->obj->path, doubtful);
	insns_free(&scratch);
	free(origins);
	free(files);
	return omit;
}

void omit_free(struct omit *omit)
{
	free(omit->units);
	*omit = (struct omit){0};
}
