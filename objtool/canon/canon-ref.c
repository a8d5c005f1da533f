// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * canon-ref.c - what an instruction or a datum refers to, in words that do not depend on places
 *
 *     kfree +0                      by name, where that says it all
 *     (string) "text" +0            by content
 *     (data) 2 +8                   the third unnamed thing, which is written behind the code
 *     (here) 0 12                   instruction 12 of the function's own first part
 */
#include <objtool/names.h>
#include "canon-write.h"

/*
 * The tokens of one function or object and lane are at most this many bytes, and the file's: an
 * object of 50 MB that is an archive to boot from has as many as its bytes.
 */
#define MAX_STREAM_BASE (1U << 20)

/*
 * Unnamed data that one function or object leads to is in at most so many pieces, and one for so
 * many bytes of the file.
 */
#define MAX_BLOBS_BASE 65536U
#define BYTES_PER_BLOB 256U

/* Add to the effort of the object when so many steps have come together. */
#define EFFORT_BATCH 65536U

/* Kinds of canon.seen that are not sections: names of objects, and objects of a name. */
#define SEEN_NAME   0xfffffffeU
#define SEEN_OBJECT 0xffffffffU

/* ---- effort ---- */

void canon_settle_effort(struct canon *c)
{
	effort_add(c->code->effort, c->spent);
	c->spent = 0;
}

void canon_spend(struct canon *c, u64 steps)
{
	c->spent += steps;
	if (c->spent >= EFFORT_BATCH)
		canon_settle_effort(c);
}

bool canon_is_over(struct canon *c)
{
	struct effort *effort = c->code->effort;
	size_t bytes = c->code->obj->file_size;

	if (c->stream.out->len > MAX_STREAM_BASE + bytes ||
	    c->nr_blobs > MAX_BLOBS_BASE + bytes / BYTES_PER_BLOB)
		effort_refuse(effort);
	return effort_is_over(effort);
}

/* ---- what has been met ---- */

/* Code without a symbol becomes a part of the function that reaches it first. */
u32 canon_fragment(struct canon *c, const struct target *t)
{
	u32 p = parts_add_fragment(&c->parts, t);

	canon_cover(c, c->parts.part[p].sec, c->parts.part[p].off,
		    c->parts.part[p].end - c->parts.part[p].off);
	return p;
}

void canon_write_place(struct canon *c, u32 p, u32 off)
{
	u32 delta, n = parts_ordinal(&c->parts, p, off, &delta);

	token_num(&c->stream, c->parts.part[p].number);
	token_num(&c->stream, n);
	if (delta)
		token_num(&c->stream, delta);
}

/* Rests cover nothing: they are what is left. */
void canon_cover(struct canon *c, u32 sec, u32 off, u32 len)
{
	if (c->parts.self != NO_UNIT)
		coverage_add(c->coverage, sec, off, len);
}

/* ---- references ---- */

/* Number data that is to be written behind the code: unnamed, or what tells @t from its namesakes.
 */
static u32 blob_index(struct canon *c, const struct target *t)
{
	u32 i = *seen_number(&c->seen, t->sec, t->off, c->nr_blobs);

	if (i < c->nr_blobs)
		return i;
	if (c->nr_blobs == c->cap_blobs) {
		c->cap_blobs = c->cap_blobs ? c->cap_blobs * 2 : 16;
		c->blobs = xreallocarray(c->blobs, c->cap_blobs, sizeof(*c->blobs));
	}
	c->blobs[c->nr_blobs++] = *t;
	return i;
}

void canon_write_name(struct canon *c, u32 sym)
{
	if (c->stream.watch)
		c->stream.watch->name = c->code->obj->symbols[sym].name;
	token_name(&c->stream, canon_identity(c, sym)->name);
}

/* How many instructions into @unit, another function, the place is. */
static void other_place(struct canon *c, u32 unit, s64 delta)
{
	const struct unit *u = &c->code->units[unit];
	u32 rest, n;

	insns_reset(&c->parts.other);
	canon_spend(c, 4 * (u64)u->len); /* to decode a byte takes some */
	code_decode(c->code, u->sec, u->off, u->off + u->len,
		    u->sized ? DECODE_ALL : DECODE_TO_NEXT, &c->parts.other);
	n = code_ordinal(c->parts.other.insn, c->parts.other.nr, u->off + (u32)delta, &rest);
	token_num(&c->stream, n);
	if (rest)
		token_num(&c->stream, rest);
}

/* The n-th different object of its name in this function: x.12 and x.34 are both "x". */
static u32 nth_of_name(struct canon *c, u32 sym)
{
	u32 head = canon_identity(c, sym)->head;
	u32 n = *seen_number(&c->seen, SEEN_NAME, head, 0);
	u32 mine = *seen_number(&c->seen, SEEN_OBJECT, canon_identity(c, sym)->unit, n);

	if (mine == n)
		*seen_number(&c->seen, SEEN_NAME, head, 0) = n + 1;
	return mine;
}

