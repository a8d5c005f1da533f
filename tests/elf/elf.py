# SPDX-License-Identifier: GPL-2.0-or-later
"""elf.py - objects are read as readelf reads them, and damaged ones are refused

Objects are built on the spot and damaged one field at a time. A refusal must
be one line on stderr that names the file and says what is wrong; what is
accepted is walked by test-elf, and compared with readelf.
"""
import glob
import os
import random
import re
import struct
import subprocess
import sys

from harness import BUILD, check, finish, path, run

TEST_ELF = os.path.join(BUILD, "tests/elf/test-elf")
HERE = os.path.dirname(os.path.abspath(__file__))

# Code, data, strings, bss, relocations of several widths, a local and a global of each kind.
ASM = """
	.file "sample.c"
	.text
	.globl f
	.type f, @function
f:	call g
	mov data(%rip), %eax
	jmp f
	.size f, .-f
	.type local, @function
local:	ret
	.size local, .-local
	.data
	.globl data
	.type data, @object
data:	.quad f
	.long g
	.word g
	.byte g
	.size data, .-data
	.section .rodata.str1.1, "aMS", @progbits, 1
	.string "text"
	.bss
	.globl zero
	.type zero, @object
zero:	.skip 64
	.size zero, 64
	.comm shared, 8, 8
	.ident "sample 1.0"
	.globl absolute
absolute = 0x1234
"""

EHDR = {"ident_class": (4, "B"), "ident_data": (5, "B"), "ident_version": (6, "B"),
        "type": (16, "<H"), "machine": (18, "<H"), "version": (20, "<I"), "shoff": (40, "<Q"),
        "shentsize": (58, "<H"), "shnum": (60, "<H"), "shstrndx": (62, "<H")}
SHDR = {"name": (0, "<I"), "type": (4, "<I"), "flags": (8, "<Q"), "offset": (24, "<Q"),
        "size": (32, "<Q"), "link": (40, "<I"), "info": (44, "<I"), "align": (48, "<Q"),
        "entsize": (56, "<Q")}
SYM = {"name": (0, "<I"), "info": (4, "B"), "other": (5, "B"), "shndx": (6, "<H"),
       "value": (8, "<Q"), "size": (16, "<Q")}
RELA = {"offset": (0, "<Q"), "type": (8, "<I"), "sym": (12, "<I"), "addend": (16, "<q")}


class Elf:
    """An object's bytes, with fields to read and set by name."""

    def __init__(self, data):
        self.data = bytearray(data)

    def get(self, base, table, field):
        off, fmt = table[field]
        return struct.unpack_from(fmt, self.data, base + off)[0]

    def put(self, base, table, fields):
        for field, value in fields.items():
            off, fmt = table[field]
            struct.pack_into(fmt, self.data, base + off, value)
        return self

    def header(self, **fields):
        return self.put(0, EHDR, fields)

    def shdr(self, index):
        return self.get(0, EHDR, "shoff") + 64 * index

    def index(self, name):
        strings = self.get(self.shdr(self.get(0, EHDR, "shstrndx")), SHDR, "offset")
        for i in range(self.get(0, EHDR, "shnum")):
            start = strings + self.get(self.shdr(i), SHDR, "name")
            if self.data[start:self.data.index(0, start)] == name.encode():
                return i
        raise KeyError(name)

    def field(self, name, field):
        return self.get(self.shdr(self.index(name)), SHDR, field)

    def section(self, name, /, **fields):
        return self.put(self.shdr(self.index(name)), SHDR, fields)

    def symbol_at(self, name):
        strings = self.field(".strtab", "offset")
        for at in range(self.field(".symtab", "offset"),
                        self.field(".symtab", "offset") + self.field(".symtab", "size"), 24):
            start = strings + self.get(at, SYM, "name")
            if self.data[start:self.data.index(0, start)] == name.encode():
                return at
        raise KeyError(name)

    def symbol(self, name, /, **fields):
        return self.put(self.symbol_at(name), SYM, fields)

    def rela(self, name, nth, /, **fields):
        return self.put(self.field(name, "offset") + 24 * nth, RELA, fields)

    def byte(self, off, value):
        self.data[off] = value
        return self


