// SPDX-License-Identifier: GPL-2.0-or-later
/* expand.c - files compressed with gzip, xz or zstd */
#include <dlfcn.h>
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

/* --- Libraries that are loaded when they are needed --- */

struct function {
	const char *name;
	size_t offset; /* of its pointer in the struct of the library's functions */
};

/* Load @library and set the pointers in @calls. It stays loaded. */
static int load(const struct expansion *e, const char *library, const struct function *functions,
		size_t nr, void *calls)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return error("%s: reading it takes %s: %s", e->path, library, dlerror());
	for (size_t i = 0; i < nr; i++) {
		void *address = dlsym(handle, functions[i].name);

		if (!address)
			return error("%s: %s has no %s", e->path, library, functions[i].name);
		memcpy((char *)calls + functions[i].offset, &address, sizeof(address));
	}
	return 0;
}

/* --- gzip (RFC 1952): one member after the other --- */

struct zlib_calls {
	__typeof__(inflateInit2_) *start;
	__typeof__(inflate) *inflate;
	__typeof__(inflateReset) *restart;
	__typeof__(inflateEnd) *end;
};

static const struct function zlib_functions[] = {
	{"inflateInit2_", offsetof(struct zlib_calls, start)},
	{"inflate", offsetof(struct zlib_calls, inflate)},
	{"inflateReset", offsetof(struct zlib_calls, restart)},
	{"inflateEnd", offsetof(struct zlib_calls, end)},
};

static int inflate_all(const struct expansion *e, const struct zlib_calls *zlib, z_stream *z)
{
	int ret = Z_OK;

	/* Some versions read through a pointer that is not const, none write. */
	z->next_in = (Bytef *)(uintptr_t)e->in.data;
	z->avail_in = (uInt)e->in.size;
	while (ret != Z_STREAM_END || z->avail_in) {
		size_t room = make_room(e);

		if (!room || (ret == Z_STREAM_END && zlib->restart(z) != Z_OK))
			return -1;
		z->next_out = e->out->data + e->out->len;
		z->avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
		ret = zlib->inflate(z, Z_NO_FLUSH);
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
	struct zlib_calls zlib;
	z_stream z = {0};
	int ret;

	if (load(e, "libz.so.1", zlib_functions, ARRAY_SIZE(zlib_functions), &zlib))
		return -1;
	/* 15: the largest window; 16 more: with a gzip header and trailer. */
	if (zlib.start(&z, 15 + 16, ZLIB_VERSION, (int)sizeof(z)) != Z_OK)
		return error("%s: zlib does not start", e->path);
	ret = inflate_all(e, &zlib, &z);
	zlib.end(&z);
	return ret;
}

/* --- xz --- */

struct xz_calls {
	__typeof__(lzma_stream_decoder) *start;
	__typeof__(lzma_code) *code;
	__typeof__(lzma_end) *end;
};

static const struct function xz_functions[] = {
	{"lzma_stream_decoder", offsetof(struct xz_calls, start)},
	{"lzma_code", offsetof(struct xz_calls, code)},
	{"lzma_end", offsetof(struct xz_calls, end)},
};

static int xz_all(const struct expansion *e, const struct xz_calls *xz, lzma_stream *s)
{
	lzma_ret ret = LZMA_OK;

	s->next_in = e->in.data;
	s->avail_in = e->in.size;
	while (ret != LZMA_STREAM_END) {
		s->avail_out = make_room(e);
		s->next_out = e->out->data + e->out->len;
		if (!s->avail_out)
			return -1;
		ret = xz->code(s, LZMA_FINISH);
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
	struct xz_calls xz;
	int ret;

	if (load(e, "liblzma.so.5", xz_functions, ARRAY_SIZE(xz_functions), &xz))
		return -1;
	if (xz.start(&s, XZ_MEMORY, LZMA_CONCATENATED) != LZMA_OK)
		return error("%s: liblzma does not start", e->path);
	ret = xz_all(e, &xz, &s);
	xz.end(&s);
	return ret;
}

/* --- zstd (RFC 8878): one frame after the other --- */

struct zstd_calls {
	__typeof__(ZSTD_createDStream) *create;
	__typeof__(ZSTD_decompressStream) *decompress;
	__typeof__(ZSTD_isError) *is_error;
	__typeof__(ZSTD_getErrorName) *error_name;
	__typeof__(ZSTD_freeDStream) *free;
};

static const struct function zstd_functions[] = {
	{"ZSTD_createDStream", offsetof(struct zstd_calls, create)},
	{"ZSTD_decompressStream", offsetof(struct zstd_calls, decompress)},
	{"ZSTD_isError", offsetof(struct zstd_calls, is_error)},
	{"ZSTD_getErrorName", offsetof(struct zstd_calls, error_name)},
	{"ZSTD_freeDStream", offsetof(struct zstd_calls, free)},
};

static int zstd_all(const struct expansion *e, const struct zstd_calls *zstd, ZSTD_DStream *s)
{
	ZSTD_inBuffer in = {e->in.data, e->in.size, 0};
	size_t left = 1; /* 0 at the end of a frame */

	while (left || in.pos < in.size) {
		size_t room = make_room(e), before = in.pos;
		ZSTD_outBuffer out = {e->out->data + e->out->len, room, 0};

		if (!room)
			return -1;
		left = zstd->decompress(s, &out, &in);
		if (zstd->is_error(left))
			return damaged(e, zstd->error_name(left));
		e->out->len += out.pos;
		if (left && in.pos == before && !out.pos)
			return damaged(e, "the zstd data is truncated");
	}
	return 0;
}

static int expand_zstd(const struct expansion *e)
{
	struct zstd_calls zstd;
	ZSTD_DStream *s;
	int ret;

	if (load(e, "libzstd.so.1", zstd_functions, ARRAY_SIZE(zstd_functions), &zstd))
		return -1;
	s = zstd.create();
	if (!s)
		return error("%s: libzstd does not start", e->path);
	ret = zstd_all(e, &zstd, s);
	zstd.free(s);
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
