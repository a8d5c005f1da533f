// SPDX-License-Identifier: GPL-2.0-or-later
/* records.c - records in memory, and as the lines of a .checksums file */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <objtool/file.h>
#include <objtool/hash.h>
#include <objtool/hex.h>
#include <objtool/log.h>
#include <objtool/records.h>

#define MAGIC	  "objtool-checksums"
#define HASH_NAME "xxh3-64"
#define ARCH_NAME "x86_64"
#define COMPILER  "# compiler: "
#define STEP	  "# objtool: "
#define COLUMNS	  "# checksum\tkind\tsize\tname\tlanes\n"

static const char *const kind_names[NR_RECORD_KINDS] = {
	[RECORD_DATA] = "data",
	[RECORD_FUNC] = "func",
	[RECORD_REST] = "rest",
};

static const char *const step_names[NR_STEPS] = {
	[STEP_UNKNOWN] = "unknown",
	[STEP_BEFORE] = "before",
	[STEP_AFTER] = "after",
};

const char *record_kind_name(enum record_kind kind)
{
	return kind_names[kind];
}

const char *objtool_step_name(enum objtool_step step)
{
	return step_names[step];
}

struct record *records_add(struct records *recs)
{
	struct record *rec;

	if (recs->nr == recs->cap) {
		recs->cap = recs->cap ? recs->cap * 2 : 64;
		recs->rec = xreallocarray(recs->rec, recs->cap, sizeof(*recs->rec));
	}
	rec = &recs->rec[recs->nr++];
	*rec = (struct record){0};
	return rec;
}

void records_free(struct records *recs)
{
	if (!recs)
		return;
	free(recs->rec);
	buf_free(&recs->file);
	arena_free(&recs->arena);
	arena_free(&recs->spare);
	free(recs);
}

int record_order(const struct record *a, const struct record *b)
{
	int cmp = (a->kind > b->kind) - (a->kind < b->kind);

	cmp = cmp ? cmp : strcmp(a->name, b->name);
	cmp = cmp ? cmp : (a->checksum > b->checksum) - (a->checksum < b->checksum);
	cmp = cmp ? cmp : (a->size > b->size) - (a->size < b->size);
	cmp = cmp ? cmp : (a->lanes > b->lanes) - (a->lanes < b->lanes);
	for (int i = 0; !cmp && i < NR_LANES; i++)
		cmp = (a->lane[i] > b->lane[i]) - (a->lane[i] < b->lane[i]);
	return cmp;
}

/* Writing: bytes are added to a buffer, so that a file is one write(2). */

static const u8 hex_digits[] = "0123456789abcdef";

static void add_str(struct buf *out, const char *s)
{
	buf_add(out, s, strlen(s));
}

/* Everything before the first record. */
static void add_head(struct buf *out, const struct records *recs)
{
	u8 total[16];

	hex_put16(total, recs->total);
	add_str(out, MAGIC "\t1\t" HASH_NAME "\t" ARCH_NAME "\t");
	_Static_assert(RECORDS_VERSION == 1, "the version is written here");
	buf_add(out, total, sizeof(total));
	add_str(out, "\n");
	if (recs->compiler && *recs->compiler) {
		add_str(out, COMPILER);
		add_str(out, recs->compiler);
		add_str(out, "\n");
	}
	if (recs->step != STEP_UNKNOWN) {
		add_str(out, STEP);
		add_str(out, step_names[recs->step]);
		add_str(out, "\n");
	}
	add_str(out, COLUMNS);
}

int records_print(const struct records *recs, FILE *out)
{
	struct buf text = {0};
	size_t done;

	add_head(&text, recs);
	buf_add(&text, recs->lines.data, recs->lines.size);
	done = fwrite(text.data, 1, text.len, out);
	done = text.len - done;
	buf_free(&text);
	return done ? -1 : 0;
}

int records_write(const struct records *recs, const char *path)
{
	struct buf head = {0};
	struct span parts[2];
	int ret;

	add_head(&head, recs);
	parts[0] = (struct span){head.data, head.len};
	parts[1] = recs->lines;
	ret = file_write(path, parts, ARRAY_SIZE(parts));
	buf_free(&head);
	return ret ? error("cannot write %s: %s", path, strerror(errno)) : 0;
}

/* Reading: one read, then in place; names point into the text. */

struct reader {
	const char *path;
	u8 *p, *eol; /* what is left of the line; *eol is its newline */
	u8 *end;     /* of the file */
	u32 line;    /* number of the line, from 1 */
};