def tool(*args):
    result = run(*args)
    if result.status:
        raise RuntimeError(f"{' '.join(args)}: {result.err[:2000]}")


def write(name, data):
    with open(name, "wb") as f:
        f.write(data.data if isinstance(data, Elf) else data)
    return name


def read(name):
    with open(name, "rb") as f:
        return f.read()


def assemble(name, text, *flags):
    write(name + ".s", text.encode() + b"\n")
    tool("as", *flags, "-o", name, name + ".s")
    return name


def refused(name, pattern):
    """Exactly one line on stderr, that begins with the file's name and matches @pattern."""
    status, out, err = run(TEST_ELF, "open", name)
    start = f"objtool: error: {name}: "
    check(f"{name}: refused", status == 1 and out == "" and err.count("\n") == 1 and
          err.startswith(start) and re.search(pattern, err[len(start):]),
          f"status {status}, wanted /{pattern}/, got {err!r}")


def accepted(name):
    status, _, err = run(TEST_ELF, "open", name)
    check(f"{name}: accepted", status == 0 and err == "", status, err)


def same_as_readelf(names):
    names = sorted(names)
    for at in range(0, len(names), 500):
        some = names[at:at + 500]
        result = run(sys.executable, os.path.join(HERE, "compare.py"), TEST_ELF, *some)
        lines = result.out.splitlines()
        check("compare.py: all are compared", len(lines) == len(some), result.err)
        for line in lines:
            check("as readelf reads it", line.startswith("ok "), line)


def kinds_of_file():
    """Files that are no relocatable x86-64 object: each is told apart."""
    write("empty.o", b"")
    refused("empty.o", "empty")
    os.mkdir("folder.o")
    refused("folder.o", "directory")
    os.mkfifo("fifo.o")
    refused("fifo.o", "not a regular file")
    refused("/dev/null", "not a regular file")
    refused("missing.o", "No such file or directory")
    os.symlink("nowhere", "dangling.o")
    refused("dangling.o", "No such file or directory")
    if os.getuid() != 0:
        os.chmod(write("secret.o", b"x"), 0)
        refused("secret.o", "Permission denied")
    refused(write("text.o", b"int main(void) { return 0; }\n" * 9), "not an ELF object")
    refused(write("short.o", b"\x7fE"), "not an ELF object")
    refused(write("wrapper.o", b"\xde\xc0\x17\x0b" + bytes(100)), "LLVM bitcode.*vmlinux.o")
    refused(write("m.ko.gz", b"\x1f\x8b" + bytes(100)), "gzip: decompress")
    refused(write("m.ko.xz", b"\xfd7zXZ\0" + bytes(100)), "xz: decompress")
    refused(write("m.ko.zst", b"\x28\xb5\x2f\xfd" + bytes(100)), "zstd: decompress")
    refused(write("x.checksums", b"objtool-checksums\t1\txxh3-64\tx86_64\t0\n"), "checksums file")

    write("a.c", b"int g(int); int f(int x) { return g(x) + 1; } int main(void) { return 0; }\n")
    tool("gcc", "-O2", "-c", "-o", "plain.o", "a.c")
    accepted("plain.o")
    tool("clang", "-O2", "-flto", "-c", "-o", "bitcode.o", "a.c")
    refused("bitcode.o", "LLVM bitcode.*vmlinux.o")
    tool("gcc", "-O2", "-flto", "-fno-fat-lto-objects", "-c", "-o", "slim.o", "a.c")
    refused("slim.o", "GCC LTO.*vmlinux.o")
    tool("gcc", "-O2", "-flto", "-ffat-lto-objects", "-c", "-o", "fat.o", "a.c")
    accepted("fat.o")
    tool("ar", "rc", "a.a", "plain.o")
    refused("a.a", "an archive")
    tool("ar", "rcT", "thin.a", "plain.o")
    refused("thin.a", "a thin archive")
    tool("ld", "-o", "program", "--defsym=g=0", "-e", "main", "plain.o")
    refused("program", "linked executable.*vmlinux.o")
    tool("ld", "-pie", "-o", "pie", "--defsym=g=0", "-e", "main", "plain.o")
    refused("pie", "shared object or position-independent executable")
    tool("ld", "-r", "-o", "linked.o", "plain.o")
    accepted("linked.o")
    tool("strip", "-o", "stripped.o", "plain.o")
    refused("stripped.o", "no symbol table: was it stripped")
    assemble("data.o", ".data\n.long 1")
    tool("strip", "-o", "nocode.o", "data.o")
    accepted("nocode.o")
    assemble("nothing.o", "")
    accepted("nothing.o")
    assemble("i386.o", "nop", "--32")
    refused("i386.o", "32-bit x86")
    assemble("x32.o", "nop", "--x32")
    refused("x32.o", "32-bit object")


