// SPDX-License-Identifier: GPL-2.0-or-later
/* lines.c - line numbers outside of tables */
#include <objtool/lines.h>
#include <objtool/pool.h>
#include <objtool/target.h>

/*
 * Functions that take a line number without a file name before it. By name
 * and number of the argument, from 0 (fs/btrfs/messages.h, fs/ext4/ext4.h and ext4_jbd2.h, 4.4
 * to 6.x).
 */
static const struct {
	const char *callee;
	u8 line;
	u8 otherwise; /* in other kernels: if argument .line is no immediate, it is this one */
} callees[] = {
	{"__btrfs_abort_transaction", 2, 2},
	{"__btrfs_handle_fs_error", 2, 2},
	{"__btrfs_panic", 2, 2},
	{"__ext4_abort", 2, 2},
	{"__ext4_error", 2, 2},
	{"__ext4_error_file", 2, 2},
	{"__ext4_error_inode", 2, 2},
	{"__ext4_forget", 1, 1},
	{"__ext4_grp_locked_error", 1, 1},
	{"__ext4_handle_dirty_metadata", 1, 1},
	{"__ext4_handle_dirty_super", 1, 1},
	{"__ext4_journal_get_create_access", 1, 1},
	{"__ext4_journal_get_write_access", 1, 1},
	{"__ext4_journal_start_sb", 1, 2}, /* (sb, line, ...) to 6.2, then (inode, sb, line, ...) */
	{"__ext4_journal_stop", 1, 1},
	{"__ext4_mark_inode_dirty", 3, 3},
	{"__ext4_std_error", 2, 2},
	{"__ext4_warning", 2, 2},
	{"__ext4_warning_inode", 2, 2},
};

#define NO_INSN 0xffffffffU

/* What the registers of arguments hold, as far as one straight run of code says. */
struct arguments {
	bool file[ARCH_MAX_ARGUMENTS]; /* the name of a source file */
	u32 imm[ARCH_MAX_ARGUMENTS]; /* the instruction that loaded an immediate, NO_INSN if none */
	bool any;		     /* one of these is set */
};

static const struct arguments nothing = {
	.imm = {NO_INSN, NO_INSN, NO_INSN, NO_INSN, NO_INSN, NO_INSN},
};

static void forget(struct arguments *args, u16 regs)
{
	for (; regs; regs &= (u16)(regs - 1)) {
		u8 arg = arch_argument((u8)__builtin_ctz(regs));

		if (arg == ARCH_NO_REG)
			continue;
		args->file[arg] = false;
		args->imm[arg] = NO_INSN;
	}
}

static bool names_rust_file(const u8 *s, size_t len)
{
	return len > 3 && memcmp(s + len - 3, ".rs", 3) == 0;
}

static bool names_source_file(const u8 *s, size_t len)
{
	if (len > 2 && s[len - 2] == '.')
		return s[len - 1] == 'c' || s[len - 1] == 'h' || s[len - 1] == 'S';
	return names_rust_file(s, len);
}

/*
 * The strings that the compiler puts somewhere are in such sections, and relocations name those:
 * in .rodata.str1.1, or, with KASAN, among all that is not written to.
 */
static bool may_hold_strings(const struct section *sec)
{
	return sec->flags & SF_ALLOC && !(sec->flags & (SF_WRITE | SF_EXEC)) && sec->entsize <= 1 &&
	       sec->data;
}

/* Names of source files are no longer: PATH_MAX. */
#define MAX_NAME 4096

static bool is_text(const u8 *s, size_t len)
{
	while (len && s[len - 1] >= ' ')
		len--;
	return !len;
}

/* True if the name of a source file begins at offset @off of section @s. */
static bool is_source_file(const struct code *code, u32 s, s64 off)
{
	const struct section *sec = &code->obj->sections[s];
	const u8 *start, *nul;
	u32 left;

	if (!may_hold_strings(sec) || off < 0 || off >= (s64)sec->size)
		return false;
	start = sec->data + off;
	if (off && start[-1])
		return false; /* inside of a string */
	left = sec->size - (u32)off < MAX_NAME ? sec->size - (u32)off : MAX_NAME;
	nul = memchr(start, 0, left);
	return nul && names_source_file(start, (size_t)(nul - start)) &&
	       (sec->flags & SF_STRINGS || (is_text(start, (size_t)(nul - start)) &&
					    code_unit_at(code, s, (u32)off) == NO_UNIT));
}

