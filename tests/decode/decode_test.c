// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decode_test.c - the decoder against other disassemblers and the assembler
 *
 *	objects FILE...		every function: capstone, LLVM, relocations
 *	listing FILE...		objects with a label at every instruction: lengths from the
 *assembler text FILE...		outputs of objdump -d -w -z: every instruction line gen SEED
 *COUNT		write random slots to stdout ... slots FILE...		... and compare their first
 *instructions, FILE being objdump's view edges SEED COUNT FILE...	truncated instructions at
 *the end of readable memory padding FILE...		fillers: none is a flipped bit away from
 *another speed FILE...		MB/s
 *
 * The last line is "N passed, N failed"; the exit status tells the same.
 */
#include "judge.h"
#include "objfile.h"

#include <ctype.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct run {
	struct court *court;
	struct tally tally;
	size_t undecoded, relocs, bytes, code_size;
	unsigned long checks;
};

static void fail(struct run *r, const char *what, const char *where, u64 off, const u8 *p, size_t n)
{
	if (r->tally.failed++ >= MAX_SHOWN)
		return;
	printf("FAIL %s+0x%llx: %s:", where, (unsigned long long)off, what);
	for (size_t i = 0; i < n; i++)
		printf(" %02x", p[i]);
	putchar('\n');
}

static void check(struct run *r, bool ok, const char *what, const char *where, u64 off, const u8 *p,
		  size_t n)
{
	if (ok)
		r->tally.passed++;
	else
		fail(r, what, where, off, p, n);
}

/* Bytes that a relocation fills, from the x86-64 psABI; 0: none or unknown. */
static unsigned int reloc_size(u32 type)
{
	switch (type) {
	case R_X86_64_64:
	case R_X86_64_PC64:
	case R_X86_64_GOTOFF64:
	case R_X86_64_GOTPC64:
	case R_X86_64_GOT64:
	case R_X86_64_PLTOFF64:
		return 8;
	case R_X86_64_16:
	case R_X86_64_PC16:
		return 2;
	case R_X86_64_8:
	case R_X86_64_PC8:
		return 1;
	case R_X86_64_NONE:
	case R_X86_64_TLSDESC_CALL:
		return 0;
	}
	return 4;
}

static bool is_pcrel(u32 type)
{
	return type == R_X86_64_PC32 || type == R_X86_64_PLT32 || type == R_X86_64_GOTPCREL ||
	       type == R_X86_64_GOTPCRELX || type == R_X86_64_REX_GOTPCRELX ||
	       type == R_X86_64_GOTTPOFF || type == R_X86_64_TLSGD || type == R_X86_64_TLSLD ||
	       type == R_X86_64_GOTPC32 || type == R_X86_64_GOTPC32_TLSDESC || type == R_X86_64_PC8;
}

/* A relocation fills a field of the instruction it lies in, exactly, pc-relative if that is. */
static void check_relocs(struct run *r, const char *file, const struct code *code, size_t *next,
			 u64 off, const struct insn *in, const u8 *p)
{
	for (; *next < code->nr_relocs && code->relocs[*next].r_offset < off + in->len; ++*next) {
		const Elf64_Rela *rel = &code->relocs[*next];
		u64 at = rel->r_offset - off;
		unsigned int size = reloc_size((u32)ELF64_R_TYPE(rel->r_info));
		bool flag = false;

		if (rel->r_offset < off || !size)
			continue;
		r->relocs++;
		if (at == in->disp_off && size == in->disp_len)
			flag = in->flags & INSN_PCREL_DISP;
		else if (at == in->imm_off && size == in->imm_len)
			flag = in->flags & INSN_PCREL_IMM;
		else
			fail(r, "relocation is in no field", file, rel->r_offset, p, in->len);
		if (flag != is_pcrel((u32)ELF64_R_TYPE(rel->r_info)))
			fail(r, "pc-relative or not", file, rel->r_offset, p, in->len);
	}
}