def headers(sample):
    def damage(name, pattern, /, **fields):
        refused(write(name, Elf(sample).header(**fields)), pattern)

    damage("class32.o", "32-bit object", ident_class=1)
    damage("class3.o", "ELF class 3", ident_class=3)
    damage("big.o", "big-endian", ident_data=2)
    damage("data0.o", "byte order 0", ident_data=0)
    damage("identversion.o", "ELF version", ident_version=0)
    damage("version.o", "ELF version", version=2)
    for machine, text in ((183, "ARM64"), (22, "s390"), (21, "PowerPC 64"), (243, "RISC-V"),
                          (40, "ARM;"), (8, "MIPS"), (258, "LoongArch"), (247, "BPF"),
                          (9999, "machine 9999")):
        damage(f"machine{machine}.o", text, machine=machine)
    refused(write("s390.o", Elf(sample).header(ident_data=2, machine=22 << 8)), "s390")
    damage("core.o", "core dump", type=4)
    damage("type.o", "ELF type 9", type=9)
    damage("shentsize.o", "section headers of 63 bytes", shentsize=63)
    damage("shoff0.o", "no section table", shoff=0)
    damage("shoffhuge.o", "truncated: 1[0-9] section headers", shoff=1 << 63)
    damage("shoffwrap.o", "truncated: .* section headers", shoff=(1 << 64) - 64)
    damage("shnum.o", "truncated: 60000 section headers", shnum=60000)
    refused(write("shnum0far.o", Elf(sample).header(shnum=0, shoff=1 << 40)), "truncated")
    damage("shnum0.o", "no sections", shnum=0)
    damage("shnum1.o", "no sections", shnum=1)
    damage("shstrndx.o", "names are in section 200 of", shstrndx=200)
    damage("shstrndx0.o", "names are in section 0 of", shstrndx=0)
    damage("shstrtext.o", "no string table", shstrndx=1)
    elf = Elf(sample).header(shnum=0)
    refused(write("shnumwrap.o", elf.put(elf.shdr(0), SHDR, {"size": (1 << 58) + 2})), "truncated")
    elf = Elf(sample)
    end = elf.field(".shstrtab", "offset") + elf.field(".shstrtab", "size") - 1
    refused(write("shstrnul.o", elf.byte(end, 65)), "ends in NUL")
    refused(write("header63.o", sample[:63]), "truncated: an ELF header takes 64 bytes, .* has 63")
    refused(write("cut.o", sample[:-1]), f"truncated: .* the file has {len(sample) - 1} bytes")


