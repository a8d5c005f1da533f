// SPDX-License-Identifier: GPL-2.0-or-later
/* names.c - symbol and section names without what the compiler counts */
#include <objtool/names.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t digits(const char *s)
{
	size_t n = 0;

	while (is_digit(s[n]))
		n++;
	return n;
}

/* Length of a compiler's suffix at @s that says nothing of the source, else 0. */
static size_t noise(const char *s)
{
	static const char *const promoted[] = {".llvm", ".lto_priv"};
	size_t n;

	if (*s != '.')
		return 0;
	n = 1 + digits(s + 1);
	if (n > 1)
		return s[n] == '.' || !s[n] ? n : 0;
	for (size_t i = 0; i < ARRAY_SIZE(promoted); i++) {
		n = strlen(promoted[i]);
		if (str_starts(s, promoted[i]) && s[n] == '.')
			return n;
	}
	return 0;
}

/* "__" and then @c: a half of a kernel's names begin with the former, and are asked for more. */
static bool begins(const char *name, char c)
{
	return name[0] == '_' && name[1] == '_' && name[2] == c;
}

/* __initcall__kmod_MODULE__COUNTER_LINE_fnLEVEL: where "COUNTER_LINE_" is, and its length. */
static const char *initcall_counter(const char *name, size_t *len)
{
	const char *p = name;
	size_t a, b;

	if (!begins(name, 'i'))
		return NULL;
	if (!str_starts(name, "__initcall__") && !str_starts(name, "__initstub__"))
		return NULL;
	while ((p = strstr(p, "__"))) {
		p += 2;
		a = digits(p);
		b = a && p[a] == '_' ? digits(p + a + 1) : 0;
		if (b && p[a + 1 + b] == '_') {
			*len = a + 1 + b + 1;
			return p;
		}
	}
	return NULL;
}

/* Macros that paste __COUNTER__ or __LINE__ at the end of a name. */
static bool counted_at_end(const char *name)
{
	return (begins(name, 'U') && str_starts(name, "__UNIQUE_ID_")) ||
	       (begins(name, 'B') && str_starts(name, "__BTF_ID__"));
}

bool name_has_macro_counter(const char *name)
{
	size_t len;

	return counted_at_end(name) || initcall_counter(name, &len);
}

bool name_has_counter(const char *name)
{
	if (name_has_macro_counter(name))
		return true;
	for (const char *p = strchr(name, '.'); p; p = strchr(p + 1, '.'))
		if (p != name && noise(p))
			return true;
	return false;
}

void name_canonical(const char *name, struct buf *out)
{
	size_t start = out->len, skip = 0;
	const char *cut = initcall_counter(name, &skip), *next;

	for (const char *p = name; *p;) {
		size_t n = p == cut ? skip : p != name ? noise(p) : 0;

		if (n) {
			p += n;
			continue;
		}
		/* The first character, and what lies up to the next place a counter can start. */
		next = strchrnul(p + 1, '.');
		if (cut && p < cut && next > cut)
			next = cut;
		buf_add(out, p, (size_t)(next - p));
		p = next;
	}
	if (counted_at_end(name))
		while (out->len > start + 1 &&
		       (is_digit((char)out->data[out->len - 1]) || out->data[out->len - 1] == '_'))
			out->len--;
}

bool name_is_content(const char *name)
{
	static const char *const prefixes[] = {
		".L",
		".str",
		"CSWTCH.",
		"switch.table.",
		"__func__.",
		"__FUNCTION__.",
		"__PRETTY_FUNCTION__.",
		"anon.",
		"reltable.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			return true;
	return false;
}

bool name_is_static_local(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name && noise(dot) && !counted_at_end(name);
}

bool name_is_lock_key(const char *name)
{
	static const char *const keys[] = {"__key", "rwsem_key"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const char *key = strstr(name, keys[i]);
		size_t n = strlen(keys[i]);

		if (key && (key == name || key[-1] == '.') && (!key[n] || key[n] == '.'))
			return true;
	}
	return false;
}

bool name_is_btf_id(const char *name)
{
	return str_starts(name, "__BTF_ID__");
}

bool name_is_for_modpost(const char *name)
{
	return str_starts(name, "__mod_");
}

bool name_is_cold(const char *name, size_t *len)
{
	const char *p = strchr(name, '.');

	while (p && !str_starts(p, ".cold"))
		p = strchr(p + 1, '.');
	if (!p || p == name || (p[5] && (p[5] != '.' || p[6 + digits(p + 6)])))
		return false;
	*len = (size_t)(p - name);
	return true;
}

const char *name_clone(const char *name, size_t *len)
{
	static const struct {
		const char *suffix, *words;
	} clones[] = {
		{".isra", "variant"},		      /* gcc: other parameters */
		{".constprop", "specialised copy"},   /* gcc: of known arguments */
		{".part", "part"},		      /* gcc: what is rarely reached, split off */
		{".specialized", "specialised copy"}, /* clang */
		{".cold", "cold part"},
	};
	const char *dot = strchr(name, '.');

	if (!dot || dot == name)
		return NULL;
	*len = (size_t)(dot - name);
	for (size_t i = 0; i < ARRAY_SIZE(clones); i++) {
		size_t n = strlen(clones[i].suffix);

		if (str_starts(dot, clones[i].suffix) && strchr(".@", dot[n]))
			return clones[i].words;
	}
	return NULL;
}

/* What the compiler puts into a section named after what has no name; ".rodata..str.5" is KASAN's.
 */
static bool is_unnamed(const char *rest)
{
	return str_starts(rest, "..L") || str_starts(rest, "..compoundliteral") ||
	       !strcmp(rest, "..str") || str_starts(rest, "..str.");
}

void section_class(const char *name, struct buf *out)
{
	static const char *const classes[] = {
		".text", ".data.rel.ro", ".data", ".rodata", ".bss", ".tdata", ".tbss",
	};
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		n = strlen(classes[i]);
		/* ".text..__x86.return_thunk" is a place of its own, ".data..L__unnamed_3" is not
		 */
		if (str_starts(name, classes[i]) &&
		    (!name[n] || (name[n] == '.' && name[n + 1] != '.') || is_unnamed(name + n))) {
			buf_add(out, classes[i], n);
			return;
		}
	}
	name_canonical(name, out);
}