static void walk_code(void *arg, const char *file, const struct code *code)
{
	struct run *r = arg;
	char where[512];
	size_t off = 0, next = 0;
	struct insn in;

	snprintf(where, sizeof(where), "%s:%s", file, code->name);
	while (next < code->nr_relocs && code->relocs[next].r_offset < code->off)
		next++;
	while (off < code->size) {
		const u8 *p = code->data + off;
		unsigned int len = arch_decode(p, code->size - off, &in);

		court_try(r->court, &r->tally, p, code->size - off, NULL, where, off);
		r->bytes += len;
		if (len)
			check_relocs(r, where, code, &next, code->off + off, &in, p);
		else
			r->undecoded++;
		off += len ? len : 1;
	}
}

static int run_objects(struct run *r, char **files)
{
	for (; *files; files++)
		if (!for_each_code(*files, walk_code, r))
			printf("skipped, no ELF: %s\n", *files);
	printf("%lu instructions, %zu bytes, %zu relocations in fields, %zu bytes no instruction\n",
	       r->tally.samples, r->bytes, r->relocs, r->undecoded);
	return tally_done(&r->tally);
}

/* Labels are CLASS_NUMBER; enum insn_class from the listing's words. */
static int class_of_label(const char *name)
{
	static const char *const words[] = {
		[INSN_OTHER] = "other_",    [INSN_NOP] = "nop_", [INSN_CALL] = "call_",
		[INSN_JMP] = "jmp_",	    [INSN_JCC] = "jcc_", [INSN_CALL_IND] = "callind_",
		[INSN_JMP_IND] = "jmpind_", [INSN_RET] = "ret_", [INSN_TRAP] = "trap_",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		if (str_starts(name, words[i]))
			return (int)i;
	return CLS_UNKNOWN;
}

static void listed_insn(void *arg, const char *file, const struct code *code)
{
	struct run *r = arg;
	struct insn in = {0};
	unsigned int len = arch_decode(code->data, code->size, &in);
	size_t next = 0;
	char where[512];

	snprintf(where, sizeof(where), "%s:%s", file, code->name);
	if (str_starts(code->name, "bad_")) {
		check(r, !len, "undefined, but decoded", where, 0, code->data, code->size);
		return;
	}
	check(r, len == code->size, "not the assembler's length", where, len, code->data,
	      code->size);
	if (len != code->size)
		return;
	check(r, (int)in.cls == class_of_label(code->name), "not the listed class", where, in.cls,
	      code->data, len);
	while (next < code->nr_relocs && code->relocs[next].r_offset < code->off)
		next++;
	check_relocs(r, where, code, &next, code->off, &in, code->data);
}

static int run_listing(struct run *r, char **files)
{
	for (; *files; files++)
		for_each_code(*files, listed_insn, r);
	printf("%zu relocations in fields\n", r->relocs);
	return tally_done(&r->tally);
}

/* One line of objdump -d: "  12:\t48 89 e5 \tmov ..."; false if it is none. */
static bool parse_line(char *line, u64 *addr, u8 *bytes, unsigned int *len, char **text)
{
	char *p, *end;

	*addr = strtoull(line, &p, 16);
	if (p == line || *p++ != ':')
		return false;
	for (*len = 0; *len < 32; ++*len) {
		while (*p == ' ' || (*p == '\t' && !*len))
			p++;
		if (!isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]) ||
		    (p[2] != ' ' && p[2] != '\t' && p[2] != '\n'))
			break;
		bytes[*len] = (u8)strtoul(p, &end, 16);
		p = end;
	}
	p[strcspn(p, "\n#<")] = 0;
	*text = p;
	return *len > 0;
}

struct line {
	size_t off;
	struct verdict v;
};

/* Contiguous lines of a disassembly, and their bytes. */
struct text {
	u8 *bytes;
	struct line *lines;
	size_t nr, size, room_lines, room_bytes;
	u64 next; /* address behind the last line */
};

static void *grow(void *p, size_t used, size_t *room, size_t size)
{
	if (used < *room)
		return p;
	*room = *room * 2 + 4096;
	p = realloc(p, *room * size);
	if (!p)
		exit(2);
	return p;
}

/*
 * @step: judge only what begins at multiples of it, by at most 15 bytes. A
 * prefix on a line of its own belongs to the instruction behind it.
 */
