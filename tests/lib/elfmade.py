# SPDX-License-Identifier: GPL-2.0-or-later
"""elfmade.py - objects written byte by byte, of any number of anything"""
import struct

PROGBITS, SYMTAB, STRTAB, RELA, NOBITS = 1, 2, 3, 4, 8
ALLOC_EXEC, ALLOC_WRITE, ALLOC, STRINGS = 6, 3, 2, 0x32
NOTYPE, OBJECT, FUNC, SECTION, FILE = 0, 1, 2, 3, 4
LOCAL, GLOBAL = 0, 0x10
R_64, R_PC32, R_32S, R_NONE = 1, 2, 11, 0


class Made:
    """Sections, symbols and relocations; data() is the file."""

    def __init__(self):
        self.sections = []      # name, type, flags, contents, entsize
        self.locals, self.globals = [], []
        self.relas = {}         # section index: list of (offset, type, symbol key, addend)
        self.names = bytearray(b"\0")
        self.known = {}

    def section(self, name, contents=b"", flags=ALLOC, kind=PROGBITS, entsize=0):
        """Returns its index; symbol i-1 of the locals is the section's own."""
        self.sections.append([name, kind, flags, contents, entsize])
        return len(self.sections)

    def name(self, name):
        if isinstance(name, int):
            return name
        if name not in self.known:
            self.known[name] = len(self.names)
            self.names += name.encode("latin-1") + b"\0"
        return self.known[name]

    def symbol(self, name, sec, value=0, size=0, kind=OBJECT, bind=LOCAL):
        entry = struct.pack("<IBBHQQ", self.name(name), bind | kind, 0,
                            0xfff1 if kind == FILE else sec if sec < 0xff00 else 0xffff,
                            value, size)
        table = self.globals if bind else self.locals
        table.append((entry, sec))
        return (bind, len(table) - 1)

    def rela(self, sec, offset, kind, symbol, addend=0):
        self.relas.setdefault(sec, []).append((offset, kind, symbol, addend))

    def data(self):
        count = len(self.sections)
        symbols = [(b"\0" * 24, 0)]
        symbols += [(struct.pack("<IBBHQQ", 0, SECTION, 0, i if i < 0xff00 else 0xffff, 0, 0), i)
                    for i in range(1, count + 1)]
        base = {LOCAL: len(symbols)}
        symbols += self.locals
        base[GLOBAL] = len(symbols)
        symbols += self.globals

        def number(key):
            return key if isinstance(key, int) else base[key[0]] + key[1]

        symtab = count + 1
        out = [(n, k, f, c, 0, 0, e) for n, k, f, c, e in self.sections]
        out.append((".symtab", SYMTAB, 0, b"".join(s for s, _ in symbols), symtab + 1,
                    base[GLOBAL], 24))
        out.append((".strtab", STRTAB, 0, bytes(self.names), 0, 0, 0))
        for sec, relas in self.relas.items():
            body = b"".join(struct.pack("<QQq", o, number(s) << 32 | k, a)
                            for o, k, s, a in relas)
            out.append((".rela", RELA, 0x40, body, symtab, sec, 24))
        if count >= 0xff00:
            out.append((".symtab_shndx", 18, 0, struct.pack(f"<{len(symbols)}I",
                        *(s for _, s in symbols)), symtab, 0, 4))
        return link(out)


def link(sections):
    """The file: header, contents, section table. The names of sections come last."""
    names, offsets = bytearray(b"\0"), {}
    for name, *_ in sections:
        if name not in offsets:
            offsets[name] = len(names)
            names += name.encode("latin-1") + b"\0"
    offsets[".shstrtab"] = len(names)
    names += b".shstrtab\0"
    sections = sections + [(".shstrtab", STRTAB, 0, bytes(names), 0, 0, 0)]
    body, table = bytearray(64), []
    for name, kind, flags, contents, link_to, info, entsize in sections:
        size = contents if isinstance(contents, int) else len(contents)
        at = len(body)
        if kind != NOBITS:
            body += contents
            body += b"\0" * (-len(body) % 8)
        table.append(struct.pack("<IIQQQQIIQQ", offsets[name], kind, flags, 0, at, size, link_to,
                                 info, 8, entsize))
    count = len(table) + 1
    large = count >= 0xff00
    first = struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, count if large else 0,
                        count - 1 if large else 0, 0, 0, 0)
    body[:64] = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 1, 62, 1, 0, 0, len(body), 0,
                            64, 0, 0, 64, 0 if large else count, 0xffff if large else count - 1)
    return bytes(body) + first + b"".join(table)


