# SPDX-License-Identifier: GPL-2.0-or-later
"""checksum.py - what objtool checksum says of objects made at test time

Golden vectors first: streams written by hand, encoded and hashed without
objtool. Then what must change nothing, names, rests, dumps, and threads.
"""
import os
import shutil
import subprocess

import tokens
from harness import BUILD, check, finish, make_file, objtool, one_line, path, run

HERE = os.path.dirname(os.path.abspath(__file__))
KERNEL = ["-std=gnu11", "-O2", "-fno-pic", "-mcmodel=kernel", "-mno-red-zone",
          "-mgeneral-regs-only", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
          "-Wall", "-Wextra", "-Werror"]
COMPILERS = ["gcc", "clang"]
SOURCES = ["one", "two"]


class Records:
    """The output of objtool checksum: header, records as tuples, and functions and data by name."""

    def __init__(self, text):
        lines = text.splitlines()
        self.text, self.body = text, [x for x in lines[1:] if x[0] != "#"]
        self.all = [tuple(x.split("\t")) for x in self.body]

    def of(self, *kinds):
        """(kind, name, checksum), sorted."""
        return sorted((r[1], r[3], r[0]) for r in self.all if r[1] in kinds)

    def sums(self, name, kind="func"):
        return [r[0] for r in self.all if r[1] == kind and r[3] == name]

    def lanes(self, name, kind="func"):
        return [dict(x.split(":") for x in r[4].split(",")) for r in self.all
                if r[1] == kind and r[3] == name][0]

    def names(self, *kinds):
        return [r[3] for r in self.all if r[1] in kinds]


def records(object_path, warnings=False):
    status, out, err = objtool("checksum", "-o", "-", object_path)
    check("%s: status 0%s" % (os.path.basename(object_path), "" if warnings else ", no message"),
          status == 0 and (warnings or err == ""), err)
    return Records(out)


def make(*argv):
    subprocess.run(argv, check=True, timeout=60)
    return argv[argv.index("-o") + 1]


def assemble(name, text, compiler="gcc"):
    return make(compiler, "-c", "-o", path(name + ".o"), make_file(name + ".s", text.encode()))


def compile_sample(compiler, source, *flags, suffix=""):
    """Compiled where it is, so that __FILE__ is the same whatever the flags."""
    out = path("%s.%s%s.o" % (source, compiler, suffix))
    subprocess.run([compiler, *KERNEL, *flags, "-c", "-o", out, source + ".c"],
                   cwd=os.path.join(HERE, "sample"), check=True, timeout=60)
    return out


def hashed(text):
    """A dump less the tokens that are in no checksum."""
    return [x for x in text.splitlines() if not x.startswith("lines ")]


def dump(name, object_path):
    status, out, err = objtool("checksum", "--dump", name, object_path)
    check("dump of %s: status 0" % name, status == 0 and out.endswith("\n"), err)
    return out


# ---- golden vectors ----

def test_golden():
    for name in ["code", "refs", "special", "data"]:
        expected = tokens.read(os.path.join(HERE, "golden", name + ".tokens"))
        for compiler in COMPILERS:
            obj = make(compiler, "-c", "-o", path("%s.%s.o" % (name, compiler)),
                       os.path.join(HERE, "golden", name + ".s"))
            found = records(obj, warnings=name == "code")
            for record in expected:
                want = record.line().rstrip("\n")
                same_name = [x for x in found.body if x.split("\t")[3] == record.name]
                check("golden %s, %s: %s" % (name, compiler, record.name), want in found.body,
                      "want %s\n      have %s" % (want, same_name))
            check("golden %s, %s: no other record" % (name, compiler),
                  len(found.body) == len(expected), found.text)
            check_golden_dumps(obj, expected)


def check_golden_dumps(obj, expected):
    """One line a token, its lane and tag first."""
    for record in expected:
        if record.kind == "rest" or record.stream.tokens[0] == 'place kind "common"':
            continue
        have = [x.split()[:2] for x in dump(record.name, obj).splitlines()]
        want = [x.split()[:2] for x in record.stream.tokens]
        check("dump of %s: a line for each token" % record.name, have == want,
              "want %s\n      have %s" % (want, have))


# ---- what must change nothing ----

def test_identity(objects):
    for obj in objects:
        name = os.path.basename(obj)
        sums = obj + ".checksums"
        check("%s: checksum" % name, objtool("checksum", obj) == (0, "", ""))
        for old, new in [(obj, obj), (obj, sums), (sums, obj)]:
            result = objtool("diff", "--strict", old, new)
            check("%s: no difference to itself" % name, result == (0, "", ""), result)