static void judge_text(struct run *r, struct text *t, const char *file, unsigned int step)
{
	u64 base = t->next - t->size;

	for (size_t i = t->nr; i-- > 1;) {
		struct verdict *v = &t->lines[i - 1].v, next = t->lines[i].v;

		if (!is_prefix_only(v->text))
			continue;
		v->len = next.len && v->len + next.len <= ARCH_MAX_INSN ? v->len + next.len : 0;
		v->cls = next.cls;
		memcpy(v->text, next.text, sizeof(v->text));
	}
	for (size_t i = 0; i < t->nr; i++) {
		size_t off = t->lines[i].off, avail = t->size - off;

		if (step > 1 && avail > ARCH_MAX_INSN)
			avail = ARCH_MAX_INSN;
		if ((base + off) % step == 0)
			court_try(r->court, &r->tally, t->bytes + off, avail, &t->lines[i].v, file,
				  base + off);
	}
	t->nr = t->size = 0;
}

static void set_verdict(struct verdict *v, unsigned int len, const char *text)
{
	bool bad = strstr(text, "(bad)") || strstr(text, ".byte") || strstr(text, "<unknown>");

	v->given = true;
	v->len = bad || len > ARCH_MAX_INSN ? 0 : len;
	v->cls = bad ? CLS_UNKNOWN : class_of_text(text);
	snprintf(v->text, sizeof(v->text), "%s", text);
}

static void add_line(struct text *t, const u8 *bytes, unsigned int len, const char *text)
{
	struct line *l;

	t->lines = grow(t->lines, t->nr, &t->room_lines, sizeof(*t->lines));
	t->bytes = grow(t->bytes, t->size + len, &t->room_bytes, 1);
	l = &t->lines[t->nr++];
	*l = (struct line){.off = t->size};
	set_verdict(&l->v, len, text);
	memcpy(t->bytes + t->size, bytes, len);
	t->size += len;
	t->next += len;
}

static void read_text(struct run *r, const char *file, unsigned int step)
{
	FILE *f = fopen(file, "r");
	struct text t = {0};
	char line[4096], *text;
	unsigned int len;
	u8 bytes[32];
	u64 addr;

	if (!f)
		exit(2);
	while (fgets(line, sizeof(line), f)) {
		if (!parse_line(line, &addr, bytes, &len, &text))
			continue;
		if (addr != t.next)
			judge_text(r, &t, file, step);
		t.next = addr;
		add_line(&t, bytes, len, text);
	}
	judge_text(r, &t, file, step);
	free(t.bytes);
	free(t.lines);
	fclose(f);
}

static int run_text(struct run *r, char **files, unsigned int step)
{
	for (; *files; files++)
		read_text(r, *files, step);
	return tally_done(&r->tally);
}