# ---- objects that are much work for few bytes, of a size ----

def many_sections(n):
    made = Made()
    for i in range(n):
        sec = made.section(".text.f", b"\xc3" + b"\x90" * 15, ALLOC_EXEC)
        made.symbol(f"f{i}", sec, 0, 1, FUNC, GLOBAL)
    return made.data()


def labels(n):
    """Symbols without a size, one a byte."""
    made = Made()
    sec = made.section(".data", b"\1" * n, ALLOC_WRITE)
    for i in range(n):
        made.symbol(f"l{i:x}", sec, i, 0, NOTYPE)
    return made.data()


def one_address(n):
    """Symbols of different names at one place."""
    made = Made()
    sec = made.section(".text", b"\xc3" * 16, ALLOC_EXEC)
    for i in range(n):
        made.symbol(f"a{i:x}", sec, 0, 16, FUNC, GLOBAL)
    return made.data()


def one_name(n):
    """Functions of one name, and parts of them."""
    made = Made()
    sec = made.section(".text", b"\xc3" * (8 * n), ALLOC_EXEC)
    cold = made.section(".text.unlikely", b"\xc3" * (8 * n), ALLOC_EXEC)
    made.symbol("one.c", 0, kind=FILE)
    for i in range(n):
        made.symbol("f", sec, 8 * i, 8, FUNC)
        made.symbol("f.cold", cold, 8 * i, 8, FUNC)
    return made.data()


def chain(n, step=1):
    """Unnamed data that points at unnamed data, and at last at the first."""
    made = Made()
    text = made.section(".text", b"\x48\x8b\x04\x25\0\0\0\0\xc3", ALLOC_EXEC)
    data = made.section(".rodata", b"\0" * (16 * n), ALLOC)
    made.symbol("f", text, 0, 9, FUNC, GLOBAL)
    made.rela(text, 4, R_32S, data, 0)
    for i in range(n):
        made.rela(data, 16 * i, R_64, data, 16 * ((i * step + 1) % n))
    return made.data()


def cycles(n):
    """The same in many cycles, of which the function knows one."""
    return chain(n, 7)


def one_offset(n):
    """Relocations that all fill one field."""
    made = Made()
    text = made.section(".text", b"\x48\x8b\x04\x25\0\0\0\0\xc3", ALLOC_EXEC)
    made.symbol("f", text, 0, 9, FUNC, GLOBAL)
    g = made.symbol("g", 0, bind=GLOBAL, kind=NOTYPE)
    for i in range(n):
        made.rela(text, 4, R_32S, g, i)
    return made.data()


def one_entry(n):
    """Relocations that do nothing, all in one entry of a table."""
    made = Made()
    text = made.section(".text", b"\x90" * n, ALLOC_EXEC)
    table = made.section("__ex_table", b"\0" * 12, ALLOC)
    made.symbol("f", text, 0, n, FUNC, GLOBAL)
    for _ in range(n):
        made.rela(table, 0, R_NONE, text, 0)
    made.rela(table, 0, R_PC32, text, 0)
    made.rela(table, 4, R_PC32, text, 0)
    return made.data()


def one_site(n):
    """Entries of the exception table, all for one instruction."""
    made = Made()
    text = made.section(".text", b"\x8b\x00\xc3", ALLOC_EXEC)
    table = made.section("__ex_table", b"\0" * (12 * n), ALLOC)
    made.symbol("f", text, 0, 3, FUNC, GLOBAL)
    for i in range(n):
        made.rela(table, 12 * i, R_PC32, text, 0)
        made.rela(table, 12 * i + 4, R_PC32, text, 2 + 4)
    return made.data()


def zeros(n):
    """References into zeros, each far from where something begins."""
    made = Made()
    text = made.section(".text", b"\x48\x8b\x04\x25\0\0\0\0" * n, ALLOC_EXEC)
    data = made.section(".data", b"\0" * (32 * n), ALLOC_WRITE)
    made.symbol("f", text, 0, 8 * n, FUNC, GLOBAL)
    for i in range(n):
        made.rela(text, 8 * i + 4, R_32S, data, i % 2)
    return made.data()