def test_determinism(objects):
    for obj in objects:
        name = os.path.basename(obj)
        first = objtool("checksum", "-o", "-", obj)[1]
        far = path("a directory", "of another name")
        os.makedirs(far, exist_ok=True)
        copy = shutil.copy(obj, os.path.join(far, "copy"))
        os.utime(copy, (0, 0))
        env = dict(os.environ, TZ="Asia/Kolkata", COLUMNS="40")
        for what, args, kwargs in [
                ("once more", [obj], {}),
                ("a copy, older", [copy], {}),
                ("another directory", ["./copy"], {"cwd": far}),
                ("LC_ALL=tr_TR.UTF-8", [obj], {"env": dict(env, LC_ALL="tr_TR.UTF-8")}),
                ("LC_ALL=C", [obj], {"env": dict(env, LC_ALL="C")}),
                ("one processor", [obj], {"preexec_fn": lambda: os.sched_setaffinity(
                    0, [min(os.sched_getaffinity(0))])})]:
            result = objtool("checksum", "-o", "-", *args, **kwargs)
            check("%s: %s: the same bytes" % (name, what), result == (0, first, ""), result[2])
        objtool("checksum", obj)
        with open(obj + ".checksums", encoding="ascii") as f:
            check("%s: the same bytes in a file" % name, f.read() == first)


def test_flags(compiler):
    """What the compiler is told about debug information and sections."""
    for source in SOURCES:
        plain = records(compile_sample(compiler, source))
        what = "%s, %s.c" % (compiler, source)
        debug = records(compile_sample(compiler, source, "-g", suffix=".g"))
        check("%s: -g: all records are the same" % what, debug.body == plain.body,
              set(debug.body) ^ set(plain.body))
        split = records(compile_sample(compiler, source, "-ffunction-sections", "-fdata-sections",
                                       suffix=".sections"))
        check("%s: -ffunction-sections -fdata-sections: all functions and objects are the same" % what,
              split.of("func", "data") == plain.of("func", "data"),
              set(split.of("func", "data")) ^ set(plain.of("func", "data")))
        other = records(compile_sample(compiler, source, "-Os", suffix=".Os"))
        check("%s: -Os: something is not" % what, other.of("func") != plain.of("func"))


def without_file(name):
    return name.split("@")[0]


def test_linked(compiler, linker):
    """Alone, and inside the output of ld -r, in either order."""
    parts = [compile_sample(compiler, source) for source in SOURCES]
    alone = sorted(r for part in parts for r in records(part).of("func", "data"))
    for order in parts, parts[::-1]:
        linked = records(make(linker, "-r", "-o", path("linked.o"), *order))
        inside = sorted((kind, without_file(name), s) for kind, name, s in linked.of("func", "data"))
        check("%s, %s -r: all functions and objects are the same" % (compiler, linker),
              inside == alone, set(inside) ^ set(alone))


# ---- dumps ----

def test_dumps(old, new, what):
    """Two dumps are the same text if, and only if, the checksums are the same number."""
    a, b = records(old), records(new)
    equal = different = 0
    for name in sorted(set(a.names("func", "data")) & set(b.names("func", "data"))):
        kind = "func" if a.sums(name) else "data"
        sums = a.sums(name, kind), b.sums(name, kind)
        if len(sums[0]) != 1 or len(sums[1]) != 1:
            continue
        texts = hashed(dump(name, old)), hashed(dump(name, new))
        check("%s: %s: dumps agree with checksums" % (what, name),
              (texts[0] == texts[1]) == (sums[0] == sums[1]), sums)
        equal += sums[0] == sums[1]
        different += sums[0] != sums[1]
    check("%s: some are equal, some are not" % what, equal and different, (equal, different))


def test_dump_of_bytes():
    """Bytes that could be read as others, or as another field."""
    def dump_of(width, data):
        text = '.section .rodata.cst%d, "aM", @progbits, %d\n.Lc: .ascii "%s"\n' % (width, width, data)
        return dump("f", assemble("bytes", text + function("f", "mov .Lc, %eax")))

    for what, old, new in [("text and hex digits", (8, "deadbeef"), (4, "\\336\\255\\276\\357")),
                           ("quotes", (8, "a\\\"b\\\"c .."), (8, "a\\\\b\\\"c ..")),
                           ("text and escapes", (4, "\\\\x41"), (1, "A"))]:
        check("dump of bytes: %s" % what, dump_of(*old) != dump_of(*new), dump_of(*old))


def test_dump_of_nothing(obj):
    status, out, err = objtool("checksum", "--dump", "no_such_function", obj)
    check("dump of an unknown name: status 2, one message", status == 2 and out == ""
          and one_line(err) and "no_such_function" in err, (status, out, err))


# ---- names ----

def function(name, body, *directives):
    return "\t.text\n\t.globl %s\n%s\t.type %s, @function\n%s:\t%s\n\tret\n\t.size %s, . - %s\n" % (
        name, "".join("\t%s\n" % d for d in directives), name, name, body, name, name)