/* xorshift64*: the same bytes everywhere for a seed. */
static u64 rnd(u64 *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static u8 one_of(u64 *state, const char *bytes, size_t n)
{
	return (u8)bytes[rnd(state) % n];
}

/*
 * Fifteen bytes: prefixes, perhaps an escape, then noise. Plain noise would
 * spend nearly all samples on the one-byte map.
 */
static void random_insn(u64 *state, u8 *out)
{
	u64 kind = rnd(state) >> 32;
	unsigned int n = 0;

	for (unsigned int i = 0; i < ARCH_MAX_INSN; i++)
		out[i] = (u8)(rnd(state) >> 40);
	while (kind % 16 >= 11 && n < ARCH_MAX_INSN - 1) {
		out[n++] = one_of(state, "\x66\x66\xf2\xf3\x67\x2e\x65\xf0\x48\x41\x66\xf3", 12);
		kind = rnd(state) >> 32;
	}
	kind = rnd(state) >> 32;
	if (n + 5 > ARCH_MAX_INSN)
		return;
	switch (kind % 12) {
	case 0:
	case 1:
		out[n] = 0x0f;
		break;
	case 2:
		out[n++] = 0x0f;
		out[n] = 0x38;
		break;
	case 3:
		out[n++] = 0x0f;
		out[n] = 0x3a;
		break;
	case 4:
		out[n] = 0xc5;
		break;
	case 5:
		out[n++] = 0xc4;
		out[n] = (u8)((out[n] & 0xe0) | (1 + out[n] % 3));
		break;
	case 6:
	case 7:
		out[n++] = 0x62;
		out[n] = (u8)((out[n] & 0xf0) | (1 + out[n] % 7));
		out[n + 1] |= 4;
		break;
	case 8:
		out[n++] = 0x8f;
		out[n] = (u8)((out[n] & 0xe0) | (8 + out[n] % 3));
		out[n + 1] &= 0xfc;
		break;
	}
}

/* Slots are 32 bytes: 15 random ones, and nops for a linear sweep to recover on. */
#define SLOT 32

static int run_gen(char **args)
{
	u64 state = strtoull(args[0], NULL, 0) * 2 + 1, count = strtoull(args[1], NULL, 0);
	u8 slot[SLOT];

	while (count--) {
		memset(slot, 0x90, sizeof(slot));
		random_insn(&state, slot);
		if (fwrite(slot, sizeof(slot), 1, stdout) != 1)
			return 2;
	}
	return fflush(stdout) ? 2 : 0;
}

static void put_slot(const u8 *head, unsigned int len)
{
	u8 slot[SLOT];

	memset(slot, 0x90, sizeof(slot));
	/* Fields that follow are told apart by their bytes. */
	for (unsigned int i = 0; i < ARCH_MAX_INSN; i++)
		slot[i] = (u8)(0x10 + i);
	memcpy(slot, head, len);
	if (fwrite(slot, sizeof(slot), 1, stdout) != 1)
		exit(2);
}

/* ModRM bytes: every reg field with (%rbx), disp32(%rip), disp8 with SIB, a register. */
#define NR_MODRM 32

static unsigned int put_modrm(u8 *p, unsigned int which)
{
	static const u8 rm[4] = {0x03, 0x05, 0x44, 0xc1};

	p[0] = (u8)(rm[which & 3] | (which >> 2) << 3);
	p[1] = 0x23;
	return (which & 3) == 2 ? 2 : 1;
}

/* Legacy maps: each opcode with each mandatory prefix, REX.W, and ModRM. */
static void put_legacy(unsigned int map, u8 op)
{
	static const u8 prefix[4] = {0, 0x66, 0xf3, 0xf2};

	for (unsigned int v = 0; v < 8 * NR_MODRM; v++) {
		u8 p[ARCH_MAX_INSN];
		unsigned int n = 0;

		if (v & 3)
			p[n++] = prefix[v & 3];
		if (v & 4)
			p[n++] = 0x48;
		if (map)
			p[n++] = 0x0f;
		if (map > 1)
			p[n++] = map == 2 ? 0x38 : 0x3a;
		p[n++] = op;
		put_slot(p, n + put_modrm(p + n, v >> 3));
	}
}

/* VEX, XOP (@first c4, 8f): each opcode with each pp, W, L, without and with vvvv. */
static void put_vex(u8 first, unsigned int map, u8 op)
{
	for (unsigned int v = 0; v < 32 * NR_MODRM; v++) {
		u8 p[ARCH_MAX_INSN] = {first, (u8)(0xe0 | map), 0, op};

		/* Not all the reg fields with all the rest. */
		if ((v >> 7) > 1 && (v & 0x1f) > 7)
			continue;
		p[2] = (u8)((v & 3) | (v & 4 ? 0x04 : 0) | (v & 8 ? 0x80 : 0) |
			    (v & 16 ? 0x70 : 0x78));
		put_slot(p, 4 + put_modrm(p + 4, v >> 5));
	}
}

/* EVEX: each opcode with each pp, W, vector length; plain, with broadcast, with a mask. */
static void put_evex(unsigned int map, u8 op)
{
	static const u8 length[4] = {0x00, 0x20, 0x40, 0x40}, extra[4] = {0x00, 0x10, 0x01, 0x11};

	for (unsigned int v = 0; v < 128 * NR_MODRM; v++) {
		u8 p[ARCH_MAX_INSN] = {0x62, (u8)(0xf0 | map), 0, 0, op};

		/* The fourth of each three is a repetition; not all reg fields with all the rest.
		 */
		if ((v & 0x18) == 0x18 || (v & 0x60) == 0x60 || ((v >> 9) > 0 && (v & 0x7f) > 7))
			continue;
		p[2] = (u8)(0x7c | (v & 3) | (v & 4 ? 0x80 : 0));
		p[3] = (u8)(0x08 | length[v >> 3 & 3] | extra[v >> 5 & 3]);
		put_slot(p, 5 + put_modrm(p + 5, v >> 7));
	}
}

/* Slots with every form of every opcode of @name's maps. */
static int run_forms(const char *name)
{
	static const unsigned int vex_maps[] = {1, 2, 3, 5, 7};

	for (unsigned int op = 0; op < 256; op++) {
		for (unsigned int map = 0; !strcmp(name, "legacy") && map < 4; map++)
			put_legacy(map, (u8)op);
		for (size_t i = 0; !strcmp(name, "vex") && i < ARRAY_SIZE(vex_maps); i++)
			put_vex(0xc4, vex_maps[i], (u8)op);
		for (unsigned int map = 8; !strcmp(name, "xop") && map < 11; map++)
			put_vex(0x8f, map, (u8)op);
		for (unsigned int map = 1; !strcmp(name, "evex") && map < 8; map++)
			put_evex(map, (u8)op);
	}
	return fflush(stdout) ? 2 : 0;
}

/* A page behind which nothing may be touched. */
struct cliff {
	u8 *end;
};

static struct cliff cliff_make(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	u8 *p = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + page, page, PROT_NONE))
		exit(2);
	return (struct cliff){.end = p + page};
}