def loops(n):
    """Comparisons with the end of a table, each of which looks like the end of a loop."""
    made = Made()
    text = made.section(".text", b"\x48\x3d\0\0\0\0\x75\xf8" * n, ALLOC_EXEC)
    data = made.section(".data", b"\1" * 64, ALLOC_WRITE)
    made.symbol("f", text, 0, 8 * n, FUNC, GLOBAL)
    made.symbol("table", data, 0, 32)
    made.symbol("behind", data, 32, 32)
    for i in range(n):
        made.rela(text, 8 * i + 2, R_32S, data, 32)
    return made.data()


def fragments(n):
    """A function that jumps to very many places without a symbol."""
    made = Made()
    text = made.section(".text", b"\xe9\0\0\0\0" * n, ALLOC_EXEC)
    fixup = made.section(".fixup", b"\xc3" * n, ALLOC_EXEC)
    made.symbol("f", text, 0, 5 * n, FUNC, GLOBAL)
    for i in range(n):
        made.rela(text, 5 * i + 1, R_PC32, fixup, i - 4)
    return made.data()


def empty_objects(n):
    """References behind very many objects without a size."""
    made = Made()
    text = made.section(".text", b"\x48\xc7\xc0\0\0\0\0\xc3" * n, ALLOC_EXEC)
    data = made.section(".data", b"\1" * (n + 64), ALLOC_WRITE)
    made.symbol("f", text, 0, 8 * n, FUNC, GLOBAL)
    for i in range(n):
        made.symbol(f"e{i:x}", data, i, 0, OBJECT)
        made.rela(text, 8 * i + 3, R_32S, data, n + 32)
    return made.data()


def shared(n):
    """Functions that all refer to one long table without a name."""
    made = Made()
    text = made.section(".text", b"\x48\x8b\x04\x25\0\0\0\0" * n, ALLOC_EXEC)
    data = made.section(".rodata", b"\1" * (64 * n), ALLOC)
    for i in range(n):
        made.symbol(f"f{i:x}", text, 8 * i, 8, FUNC, GLOBAL)
        made.rela(text, 8 * i + 4, R_32S, data, 0)
    return made.data()


def long_string(n):
    """One function, and references to each character of one long string."""
    made = Made()
    text = made.section(".text", b"\x48\xc7\xc7\0\0\0\0" * n, ALLOC_EXEC)
    data = made.section(".rodata.str1.1", b"x" * (64 * n) + b"\0", STRINGS, entsize=1)
    made.symbol("f", text, 0, 7 * n, FUNC, GLOBAL)
    for i in range(n):
        made.rela(text, 7 * i + 3, R_32S, data, i)
    return made.data()


def inside(n):
    """References to the inside of one long function, from many."""
    made = Made()
    text = made.section(".text", b"\x90" * (16 * n) + b"\x48\xc7\xc7\0\0\0\0\xc3" * n, ALLOC_EXEC)
    made.symbol("long", text, 0, 16 * n, FUNC)
    for i in range(n):
        made.symbol(f"f{i:x}", text, 8 * (2 * n + i), 8, FUNC, GLOBAL)
        made.rela(text, 8 * (2 * n + i) + 3, R_32S, text, 8 * n + i)
    return made.data()


def nested_functions(n):
    made = Made()
    text = made.section(".text", b"\x90" * (2 * n), ALLOC_EXEC)
    for i in range(n):
        made.symbol(f"f{i:x}", text, i, 2 * (n - i), FUNC, GLOBAL)
    return made.data()


def one_address_all_sizes(n):
    made = Made()
    data = made.section(".data", b"\1" * n, ALLOC_WRITE)
    for i in range(n):
        made.symbol(f"d{i:x}", data, 0, i + 1, OBJECT, GLOBAL)
    return made.data()


def shared_names(n):
    """Names that are all the end of one."""
    made = Made()
    made.names += b"x" * (16 * n) + b"\0"
    data = made.section(".data", b"\1" * (8 * n), ALLOC_WRITE)
    for i in range(n):
        made.symbol(1 + i, data, 8 * i, 8, OBJECT, GLOBAL)
    return made.data()