/* Symbols that one thread looks at at once. */
#define GRAIN 8192

struct search {
	const struct lines *lines;
	u64 hash[ARRAY_SIZE(callees)]; /* of their names */
	u64 some[16];		       /* a bit for the last ten of each of these */
};

/* Those that are in the table are found by the hashes of their names: most are in none. */
static void find_symbols(void *ctx, unsigned int worker, size_t from, size_t end)
{
	const struct search *search = ctx;
	const struct lines *lines = search->lines;
	const struct object *obj = lines->code->obj;

	(void)worker;
	for (size_t s = from; s < end; s++) {
		const struct identity *id = &lines->code->ids[s];
		u64 name = id->name;

		if (id->bind == BIND_LOCAL && id->sec && may_hold_strings(&obj->sections[id->sec]))
			lines->symbol[s] = LINES_STRINGS;
		if (!(search->some[name / 64 % ARRAY_SIZE(search->some)] >> (name & 63) & 1))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(callees); i++)
			if (search->hash[i] == name &&
			    !strcmp(obj->symbols[s].name, callees[i].callee))
				lines->symbol[s] = (u8)(i + 1);
	}
}

void lines_read(const struct code *code, struct lines *lines)
{
	struct object *obj = code->obj;
	struct search search = {.lines = lines};

	*lines = (struct lines){.code = code,
				.symbol = arena_alloc(&obj->arena, obj->nr_symbols, 1)};
	for (size_t i = 0; i < ARRAY_SIZE(callees); i++) {
		u64 hash = symname_hash(callees[i].callee, strlen(callees[i].callee));

		search.hash[i] = hash;
		search.some[hash / 64 % ARRAY_SIZE(search.some)] |= (u64)1 << (hash & 63);
	}
	pool_ranges(obj->pool, obj->nr_symbols, GRAIN, find_symbols, &search);
}

/* What @rel points at, as an offset in its symbol's section; @distance: to the instruction's end.
 */
static s64 address_of(const struct object *obj, const struct reloc *rel, s64 distance)
{
	bool pcrel = arch_reloc_type(rel->type).kind == RELOC_PC;

	return add_wrap((s64)obj->symbols[rel->sym].value,
			add_wrap(rel->addend, pcrel ? distance : 0));
}

/* Which argument of a call to @callee is a line number, ARCH_NO_REG if none. */
static u8 line_argument(const struct lines *lines, const struct arguments *args, u32 callee)
{
	u8 entry = lines->symbol[callee], arg;

	for (u8 i = 0; i + 1 < ARCH_MAX_ARGUMENTS; i++)
		if (args->file[i] && args->imm[i + 1] != NO_INSN)
			return (u8)(i + 1);
	if (!entry || entry == LINES_STRINGS)
		return ARCH_NO_REG;
	arg = callees[entry - 1].line;
	return args->imm[arg] != NO_INSN ? arg : callees[entry - 1].otherwise;
}

/* The symbol that @ci calls or jumps to; 0 if it is none. */
static u32 callee_of(const struct code *code, u32 s, const struct code_insn *ci,
		     const struct reloc *rel)
{
	struct target t;

	if (rel)
		t = target_of_symbol(
			code, rel->sym,
			add_wrap(rel->addend, (s64)(ci->off + ci->insn.len - rel->offset)));
	else
		t = target_at(code, s, code_branch_target(&code->obj->sections[s], ci));
	return t.kind == TARGET_NAME && !t.delta ? t.sym : 0;
}

/* What is looked at so many relocations later, be it for the next function, is asked for. */
#define RELOCS_AHEAD 16U

/*
 * Most functions mention no source file in their code, and call nothing that
 * takes a line without one: a look at the symbol of each of their relocations is all they cost,
 * whatever it is that those do.
 */
static bool may_have_lines(const struct lines *lines, const struct reloc_cursor *relocs, u64 end)
{
	const struct object *obj = lines->code->obj;
	const struct section *sec = relocs->sec;

	for (u32 i = relocs->next; i < sec->nr_relocs && sec->relocs[i].offset < end; i++) {
		const struct reloc *rel = &sec->relocs[i];
		u8 what = lines->symbol[rel->sym];

		if (sec->nr_relocs - i > RELOCS_AHEAD)
			__builtin_prefetch(&lines->symbol[rel[RELOCS_AHEAD].sym]);
		if (what && (what != LINES_STRINGS ||
			     is_source_file(lines->code, obj->symbols[rel->sym].sec,
					    address_of(obj, rel, 4))))
			return true;
	}
	return false;
}