/* The most bytes of a stretch. */
#define RUN_BYTES 64

struct edges {
	struct run *r;
	struct cliff cliff;
};

/* Every proper prefix of an instruction is none; nothing behind the bytes is read. */
static void try_edges(struct edges *e, const u8 *p, size_t avail, const char *where, u64 off)
{
	struct insn in, cut;
	unsigned int len = arch_decode(p, avail, &in);

	if (avail > ARCH_MAX_INSN)
		avail = ARCH_MAX_INSN;
	for (size_t n = 0; n <= avail; n++) {
		unsigned int got;

		memcpy(e->cliff.end - n, p, n);
		memset(&cut, 0, sizeof(cut));
		got = arch_decode(e->cliff.end - n, n, &cut);
		check(e->r, got == (len && n >= len ? len : 0), "wrong when cut", where, off, p, n);
		if (got)
			check(e->r, !memcmp(&cut, &in, sizeof(in)), "fields differ when cut", where,
			      off, p, n);
	}
	/* More is promised than 15 bytes: no more may be read even so. */
	if (avail == ARCH_MAX_INSN)
		check(e->r, arch_decode(e->cliff.end - avail, 4096, &cut) == len,
		      "wrong at the end", where, off, p, avail);
}

static void edges_code(void *arg, const char *file, const struct code *code)
{
	struct edges *e = arg;
	struct insn in;
	size_t off = 0;

	while (off < code->size) {
		unsigned int len = arch_decode(code->data + off, code->size - off, &in);

		try_edges(e, code->data + off, code->size - off, file, code->off + off);
		off += len ? len : 1;
	}
}

/*
 * A stretch decoded in runs of @room is what its instructions are one by one, wherever it ends: at
 * the end of what can be read, or before. All that can be read are the @size bytes at @p.
 */
