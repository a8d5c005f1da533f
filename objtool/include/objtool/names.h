/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * names.h - symbol and section names without what the compiler counts
 *
 * Pure functions on strings. Two builds of one source give the same canonical
 * names, whatever else was compiled into the file before.
 */
#ifndef OBJTOOL_NAMES_H
#define OBJTOOL_NAMES_H

#include <objtool/mem.h>

/*
 * Append @name to @out without its counters (no NUL):
 *
 *   x.123                            -> x                 gcc static locals
 *   foo.isra.6.constprop.26          -> foo.isra.constprop
 *   c_next.llvm.1234                 -> c_next            clang ThinLTO promotion
 *   x.lto_priv.0                     -> x                 gcc LTO
 *   __UNIQUE_ID_license345           -> __UNIQUE_ID_license
 *   __initcall__kmod_fork__203_17_f6 -> __initcall__kmod_fork__f6
 *   __BTF_ID__func__bar__27          -> __BTF_ID__func__bar
 */
void name_canonical(const char *name, struct buf *out);

/* True if name_canonical() would change @name. */
bool name_has_counter(const char *name);

/* The same for who knows that there is no dot in @name: all others come after one. */
bool name_has_macro_counter(const char *name);

/* If not, there is no use in asking: of a kernel's names a half begin with "__", and few so. */
static inline bool name_may_have_macro_counter(const char *name)
{
	return name[0] == '_' && name[1] == '_' &&
	       (name[2] == 'U' || name[2] == 'B' || name[2] == 'i');
}

/*
 * True for names that only label a constant, whose content is what counts:
 * .LC5, .L.str.3, .LCPI0_1, CSWTCH.12, switch.table.f, reltable.f, __func__.7.
 */
bool name_is_content(const char *name);

/* True for "x.12": a static variable of a function, as gcc names it. */
bool name_is_static_local(const char *name);

/* True for "__key.3" and "mmap_init.__key": a static lock class key. */
bool name_is_lock_key(const char *name);

/*
 * True for "__BTF_ID__struct__nf_conn__42": its name says what it is, and what it holds is a
 * number that tools/bpf/resolve_btfids fills in, another with each type that the kernel gets.
 */
bool name_is_btf_id(const char *name);

/* True for "__mod_pci__ids_device_table": an alias that the kernel's build reads, and nothing else.
 */
bool name_is_for_modpost(const char *name);

/* True for "f.cold" and gcc 8's "f.cold.12"; *@len is then the length of "f". */
bool name_is_cold(const char *name, size_t *len);

/*
 * What the compiler made of a function, if @name says that it is no function of the source:
 * "variant", "specialised copy", "part"; else NULL. *@len is then the length of that one's name.
 *
 *   foo.isra  foo.constprop  foo.part  foo.isra.constprop@a.c
 */
const char *name_clone(const char *name, size_t *len);

/*
 * Append the class of section @name: .text, .text.hot, .text.f -> .text;
 * .data.rel.ro.local.x -> .data.rel.ro; .data..Lubsan_data3 -> .data;
 * .init.text, .data..percpu -> themselves.
 */
void section_class(const char *name, struct buf *out);

#endif