def sections(sample):
    def damage(name, section, pattern, /, **fields):
        refused(write(name, Elf(sample).section(section, **fields)), pattern)

    names = Elf(sample).field(".shstrtab", "size")
    damage("secname.o", ".text", r"section 1 \(\): .*its name is at", name=names)
    damage("secoff.o", ".text", r"section \d+ \(.text\): truncated", offset=len(sample) - 1)
    damage("secoffwrap.o", ".text", r"\(.text\): truncated", offset=(1 << 64) - 1)
    damage("secsize.o", ".data", r"\(.data\): truncated", size=len(sample))
    damage("sec4g.o", ".data", r"\(.data\): .*2\^32", size=1 << 32)
    damage("secwrap.o", ".data", r"\(.data\): .*2\^32", size=(1 << 64) - 1)
    damage("secflags.o", ".data", r"\(.data\): .*2\^32", flags=1 << 32)
    damage("bss4g.o", ".bss", r"\(.bss\): .*2\^32", size=1 << 32)
    damage("secalign.o", ".data", "alignment of 0x3", align=3)
    damage("secalignbig.o", ".data", "alignment", align=1 << 63)
    damage("seces.o", ".data", "entry size", entsize=1 << 32)
    damage("seccompress.o", ".data", "compressed section", flags=0x803)
    damage("rel.o", ".rela.text", "SHT_REL", type=9)
    damage("rela0.o", ".rela.text", "entries of 0, should be entries of 24", entsize=0)
    damage("relasize.o", ".rela.text", r"\(.rela.text\): damaged: 25 bytes", size=25)
    damage("relalink.o", ".rela.text", "its symbols are in section 0", link=0)
    damage("relainfo0.o", ".rela.text", "relocations for section 0", info=0)
    damage("relainfo.o", ".rela.text", "relocations for section 500", info=500)
    damage("relabss.o", ".data", "without contents", type=8)
    damage("symtab2.o", ".rodata.str1.1", "second symbol table", type=2)
    damage("symes.o", ".symtab", "entries of 16, should be entries of 24", entsize=16)
    damage("symsize.o", ".symtab", "should be entries of 24", size=25)
    damage("symsize0.o", ".symtab", "local symbols of 0", size=0)
    damage("syminfo.o", ".symtab", "5000 local symbols of", info=5000)
    damage("symlink.o", ".symtab", "no string table", link=1)
    damage("symlinkbig.o", ".symtab", "names are in section 500", link=500)
    damage("symlink0.o", ".symtab", "names are in section 0", link=0)
    elf = Elf(sample)
    end = elf.field(".strtab", "offset") + elf.field(".strtab", "size") - 1
    refused(write("strnul.o", elf.byte(end, 65)), "do not end in NUL")
    # A section without a type is nothing, whatever else its header says.
    accepted(write("inactive.o", Elf(sample).section(".comment", type=0, size=1 << 63, align=3)))
    # Symbols without names need no string table.
    unnamed = Elf(read(assemble("unnamed.o", ".data\n.quad .data")))
    accepted(write("unnamed.o", unnamed.section(".strtab", size=0)))
    # Text in the message must not reach the terminal as control characters.
    elf = Elf(sample)
    at = elf.data.index(b".text\0", elf.field(".shstrtab", "offset"))
    elf.section(".text", align=3)
    refused(write("control.o", elf.byte(at + 1, 0x1b)), r"^section 1 \(\.\?ext\)")


def symbols(sample):
    def damage(name, symbol, pattern, /, **fields):
        refused(write(name, Elf(sample).symbol(symbol, **fields)), pattern)

    size = Elf(sample).field(".strtab", "size")
    damage("symname.o", "f", r"symbol \d+ \(\): damaged: its name", name=size)
    damage("symsec.o", "f", r"\(f\): damaged: it is in section 300", shndx=300)
    damage("symreserved.o", "f", r"\(f\): .*index 0xff02", shndx=0xff02)
    damage("symxindex.o", "f", r"\(f\): .*index 0xffff", shndx=0xffff)
    text = Elf(sample).field(".text", "size")
    damage("symvalue.o", "f", r"\(f\): .*\.text\+", value=text + 1, size=0)
    damage("symend.o", "f", r"\(f\): .*\.text\+", value=0, size=text + 1)
    damage("symwrap.o", "f", r"\(f\): .*\.text\+", value=1, size=(1 << 64) - 1)
    damage("symneg.o", "f", r"\(f\): .*\.text\+", value=(1 << 64) - 1, size=0)
    damage("symnameless.o", "f", r"symbol \d+ \(\): .*has no name", name=0)
    damage("symfile.o", "f", r"symbol \d+ \(\): .*has no name", name=0, info=4, shndx=0xfff2)
    # The end of the section is a fine place for a label; livepatch symbols come at load time.
    accepted(write("symatend.o", Elf(sample).symbol("f", value=text, size=0)))
    accepted(write("symlive.o", Elf(sample).symbol("g", shndx=0xff20)))