static void try_run(struct edges *e, const u8 *p, u32 size, u32 end, u32 room, u64 where)
{
	struct stretch s = {.data = e->cliff.end - size, .size = size, .end = end};
	struct code_insn got[RUN_BYTES];
	u32 note[RUN_BYTES], at[RUN_BYTES] = {0}, n = 0, off = 0, noted = 0;
	u8 classes = 0;

	memcpy(e->cliff.end - size, p, size);
	while (s.off < end)
		n += arch_decode_run(&s, got + n, note + s.nr_notes, at + s.off,
				     n + room > end ? end - n : room);
	check(e->r, s.off == end && s.nr == n, "run ends elsewhere", "random", where, p, size);
	for (u32 i = 0; i < n; i++) {
		struct insn one = {0};

		if (!arch_decode(p + off, end - off, &one))
			one = (struct insn){.len = 1, .cls = INSN_BAD};
		check(e->r,
		      got[i].off == off && at[off] == i && got[i].ordinal == i && !got[i].filler &&
			      !got[i].line && !memcmp(&got[i].insn, &one, sizeof(one)),
		      "run differs", "random", where, p + off, end - off);
		if (one.cls != INSN_OTHER || one.flags || one.disp_len >= 4 || one.imm_len >= 4) {
			check(e->r, noted < s.nr_notes && note[noted] == i, "not noted", "random",
			      where, p + off, end - off);
			noted++;
		}
		classes |= one.cls;
		off += got[i].insn.len;
	}
	check(e->r, (s.classes & classes) == classes, "classes missing", "random", where, p, size);
	check(e->r, s.nr_notes == noted, "noted without need", "random", where, p, size);
}

static void try_runs(struct edges *e, u64 *state, u64 count)
{
	for (u64 i = 0; i < count; i++) {
		u8 bytes[RUN_BYTES + ARCH_MAX_INSN];
		u32 size = (u32)(rnd(state) % (RUN_BYTES + 1)), end = size;

		/* instructions, most of them whole */
		for (u32 k = 0; k < RUN_BYTES;) {
			struct insn insn;
			unsigned int len;

			random_insn(state, bytes + k);
			len = arch_decode(bytes + k, ARCH_MAX_INSN, &insn);
			k += len ? len : 1;
		}
		if (size && rnd(state) % 2)
			end -= (u32)(rnd(state) % size);
		try_run(e, bytes, size, end, 1 + (u32)(rnd(state) % 4) * 7, i);
	}
}

static int run_edges(struct run *r, char **args)
{
	struct edges e = {.r = r, .cliff = cliff_make()};
	u64 state = strtoull(args[0], NULL, 0) * 2 + 1, count = strtoull(args[1], NULL, 0);
	u8 bytes[ARCH_MAX_INSN];

	for (u64 i = 0; i < count; i++) {
		random_insn(&state, bytes);
		try_edges(&e, bytes, sizeof(bytes), "random", i);
	}
	try_runs(&e, &state, count / 4);
	/* Prefixes and nothing else, up to the limit. */
	for (unsigned int n = 0; n <= ARCH_MAX_INSN; n++) {
		memset(bytes, 0x66, sizeof(bytes));
		memset(bytes + n, 0x90, sizeof(bytes) - n);
		try_edges(&e, bytes, sizeof(bytes), "prefixes", n);
		check(r,
		      arch_decode(bytes, sizeof(bytes), &(struct insn){0}) ==
			      (n < ARCH_MAX_INSN ? n + 1 : 0),
		      "prefixes", "prefixes", n, bytes, n);
	}
	for (args += 2; *args; args++)
		for_each_code(*args, edges_code, &e);
	return tally_done(&r->tally);
}

/* Short and near form give the same bytes; what has no short form stays. */
static const struct branch {
	u8 len, out_len;
	u8 bytes[8], out[8];
} branches[] = {
	{2, 1, {0xeb, 0x10}, {0xe9}},
	{5, 1, {0xe9, 1, 2, 3, 4}, {0xe9}},
	{5, 1, {0xe8, 1, 2, 3, 4}, {0xe8}},
	{2, 2, {0x74, 0x10}, {0x0f, 0x84}},
	{6, 2, {0x0f, 0x84, 1, 2, 3, 4}, {0x0f, 0x84}},
	{2, 2, {0x7f, 0xfe}, {0x0f, 0x8f}},
	{2, 2, {0x70, 0xfe}, {0x0f, 0x80}},
	{3, 3, {0x2e, 0x75, 0x10}, {0x2e, 0x0f, 0x85}},
	{7, 3, {0x2e, 0x0f, 0x85, 1, 2, 3, 4}, {0x2e, 0x0f, 0x85}},
	{3, 2, {0xf2, 0xeb, 0x10}, {0xf2, 0xe9}},
	{8, 4, {0x66, 0x66, 0x48, 0xe8, 1, 2, 3, 4}, {0x66, 0x66, 0x48, 0xe8}},
	{2, 1, {0xe3, 0x10}, {0xe3}},
	{2, 1, {0xe0, 0x10}, {0xe0}},
	{3, 2, {0x67, 0xe3, 0x10}, {0x67, 0xe3}},
	{6, 2, {0xc7, 0xf8, 1, 2, 3, 4}, {0xc7, 0xf8}},
};