static bool is_zero(const struct section *sec, u32 off, u32 len)
{
	struct reloc_cursor cur = reloc_cursor(sec, off);

	if (reloc_next(&cur, (u64)off + len))
		return false;
	for (u32 i = 0; sec->data && i < len; i++)
		if (sec->data[off + i])
			return false;
	return true;
}

/*
 * Numbered objects, x.12 and x.34, are told apart by what they are: a size and what they hold
 * at first. Which of two that are equal is meant, only a number says.
 */
static void write_content(struct canon *c, u32 unit)
{
	const struct unit *u = &c->code->units[unit];
	struct target t = {
		.kind = TARGET_BLOB, .unit = unit, .sec = u->sec, .off = u->off, .len = u->len};

	token_num(&c->stream, u->len);
	if (name_is_btf_id(c->code->obj->symbols[u->sym].name) ||
	    is_zero(canon_section(c, u->sec), u->off, u->len))
		return;
	if (c->stream.watch)
		c->stream.watch->data_at = (u32)(c->stream.out->len - c->stream.start);
	token_num(&c->stream, blob_index(c, &t));
}

/*
 * What tells @t, a symbol of this object or not, from others of its name: its
 * file if that is another than this unit's, its content, a rank. Nothing is said
 * of the only one there can be, so that linking in others changes nothing.
 */
static void write_which(struct canon *c, const struct target *t)
{
	const struct object *obj = c->code->obj;
	const struct identity *id = canon_identity(c, t->sym);
	const struct symbol *sym = &obj->symbols[t->sym];
	const struct unit *u = t->unit == NO_UNIT ? NULL : &c->code->units[t->unit];
	const struct origin *origin;
	u32 n;

	if (id->only)
		return;
	if (u && u->kind == UNIT_DATA && id->bind == BIND_LOCAL && id->traits & NAME_COUNTED)
		write_content(c, t->unit);
	if (u && namesake_is_field(c->namesakes, t->sym))
		token_word(&c->stream, strrchr(sym->name, '.'));
	if (!id->head)
		return;
	origin = parts_origin(&c->parts);
	if (id->bind != BIND_LOCAL || !u) {
		if (origin->file && namesake_is_local_in(c->namesakes, t->sym, origin->file))
			token_word(&c->stream, "(global)");
		return;
	}
	if (sym->file && !namesake_is_near(c->namesakes, origin, t->sym))
		token_word(&c->stream, obj->symbols[sym->file].name);
	n = u->kind == UNIT_FUNC ? id->rank : nth_of_name(c, t->sym);
	if (n)
		token_num(&c->stream, n);
}

/* Where constants are is no news, unless it is memory that is given back after boot. */
static void write_unusual_class(struct canon *c, u32 sec)
{
	if (strcmp(c->code->class[sec], ".rodata") != 0)
		token_word(&c->stream, c->code->class[sec]);
}

static bool is_empty_local(const struct canon *c, const struct target *t)
{
	return t->unit != NO_UNIT && canon_identity(c, t->sym)->bind == BIND_LOCAL &&
	       !c->code->units[t->unit].len;
}

/* True if @t is said by a name and a number, as most are. */
static bool is_plain_name(const struct canon *c, const struct target *t)
{
	return t->kind == TARGET_NAME && canon_identity(c, t->sym)->only &&
	       !parts_is_self(&c->parts, t->unit) && !is_empty_local(c, t);
}

static void write_named(struct canon *c, const struct target *t)
{
	/* Empty objects are alike, and share their place with others. */
	if (is_empty_local(c, t)) {
		token_word(&c->stream, "(empty)");
		if (t->delta)
			token_num(&c->stream, t->delta);
		return;
	}
	if (parts_is_self(&c->parts, t->unit)) {
		token_word(&c->stream, "(self)");
		token_num(&c->stream, t->delta);
		return;
	}
	canon_write_name(c, t->sym);
	token_num(&c->stream, t->delta);
	write_which(c, t);
}

static void write_entry(struct canon *c, const struct target *t);

void canon_write_target(struct canon *c, const struct target *t)
{
	const struct section *sec = canon_section(c, t->sec);

	if (canon_is_over(c))
		return;
	if (parts_is_self(&c->parts, t->unit)) {
		u32 in;
		s64 off = target_offset(c->code, t, &in);
		u32 part = parts_at(&c->parts, in, off);

		if (part != NO_PART) {
			token_word(&c->stream, "(here)");
			canon_write_place(c, part, (u32)off);
			return;
		}
	}
	switch ((enum target_kind)t->kind) {
	case TARGET_NAME:
		write_named(c, t);
		break;
	case TARGET_CODE:
		canon_write_name(c, t->sym);
		token_word(&c->stream, "(insn)");
		other_place(c, t->unit, t->delta);
		write_which(c, t);
		break;
	case TARGET_BYTES:
		token_word(&c->stream, sec->flags & SF_STRINGS ? "(string)" : "(const)");
		write_unusual_class(c, t->sec);
		token_bytes(&c->stream, sec->data + t->off, t->len);
		token_num(&c->stream, t->delta);
		canon_spend(c, t->len);
		canon_cover(c, t->sec, t->off, t->len);
		break;
	case TARGET_BLOB:
		token_word(&c->stream, "(data)");
		write_unusual_class(c, t->sec);
		token_num(&c->stream, blob_index(c, t));
		token_num(&c->stream, t->delta);
		break;
	case TARGET_FRAGMENT:
		token_word(&c->stream, "(fragment)");
		canon_write_place(c, canon_fragment(c, t), t->off);
		break;
	case TARGET_ENTRY:
		write_entry(c, t);
		break;
	case TARGET_NOWHERE:
		token_word(&c->stream, "(nowhere)");
		token_word(&c->stream, c->code->class[t->sec]);
		token_num(&c->stream, t->delta);
		break;
	}
}