def data_object(name, body, section=".data"):
    return "\t.section %s\n\t.type %s, @object\n%s:\t%s\n\t.size %s, . - %s\n" % (
        section, name, name, body, name, name)


COUNTERS = {
    "x.12": "x", "foo.isra.6.constprop.26": "foo.isra.constprop", "part.0.part.1": "part.part",
    "c_next.llvm.1234567": "c_next", "y.lto_priv.0": "y", "__UNIQUE_ID_license345":
    "__UNIQUE_ID_license", "__initcall__kmod_fork__203_17_f6": "__initcall__kmod_fork__f6",
    "__BTF_ID__func__bar__27": "__BTF_ID__func__bar", "v1.2_is_kept": "v1.2_is_kept",
    "crc32": "crc32", "a.b": "a.b",
}


def test_counters():
    text = "".join(data_object(name, ".long %d" % i) for i, name in enumerate(COUNTERS))
    found = records(assemble("counters", text))
    check("names: without counters", sorted(found.names("data")) == sorted(COUNTERS.values()),
          found.names("data"))
    renumbered = records(assemble("counters2", text.replace("x.12", "x.3").replace("license345", "license7")))
    check("names: renumbered, the same records", renumbered.body == found.body)


def test_content():
    """What a numbered object holds at first says which it is; the number of a type, nothing."""
    def user(name, value):
        return records(assemble("content", function("f", "mov %s, %%eax" % name) +
                                data_object(name, ".long %d" % value)))

    for name, tells in [("count.7", True), ("__BTF_ID__struct__nf_conn__7", False)]:
        one, two = user(name, 5), user(name, 6)
        check("content: of %s, itself" % name, one.of("data") != two.of("data"))
        check("content: of %s, its user" % name, (one.sums("f") != two.sums("f")) == tells,
              (one.text, two.text))


def relative_table(words, entries):
    """What clang makes of "static const char *const type_name[]" where code is independent of its place."""
    strings = "".join('.LC%d: .string "%s"\n' % (i, word) for i, word in enumerate(words))
    longs = "; ".join(".long " + entry for entry in entries)
    return records(assemble("relative", data_object("type_name.rel", longs, ".rodata") +
                            '\t.section .rodata.str1.1, "aMS", @progbits, 1\n' + strings)).of("data")


def test_relative_table():
    """".long .LC1 - type_name.rel" has its own offset in the addend, which is not one into the string."""
    entries = ["type_name.rel - type_name.rel"] * 3 + [".LC%d - type_name.rel" % i for i in range(2)]
    base = relative_table(("first of two", "one called STT_OBJECT"), entries)
    check("relative table: the first letter", relative_table(("xirst of two", "one called STT_OBJECT"), entries) != base)
    check("relative table: one passed by", relative_table(("first of two", "one malled STT_OBJECT"), entries) != base)
    check("relative table: strings moved", relative_table(("first of two", "one called STT_OBJECT", "x"), entries) == base)
    own = [["type_name.rel - type_name.rel"] * 3 + [".LC1%s - ." % more] for more in ("", " + 12")]
    check("relative table: nor is it one if an entry counts from itself",
          len({str(relative_table(("a", "one called STT_OBJECT"), one)) for one in own}) == 2)


def test_names(compiler):
    parts = [compile_sample(compiler, source) for source in SOURCES]
    linked = records(make("ld", "-r", "-o", path("names.o"), *parts))
    names = linked.names("func", "data")
    for name in "check", "total":
        check("names: %s: %s of two files" % (compiler, name),
              "%s@one.c" % name in names and "%s@two.c" % name in names and name not in names, names)
    check("names: %s: no file where one says enough" % compiler,
          "one_switch" in names and "twice" in names, names)
    check("names: %s: aliases are one record" % compiler,
          "one_alias" not in names and names.count("one_switch") == 1, names)
    strays = [n for n in names if n.startswith((".L", "CSWTCH", "switch.table", "__func__", ".str"))]
    check("names: %s: constants have no record" % compiler, not strays, strays)
    alone = records(parts[0]).names("func", "data")
    check("names: %s: no file in an object of one source" % compiler,
          not [n for n in alone if "@" in n], alone)


def test_aliases():
    """Callers run what the alias is of; which of the names a record goes by is nothing."""
    def aliased(name, to):
        return records(assemble("alias", function("f", "mov $1, %eax") + function("g", "mov $2, %eax")
                                + "\t.globl {0}\n\t.type {0}, @function\n\t.set {0}, {1}\n"
                                "\t.size {0}, 6\n".format(name, to)))

    check("alias: of another function now, something changes",
          aliased("longer", "f").body != aliased("longer", "g").body)