static int run_branches(struct run *r)
{
	u8 out[ARCH_MAX_INSN + 1], longest[ARCH_MAX_INSN];
	struct insn in = {0};

	for (size_t i = 0; i < ARRAY_SIZE(branches); i++) {
		const struct branch *b = &branches[i];
		unsigned int len = arch_decode(b->bytes, b->len, &in);

		check(r, len == b->len, "branch length", "branch", i, b->bytes, b->len);
		check(r, in.flags & INSN_PCREL_IMM, "branch is not relative", "branch", i, b->bytes,
		      b->len);
		memcpy(out, b->bytes, b->len);
		len = arch_canonical_branch(out, &in);
		check(r, len == b->out_len && !memcmp(out, b->out, len), "canonical form", "branch",
		      i, b->bytes, b->len);
	}
	memset(longest, 0x3e, sizeof(longest));
	longest[13] = 0x75;
	arch_decode(longest, sizeof(longest), &in);
	memcpy(out, longest, sizeof(longest));
	check(r,
	      arch_canonical_branch(out, &in) == ARCH_MAX_INSN && out[13] == 0x0f &&
		      out[14] == 0x85,
	      "canonical form", "longest", 0, longest, sizeof(longest));
	return tally_done(&r->tally);
}

static void time_code(void *arg, const char *file, const struct code *code)
{
	struct run *r = arg;
	struct timespec a, b;
	struct insn in;
	size_t off;

	(void)file;
	/* Once to have the bytes in memory, once for the clock. */
	for (int pass = 0; pass < 2; pass++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		for (off = 0; off < code->size;) {
			unsigned int len = arch_decode(code->data + off, code->size - off, &in);

			off += len ? len : 1;
		}
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
	}
	r->bytes += code->size;
	r->checks += (unsigned long)((b.tv_sec - a.tv_sec) * 1000000000 + b.tv_nsec - a.tv_nsec);
}

static int run_speed(struct run *r, char **files)
{
	for (; *files; files++)
		for_each_code(*files, time_code, r);
	printf("%zu bytes of code, %.0f MB/s\n", r->bytes,
	       1e3 * (double)r->bytes / (double)r->checks);
	check(r, r->bytes, "no code", "speed", 0, NULL, 0);
	return tally_done(&r->tally);
}

int main(int argc, char **argv)
{
	struct run r = {0};
	const char *mode = argc > 1 ? argv[1] : "";
	char **args = argv + 2;

	if (!strcmp(mode, "gen") && argc == 4)
		return run_gen(args);
	if (!strcmp(mode, "forms") && argc == 3)
		return run_forms(args[0]);
	tally_init(&r.tally);
	if (!strcmp(mode, "edges") && argc >= 4)
		return run_edges(&r, args);
	if (!strcmp(mode, "branches"))
		return run_branches(&r);
	if (!strcmp(mode, "speed"))
		return run_speed(&r, args);
	if (!strcmp(mode, "padding"))
		return padding_test(&r.tally, args);
	if (!strcmp(mode, "listing"))
		return run_listing(&r, args);
	r.court = court_open();
	if (!strcmp(mode, "objects"))
		return run_objects(&r, args);
	if (!strcmp(mode, "text"))
		return run_text(&r, args, 1);
	if (!strcmp(mode, "slots"))
		return run_text(&r, args, SLOT);
	fprintf(stderr, "usage: see the head of decode_test.c\n");
	return 2;
}
