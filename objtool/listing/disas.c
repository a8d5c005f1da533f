// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * disas.c - one instruction as text, with names where addresses would be
 *
 * A field that a name is to take the place of is filled with a number that
 * no code has by chance, and where the disassembler prints that number, the name goes:
 *
 *     48 8b 05 00000000   ->  48 8b 05 5a5a5a5a  ->  movq 0x5a5a5a5a(%rip), %rax
 */
#include <stdio.h>
#include <stdlib.h>
#include <capstone/capstone.h>
#include <objtool/disas.h>
#include <objtool/library.h>
#include <objtool/log.h>

/* The library of the version whose structures the header has. */
#define STRING(x) #x
#define EXPAND(x) STRING(x)
#define CAPSTONE  "libcapstone.so." EXPAND(CS_API_MAJOR)

struct disas {
	void *library;
	csh handle;
	cs_insn *insn;
	__typeof__(cs_open) *open;
	__typeof__(cs_option) *option;
	__typeof__(cs_malloc) *make;
	__typeof__(cs_disasm_iter) *next;
	__typeof__(cs_free) *release;
	__typeof__(cs_close) *close;
};

static bool load(struct disas *d)
{
	static const struct library_call calls[] = {
		{"cs_open", offsetof(struct disas, open)},
		{"cs_option", offsetof(struct disas, option)},
		{"cs_malloc", offsetof(struct disas, make)},
		{"cs_disasm_iter", offsetof(struct disas, next)},
		{"cs_free", offsetof(struct disas, release)},
		{"cs_close", offsetof(struct disas, close)},
	};

	d->library = library_open(CAPSTONE, calls, ARRAY_SIZE(calls), d);
	if (!d->library || d->open(CS_ARCH_X86, CS_MODE_64, &d->handle) != CS_ERR_OK)
		return false;
	d->option(d->handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	d->insn = d->make(d->handle);
	return d->insn;
}

struct disas *disas_open(void)
{
	struct disas *d = xcalloc(1, sizeof(*d));

	if (!load(d))
		warning("%s is not there: instructions are shown as bytes (in Debian, install "
			"libcapstone%d)",
			CAPSTONE, CS_API_MAJOR);
	return d;
}

void disas_close(struct disas *d)
{
	if (!d)
		return;
	if (d->insn) {
		d->release(d->insn, 1);
		d->close(&d->handle);
	}
	library_close(d->library);
	free(d);
}

static void add_text(struct buf *out, const char *text)
{
	buf_add(out, text, strlen(text));
}

/* What stands for field number @i, of @size bytes, in all of them the same byte. */
static u8 mark_byte(size_t i)
{
	return (u8)(0x5a + i);
}

/* Fill the field that begins at @off with its mark; returns its size, 0 if it cannot be. */
static u8 mark_field(u8 *bytes, const struct insn *insn, u32 off, u8 mark)
{
	u8 size = insn->disp_len && off == insn->disp_off ? insn->disp_len
		  : off == insn->imm_off		  ? insn->imm_len
							  : 0;

	if (size < 4)
		return 0;
	for (u8 i = 0; i < size; i++)
		if (bytes[off + i])
			return 0;
	memset(bytes + off, mark, size);
	return size;
}

/* Put @text where @operands has the mark, all of @size bytes; false if that is not there once. */
static bool replace_mark(struct buf *operands, u8 mark, u8 size, const char *text)
{
	char number[2 + 16 + 1];
	int len = snprintf(number, sizeof(number), "0x%0*llx", 2 * size,
			   0x0101010101010101ULL * mark >> 8 * (8 - size));
	u8 *at = memmem(operands->data, operands->len, number, (size_t)len);
	struct buf result = {0};
	size_t before, behind;

	if (!at)
		return false;
	before = (size_t)(at - operands->data);
	behind = before + (size_t)len;
	buf_add(&result, operands->data, before);
	add_text(&result, text);
	buf_add(&result, operands->data + behind, operands->len - behind);
	buf_free(operands);
	*operands = result;
	return true;
}

static void add_bytes(struct buf *out, const u8 *bytes, size_t len)
{
	char hex[8];

	add_text(out, ".byte ");
	for (size_t i = 0; i < len; i++) {
		snprintf(hex, sizeof(hex), "%s0x%02x", i ? ", " : "", bytes[i]);
		add_text(out, hex);
	}
}

void disas_insn(struct disas *d, const u8 *bytes, size_t len, struct disas_field *fields, size_t nr,
		struct buf *out)
{
	u8 padded[32] = {0}, size[4] = {0};
	struct buf operands = {0};
	struct insn insn;
	const u8 *code = padded;
	size_t left;
	u64 address = 0;
	bool branch;

	memcpy(padded, bytes, len < sizeof(padded) ? len : sizeof(padded));
	left = arch_decode(padded, ARCH_MAX_INSN, &insn);
	branch = left && insn.flags & INSN_PCREL_IMM;
	for (size_t i = 0; left && i < nr && i < ARRAY_SIZE(size); i++)
		if (!branch)
			size[i] = mark_field(padded, &insn, fields[i].off, mark_byte(i));
	if (!left || !d->insn || !d->next(d->handle, &code, &left, &address, d->insn)) {
		add_bytes(out, bytes, len);
		return;
	}
	add_text(&operands, d->insn->op_str);
	for (size_t i = 0; i < nr && i < ARRAY_SIZE(size); i++) {
		if (branch && (!fields[i].off || fields[i].off == insn.imm_off)) {
			operands.len = 0;
			add_text(&operands, fields[i].text);
			fields[i].shown = true;
		} else if (size[i]) {
			fields[i].shown =
				replace_mark(&operands, mark_byte(i), size[i], fields[i].text);
		}
	}
	add_text(out, d->insn->mnemonic);
	if (operands.len)
		add_text(out, " ");
	buf_add(out, operands.data, operands.len);
	buf_free(&operands);
}