def relocations(sample):
    def damage(name, pattern, nth=0, /, **fields):
        refused(write(name, Elf(sample).rela(".rela.data", nth, **fields)), pattern)

    size = Elf(sample).field(".data", "size")
    for kind in (5, 6, 7, 8, 37, 38, 43, 0xffffffff):
        damage(f"reltype{kind}.o", f"relocation 0 .*type {kind} is not one", type=kind)
    damage("relsym.o", r"\(.data\): .*against symbol 4000 of", sym=4000)
    for kind, width in ((1, 8), (2, 4), (3, 4), (4, 4), (10, 4), (11, 4), (12, 2), (13, 2), (14, 1),
                        (15, 1), (24, 8), (36, 16), (42, 4)):
        if width > size:
            continue
        accepted(write(f"relfit{kind}.o", Elf(sample).rela(".rela.data", 3, type=kind,
                                                           offset=size - width)))
        damage(f"relend{kind}.o", f"fills {width} bytes at", 3, type=kind, offset=size - width + 1)
    accepted(write("relnone.o", Elf(sample).rela(".rela.data", 3, type=0, offset=size)))
    damage("relnoneend.o", "fills 0 bytes", 3, type=0, offset=size + 1)
    damage("relwrap.o", "fills 8 bytes", offset=(1 << 64) - 1)
    # Several relocation sections for one, as livepatch modules have.
    elf = Elf(sample)
    both = elf.rela(".rela.text", 0, offset=4).section(".rela.text", info=elf.index(".data"))
    same_as_readelf([write("merged.o", both)])
    # Relocations of debug sections are not read, whatever they say.
    loaded = Elf(sample).field(".data", "flags")
    accepted(write("reldebug.o", Elf(sample).rela(".rela.data", 0, type=99)
                   .section(".data", flags=loaded & ~2)))


def arrangements(sample):
    """Legal but unusual layouts, against readelf."""
    # Relocations at an odd place of the file cannot be used there.
    elf = Elf(sample)
    at, size = elf.field(".rela.data", "offset"), elf.field(".rela.data", "size")
    elf.data += b"\0" * (1 + (len(elf.data) & 1)) + elf.data[at:at + size]
    elf.section(".rela.data", offset=len(elf.data) - size)
    write("odd.o", elf)
    # Any order of relocations, with equal offsets that keep theirs.
    rng = random.Random(1)
    assemble("shuffled.o", "\n".join([".data"] + [f".byte x+{i}" for i in range(4000)] +
                                     [".skip 1 << 24"]))
    elf = Elf(read("shuffled.o"))
    for i in range(4000):
        elf.rela(".rela.data", i, offset=rng.choice([1, 256, 65535]) * rng.randrange(256))
    write("shuffled.o", elf)
    offsets = [int(l.split()[2]) for l in run(TEST_ELF, "dump", "shuffled.o").out.splitlines()
               if l.startswith("reloc")]
    check("shuffled.o: all relocations are there", len(offsets) == 4000, len(offsets))
    # Symbols of one section in any order; the index by address is checked by test-elf itself.
    lines = [".bss", "b:", ".skip 200000"]
    lines += [f".globl s{i}\n.set s{i}, b+{rng.randrange(200000)}" for i in range(3000)]
    assemble("symbols.o", "\n".join(lines))
    assemble("backwards.o", ".text\n" + "\n".join(
        f".globl t{i}\n.set t{i}, .text+{40 - i}" for i in range(40)) + "\n.skip 40")
    # gas writes relaxable jumps' relocations last.
    assemble("jumps.o", "\n".join(["jmp x", "call y"] * 50))
    # More sections than fit e_shnum and st_shndx.
    assemble("many.o", "\n".join(
        f".section .t{i}, \"ax\"\n.globl m{i}\nm{i}: call m{i ^ 1}" for i in range(66000)))
    same_as_readelf(["odd.o", "shuffled.o", "symbols.o", "backwards.o", "jumps.o", "many.o",
                     write("sample.o", sample)])
    check("odd.o is not the same as sample.o", run("cmp", "-s", "odd.o", "sample.o").status == 1)

    many = Elf(read("many.o"))
    many_nr = many.get(many.shdr(0), SHDR, "size")
    check("many.o: many sections", many_nr > 66000 and many.get(0, EHDR, "shnum") == 0, many_nr)
    # gas writes .symtab, .symtab_shndx, .strtab and .shstrtab last.
    at = next(many.shdr(i) for i in range(many_nr) if many.get(many.shdr(i), SHDR, "type") == 18)
    first = many.get(at, SHDR, "offset")
    size = many.get(at, SHDR, "size")
    bad = Elf(many.data).put(at, SHDR, {"size": size - 4})
    refused(write("xindexshort.o", bad), "not one section index for each")
    bad = Elf(many.data)
    struct.pack_into("<I", bad.data, first + size - 4, many_nr)
    refused(write("xindexbig.o", bad), f"it is in section {many_nr} of {many_nr}")


