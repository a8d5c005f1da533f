// SPDX-License-Identifier: GPL-2.0-or-later
/* lines.c - line numbers outside of tables */
#include <objtool/lines.h>
#include <objtool/names.h>
#include <objtool/target.h>

/*
 * Functions that take a line number without a file name before it. By name
 * and number of the argument, from 0 (fs/btrfs/messages.h, fs/ext4/ext4.h and ext4_jbd2.h, 4.4
 * to 6.x).
 */
static const struct {
	const char *callee;
	u8 line;
} callees[] = {
    {"__btrfs_abort_transaction", 2},
    {"__btrfs_handle_fs_error", 2},
    {"__btrfs_panic", 2},
    {"__ext4_abort", 2},
    {"__ext4_error", 2},
    {"__ext4_error_file", 2},
    {"__ext4_error_inode", 2},
    {"__ext4_forget", 1},
    {"__ext4_grp_locked_error", 1},
    {"__ext4_handle_dirty_metadata", 1},
    {"__ext4_handle_dirty_super", 1},
    {"__ext4_journal_get_create_access", 1},
    {"__ext4_journal_get_write_access", 1},
    {"__ext4_journal_stop", 1},
    {"__ext4_std_error", 2},
    {"__ext4_warning", 2},
    {"__ext4_warning_inode", 2},
};

#define NO_INSN 0xffffffffU

/* What the registers of arguments hold, as far as one straight run of code says. */
struct arguments {
	bool file[ARCH_MAX_ARGUMENTS]; /* the name of a source file */
	u32 imm[ARCH_MAX_ARGUMENTS]; /* the instruction that loaded an immediate, NO_INSN if none */
};

static void forget(struct arguments *args, u16 regs)
{
	for (u8 reg = 0; reg < 16; reg++) {
		u8 arg = arch_argument(reg);

		if (!(regs >> reg & 1) || arg == ARCH_NO_REG)
			continue;
		args->file[arg] = false;
		args->imm[arg] = NO_INSN;
	}
}

static bool is_source_file(const struct code *code, const struct target *t)
{
	static const char *const endings[] = {".c", ".h", ".S", ".rs"};
	const struct section *sec = &code->obj->sections[t->sec];
	const char *s;

	if (t->kind != TARGET_BYTES || !(sec->flags & SF_STRINGS) || t->len < 3 ||
	    sec->data[t->off + t->len - 1])
		return false;
	s = (const char *)sec->data + t->off;
	for (size_t i = 0; i < ARRAY_SIZE(endings); i++)
		if (str_ends(s, endings[i]))
			return true;
	return false;
}

/* The relocation that instruction @ci holds, or NULL. */
static const struct reloc *reloc_in(const struct section *sec, const struct code_insn *ci)
{
	u32 i = section_reloc_from(sec, ci->off);

	if (i < sec->nr_relocs && sec->relocs[i].offset < (u64)ci->off + ci->len &&
	    arch_reloc_type(sec->relocs[i].type).kind != RELOC_NONE)
		return &sec->relocs[i];
	return NULL;
}

static struct target address_in(const struct code *code, const struct code_insn *ci,
				const struct reloc *rel)
{
	bool pcrel = arch_reloc_type(rel->type).kind == RELOC_PC;

	return target_of_symbol(
	    code, rel->sym,
	    add_wrap(rel->addend, pcrel ? (s64)(ci->off + ci->len - rel->offset) : 0));
}

/* A call to @name, or a jump to it: which of the arguments is a line number, ARCH_NO_REG if none.
 */
static u8 line_argument(const struct arguments *args, const char *name)
{
	for (u8 i = 0; i + 1 < ARCH_MAX_ARGUMENTS; i++)
		if (args->file[i] && args->imm[i + 1] != NO_INSN)
			return (u8)(i + 1);
	for (size_t i = 0; i < ARRAY_SIZE(callees); i++)
		if (strcmp(name, callees[i].callee) == 0)
			return callees[i].line;
	return ARCH_NO_REG;
}

static const char *callee_name(const struct code *code, u32 s, const struct code_insn *ci,
			       const struct reloc *rel)
{
	struct target t = rel ? address_in(code, ci, rel)
			      : target_at(code, s, code_branch_target(&code->obj->sections[s], ci));

	return t.kind == TARGET_NAME && !t.delta ? code->obj->symbols[t.sym].name : "";
}

void lines_mark(const struct code *code, u32 s, struct code_insn *insn, u32 nr)
{
	const struct section *sec = &code->obj->sections[s];
	struct arguments args;

	forget(&args, 0xffff);
	for (u32 i = 0; i < nr; i++) {
		struct code_insn *ci = &insn[i];
		const u8 *p = sec->data + ci->off;
		const struct reloc *rel;
		u16 writes;
		u8 reg, arg;

		if (ci->insn.cls != INSN_OTHER && ci->insn.cls != INSN_NOP) {
			rel = ci->insn.cls == INSN_CALL || ci->insn.cls == INSN_JMP
				  ? reloc_in(sec, ci)
				  : NULL;
			if (ci->insn.cls == INSN_CALL || rel) {
				arg = line_argument(&args, callee_name(code, s, ci, rel));
				if (arg != ARCH_NO_REG && args.imm[arg] != NO_INSN)
					insn[args.imm[arg]].line = 1;
			}
			forget(&args, 0xffff);
			continue;
		}
		writes = ci->insn.len ? arch_writes(p, &ci->insn) : 0xffff;
		forget(&args, writes);
		if (!writes || writes == 0xffff)
			continue;
		rel = reloc_in(sec, ci);
		reg = arch_loads_immediate(p, &ci->insn);
		if (reg != ARCH_NO_REG && !rel) {
			arg = arch_argument(reg);
			if (arg != ARCH_NO_REG)
				args.imm[arg] = i;
		} else if (rel && arch_address_use(p, &ci->insn, ci->insn.imm_len != 0, &reg) ==
				      USE_ADDRESS) {
			struct target t = address_in(code, ci, rel);

			arg = reg == ARCH_NO_REG ? reg : arch_argument(reg);
			if (arg != ARCH_NO_REG)
				args.file[arg] = is_source_file(code, &t);
		}
	}
}

struct line_field lines_in_unit(const struct code *code, u32 unit)
{
	const struct unit *u = &code->units[unit];
	const char *name = code->obj->symbols[u->sym].name;

	/* struct _ddebug, include/linux/dynamic_debug.h: "lineno:18" after four pointers */
	if (u->len >= 36 && strcmp(code->obj->sections[u->sec].name, "__dyndbg") == 0)
		return (struct line_field){32, 4, 0x3ffff};
	/* struct pi_entry, include/linux/printk.h: packed, fmt, func, file, line, level, ... */
	if (u->len == 44 &&
	    (strcmp(name, "_entry") == 0 || str_starts(name, "_entry.") || strstr(name, "._entry")))
		return (struct line_field){24, 4, 0xffffffff};
	return (struct line_field){0, 0, 0};
}

struct line_field lines_in_blob(const struct code *code, u32 sec, u32 len)
{
	/* struct source_location, lib/ubsan.h: file, line, column */
	if (len >= 16 && str_starts(code->obj->sections[sec].name, ".data..Lubsan_data"))
		return (struct line_field){8, 8, 0xffffffff};
	return (struct line_field){0, 0, 0};
}