static void mark_call(const struct lines *lines, u32 s, const struct code_insn *ci,
		      const struct reloc *rel, struct arguments *args, struct code_insn *insn)
{
	u8 arg;

	if (!args->any)
		return;
	if (ci->insn.cls == INSN_CALL || (ci->insn.cls == INSN_JMP && rel)) {
		arg = line_argument(lines, args, callee_of(lines->code, s, ci, rel));
		if (arg != ARCH_NO_REG && args->imm[arg] != NO_INSN)
			insn[args->imm[arg]].line = 1;
	}
	*args = nothing;
}

/* What instruction number @i leaves in the registers of arguments. */
static void follow(const struct lines *lines, u32 s, const struct code_insn *ci, u32 i,
		   const struct reloc *rel, struct arguments *args)
{
	const u8 *p = lines->code->obj->sections[s].data + ci->off;
	u16 writes;
	u8 reg, arg;

	if (args->any) {
		writes = ci->insn.cls == INSN_BAD ? ARCH_EVERY_REG : arch_writes(p, &ci->insn);
		if (writes == ARCH_EVERY_REG)
			*args = nothing;
		else
			forget(args, writes);
		if (!writes || writes == ARCH_EVERY_REG)
			return;
	} else if (!rel && ci->insn.imm_len != 4) {
		return; /* nothing to lose, and nothing that it loads */
	}
	reg = arch_loads_immediate(p, &ci->insn);
	if (reg != ARCH_NO_REG && !rel) {
		arg = arch_argument(reg);
		if (arg != ARCH_NO_REG) {
			args->imm[arg] = i;
			args->any = true;
		}
		return;
	}
	if (rel && arch_address_use(p, &ci->insn, ci->insn.imm_len != 0, &reg) == USE_ADDRESS) {
		const struct symbol *sym = &lines->code->obj->symbols[rel->sym];
		s64 off = address_of(lines->code->obj, rel,
				     (s64)(ci->off + ci->insn.len - rel->offset));

		arg = reg == ARCH_NO_REG ? reg : arch_argument(reg);
		if (arg != ARCH_NO_REG && symbol_defined(sym))
			args->any |= args->file[arg] = is_source_file(lines->code, sym->sec, off);
	}
}

static void mark_calls(const struct lines *lines, struct reloc_cursor relocs, u32 s,
		       struct code_insn *insn, u32 nr)
{
	struct arguments args = nothing;

	for (u32 i = 0; i < nr; i++) {
		struct code_insn *ci = &insn[i];
		u64 end = (u64)ci->off + ci->insn.len;
		const struct reloc *rel = reloc_next(&relocs, end);

		while (reloc_next(&relocs, end))
			; /* a second one of the same instruction */
		if (ci->insn.cls == INSN_OTHER || ci->insn.cls & (INSN_NOP | INSN_BAD))
			follow(lines, s, ci, i, rel, &args);
		else if (ci->insn.cls != INSN_JCC) /* where that does not jump, registers stay */
			mark_call(lines, s, ci, rel, &args, insn);
	}
}

void lines_mark(const struct lines *lines, struct reloc_cursor relocs, u32 s,
		struct code_insn *insn, u32 nr)
{
	if (nr && may_have_lines(lines, &relocs, (u64)insn[nr - 1].off + insn[nr - 1].insn.len))
		mark_calls(lines, relocs, s, insn, nr);
}

/* Of data objects that lie in a section of their own. */
static const struct {
	const char *section;
	u32 len; /* of the object, at least */
	struct line_field line;
} holders[] = {
	/* struct _ddebug, include/linux/dynamic_debug.h: "lineno:18" after four pointers */
	{"__dyndbg", 36, {32, 4, 0x3ffff}},
	/* struct codetag, include/linux/codetag.h, 6.10: flags, lineno, three pointers */
	{"alloc_tags", 32, {4, 4, 0xffffffff}},
	{".codetag.alloc_tags", 32, {4, 4, 0xffffffff}},
	/* struct ftrace_branch_data, include/linux/compiler_types.h: func, file, line */
	{"_ftrace_annotated_branch", 20, {16, 4, 0xffffffff}},
	{"_ftrace_branch", 20, {16, 4, 0xffffffff}},
};