#define bad(r, fmt, ...) error("%s:%u: " fmt, (r)->path, (r)->line, ##__VA_ARGS__)

/* Read everything that @fd gives: a file, or a pipe. */
static int read_all(int fd, struct buf *text)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return -1;
	/* One byte more than the file has: then the second read finds its end. */
	buf_reserve(text, S_ISREG(st.st_mode) ? (size_t)st.st_size + 1 : 65536);
	do {
		if (text->len == text->cap)
			buf_reserve(text, 65536);
		n = read(fd, text->data + text->len, text->cap - text->len);
		if (n > 0)
			text->len += (size_t)n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
}

/* Move to the next line. Returns 1, 0 at the end of the file, or -1. */
static int next_line(struct reader *r)
{
	r->p = r->line++ ? r->eol + 1 : r->p;
	if (r->p == r->end)
		return 0;
	r->eol = memchr(r->p, '\n', (size_t)(r->end - r->p));
	if (!r->eol)
		return bad(r, "truncated: the last line has no newline");
	if (r->eol > r->p && r->eol[-1] == '\r')
		return bad(r, "the line ends in CR LF: converted for another system?");
	return 1;
}

/* The get_*() functions never leave the line: its newline is no digit, name or literal. */

/* Lower case only: each value has one written form. */
static bool get_hex8(struct reader *r, u32 *value)
{
	if (r->eol - r->p < 8 || !hex_get8(r->p, value))
		return false;
	r->p += 8;
	return true;
}

static bool get_hex16(struct reader *r, u64 *value)
{
	u32 high, low;

	if (!get_hex8(r, &high) || !get_hex8(r, &low))
		return false;
	*value = (u64)high << 32 | low;
	return true;
}

static bool is_digit(u8 c)
{
	return c >= '0' && c <= '9';
}

static bool get_decimal(struct reader *r, u64 *value)
{
	u8 *start = r->p;
	u64 v = 0;

	for (; is_digit(*r->p); r->p++)
		if (__builtin_mul_overflow(v, 10U, &v) ||
		    __builtin_add_overflow(v, (u64)(*r->p - '0'), &v))
			return false;
	*value = v;
	return r->p > start && (*start != '0' || r->p == start + 1);
}

static bool get_literal(struct reader *r, const char *s)
{
	size_t n = strlen(s);

	if ((size_t)(r->eol - r->p) < n || memcmp(r->p, s, n) != 0)
		return false;
	r->p += n;
	return true;
}

/* A \xNN, which must have been needed, and not be the NUL that ends strings. */
static bool get_escape(struct reader *r)
{
	const u8 *high = r->p + 2 < r->eol ? memchr(hex_digits, r->p[2], 16) : NULL;
	const u8 *low = high && r->p + 3 < r->eol ? memchr(hex_digits, r->p[3], 16) : NULL;
	ptrdiff_t byte = low ? (high - hex_digits) * 16 + (low - hex_digits) : 0;

	r->p += 4;
	return r->p[-3] == 'x' && byte && !record_char_is_plain((u8)byte);
}

/* A name, up to a tab or the newline. */
static bool get_name(struct reader *r, const char **name)
{
	*name = (const char *)r->p;
	for (;;) {
		while (record_char_is_plain(*r->p))
			r->p++;
		if (*r->p != '\\')
			break;
		if (!get_escape(r))
			return false;
	}
	return r->p > (u8 *)*name && (*r->p == '\t' || r->p == r->eol);
}

static bool get_lanes(struct reader *r, struct record *rec)
{
	if (get_literal(r, "-"))
		return r->p == r->eol;
	for (enum lane lane = 0;; lane++) {
		u8 *name = r->p;
		enum lane found;
		u32 hash;

		while (*r->p != ':' && r->p < r->eol)
			r->p++;
		found = lane_find((const char *)name, (size_t)(r->p - name));
		if (found == NR_LANES || found < lane || !get_literal(r, ":") ||
		    !get_hex8(r, &hash))
			return false;
		lane = found;
		rec->lanes = (u16)(rec->lanes | 1U << lane);
		rec->lane[lane] = hash;
		if (!get_literal(r, ","))
			return r->p == r->eol;
	}
}