def test_cold():
    """A cold part has no record, its bytes count for the function, as its size does."""
    text = function("hot", "jne hot.cold") + function("free", "nop") + (
        "\t.section .text.unlikely, \"ax\"\n\t.type hot.cold, @function\nhot.cold:\n"
        "\tmovl $%d, %%eax\n\tud2\n\t.size hot.cold, . - hot.cold\n")
    one, two = records(assemble("cold1", text % 1)), records(assemble("cold2", text % 2))
    check("cold: no record of its own", one.names("func") == ["free", "hot"], one.names("func"))
    check("cold: is part of its function", one.sums("hot") != two.sums("hot"))
    check("cold: and of no other", one.sums("free") == two.sums("free"))
    check("cold: its size counts", [r[2] for r in one.all if r[3] == "hot"] == ["14"], one.text)


def room_before(name, *entered):
    """-fpatchable-function-entry=32,16 of the compiler: nops before @name, and where they begin."""
    return "\t.text\n\t.balign 16\n%s%s" % ("".join(
        "\t.section __patchable_function_entries, \"awo\", @progbits, .text\n\t.quad 1f\n"
        "\t.text\n1:\t.skip 16, 0x90\n" for _ in entered), function(name, "mov $1, %eax"))


def test_dropped_weak():
    """The linker leaves the code of a weak function that another one replaces, and no symbol of it."""
    weak = room_before("weak", True).replace(".globl", ".weak")
    one = assemble("weak1", weak + room_before("next", True) + room_before("apart"))
    other = assemble("weak2", function("weak", "mov $2, %eax"))
    alone, linked = records(one), records(make("ld", "-r", "-o", path("weak.o"), one, other))
    for name in "next", "apart":
        check("dropped weak function: %s is as alone" % name,
              linked.of("func").count(("func", name, alone.sums(name)[0])) == 1, (alone.text, linked.text))
    check("dropped weak function: room is part of what it is before",
          alone.sums("next") != alone.sums("apart"), alone.text)


def test_prefix():
    """The kernel's objtool gives the room of nops before a function a symbol: nothing else changes."""
    text = """
	.text
	.skip 16, 0x90
%s""" + function("f", "jmp 1f\n2:") + """
	.section .altinstr_aux, "ax"
	nop
1:	mov $%d, %%%%eax
	jmp %s
"""
    symbol = "\t.set __pfx_f, . - 16\n\t.type __pfx_f, @function\n\t.size __pfx_f, 16\n"

    def of(name, *what):
        return records(assemble("prefix", text.replace("%%", "%") % what)).sums(name)

    plain = of("f", "", 1, "2b")
    check("prefix: a symbol for room is no change", plain == of("f", symbol, 1, "2b"))
    check("prefix: code that f reaches is", plain != of("f", symbol, 2, "2b"))
    check("prefix: where that goes is", plain != of("f", symbol, 1, "f"))


# ---- same names, and no file symbols to tell them apart: stripped modules ----

def stripped(name, *parts):
    linked = make("ld", "-r", "-o", path(name + ".o"), *parts)
    subprocess.run(["strip", "--strip-debug", linked], check=True, timeout=60)
    return records(linked)


def source_with_helper(name, value, cold):
    """A source with a static function that has a prefix and a cold part, and who calls it."""
    return assemble(name, """
	.file "%s.c"
	.text
	.type __pfx_helper, @function
__pfx_helper:
	mov $%d, %%eax
	.size __pfx_helper, . - __pfx_helper
	.type helper, @function
helper:	jne helper.cold
	%s
	ret
	.size helper, . - helper
	.section .text.unlikely, "ax"
	.type helper.cold, @function
helper.cold:
	mov $%d, %%eax
	ud2
	.size helper.cold, . - helper.cold
""" % (name, value, "\n\t".join(["inc %eax"] * value), cold) + function(name, "call helper"))


def test_stripped():
    one, two = source_with_helper("s1", 1, 1), source_with_helper("s2", 2, 2)
    base = stripped("stripped", one, two)
    check("stripped: parts are no records", base.names("func") == ["helper", "helper", "s1", "s2"],
          base.names("func"))
    alone = sorted(records(one).of("func") + records(two).of("func"))
    check("stripped: the same checksums as alone", base.of("func") == alone,
          set(base.of("func")) ^ set(alone))
    for what, other in [("another shape", source_with_helper("s2", 5, 2)),
                        ("another cold part", source_with_helper("s2", 2, 7))]:
        have = stripped("stripped2", one, other)
        check("stripped: a namesake of %s changes" % what,
              len(set(have.sums("helper")) - set(base.sums("helper"))) == 1, have.text)
        check("stripped: a namesake of %s changes no caller" % what,
              have.sums("s1") == base.sums("s1") and have.sums("s2") == base.sums("s2"), have.text)