struct line_field lines_in_unit(const struct code *code, u32 unit)
{
	const struct unit *u = &code->units[unit];
	const char *name = code->obj->symbols[u->sym].name;

	for (size_t i = 0; i < ARRAY_SIZE(holders); i++)
		if (u->len >= holders[i].len &&
		    !strcmp(code->obj->sections[u->sec].name, holders[i].section))
			return holders[i].line;
	/* struct pi_entry, include/linux/printk.h: packed, fmt, func, file, line, level, ... */
	if (u->len == 44 &&
	    (strcmp(name, "_entry") == 0 || str_starts(name, "_entry.") || strstr(name, "._entry")))
		return (struct line_field){24, 4, 0xffffffff};
	return (struct line_field){0, 0, 0};
}

/* What fills @off of @size bytes there, if nothing else of them is relocated, and it is defined. */
static const struct reloc *only_pointer(const struct code *code, u32 s, u32 off, u32 size)
{
	const struct section *sec = &code->obj->sections[s];
	struct reloc_cursor cur = reloc_cursor(sec, off);
	const struct reloc *rel = reloc_next(&cur, (u64)off + size);

	if (!rel || rel->offset != off || reloc_next(&cur, (u64)off + size) || !sec->data ||
	    sec->size - off < size || !symbol_defined(&code->obj->symbols[rel->sym]))
		return NULL;
	return rel;
}

/*
 * What Rust passes to a function that panics, core::panic::Location as rustc 1.95 lays it out:
 *
 *     .rodata..Lanon.dc61dbbcf42b0c98631258ebe51894a4.3:
 *	.quad	.Lname		"kernel/fs.rs"
 *	.quad	12		its length
 *	.long	8, 75		line, column
 *
 * What lies behind is of something else, be it that nothing points at it.
 */
#define LOCATION_SIZE	24U
#define LOCATION_LENGTH 8U
#define LOCATION_LINE	16U
#define LOCATION_COLUMN 20U

static bool is_location(const struct code *code, u32 s, u32 off, u32 len)
{
	const struct section *names;
	const struct reloc *rel;
	struct reloc_type type;
	s64 name;
	u64 name_len;

	/* Of the column the highest bytes may be zeros that do not count. */
	rel = len > LOCATION_COLUMN ? only_pointer(code, s, off, LOCATION_SIZE) : NULL;
	if (!rel)
		return false;
	type = arch_reloc_type(rel->type);
	names = &code->obj->sections[code->obj->symbols[rel->sym].sec];
	name = address_of(code->obj, rel, 0);
	name_len = get_u64(code->obj->sections[s].data + off + LOCATION_LENGTH);
	return type.kind == RELOC_ABS && type.size == 8 && names->data && name >= 0 &&
	       name <= (s64)names->size && name_len <= names->size - (u64)name &&
	       names_rust_file(names->data + name, name_len);
}

/*
 * struct source_location, lib/ubsan.h: file, line, column. The compiler gives it no name, and puts
 * it into .data, or into a section of its own: a file, and two numbers that a size is not.
 */
static bool is_source_location(const struct code *code, u32 s, u32 off, u32 len)
{
	const struct section *sec = &code->obj->sections[s];
	const struct reloc *rel;

	rel = len >= 16 && sec->flags & SF_WRITE ? only_pointer(code, s, off, 16) : NULL;
	return rel && get_u32(sec->data + off + 8) && get_u32(sec->data + off + 12) &&
	       is_source_file(code, code->obj->symbols[rel->sym].sec,
			      address_of(code->obj, rel, 0));
}

struct line_field lines_in_blob(const struct code *code, u32 sec, u32 off, u32 *len)
{
	u32 unit = code_unit_at(code, sec, off);

	if (unit != NO_UNIT)
		return lines_in_unit(code, unit);
	if (is_source_location(code, sec, off, *len) ||
	    (*len >= 16 && str_starts(code->obj->sections[sec].name, ".data..Lubsan_data")))
		return (struct line_field){8, 8, 0xffffffff};
	if (is_location(code, sec, off, *len)) {
		*len = LOCATION_SIZE;
		return (struct line_field){LOCATION_LINE, LOCATION_SIZE - LOCATION_LINE,
					   0xffffffff};
	}
	return (struct line_field){0, 0, 0};
}
