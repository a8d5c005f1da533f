/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * special.h - entries of special sections, by the code they apply to
 *
 * Walks every table that says something about code (alternatives, static
 * branches, the exception table, ...), finds out which layout this object's
 * kernel used, and gives one array of entries sorted by the place they apply
 * to. What an entry means is read from the section when it is needed.
 */
#ifndef OBJTOOL_SPECIAL_H
#define OBJTOOL_SPECIAL_H

#include <objtool/elf.h>
#include <objtool/layout.h>

/* Walks the relocations of a section, in order. */
struct reloc_cursor {
	const struct section *sec;
	u32 next;
};

/* A cursor at the first relocation at or after @off. */
static inline struct reloc_cursor reloc_cursor(const struct section *sec, u32 off)
{
	return (struct reloc_cursor){sec, section_reloc_from(sec, off)};
}

/* The next relocation before @end that does something, or NULL. */
static inline const struct reloc *reloc_next(struct reloc_cursor *cur, u64 end)
{
	while (cur->next < cur->sec->nr_relocs && cur->sec->relocs[cur->next].offset < end) {
		const struct reloc *rel = &cur->sec->relocs[cur->next++];

		if (arch_reloc_type(rel->type).kind != RELOC_NONE)
			return rel;
	}
	return NULL;
}

/* A place in a section. */
struct place {
	u32 sec; /* section index */
	u32 off; /* bytes */
};

struct special {
	struct place site; /* the code the entry applies to */
	u32 table;	   /* section index of the special section */
	u32 entry;	   /* offset of the entry in it */
	u32 first_reloc;   /* index of the first relocation at or after the entry's start */
	u8 size;	   /* bytes of the entry present; the last may be short */
};

/* How a section of entries was found to be laid out; layout is NULL for other sections. */
struct special_section {
	const struct special_table *table;
	const struct layout *layout;
	u32 *entries; /* where they begin, ascending */
	u32 nr;
	u8 kind; /* of .table: index into arch_special_tables; behind them all for unknown tables */
	bool file_from_entry; /* FIELD_FILE is relative to the entry's start: x86 kernels to 5.18 */
};

/* What the pointer in field @f of an entry counts from: bytes from the entry's start. */
static inline s64 special_counts_from(const struct special_section *how, const struct field *f)
{
	return f->use == FIELD_FILE && how->file_from_entry ? 0 : f->off;
}

struct specials {
	struct special *entries; /* sorted by site, then kind, table and entry */
	u32 nr;
	struct special_section *sections; /* by section index */
};

/*
 * Read all special sections of @obj into @specials, in the object's arena. A
 * special section that fits no known layout is said with warning() and left
 * to be hashed as data.
 */
void specials_read(struct object *obj, struct specials *specials);

/* Index of the first entry whose site is at or after @off in section @sec. */
u32 specials_from(const struct specials *specials, u32 sec, u32 off);

/* The same, where it is known to be near index @hint, as when one function follows the other. */
u32 specials_near(const struct specials *specials, u32 hint, u32 sec, u32 off);

/* The relocation that fills field @field of @entry, or NULL. */
const struct reloc *special_reloc(const struct object *obj, const struct special *entry,
				  const struct field *field);

/*
 * True if the entry's line field is a line number: beside the name of a source file. A bug
 * entry of 12 bytes is address, file, line and flags, or, in 7.x without
 * verbose BUG(), address, format and flags.
 */
bool special_has_line(const struct object *obj, const struct special_section *how,
		      const struct special *entry);

/* How many bytes of code the entry applies to, from its site on; 1 if it does not say. */
u32 special_site_len(const struct object *obj, const struct specials *specials,
		     const struct special *entry);

/* True if an entry applies to any of the code [@off, @end) of section @sec. */
bool specials_apply(const struct object *obj, const struct specials *specials, u32 sec, u32 off,
		    u32 end);

/*
 * True if relocation @rel of section @sec (an index) says where code can go:
 * not if it only says which code an entry of a special section applies to. *@entry, 0 at first,
 * is for who asks of a section's relocations in order.
 */
bool special_leads_to_code(const struct specials *specials, u32 sec, const struct reloc *rel,
			   u32 *entry);

/*
 * False if that is so of no relocation of section @sec, a table of a known kind: __mcount_loc says
 * where calls are, and no more.
 */
bool special_section_leads(const struct specials *specials, u32 sec);

/*
 * True if section @sec is a table of a known kind: symbols in it name nothing.
 * In an unknown one they do, and entries that have none are special.
 */
bool special_owns_section(const struct specials *specials, u32 sec);

/* The same as specials_at(), of a special section. */
bool special_find(const struct object *obj, const struct specials *specials, u32 sec, u32 off,
		  struct special *found);

/*
 * Find which entry of special section @sec the offset @off lies in. Returns
 * false if that section is none, or the entry has no site.
 */
static inline bool specials_at(const struct object *obj, const struct specials *specials, u32 sec,
			       u32 off, struct special *found)
{
	return specials->sections[sec].layout && special_find(obj, specials, sec, off, found);
}

/* True if the section's bytes never reach the running kernel, or follow from others. */
static inline bool section_excluded(const struct section *sec)
{
	return sec->excluded;
}

#endif