# ---- local objects that have a global name, too ----

def exported(first, second, used, before=48):
    """Two tables as "static const u8 s[64]; extern const u8 exported_s[64] __alias(s)", behind a nameless one."""
    text = data_object("constants.34", ".fill %d, 1, 7" % before, ".rodata")
    for name in first, second:
        text += data_object(name, ".fill 64, 1, %d" % len(name), ".rodata")
        text += "\t.globl exported_%s\n\t.set exported_%s, %s\n" % (name, name, name)
    return records(assemble("exported", text + function("f", "movzbl %s(%%rax), %%eax" % used)))


def test_exported():
    base = exported("s", "inverse", "s").sums("f")
    check("exported: what is before the table is nothing", exported("s", "inverse", "s", 96).sums("f") == base)
    check("exported: nor where it is", exported("inverse", "s", "s").sums("f") == base)
    check("exported: the other at its place", exported("inverse", "s", "inverse").sums("f") != base)


# ---- one object's end is another's start ----

def neighbours(first, second, body):
    text = "".join(data_object(name, ".fill 4, 8, %d" % len(name)) for name in (first, second))
    return records(assemble("neighbours", text + function("f", body))).sums("f")


def test_neighbours():
    """The assembler wrote "table + 32" down as it did "other", where that follows: how it is used tells."""
    chain = "jmp 2f\n1:\tret\n2:\tcmp $table, %rsi\n\tje 3f\n\tcmp $other, %rsi\n\tjne 1b\n3:\tmov %rsi, %rax"
    loop = "mov $table, %rsi\n1:\tcmpl $7, (%rsi)\n\tje 2f\n\tadd $8, %rsi\n\tcmp $table + 32, %rsi\n\tjne 1b\n2:"
    pair = ("mov $table, %rax\n\tmov $table + 32, %rdx\n\tjmp 2f\n1:\tadd $8, %rax\n\tcmp %rax, %rdx\n\tje 3f\n"
            "2:\tcmp %rbx, (%rax)\n\tjne 1b\n3:")
    for what, body in ("a chain of comparisons", chain), ("a loop's end", loop), ("start and end in registers", pair):
        check("neighbours: %s" % what, neighbours("table", "other", body) == neighbours("other", "table", body))


def test_empty_string():
    """With KASAN, "" is where other strings are, and what lies before it says nothing about it."""
    def pointer(size):
        before = data_object("__func__", ".fill %d, 1, 97" % size, ".rodata") + "\t.zero %d\n" % (64 - size)
        text = (before if size else "\t.section .rodata\n") + '1:\t.string ""\n\t.zero 31\n'
        return records(assemble("empty", text + data_object("p", ".quad 1b"))).sums("p", "data")

    check("empty string: behind another object", pointer(9) == pointer(25) == pointer(0))
    check("empty string: a place right behind an array is another", pointer(60) != pointer(25))

    def user(name, body):
        before = data_object(name, '.string "one"', ".rodata") + '\t.zero 60\n.Lempty:\t.string ""\n\t.zero 31\n'
        return records(assemble("empty", before + function("f", body.replace("9f", ".Lempty")))).sums("f")

    for what, body, alike in (
            ("handed on", "mov $9f, %esi; call g", True), ("chosen", "test %edi, %edi; mov $9f, %rsi; je 1f; jmp 2f; 1: nop; 2: call g", True),
            ("returned", "lea 9f(%rip), %rax", True), ("passed on with a jump", "mov $9f, %rdi; jmp g", True),
            ("to compare with", "mov $9f, %rsi; 1: add $8, %rdi; cmp %rdi, %rsi; jne 1b; call g", False),
            ("kept over a call", "mov $9f, %rbx; call g; cmp %rbx, %rax", False)):
        check("empty string: " + what, (user("__func__", body) == user("other", body)) == alike, body)


def test_unnamed_sections():
    """-fdata-sections has sections of what has no name, too; the linker script puts them where others are."""
    def user(section):
        return records(assemble("unnamed", function("f", "mov $.Lthis, %edi; call g") +
                                '\t.section %s\n.Lthis:\t.long 5, 7\n' % (
                                    section + ', "a"' if section.startswith(".rodata") else section + ', "aw"'))).sums("f")
    for section in ".data..Lubsan_data12", ".data..L__unnamed_3", ".data..compoundliteral.4", ".rodata..str", ".rodata..str.5":
        here = section[:section.index("..")]
        check("%s is %s" % (section, here), user(section) == user(here))
    for section in ".data..read_mostly", ".data..strict":
        check("%s is not .data" % section, user(section) != user(".data"))