def real_objects():
    """What compilers make, and what distributions ship."""
    write("b.c", b"""
#include <stdio.h>
static int counter; __thread int t; const char *const names[] = {"a", "bc", "def"};
int __attribute__((weak)) w(void) { return counter++; }
static int pick(int n) { switch (n) { case 1: return 5; case 2: return 77; case 3: return 1;
	case 4: return 12; case 9: return 3; } return w() + t; }
int show(int n) { return printf("%s %d\\n", names[n % 3], pick(n)); }
""")
    paths = []
    for cc in ("gcc", "clang"):
        for flags in (("-O2",), ("-O0", "-g"), ("-Os", "-ffunction-sections", "-fdata-sections"),
                      ("-O2", "-mcmodel=kernel", "-fno-pic", "-g", "-gz"), ("-O2", "-fPIC")):
            paths.append(f"{cc}{''.join(flags)}.o")
            tool(cc, *flags, "-c", "-o", paths[-1], "b.c")
    tool("ld", "-r", "-o", "all.o", paths[0], "plain.o", "symbols.o", "shuffled.o")
    tool("ld.lld", "-r", "-o", "lld.o", paths[0], "plain.o", "jumps.o")
    paths += ["all.o", "lld.o"]
    paths += [p for p in glob.glob("/usr/lib/x86_64-linux-gnu/*crt1.o") if "Mcrt" not in p]
    paths += glob.glob(os.path.join(BUILD, "obj/objtool/**/*.o"), recursive=True)
    paths += os.environ.get("KERNEL_OBJECTS", "").split()
    # libc has objects from C and from assembler. Those Debian has stripped bare are refused.
    os.mkdir("libc")
    libc = glob.glob("/usr/lib/x86_64-linux-gnu/libc.a")
    if libc:
        subprocess.run(["ar", "x", libc[0]], cwd="libc", check=True)
    members = sorted(glob.glob("libc/*.o"))
    members = [p for p in random.Random(2).sample(members, min(len(members), 300))
               if " .symtab " in run("readelf", "-SW", p).out]
    same_as_readelf(paths + members)


def sweeps(sample):
    """Cut at every length, and with bits flipped: refused with one line, or accepted."""
    write("sweep.o", sample)
    for seed, name, flips in ((1, "sweep.o", 20000), (2, "clang-O2.o", 10000),
                              (3, "gcc-Os-ffunction-sections-fdata-sections.o", 10000)):
        status, out, err = run(TEST_ELF, "sweep", name, str(seed), str(flips))
        m = re.match(r"prefixes accepted (\d+), flipped accepted (\d+), refused (\d+)$", out)
        check(f"sweep of {name}", status == 0 and m, (out + err)[-2000:])
        if m:
            check(f"{name}: no part of an object is accepted", m[1] == "0", out)
            check(f"sweep of {name}: some accepted, some refused",
                  int(m[2]) > 0 and int(m[3]) > flips / 20, out)


def main():
    os.chdir(path())
    sample = read(assemble("sample.o", ASM))
    accepted("sample.o")
    kinds_of_file()
    headers(sample)
    sections(sample)
    symbols(sample)
    relocations(sample)
    arrangements(sample)
    real_objects()
    sweeps(sample)
    os.chdir("/")
    finish()


main()
