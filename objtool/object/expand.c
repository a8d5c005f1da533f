// SPDX-License-Identifier: GPL-2.0-or-later
/* expand.c - files compressed with gzip, xz or zstd */
#include <inttypes.h>
#include <limits.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <objtool/expand.h>
#include <objtool/log.h>

/*
 * Debian's modules expand 3 to 5 times, with debug information 10 times; a
 * file of zeros 1000 (gzip) to 7000 times (xz) and more. Small ones may be
 * what they like.
 */
#define EXPAND_ALWAYS (64U << 20) /* bytes */
#define EXPAND_RATIO  256U
#define EXPAND_MOST   ((u64)4 << 30) /* no section of an object is larger either */

/* Memory that xz may ask for: -9 takes 65 MiB, kernels use 1 to 32. */
#define XZ_MEMORY ((u64)128 << 20) /* bytes */

struct expansion {
	const char *path;
	struct span in;
	struct buf *out;
	u64 limit; /* bytes */
};

static int damaged(const struct expansion *e, const char *what)
{
	return error("%s: damaged: %s", e->path, what);
}

/* Make room in .out. Returns the free bytes there, or 0 after a message. */
static size_t make_room(const struct expansion *e)
{
	size_t room = e->limit - e->out->len;

	if (!room) {
		error("%s: expands to more than %" PRIu64 " MiB from %zu bytes: refused", e->path,
		      e->limit >> 20, e->in.size);
		return 0;
	}
	buf_reserve(e->out, e->out->len ? 1 : e->in.size * 4);
	return room < e->out->cap - e->out->len ? room : e->out->cap - e->out->len;
}

/* --- gzip (RFC 1952): one member after the other --- */

static int inflate_all(const struct expansion *e, z_stream *z)
{
	int ret = Z_OK;

	/* Some versions read through a pointer that is not const, none write. */
	z->next_in = (Bytef *)(uintptr_t)e->in.data;
	z->avail_in = (uInt)e->in.size;
	while (ret != Z_STREAM_END || z->avail_in) {
		size_t room = make_room(e);

		if (!room || (ret == Z_STREAM_END && inflateReset(z) != Z_OK))
			return -1;
		z->next_out = e->out->data + e->out->len;
		z->avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
		ret = inflate(z, Z_NO_FLUSH);
		e->out->len = (size_t)(z->next_out - e->out->data);
		if (ret == Z_BUF_ERROR)
			return damaged(e, "the gzip data is truncated");
		if (ret != Z_OK && ret != Z_STREAM_END)
			return damaged(e, z->msg ? z->msg : "no gzip data");
	}
	return 0;
}

static int expand_gzip(const struct expansion *e)
{
	z_stream z = {0};
	int ret;

	/* 15: the largest window; 16 more: with a gzip header and trailer. */
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return error("%s: zlib does not start", e->path);
	ret = inflate_all(e, &z);
	inflateEnd(&z);
	return ret;
}

/* --- xz --- */

static int xz_all(const struct expansion *e, lzma_stream *s)
{
	lzma_ret ret = LZMA_OK;

	s->next_in = e->in.data;
	s->avail_in = e->in.size;
	while (ret != LZMA_STREAM_END) {
		s->avail_out = make_room(e);
		s->next_out = e->out->data + e->out->len;
		if (!s->avail_out)
			return -1;
		ret = lzma_code(s, LZMA_FINISH);
		e->out->len = (size_t)(s->next_out - e->out->data);
		if (ret == LZMA_BUF_ERROR)
			return damaged(e, "the xz data is truncated");
		if (ret == LZMA_MEMLIMIT_ERROR)
			return error("%s: takes more than %" PRIu64 " MiB to expand: refused",
				     e->path, XZ_MEMORY >> 20);
		if (ret != LZMA_OK && ret != LZMA_STREAM_END)
			return damaged(e, "the xz data is not valid");
	}
	return 0;
}

static int expand_xz(const struct expansion *e)
{
	lzma_stream s = LZMA_STREAM_INIT;
	int ret;

	if (lzma_stream_decoder(&s, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
		return error("%s: liblzma does not start", e->path);
	ret = xz_all(e, &s);
	lzma_end(&s);
	return ret;
}

/* --- zstd (RFC 8878): one frame after the other --- */

static int zstd_all(const struct expansion *e, ZSTD_DStream *s)
{
	ZSTD_inBuffer in = {e->in.data, e->in.size, 0};
	size_t left = 1; /* 0 at the end of a frame */

	while (left || in.pos < in.size) {
		size_t room = make_room(e), before = in.pos;
		ZSTD_outBuffer out = {e->out->data + e->out->len, room, 0};

		if (!room)
			return -1;
		left = ZSTD_decompressStream(s, &out, &in);
		if (ZSTD_isError(left))
			return damaged(e, ZSTD_getErrorName(left));
		e->out->len += out.pos;
		if (left && in.pos == before && !out.pos)
			return damaged(e, "the zstd data is truncated");
	}
	return 0;
}

static int expand_zstd(const struct expansion *e)
{
	ZSTD_DStream *s = ZSTD_createDStream();
	int ret;

	if (!s)
		return error("%s: libzstd does not start", e->path);
	ret = zstd_all(e, s);
	ZSTD_freeDStream(s);
	return ret;
}

static int (*const expanders[])(const struct expansion *e) = {
	[COMPRESSION_GZIP] = expand_gzip,
	[COMPRESSION_XZ] = expand_xz,
	[COMPRESSION_ZSTD] = expand_zstd,
};

int expand(const char *path, enum compression how, struct span in, struct buf *out)
{
	struct expansion e = {path, in, out, (u64)in.size * EXPAND_RATIO};

	if (in.size > INT_MAX)
		return error("%s: %zu compressed bytes are too many", path, in.size);
	if (e.limit < EXPAND_ALWAYS)
		e.limit = EXPAND_ALWAYS;
	if (e.limit > EXPAND_MOST)
		e.limit = EXPAND_MOST;
	return expanders[how](&e);
}