def overlapping_sections(n):
    made = Made()
    made.section(".data", b"\1" * (64 * n), ALLOC_WRITE)
    data = bytearray(made.data())
    shoff, = struct.unpack_from("<Q", data, 40)
    count, names = struct.unpack_from("<HH", data, 60)
    header = data[shoff + 64:shoff + 128]
    n = min(n, 60000)
    data += header * n
    struct.pack_into("<HH", data, 60, count + n, names)
    return bytes(data)


def nested_alternatives(n):
    """Replacements, each with a site in it whose replacement is the next, and the last's the first."""
    made = Made()
    text = made.section(".text", b"\x90\xc3", ALLOC_EXEC)
    repl = made.section(".altinstr_replacement", b"\x90" * (8 * n), ALLOC_EXEC)
    table = made.section(".altinstructions", (b"\0" * 8 + b"\1\0\0\0" + b"\1\10") * (2 * n), ALLOC)
    made.symbol("f", text, 0, 2, FUNC, GLOBAL)
    for i in range(2 * n):
        site = (text, 0) if i == 0 else (repl, 8 * (i % n) + i // n)
        made.rela(table, 14 * i, R_PC32, site[0], site[1])
        made.rela(table, 14 * i + 4, R_PC32, repl, 8 * ((i + 1) % n))
    return made.data()


def compilers(n):
    made = Made()
    made.section(".comment", b"".join(b"%x\0" % i for i in range(n)), 0x30, entsize=1)
    return made.data()


def short_strings(n):
    """Strings of a byte that nobody refers to: each is a piece of what is left over."""
    made = Made()
    made.section(".rodata.str1.1", b"".join(b"%c\0" % (1 + i % 255) for i in range(n)), STRINGS, entsize=1)
    return made.data()


def one_huge(n):
    """One function of the longest instructions."""
    made = Made()
    text = made.section(".text", b"\x48\xb8\1\2\3\4\5\6\7\x08" * n, ALLOC_EXEC)
    made.symbol("f", text, 0, 10 * n, FUNC, GLOBAL)
    return made.data()


def one_table(n):
    """One table of pointers, in an order that relocations are not written in."""
    made = Made()
    text = made.section(".text", b"\xc3" * 16, ALLOC_EXEC)
    data = made.section(".data", b"\0" * (8 * n), ALLOC_WRITE)
    made.symbol("table", data, 0, 8 * n)
    for i in range(n):
        made.rela(data, 8 * (n - 1 - i), R_64, text, i % 16)
    return made.data()


def half_names(n):
    """Names that share bytes, as many as are allowed."""
    made = Made()
    made.names += b"x" * 220 + b"\0"
    data = made.section(".data", b"\1" * (8 * n), ALLOC_WRITE)
    for i in range(n):
        made.symbol(1 + i % 200, data, 8 * i, 8, OBJECT, GLOBAL)
    made.section(".pad", b"\1" * (100 * n), 0)
    return made.data()


def golden_places(n):
    """Places in section 2 that multiplication by the golden ratio puts beside each other in a table."""
    golden, near, mod, base = 0x9e3779b97f4a7c15, 1 << 32, 1 << 46, 2 << 32
    left = next(d for d in range(1, 1 << 20) if d * golden % mod < near)
    right = next(d for d in range(1, 1 << 20) if -d * golden % mod < near)
    off = next(d for d in range(1 << 20) if (base + d) * golden % mod < near)
    for _ in range(n):
        yield off
        at = (base + off) * golden % mod
        off += (left if at + left * golden % mod < near else
                right if at >= -right * golden % mod else left + right)


def collisions(n):
    made = Made()
    text = made.section(".text", b"\x48\xc7\xc0\0\0\0\0" * n, ALLOC_EXEC)
    bss = made.section(".bss", 1 << 30, ALLOC_WRITE, NOBITS)
    made.symbol("f", text, 0, 7 * n, FUNC, GLOBAL)
    for i, off in enumerate(golden_places(n)):
        made.rela(text, 7 * i + 3, R_32S, bss, off)
    return made.data()


LINEAR = (collisions, many_sections, labels, one_address, one_name, chain, one_offset, one_entry, one_site)
# Which would take the square of their number: refused, or not, but soon.
BOUNDED = (cycles, empty_objects, compilers, zeros, loops, fragments, shared, long_string, inside, nested_functions,
           one_address_all_sizes, shared_names, overlapping_sections, nested_alternatives,
           short_strings, one_huge, one_table, half_names)