def test_nops():
    """Where a function is aligned less than the code in it: as cold parts are, behind others that change."""
    def f(before, nops):
        text = function("g", "nop") + "\t.skip %d, 0xcc\n" % (16 + before)
        return records(assemble("nops", text + function("f", "test %%edi, %%edi\n\tjne 1f\n\tud2\n\t%s\n1:" % nops))).sums("f")

    for what, nops in ("before a label", "nop"), ("and two", "nop; nop"), ("and one of two bytes", "nop; xchg %ax, %ax"):
        alike = {tuple(f(before, nops)) for before in range(16)}
        check("nops: one %s, wherever it lies" % what, len(alike) == 1, alike)
    check("nops: before no label, it counts", f(0, "nop\n\tinc %eax") != f(0, "inc %eax"))


# ---- rests ----

def rest_text(data=0, text=0, string="unused", padding=4, code_padding="nop", discard=0, debug=0):
    return (function("f", "nop") + "\t.p2align 4, %s\n" % {"nop": "", "int3": "0xcc"}[code_padding] +
            function("g", "mov named, %eax") + data_object("named", ".long 5")
            + "\t.zero %d\n" % padding + data_object("behind", ".quad 6") + "\t.long 77, %d\n" % data
            + '\t.section .text.stray, "ax"\n\tmov $%d, %%eax\n\tret\n' % text
            + '\t.section .rodata.str1.1, "aMS", @progbits, 1\n\t.string "%s"\n' % string
            + '\t.section .discard.x, "a"\n\t.long %d\n' % discard
            + '\t.section .orc_unwind, "a"\n\t.long %d\n' % discard
            + '\t.section .debug_x\n\t.long %d\n' % debug)


def test_rests():
    base = records(assemble("rest", rest_text()))
    names = [".data", ".rodata", ".text"]
    check("rest: one for each class with unclaimed bytes", base.names("rest") == names, base.text)

    def others(have, but):
        return [r for r in have.all if r[1] != "rest" or r[3] != but]

    for what, changed, options in [
            ("data that nothing names", ".data", {"data": 1}),
            ("code that nothing names", ".text", {"text": 1}),
            ("a string that nothing refers to", ".rodata", {"string": "Unused"})]:
        have = records(assemble("rest2", rest_text(**options)))
        check("rest: %s: changes its rest" % what,
              have.sums(changed, "rest") != base.sums(changed, "rest"), have.text)
        check("rest: %s: and nothing else" % what, others(have, changed) == others(base, changed))
    for what, options in [("zeros between objects", {"padding": 12}),
                          ("int3 for nops between functions", {"code_padding": "int3"}),
                          ("sections the kernel throws away", {"discard": 1}),
                          ("sections that are not loaded", {"debug": 1})]:
        have = records(assemble("rest2", rest_text(**options)))
        check("rest: %s: change nothing" % what, have.body == base.body,
              set(have.body) ^ set(base.body))
    order = '\t.section .rodata.str1.1, "aMS", @progbits, 1\n\t.string "%s"\n\t.string "%s"\n'
    there, back = [records(assemble("order", order % pair)) for pair in [("ab", "cd"), ("cd", "ab")]]
    check("rest: the order of strings is nothing", there.body == back.body and len(there.body) == 1)


# ---- bytes that are no instruction ----

def test_bad_bytes():
    def bad(byte):
        return assemble("bad%x" % byte, function("before", "nop") + function(
            "strange", "nop\n\t.byte %d\n\tnop" % byte))

    sums = []
    for byte in 0x06, 0x07:
        obj = bad(byte)
        status, out, err = objtool("checksum", "-o", "-", obj)
        check("bad byte: status 0, one warning", status == 0 and one_line(err)
              and err.startswith("objtool: warning: "), (status, err))
        check("bad byte: the warning names object, function and offset",
              obj in err and "strange" in err and ".text+0x3" in err, err)
        found = Records(out)
        check("bad byte: the other function has its record", len(found.sums("before")) == 1)
        sums += found.sums("strange")
    check("bad byte: counts", len(set(sums)) == 2, sums)


# ---- threads ----

SMALL_BUGS = """.text
.type f,@function
.globl f
f: xor %%eax,%%eax
1: ud2
ret
.size f,.-f
.type g,@function
.globl g
g: %s
2: ud2
ret
.size g,.-g
.section __bug_table,"aw",@progbits
.long 1b-., 0x%x
.long 2b-., 0x%x
"""


def test_small_bugs():
    """Without CONFIG_DEBUG_BUGVERBOSE an entry is 8 bytes, and two of them look like one of today's 16."""
    old = records(assemble("bugs-old", SMALL_BUGS % ("nop", 0, 0x901)))
    for what, args, differ in (("the second's flags", ("nop", 0, 0x903), "g"), ("the first's flags", ("nop", 1, 0x901), "f"),
                               ("code before the second", ("mov %eax,%ecx", 0, 0x901), "g")):
        new = records(assemble("bugs-new", SMALL_BUGS % args))
        found = [name for name in "fg" if old.sums(name) != new.sums(name)]
        check("bug entries of 8 bytes: %s" % what, found == [differ], found)