/*
 * The address of a special-section entry, as 7.x code takes it of its own
 * __bug_table entry: which entry of which place, since where it lies in the table means nothing.
 */
static void write_entry(struct canon *c, const struct target *t)
{
	const struct specials *specials = &c->code->specials;
	const struct section *sec = canon_section(c, t->sec);
	struct special entry;
	struct target site;
	u32 i, nth = 0;
	u8 kind = specials->sections[t->sec].kind;

	if (!specials_at(c->code->obj, specials, t->sec, t->off, &entry))
		return;
	token_word(&c->stream, "(entry)");
	token_word(&c->stream, sec->name);
	token_num(&c->stream, (s64)t->off - entry.entry);
	for (i = specials_from(specials, entry.site.sec, entry.site.off);
	     i < specials->nr && specials->entries[i].entry != entry.entry; i++)
		nth += specials->sections[specials->entries[i].table].kind == kind;
	canon_spend(c, nth);
	token_num(&c->stream, nth);
	site = target_at(c->code, entry.site.sec, entry.site.off);
	if (site.kind == TARGET_NAME || site.kind == TARGET_CODE)
		canon_write_target(c, &site);
}

/* The most put_how() takes. */
#define HOW_ROOM 32

/* How a reference is made; types without a kind of their own by their number. */
static u8 *put_how(u8 *p, u32 reloc_type_number)
{
	/* A field of bytes as it is written, and some behind it: copying needs no loop. */
	static const struct how {
		u8 type, len[4];
		char word[11];
	} words[][9] = {
#define HOW(word) {TOKEN_FIELD_BYTES, {sizeof(word) - 1}, word}
		[RELOC_ABS] = {[1] = HOW("abs8"),
			       [2] = HOW("abs16"),
			       [4] = HOW("abs32"),
			       [8] = HOW("abs64")},
		[RELOC_SIGNED] = {[4] = HOW("abs32s")},
		[RELOC_PC] =
			{[1] = HOW("pc8"), [2] = HOW("pc16"), [4] = HOW("pc32"), [8] = HOW("pc64")},
		[RELOC_GOT] = {[4] = HOW("got32")},
#undef HOW
	};
	struct reloc_type type = arch_reloc_type(reloc_type_number);
	const struct how *how;

	if (type.kind == RELOC_OTHER)
		return token_put_num(token_put_bytes(p, "type", 4), reloc_type_number);
	how = &words[type.kind][type.size];
	memcpy(p, how, sizeof(*how));
	return p + offsetof(struct how, word) + how->len[0];
}

/* The most that a reference by name and number takes. */
#define PLAIN_REF_ROOM (HOW_ROOM + 9 + TOKEN_NAME_SIZE + 9)

static u8 *put_plain_name(const struct canon *c, u8 *p, const struct target *t)
{
	return token_put_num(token_put_name(p, canon_identity(c, t->sym)->name), t->delta);
}

void canon_write_how(struct canon *c, u32 reloc_type_number)
{
	token_put(&c->stream, put_how(buf_reserve(c->stream.out, HOW_ROOM), reloc_type_number));
}

void canon_write_ref(struct canon *c, enum lane lane, u32 how, u32 field, const struct target *t)
{
	u8 *p;

	if (is_plain_name(c, t) && !c->stream.watch) {
		p = token_open(&c->stream, TOKEN_REF, lane, PLAIN_REF_ROOM);
		p = token_put_num(put_how(p, how), field);
		token_put(&c->stream, put_plain_name(c, p, t));
		return;
	}
	token_begin(&c->stream, TOKEN_REF, lane);
	canon_write_how(c, how);
	token_num(&c->stream, field);
	canon_write_target(c, t);
	token_end(&c->stream);
}

void canon_write_line(struct canon *c, s64 line)
{
	token_begin(&c->stream, TOKEN_LINE, LANE_LINES);
	token_num(&c->stream, line);
	token_end(&c->stream);
}

void canon_write_data_ref(struct canon *c, const struct reloc *rel, s64 position,
			  const struct target *t)
{
	u8 *p = token_open(&c->stream, TOKEN_REF, canon_target_lane(t), PLAIN_REF_ROOM);

	token_put(&c->stream, put_how(p, rel->type));
	token_position(&c->stream, position);
	if (is_plain_name(c, t) && !c->stream.watch) {
		p = buf_reserve(c->stream.out, TOKEN_NAME_SIZE + 9);
		token_put(&c->stream, put_plain_name(c, p, t));
		return;
	}
	canon_write_target(c, t);
	token_end(&c->stream);
}