/* The field that is damaged, or NULL. */
static const char *get_record(struct reader *r, struct record *rec)
{
	u8 kind = 0;

	if (!get_hex16(r, &rec->checksum) || !get_literal(r, "\t"))
		return "checksum";
	while (kind < NR_RECORD_KINDS && !get_literal(r, kind_names[kind]))
		kind++;
	rec->kind = kind;
	if (kind == NR_RECORD_KINDS || !get_literal(r, "\t"))
		return "kind";
	if (!get_decimal(r, &rec->size) || !get_literal(r, "\t"))
		return "size";
	if (!get_name(r, &rec->name) || !get_literal(r, "\t"))
		return "name";
	r->p[-1] = '\0';
	return get_lanes(r, rec) ? NULL : "lanes";
}

static int read_record(struct reader *r, struct records *recs)
{
	struct record *rec = records_add(recs);
	const char *damaged = get_record(r, rec);

	if (damaged)
		return bad(r, "damaged: bad %s", damaged);
	if (recs->nr > 1 && record_order(rec - 1, rec) > 0)
		return bad(r, "damaged: %s '%s' is not in order", kind_names[rec->kind], rec->name);
	return 0;
}

static bool is_checksums(const void *text, size_t len)
{
	return len >= sizeof(MAGIC) && !memcmp(text, MAGIC "\t", sizeof(MAGIC));
}

/* The magic word at its start has been seen. */
static int read_first_line(struct reader *r, struct records *recs)
{
	u64 version;

	r->p += sizeof(MAGIC);
	if (!get_decimal(r, &version) || !get_literal(r, "\t"))
		return bad(r, "damaged: bad version");
	if (version > RECORDS_VERSION)
		return bad(r, "written by a newer objtool: version %llu, this one reads %d",
			   (unsigned long long)version, RECORDS_VERSION);
	if (version != RECORDS_VERSION)
		return bad(r, "damaged: bad version");
	if (!get_literal(r, HASH_NAME "\t"))
		return bad(r, "not the hash this objtool knows, " HASH_NAME);
	if (!get_literal(r, ARCH_NAME "\t"))
		return bad(r, "not for the machine this objtool knows, " ARCH_NAME);
	if (!get_hex16(r, &recs->total) || r->p != r->eol)
		return bad(r, "damaged: bad hash over the records");
	return 0;
}

static int read_comment(struct reader *r, struct records *recs)
{
	int step = NR_STEPS - 1;

	if (get_literal(r, COMPILER)) {
		if (recs->compiler || !get_name(r, &recs->compiler) || r->p != r->eol)
			return bad(r, "damaged: bad compiler");
		*r->eol = '\0';
	} else if (get_literal(r, STEP)) {
		while (step > STEP_UNKNOWN && !get_literal(r, step_names[step]))
			step--;
		if (recs->step != STEP_UNKNOWN || step == STEP_UNKNOWN || r->p != r->eol)
			return bad(r, "damaged: bad objtool step");
		recs->step = (enum objtool_step)step;
	}
	return 0;
}

static int read_text(struct reader *r, struct records *recs)
{
	u64 total = 0;
	int more;

	if (!is_checksums(r->p, (size_t)(r->end - r->p)))
		return error("%s: not a .checksums file%s", r->path,
			     r->p == r->end ? ": empty" : "");
	if (next_line(r) < 0 || read_first_line(r, recs))
		return -1;
	while ((more = next_line(r)) > 0 && *r->p == '#')
		if (read_comment(r, recs))
			return -1;
	/* Now, because reading a record puts a NUL behind its name. */
	if (more >= 0)
		total = hash_bytes(r->p, (size_t)(r->end - r->p));
	for (; more > 0; more = next_line(r))
		if (read_record(r, recs))
			return -1;
	if (!more && total != recs->total)
		return error("%s: damaged: the records do not match the hash in line 1", r->path);
	return more;
}

struct records *records_read(const char *path)
{
	bool standard = !strcmp(path, "-");
	int fd = standard ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct records *recs = xcalloc(1, sizeof(*recs));
	struct reader r = {.path = standard ? "standard input" : path};
	int ret = fd < 0 ? -1 : read_all(fd, &recs->file);

	if (ret)
		error("cannot read %s: %s", r.path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (!ret) {
		r.p = recs->file.data;
		r.end = r.p + recs->file.len;
		ret = read_text(&r, recs);
	}
	if (!ret)
		return recs;
	records_free(recs);
	return NULL;
}

bool records_probe(const char *path)
{
	char head[sizeof(MAGIC)];
	struct stat st;
	ssize_t len;
	int fd;

	if (!strcmp(path, "-") || str_ends(path, RECORDS_SUFFIX))
		return true;
	/* Not opened to look: a pipe can be read only once. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return true;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, head, sizeof(head));
	close(fd);
	return len > 0 && is_checksums(head, (size_t)len);
}