def test_bug_file():
    """To 5.18, a bug entry's file counts from the entry: which of both is meant is told by where a name starts."""
    text = (function("f", "1: ud2") + '\t.section .rodata.str1.1, "aMS", @progbits, 1\n.LC0: .string ""\n'
            '.LC1: .string "drivers/a.c"\n\t.section __bug_table, "aw"\n2:\t.long 1b - .%s, .LC1 - %s\n\t.word 7, 0x901\n')
    for what, form in (("to 6.18", ""), ("of today", ", .LC0 - .")):
        own, entrys = (records(assemble("bugs-file", text % (form, base))) for base in (".", "2b"))
        for have in own, entrys:
            check("a bug entry's file, %s: its line is one" % what, set(have.lanes("f")) >= {"bug", "lines"}, have.text)
        check("a bug entry's file, %s: what it counts from" % what, own.sums("f") != entrys.sums("f"), own.text)


def location(line, column, name="kernel/fs.rs", length=None, numbers=".long %d, %d",
             names='.section .rodata.str1.1, "aMS", @progbits, 1'):
    """What rustc has a function pass when it panics."""
    return records(assemble("location", function("f", "mov $.Lwhere, %rdi; call panic") +
                            '\t.section .rodata..Lanon.0, "a"\n.Lwhere:\t.quad .Lname, %d\n\t%s\n\t%s\n.Lname:\t.string "%s"\n' % (
                                len(name) if length is None else length, numbers % (line, column), names, name)))


def test_location():
    """Line and column of a Rust source are line numbers, and nothing else is."""
    unnamed = '.section .rodata..Lanon.1, "a"'
    for what, args in (("", {}), (", its name not among strings", {"names": unnamed}),
                       (", before something else", {"numbers": '.long %d, %d; .ascii "r#"'})):
        base = location(8, 75, **args)
        for line, column in (9, 75), (8, 7), (8, 300), (70000, 75):
            moved = location(line, column, **args)
            check("a place in Rust%s: line %d, column %d" % (what, line, column), moved.sums("f") == base.sums("f") and
                  moved.lanes("f")["lines"] != base.lanes("f")["lines"], (base.text, moved.text))
        check("a place in Rust%s: another file" % what, location(8, 75, name="kernel/fx.rs", **args).sums("f") != base.sums("f"))
    check("a place in Rust: what is behind it is no part of it",
          location(8, 75, numbers='.long %d, %d; .ascii "r#"').sums("f") == location(8, 75).sums("f"))
    for what, args in (("of a file in C", {"name": "kernel/fs.c"}), ("of another length", {"length": 9}),
                       ("of a length beyond the section", {"length": 1 << 63}), ("that is cut off", {"numbers": ".long %d\n\t.short %d"}),
                       ("with another pointer", {"numbers": ".long %d, .Lname - . + %d"})):
        one, two = (location(line, 75, **args) for line in (8, 9))
        check("a place in Rust, %s: is data" % what, one.sums("f") != two.sums("f") and "lines" not in one.lanes("f"), one.text)


def moved(what, name, text, old, new, is_line, kind="func"):
    """A number of an object, 77, becomes another: of @name, nothing but a line did, or more than that."""
    was, now = (records(assemble("moved", text % value)) for value in (old, new))
    same = was.sums(name, kind) == now.sums(name, kind)
    check("a line that moved: " + what, same == is_line and was.body != now.body, (was.text, now.text))


def test_lines():
    tag = function("f", "mov $_alloc_tag.4, %%rdi; call g") + data_object(
        "_alloc_tag.4", ".long %s; .quad 0, .LC1, .LC0, 0", 'alloc_tags, "aw"') + LINE_STRINGS
    moved("of an allocation", "f", tag, "0, 77", "0, 78", True)
    moved("of an allocation, its tag", "_alloc_tag", tag, "0, 77", "0, 78", True, "data")
    moved("flags of an allocation are none", "f", tag, "0, 77", "1, 77", False)
    branch = function("f", "mov $______f.4, %%rdi; call g") + data_object(
        "______f.4", ".quad .LC1, .LC0; .long %s, 0; .quad 0, 0", '_ftrace_annotated_branch, "aw"') + LINE_STRINGS
    moved("of a likely branch", "f", branch, "77", "78", True)
    place = function("f", "mov $.Lubsan_data4, %%rdi; call g") + (
        "\t.data\n.Lubsan_data4: .quad .LC%s\n\t.quad 5\n") + LINE_STRINGS
    for old, new, is_line in (("0; .long 77, 9", "0; .long 78, 8", True), ("0; .long 77, 9", "2; .long 77, 9", False),
                              ("0; .long 77, 0", "0; .long 78, 0", False), ("1; .long 77, 9", "1; .long 78, 9", False)):
        moved("of what UBSAN checks: %s, %s" % (old, new), "f", place, old, new, is_line)
    for what, section, name, is_line in (("with KASAN", ".rodata", "9:", True), ("which is written to", ".data", "9:", False),
                                         ("with a name", ".rodata", "\t.type name, @object\n.size name, 16\nname:\n9:", False)):
        call = function("f", "mov $9f, %%rdi; mov $%s, %%esi; call __might_sleep")
        text = '\t.section %s\n\t.zero 32\n%s .string "drivers/block/a.c"\n' % (section, name)
        moved("beside a file, " + what, "f", call + text, "77", "78", is_line)


def test_absolute():
    """A symbol that is a number, as the linker script's are: another number is another operand."""
    sums = [records(assemble("absolute", function("f", "mov $a, %eax; call b")
                             + ".globl a, b\n.set a, %d\n.set b, %d\n" % values)).sums("f")
            for values in ((5, 7), (6, 7), (5, 8), (5, 7))]
    check("absolute symbols: their values count", sums[0] == sums[3] and len(set(map(str, sums))) == 3, sums)


LINE_STRINGS = ('\t.section .rodata.str1.1, "aMS", @progbits, 1\n.LC0: .string "drivers/a.c"\n'
                '.LC1: .string "f"\n.LC2: .string "drivers/b.c"\n')

# The kernel's objtool makes a nop of a marked static branch, and R_X86_64_NONE of its relocation,
# which is passed by: what is noted of the instructions that follow must not be lost by that.
LEFT_OVER = """.text
.globl f
.type f,@function
f: xor %eax,%eax
1: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00
.reloc 1b+1, R_X86_64_NONE, f
jne f
mov $0x12345678,%ecx
cmp $0x12345678,%edx
jne f
2: call g
ret
.size f,.-f
.section __jump_table,"aw",@progbits
.long 1b-., 2b-.
.quad key+2-.
"""


def test_watched(objects):
    program = os.path.join(BUILD, "tests/checksum/test-watched")
    status, out, err = run(program, assemble("left", LEFT_OVER), *objects)
    units = int(out.split()[0]) if out.endswith(" units, 0 wrong\n") else 0
    check("tokens are hashed as they are shown", status == 0 and units > 20 and not err,
          (status, out, err))


def test_threads(pairs):
    program = os.path.join(BUILD, "tests/checksum/test-threads")
    for a, b in pairs:
        status, out, err = run(program, "60", a, b)
        check("threads: %s and %s" % (os.path.basename(a), os.path.basename(b)),
              (status, out, err) == (0, "120 rounds, 0 wrong\n", ""), (status, out, err))


def test_pool():
    result = run(os.path.join(BUILD, "tests/checksum/test-pool"))
    check("pool", result == (0, "860 rounds, 0 wrong\n", ""), result)


def test_both_compilers(compiler):
    test_flags(compiler)
    for linker in "ld", "ld.lld":
        test_linked(compiler, linker)
    test_names(compiler)
    one = path("one.%s.o" % compiler)
    test_dumps(one, path("one.%s.Os.o" % compiler), "%s -O2 and -Os" % compiler)


def main():
    test_golden()
    for compiler in COMPILERS:
        test_both_compilers(compiler)
    objects = [path("%s.%s.o" % (s, c)) for s in SOURCES for c in COMPILERS] + [path("names.o")]
    test_identity(objects + [path("special.gcc.o"), path("data.clang.o"), path("one.gcc.sections.o")])
    test_determinism([path("one.gcc.o"), path("two.clang.o"), path("names.o")])
    test_dumps(path("one.gcc.o"), path("one.clang.o"), "gcc and clang")
    test_dump_of_bytes()
    test_dump_of_nothing(path("one.gcc.o"))
    test_counters()
    test_content()
    test_relative_table()
    test_aliases()
    test_cold()
    test_dropped_weak()
    test_prefix()
    test_stripped()
    test_rests()
    test_bad_bytes()
    test_exported()
    test_neighbours()
    test_empty_string()
    test_unnamed_sections()
    test_nops()
    test_small_bugs()
    test_bug_file()
    test_location()
    test_pool()
    test_lines()
    test_absolute()
    test_watched([path("one.gcc.o"), path("two.clang.o"), path("names.o"), path("one.gcc.Os.o")])
    test_threads([(path("one.gcc.o"), path("two.clang.o")), (path("names.o"), path("one.gcc.Os.o"))])
    finish()


if __name__ == "__main__":
    main()
