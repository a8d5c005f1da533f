# SPDX-License-Identifier: GPL-2.0-or-later
"""tree.py - objtool checksum and diff on trees, archives and compressed modules

Trees are made here, in the shape that Kbuild leaves: small compiled objects,
links of them, and the .foo.o.cmd files that say which is which.
"""
import functools
import glob
import gzip
import lzma
import os
import pty
import re
import shutil
import signal
import subprocess
import time

from checksums import line, write
from harness import OBJTOOL, check, finish, make_file, objtool, one_line, path, run, scratch

SUFFIX = ".checksums"
with open(OBJTOOL, "rb") as program:
    ASAN = b"__asan_init" in program.read()  # which takes terabytes of address space
BITCODE = b"BC\xc0\xde" + bytes(60)


@functools.lru_cache(maxsize=None)
def compiled(source, options=()):
    """The bytes of an object."""
    out = path("compiled.o")
    subprocess.run(["gcc", "-xc", "-O1", "-w", "-fno-stack-protector", *options, "-c", "-o", out, "-"],
                   input=source.encode(), check=True)
    with open(out, "rb") as f:
        return f.read()


def func(name, value=1):
    return compiled("int %s(int x) { return x * 77 + %d; }" % (name, value))


def put(name, data):
    """Write a file at a path of bytes or text under the scratch directory."""
    if isinstance(name, bytes):
        full = os.path.join(os.fsencode(scratch.name), name)
    else:
        full = path(name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as f:
        f.write(data)
    return full


def get(name):
    with open(path(name), "rb") as f:
        return f.read()


def cmd(tree, name, command, source=None, saved=""):
    """Kbuild's .cmd file of an object."""
    text = "%scmd_%s := %s\n" % (saved, name, command)
    if source:
        text += "\nsource_%s := %s\n\ndeps_%s := \\\n  include/linux/kconfig.h \\\n" % (name, source, name)
    directory, base = os.path.split(name)
    put("%s/%s/.%s.cmd" % (tree, directory, base), text.encode())


def leaf(tree, name, data, kernel=True, saved=""):
    put("%s/%s" % (tree, name), data)
    cmd(tree, name, "gcc -Wp,-MMD,x.d -nostdinc %s -O2 -c -o %s %s" % (
        "-D__KERNEL__ -DMODULE" if kernel else "", name, name[:-1] + "c"), name[:-1] + "c", saved)


def linked(tree, name, parts, data, how="ld -m elf_x86_64 -r -o"):
    put("%s/%s" % (tree, name), data)
    cmd(tree, name, "%s %s %s" % (how, name, parts))


def sums_in(tree):
    """Names of the .checksums files of a tree, without the suffix."""
    top = os.fsencode(path(tree))
    found = []
    for directory, _, files in os.walk(top):
        found += [os.path.relpath(os.path.join(directory, f), top)[:-len(SUFFIX)]
                  for f in files if f.endswith(SUFFIX.encode())]
    return sorted(os.fsdecode(f) for f in found)


def contents(tree):
    return {f: get("%s/%s%s" % (tree, f, SUFFIX)) for f in sums_in(tree)}


def leftovers(tree):
    return [f for _, _, files in os.walk(path(tree)) for f in files if f.endswith(".tmp")]


def good(what, *args):
    result = objtool(*args)
    check(what, result == (0, "", ""), result)


def refused(what, args, *messages):
    status, out, err = objtool(*args)
    check(what, status == 2 and out == "" and one_line(err) and all(m in err for m in messages), (status, err))


def unprivileged(*args):
    """Run a copy of objtool as a user that permissions hold for."""
    os.chmod(scratch.name, 0o755)
    if not os.path.exists(path("bin/objtool")):
        os.makedirs(path("bin"), exist_ok=True)
        shutil.copy(OBJTOOL, path("bin/objtool"))
        os.chmod(path("bin/objtool"), 0o755)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    return run(*become, path("bin/objtool"), *args)


# --- archives ---

def ar(archive, *members, options="rcs"):
    if os.path.exists(path(archive)):
        os.unlink(path(archive))
    subprocess.run(["ar", options, path(archive), *members], check=True, cwd=scratch.name)
    return path(archive)


def test_archives():
    long_name = "ar/a_member_with_a_long_name.o"
    for name, value in ("ar/x.o", 1), (long_name, 2), ("ar/sub/x.o", 3), ("ar/sub/deep.o", 4):
        put(name, func("f", value))
        objtool("checksum", path(name))
    put("ar/notes.txt", b"not an object\n")
    lib = ar("ar/lib.a", "ar/x.o", long_name, "ar/notes.txt", "ar/sub/deep.o")
    status, out, err = objtool("checksum", lib)
    check("archive: strangers are said", status == 0 and out == "" and one_line(err) and "1 members" in err, err)
    for name in "x.o", "a_member_with_a_long_name.o", "sub/deep.o":
        base = os.path.basename(name)
        check("archive: " + name, get("ar/lib.a(%s)%s" % (base, SUFFIX)) == get("ar/%s%s" % (name, SUFFIX)))
    ar("ar/twice.a", "ar/x.o", "ar/sub/x.o", options="qcS")
    good("archive: two members of one name", "checksum", path("ar/twice.a"))
    check("archive: are told apart", get("ar/twice.a(x.o)" + SUFFIX) == get("ar/x.o" + SUFFIX)
          and get("ar/twice.a(x.o,2)" + SUFFIX) == get("ar/sub/x.o" + SUFFIX))
    good("archive: into a directory", "checksum", "-o", path("ar/out/"), path("ar/twice.a"))
    check("archive: there", sums_in("ar/out") == ["x.o", "x.o,2"])
    ar("ar/paths.a", "ar/sub/deep.o", options="rcsP")
    good("archive: member with a path", "checksum", path("ar/paths.a"))
    check("archive: stays here", os.path.exists(path("ar/paths.a(ar!sub!deep.o)" + SUFFIX)))
    hostile = get("ar/x.o")
    put("ar/evil.a", b"!<arch>\n%-16s%-32s%-10d`\n%s" % (b"../evil.o/", b"0", len(hostile), hostile))
    good("archive: a name that leads out", "checksum", path("ar/evil.a"))
    check("archive: does not", os.path.exists(path("ar/evil.a(..!evil.o)" + SUFFIX)))
    put("ar/bsd.a", b"!<arch>\n%-16s%-32s%-10d`\n%s%s" % (b"#1/8", b"0", len(hostile) + 8, b"bsd.o\0\0\0", hostile))
    good("archive: BSD names", "checksum", path("ar/bsd.a"))
    check("archive: BSD name", get("ar/bsd.a(bsd.o)" + SUFFIX) == get("ar/x.o" + SUFFIX))
    refused("archive: -o FILE for several", ["checksum", "-o", path("ar/one"), path("ar/twice.a")], "directory")
    ar("ar/single.a", "ar/x.o")
    check("archive: of one to stdout", objtool("checksum", "-o", "-", path("ar/single.a"))[1].encode()
          == get("ar/x.o" + SUFFIX))
    check("archive: diff", objtool("diff", path("ar/single.a"), path("ar/single.a")) == (0, "", ""))
    status, out, _ = objtool("diff", path("ar/single.a"), path("ar/twice.a"))
    check("archive: diff of members", status == 1 and "x.o,2:" in out and "added" in out, out)


def test_damaged_archives():
    whole = get("ar/lib.a")
    for cut in range(9, len(whole), len(whole) // 20):
        put("ar/cut.a", whole[:cut])
        status, out, err = objtool("checksum", "-o", path("ar/cut/"), path("ar/cut.a"))
        check("archive: cut at %d" % cut, status == 2 and out == "" and "cut.a" in err, (status, err))
    for at, data in ((56, b"x"), (66, b"zz"), (8 + 48, b"9999999999")):
        put("ar/cut.a", whole[:at] + data + whole[at + len(data):])
        refused("archive: damage at %d" % at, ["checksum", path("ar/cut.a")], "damaged archive")
    put("ar/empty.a", b"!<arch>\n")
    refused("archive: empty", ["checksum", path("ar/empty.a")], "no objects")
    put("ar/far.a", b"!<arch>\n%-16s%-32s%-10d`\n" % (b"/123", b"0", 0))
    refused("archive: long name without a table", ["checksum", path("ar/far.a")], "without a name")


def test_thin_archives():
    put("thin/kernel/fork.o", func("fork"))
    put("thin/kernel/exit.o", func("do_exit"))
    put("thin/kernel/data.txt", b"text")
    subprocess.run(["ar", "rcST", "built-in.a", "kernel/fork.o", "kernel/exit.o", "kernel/data.txt"], check=True,
                   cwd=path("thin"))
    status, _, err = objtool("checksum", path("thin/built-in.a"))
    check("thin: strangers are said", status == 0 and one_line(err), err)
    check("thin: beside the members", sums_in("thin") == ["kernel/exit.o", "kernel/fork.o"], sums_in("thin"))
    objtool("checksum", "-o", path("thin-out/"), path("thin/built-in.a"))
    check("thin: mirrored", sums_in("thin-out") == ["kernel/exit.o", "kernel/fork.o"])
    status, out, err = objtool("diff", path("thin/built-in.a"), path("thin"))
    check("thin: against its tree", status == 0 and out == "" and one_line(err), (out, err))
    os.unlink(path("thin/kernel/exit.o"))
    status, _, err = objtool("checksum", path("thin/built-in.a"))
    check("thin: a member that is gone", status == 2 and "kernel/exit.o" in err, err)
    put("thin/out.a", b"!<thin>\n//%-46s%-10d`\n%s%-48s%-10d`\n" % (
        b"", 20, b"../thin/kernel/f.o/\n", b"/0", 1))
    shutil.copy(path("thin/kernel/fork.o"), path("thin/kernel/f.o"))
    good("thin: a path that leads out", "checksum", "-o", path("thin-out/x/"), path("thin/out.a"))
    check("thin: is not followed by -o", sums_in("thin-out/x") == ["f.o"], sums_in("thin-out"))


# --- compressed objects ---

def compressors():
    zstd = functools.partial(subprocess.run, check=True, capture_output=True)
    return {
        "gz": gzip.compress,
        "xz": lzma.compress,
        "zst": lambda data: zstd(["zstd", "-q", "-c"], input=data).stdout,
    }


def test_compressed():
    data = func("f", 5)
    put("z/m.ko", data)
    objtool("checksum", path("z/m.ko"))
    for suffix, compress in compressors().items():
        name = "z/m.ko." + suffix
        small = compress(data)
        put(name, small)
        good(suffix, "checksum", path(name))
        check(suffix + ": same records", get(name + SUFFIX) == get("z/m.ko" + SUFFIX))
        check(suffix + ": diff", objtool("diff", path("z/m.ko"), path(name)) == (0, "", ""))
        put("z/plainly.o", small)
        good(suffix + ": by content, not by name", "checksum", path("z/plainly.o"))
        put(name, compress(data[:1000]) + compress(data[1000:]))
        good(suffix + ": two streams", "checksum", path(name))
        check(suffix + ": two streams are one file", get(name + SUFFIX) == get("z/m.ko" + SUFFIX))
        os.unlink(path(name + SUFFIX))
        for cut in {len(small) - 1, len(small) - 12, len(small) // 2, 7}:
            put(name, small[:cut])
            refused("%s: cut at %d" % (suffix, cut), ["checksum", path(name)], "m.ko." + suffix)
        put(name, small[:40] + bytes([small[40] ^ 0x55, small[41] ^ 0xaa]) + small[42:])
        status, _, err = objtool("checksum", path(name))
        check(suffix + ": flipped bits", status in (0, 2) and (not status or one_line(err)), err)
        put(name, small + b"garbage behind the end")
        refused(suffix + ": garbage behind", ["checksum", path(name)], "damaged")
        put(name, compress(b"int f;\n"))
        refused(suffix + ": no object in it", ["checksum", path(name)], "m.ko." + suffix, "not an ELF object")
        check(suffix + ": nothing left", not os.path.exists(path(name + SUFFIX)))
        bomb = compress(bytes(80 << 20))
        put(name, bomb)
        started = os.times()
        refused("%s: a bomb" % suffix, ["checksum", path(name)], "refused", "MiB")
        check(suffix + ": little memory for it", ASAN or one_line(
            run("bash", "-c", "ulimit -v 400000; exec \"$@\"", "bash", OBJTOOL, "checksum", path(name))[2]))
        check(suffix + ": little time for it", os.times().children_user - started.children_user < 5)


# --- which objects of a tree ---

def kernel_tree(tree):
    """What Kbuild leaves of: two built-in objects, a module of two parts, one of one."""
    f = func
    leaf(tree, "kernel/fork.o", f("fork"))
    leaf(tree, "kernel/exit.o", f("do_exit"), saved="saved")
    leaf(tree, "fs/ext4/inode.o", f("inode"))
    leaf(tree, "fs/ext4/sub/dir.o", f("dir"))
    put(tree + "/fs/ext4/ext4.mod", b"fs/ext4/inode.o\nfs/ext4/sub/dir.o\n")
    linked(tree, "fs/ext4/ext4.o", "@fs/ext4/ext4.mod", f("inode"))
    leaf(tree, "fs/ext4/ext4.mod.o", f("version"))
    linked(tree, "fs/ext4/ext4.ko", "fs/ext4/ext4.o fs/ext4/ext4.mod.o", f("inode"))
    leaf(tree, "drivers/one.o", f("one"))
    leaf(tree, "drivers/one.mod.o", f("version"))
    linked(tree, "drivers/one.ko", "drivers/one.o drivers/one.mod.o;  true", f("one"))
    leaf(tree, "scripts/modpost.o", f("main"), kernel=False)
    put(tree + "/tools/fixdep.o", f("main"))
    put(tree + "/tools/.fixdep.o.cmd", b"# cannot find fixdep (/b/tools//fixdep)\n# using basic dep data\n\n/b/fixdep.o: x.c\n")
    linked(tree, "drivers/old.o", "drivers/parts/a.o drivers/parts/b.o", f("a"))
    leaf(tree, "drivers/parts/a.o", f("a"))
    leaf(tree, "drivers/parts/b.o", f("b"))
    leaf(tree, "lib/part.o", f("part"))
    linked(tree, "drivers/far.o", "lib/part.o drivers/../lib/part.o", f("part"))
    linked(tree, "arch/stub.stub.o", "arch/stub.o; if objdump; then rm arch/stub.o; fi", f("stub"),
           "objcopy --prefix-symbols=__stub -o")
    leaf(tree, "arch/stub.o", f("stub"))
    leaf(tree, "arch/x86/boot/compressed/piggy.o", f("piggy"))
    for name in ".tmp_vmlinux.kallsyms1.o", ".tmp_dir/x.o":
        put("%s/%s" % (tree, name), f("tmp"))
    for directory in "", "kernel/", "fs/":
        put("%s/%sbuilt-in.a" % (tree, directory), b"!<thin>\n")
    put(tree + "/vmlinux.a", b"!<thin>\n")
    put(tree + "/vmlinux.o", f("fork"))
    put(tree + "/vmlinux", f("fork"))


LEAVES = ["arch/stub.o", "drivers/one.o", "drivers/parts/a.o", "drivers/parts/b.o", "fs/ext4/inode.o",
          "fs/ext4/sub/dir.o", "kernel/exit.o", "kernel/fork.o", "lib/part.o"]


def test_kbuild():
    kernel_tree("kb")
    good("kbuild", "checksum", path("kb"))
    check("kbuild: each function once", sums_in("kb") == LEAVES, sums_in("kb"))
    for start in "kb/fs", "kb/fs/ext4/", "kb/./drivers":
        out = "kb-out/" + start
        good("kbuild: of " + start, "checksum", "-o", path(out), path(start))
        inside = os.path.normpath(start)[3:] + "/"
        check("kbuild: once in " + start, sums_in(out) == [n[len(inside):] for n in LEAVES if n.startswith(inside)],
              sums_in(out))
    result = run(OBJTOOL, "checksum", "-o", path("kb-dot"), ".", cwd=path("kb"))
    check("kbuild: from inside", result == (0, "", "") and contents("kb-dot") == contents("kb"), result)
    shutil.move(path("kb"), path("moved"))
    good("kbuild: moved", "checksum", "-o", path("kb-moved"), path("moved"))
    check("kbuild: moved, once", sums_in("kb-moved") == LEAVES, sums_in("kb-moved"))
    os.unlink(path("moved/drivers/parts/b.o"))
    good("kbuild: a part is gone", "checksum", "-o", path("kb-part"), path("moved"))
    check("kbuild: what it was linked to stands for it", sums_in("kb-part") ==
          sorted(set(LEAVES) - {"drivers/parts/a.o", "drivers/parts/b.o"} | {"drivers/old.o"}), sums_in("kb-part"))
    put("moved/kernel/exit.o", b"")
    refused("kbuild: an empty object", ["checksum", "-o", path("kb-part"), path("moved")], "kernel/exit.o", "empty")
    leaf("moved", "kernel/exit.o", compiled("int f;", ("-m32",)))
    status, _, err = objtool("checksum", "-o", path("kb-part"), path("moved"))
    check("kbuild: 32-bit code", status == 0 and one_line(err) and "1 objects of 32-bit" in err, err)
    arm = bytearray(func("do_exit"))
    arm[18] = 183
    leaf("moved", "kernel/exit.o", bytes(arm))
    status, _, err = objtool("checksum", "-o", path("kb-part"), path("moved"))
    check("kbuild: another machine", status == 0 and one_line(err) and "1 objects of 32-bit code or for other" in err, err)


def lto_tree(tree):
    """The same of a build with bitcode, of 5.12 to 5.17."""
    kernel_tree(tree)
    leaf(tree, "kernel/fork.o", BITCODE)
    leaf(tree, "fs/ext4/inode.o", BITCODE)
    leaf(tree, "drivers/one.o", BITCODE)
    linked(tree, "drivers/one.lto.o", "drivers/one.o", func("one"))
    subprocess.run(["ar", "rcST", "vmlinux.a", "kernel/fork.o", "kernel/exit.o"], check=True, cwd=path(tree))


LTO_CHOSEN = ["arch/stub.o", "drivers/one.ko", "drivers/parts/a.o", "drivers/parts/b.o", "fs/ext4/ext4.o",
              "lib/part.o", "vmlinux.o"]


def test_lto():
    lto_tree("lto")
    status, out, err = objtool("checksum", path("lto"))
    check("lto: one line about bitcode", status == 0 and out == "" and err.count("bitcode") == 1
          and "3 objects" in err and "members" not in err, err)
    check("lto: linked objects stand for theirs", sums_in("lto") == LTO_CHOSEN, sums_in("lto"))
    os.unlink(path("lto/vmlinux.a"))
    subprocess.run(["ar", "rcST", "kernel/built-in.a", "kernel/fork.o", "kernel/exit.o"], check=True, cwd=path("lto"))
    objtool("checksum", "-o", path("lto-old"), path("lto"))
    check("lto: before vmlinux.a", sums_in("lto-old") == sums_in("lto"), sums_in("lto-old"))


def one_by_one(tree):
    """Each object with --kbuild, as a hook in the build has it done; returns what is not (0, "", "")."""
    found = glob.glob(path(tree, "**/*.o"), recursive=True) + glob.glob(path(tree, "**/*.ko"), recursive=True)
    results = {f: objtool("checksum", "--kbuild", f) for f in found}
    return {f: result for f, result in results.items() if result != (0, "", "")}


def test_just_made():
    kernel_tree("jm")
    kernel_tree("jm-tree")
    os.unlink(path("jm/vmlinux.o"))
    bad = one_by_one("jm")
    check("just made: without a word", not bad, bad)
    objtool("checksum", path("jm-tree"))
    check("just made: as in the tree", sums_in("jm") == LEAVES and contents("jm") == contents("jm-tree"), sums_in("jm"))
    before = times("jm")
    good("just made: up to date", "checksum", "--kbuild", path("jm/kernel/fork.o"))
    check("just made: up to date, not written", times("jm") == before)
    result = run(OBJTOOL, "checksum", "--kbuild", "fork.o", cwd=path("jm/kernel"))
    check("just made: by its name alone", result == (0, "", ""), result)
    good("just made: gone again", "checksum", "--kbuild", path("jm/kernel/gone.o"))
    put("jm/kernel/fork.o", func("fork")[:200])
    refused("just made: damaged", ["checksum", "--kbuild", path("jm/kernel/fork.o")], "kernel/fork.o")
    check("just made: damaged, its checksums are gone", "kernel/fork.o" not in sums_in("jm"))
    lto_tree("jm-lto")
    bad = one_by_one("jm-lto")
    check("just made: bitcode without a word", not bad, bad)
    # What they will be linked to, with bitcode, is not there yet when these are made.
    early = ["kernel/exit.o", "fs/ext4/sub/dir.o"]
    check("just made: LTO", sums_in("jm-lto") == sorted(LTO_CHOSEN + early), sums_in("jm-lto"))
    for args in ["-o", path("x")], ["--dump=f"], ["--selfcheck"]:
        refused("just made: with " + args[0], ["checksum", "--kbuild", *args, path("jm/kernel/exit.o")], "--kbuild")
    refused("just made: a directory", ["checksum", "--kbuild", path("jm")], "--kbuild")


TWO = "static __attribute__((noinline)) int first_%s(int x) { return x * 3 + %d; }\n" \
      "int middle_%s(int x) { return first_%s(x) + 1; }\n" \
      "static __attribute__((noinline, used)) int last_%s(int x) { return x * 5 + %d; }\n"


def linked_of(out, *sources):
    """ld -r of objects of @sources (paths), each with three functions that have its name in theirs."""
    for i, source in enumerate(sources):
        name = os.path.basename(source)[:-2] + str(i)
        full = put(source, (TWO % (name, i, name, name, name, i)).encode())
        subprocess.run(["gcc", "-O1", "-w", "-fno-stack-protector", "-c", "-o", full[:-1] + "o", os.path.basename(full)],
                       check=True, cwd=os.path.dirname(full))
    os.makedirs(os.path.dirname(path(out)), exist_ok=True)
    subprocess.run(["ld", "-r", "-o", path(out)] + [path(s[:-1] + "o") for s in sources], check=True)


def functions(sums):
    return sorted(line.split(b"\t")[3].decode() for line in get(sums).splitlines() if b"\tfunc\t" in line)


def excluding(patterns, *args):
    make_file("list", patterns.encode())
    return objtool("checksum", "-X", path("list"), *args)


def test_exclude_objects():
    kernel_tree("ex")
    objtool("checksum", path("ex"))
    result = excluding("# a comment\n\nkernel/fork.o\n  \nsub/?ir.o  \nfs/*/inode.o\n", path("ex"))
    left = [n for n in LEAVES if n not in ("kernel/fork.o", "fs/ext4/sub/dir.o", "fs/ext4/inode.o")]
    check("exclude: objects are left out, what was there is removed", result == (0, "", "") and sums_in("ex") == left,
          (result, sums_in("ex")))
    objtool("checksum", path("ex"))
    check("exclude: without a list, all", sums_in("ex") == LEAVES)
    status, out, err = excluding("ork.o\nernel/exit.o\nkernel\nnone.o\nexit.o\n", "-o", path("ex-out"), path("ex"))
    check("exclude: patterns match from a directory on, to the end",
          status == 0 and sums_in("ex-out") == [n for n in LEAVES if n != "kernel/exit.o"], sums_in("ex-out"))
    lines = err.splitlines()
    check("exclude: what matches nothing is said", [line.split("list:")[1].split(":")[0] for line in lines] ==
          ["1", "2", "3", "4"] and all("matches nothing" in line for line in lines), err)
    good("exclude: in a hook", "checksum", "-X", path("list"), "--kbuild", path("ex/kernel/exit.o"))
    check("exclude: in a hook, by its path", "kernel/exit.o" not in sums_in("ex"))
    result = excluding("kernel/exit.o\n", path("ex/kernel/exit.o"), "-o", path("ex-one"))
    check("exclude: one object, nothing written", result == (0, "", "") and not os.path.exists(path("ex-one")), result)
    refused("exclude: no list", ["checksum", "-X", path("gone"), path("ex")], "gone", "No such file")


def test_exclude_files():
    linked_of("vmlinux.o", "x/fork.c", "x/exit.c", "x/cpu.c")
    every = sorted(part + "_" + f for part in ("first", "middle", "last") for f in ("fork0", "exit1", "cpu2"))
    objtool("checksum", path("vmlinux.o"))
    check("exclude: all, to begin with", functions("vmlinux.o.checksums") == every)
    for pattern in "exit.c", "exit.o", "some/where/exit.o", "ex?t.c", "e*.o":
        result = excluding(pattern + "\n", path("vmlinux.o"))
        check("exclude: a part of a linked object by " + pattern, result == (0, "", "") and
              functions("vmlinux.o.checksums") == [f for f in every if "exit" not in f],
              (result, functions("vmlinux.o.checksums")))
    for pattern in "some/where/*", "some/where/e*.o":
        _, _, err = excluding(pattern + "\n", path("vmlinux.o"))
        check("exclude: no part by " + pattern + ", and it is said", functions("vmlinux.o.checksums") == every
              and one_line(err) and "names a directory" in err, err)
    linked_of("vmlinux.o", "x/fork.c", "y/fork.c", "x/cpu.c")
    both = sorted(part + "_" + f for part in ("first", "middle", "last") for f in ("fork0", "fork1", "cpu2"))
    _, _, err = excluding("x/fork.o\n", path("vmlinux.o"))
    check("exclude: of two files of one name, neither", functions("vmlinux.o.checksums") == both
          and one_line(err) and "names a directory" in err, err)
    excluding("fork.o\n", path("vmlinux.o"))
    check("exclude: or both", functions("vmlinux.o.checksums") == [f for f in both if "cpu" in f])
    excluding("cpu.c\n", path("x/cpu.o"))
    check("exclude: an object by its source", not os.path.exists(path("x/cpu.o.checksums")))


# As LTO has it: each function in a section of its own, which a table refers to.
SECTIONS = """.file "%s.c"
.section .text.only_%s,"ax",@progbits
.globl only_%s
.type only_%s,@function
only_%s: ret
.size only_%s,.-only_%s
.section __mcount_loc,"a",@progbits
.quad .text.only_%s
"""


def test_exclude_sections():
    for name in "fork", "exit", "cpu":
        put("fs/%s.s" % name, (SECTIONS % ((name,) * 8)).encode())
        subprocess.run(["gcc", "-c", "-o", path("fs/%s.o" % name), path("fs/%s.s" % name)], check=True)
    subprocess.run(["ld.lld", "-r", "-o", "vmlinux.o", "fork.o", "exit.o", "cpu.o"], check=True, cwd=path("fs"))
    result = excluding("exit.c\n", path("fs/vmlinux.o"))
    check("exclude: global functions in sections of their own", result == (0, "", "") and
          functions("fs/vmlinux.o.checksums") == ["only_cpu", "only_fork"], (result, functions("fs/vmlinux.o.checksums")))


def test_exclude_diff():
    linked_of("ex-old/vmlinux.o", "x/fork.c", "x/exit.c")
    linked_of("ex-new/vmlinux.o", "x/exit.c", "x/fork.c")
    put("ex-old/a.o", func("fork"))
    put("ex-new/a.o", func("fork", 2))
    make_file("list", b"exit.c\nfork.c\na.o\n")
    status, out, _ = objtool("diff", "--name-only", path("ex-old"), path("ex-new"))
    check("exclude: there are differences", status == 1 and out != "", out)
    good("exclude: diff leaves them out, too", "diff", "-q", "-X", path("list"), path("ex-old"), path("ex-new"))
    make_file("list", b"exit.c\nfork.c\n")
    status, out, _ = objtool("diff", "--name-only", "-X", path("list"), path("ex-old"), path("ex-new"))
    check("exclude: and nothing else", status == 1 and "a.o:fork" in out and "middle" not in out, out)


def test_by_content():
    put("plain/a.o", func("a"))
    put("plain/m.o", func("m"))
    put("plain/m.ko", func("m"))
    put("plain/n.ko", func("n"))
    put("plain/n.ko.xz", lzma.compress(func("n")))
    put("plain/p/q.ko.gz", gzip.compress(func("q")))
    put("plain/notes.o", b"notes\n")
    status, out, err = objtool("checksum", path("plain"))
    check("content: files that are none", status == 0 and out == "" and one_line(err) and "1 files" in err, err)
    check("content", sums_in("plain") == ["a.o", "m.o", "n.ko", "p/q.ko.gz"], sums_in("plain"))
    put("only/vmlinux.o", func("start_kernel"))
    put("only/m.ko", func("m"))
    good("content: vmlinux.o and modules", "checksum", path("only"))
    check("content: vmlinux.o stands for itself", sums_in("only") == ["m.ko", "vmlinux.o"], sums_in("only"))


# --- up to date ---

def times(tree):
    return {f: os.stat(path(tree, f + SUFFIX)).st_mtime_ns for f in sums_in(tree)}


def test_current():
    for i in range(5):
        put("cur/d%d/x.o" % (i % 2), func("x", i))
        put("cur/%d.o" % i, func("f", i))
    good("current: first run", "checksum", path("cur"))
    before = times("cur")
    time.sleep(0.02)
    good("current: second run", "checksum", path("cur"))
    check("current: writes nothing", times("cur") == before)
    os.utime(path("cur/1.o"))
    good("current: touched", "checksum", path("cur"))
    check("current: that one is done", [f for f in before if times("cur")[f] != before[f]] == ["1.o"])
    put("cur/2.o", func("other", 9))
    os.utime(path("cur/2.o"), (1000000000, 1000000000))
    good("current: replaced by an older file", "checksum", path("cur"))
    objtool("checksum", "-o", path("cur-ref"), path("cur/2.o"))
    check("current: is done", get("cur/2.o" + SUFFIX) == get("cur-ref"))
    put("replaced.o", func("moved", 10))
    os.utime(path("replaced.o"), (1000000000, 1000000000))
    os.rename(path("replaced.o"), path("cur/3.o"))
    good("current: renamed over", "checksum", path("cur"))
    check("current: renamed over is done", b"\tmoved\t" in get("cur/3.o" + SUFFIX))
    future = time.time() + 3600
    put("cur/4.o" + SUFFIX, b"")
    os.utime(path("cur/4.o" + SUFFIX), (future, future))
    good("current: written in the future", "checksum", path("cur"))
    check("current: is not believed", get("cur/4.o" + SUFFIX) != b"")
    time.sleep(0.02)
    shutil.copy(OBJTOOL, path("newer-objtool"))
    before = times("cur")
    time.sleep(0.02)
    check("current: a newer program", run(path("newer-objtool"), "checksum", path("cur")) == (0, "", ""))
    check("current: does all again", all(times("cur")[f] != before[f] for f in before))


def test_same_tick():
    """Objects rewritten as fast as that goes: no .checksums may be of one before the last."""
    objects = [func("tick", i) for i in range(4)]
    wanted = []
    for data in objects:
        put("tick-ref.o", data)
        objtool("checksum", path("tick-ref.o"))
        wanted.append(get("tick-ref.o" + SUFFIX))
    stale = 0
    for i in range(60):
        put("tick/x.o", objects[i % 4])
        objtool("checksum", path("tick"))
        stale += get("tick/x.o" + SUFFIX) != wanted[i % 4]
    check("same tick: none is stale", stale == 0, stale)


def test_changed_while_read():
    """An object that takes some time, replaced at some time of it."""
    large = compiled("__asm__(\".globl f; f: .rept 4000000; incl %eax; .endr; .type f, @function; .size f, . - f\");")
    small = func("small")
    put("while-ref.o", small)
    objtool("checksum", path("while-ref.o"))
    started = time.monotonic()
    objtool("checksum", "-o", path("while-ref"), put("while.o", large))
    takes = time.monotonic() - started
    stale = 0
    for i in range(20):
        put("while/x.o", large)
        time.sleep(0.02)
        with subprocess.Popen([OBJTOOL, "checksum", path("while")], stderr=subprocess.DEVNULL):
            time.sleep(takes * i / 20)
            put("while/new", small)
            os.rename(path("while/new"), path("while/x.o"))
        objtool("checksum", path("while"))
        stale += get("while/x.o" + SUFFIX) != get("while-ref.o" + SUFFIX)
    check("changed while it is read: done again", stale == 0, stale)


def test_stale():
    kernel_tree("stale")
    good("stale: first", "checksum", path("stale"))
    os.unlink(path("stale/kernel/exit.o"))
    put("stale/kernel/theirs.o" + SUFFIX, b"sha256 of something\n")
    shutil.copy(path("stale/kernel/fork.o" + SUFFIX), path("stale/kernel/lib.a(x.o)" + SUFFIX))
    put("stale/baseline/old.o" + SUFFIX, get("stale/kernel/fork.o" + SUFFIX))
    good("stale: object gone", "checksum", path("stale"))
    check("stale: removed, and nothing else", sums_in("stale") == sorted(
        set(LEAVES) - {"kernel/exit.o"} | {"kernel/theirs.o", "kernel/lib.a(x.o)", "baseline/old.o"}), sums_in("stale"))
    put("stale/kernel/fork.o", func("fork")[:200])
    status, _, err = objtool("checksum", path("stale"))
    check("stale: damaged object", status == 2 and one_line(err) and "fork.o" in err, err)
    check("stale: of what is refused", "kernel/fork.o" not in sums_in("stale"))

    kernel_tree("src")
    good("mirror", "checksum", "-o", path("mirror"), path("src"))
    check("mirror: complete", sums_in("mirror") == LEAVES and sums_in("src") == [])
    os.unlink(path("src/kernel/exit.o"))
    shutil.rmtree(path("src/arch"))
    status, _, err = objtool("checksum", "-o", path("mirror"), path("src"))
    check("mirror: directories that are gone are said", status == 0 and one_line(err) and "1 .checksums" in err, err)
    check("mirror: object gone", sums_in("mirror") == sorted(set(LEAVES) - {"kernel/exit.o"}), sums_in("mirror"))


# --- how it runs ---

def many(tree, nr=150):
    """Objects that take a while together."""
    data = compiled("".join("int f%d(int x) { return x * %d; }\n" % (i, i) for i in range(400)))
    for i in range(nr):
        put("%s/d%d/%d.o" % (tree, i % 7, i), data)
    put(tree + "/d3/bad.o", data[:500])
    put(tree + "/d1/bad.o", data[:700])


def test_jobs():
    many("jobs")
    results = []
    for jobs in "1", "2", "7":
        results.append((objtool("checksum", "-j", jobs, "-o", path("jobs-" + jobs), path("jobs")),
                        contents("jobs-" + jobs)))
    check("jobs: same files", results[0][1] == results[1][1] == results[2][1] and len(results[0][1]) == 150)
    check("jobs: same messages", results[0][0] == results[1][0] == results[2][0], [r[0] for r in results])
    status, _, err = results[0][0]
    check("jobs: status 2, others done", status == 2 and err.count("\n") == 2)
    check("jobs: in path order", -1 < err.find("d1/bad.o") < err.find("d3/bad.o"), err)
    outs = [objtool("diff", "-j", jobs, path("jobs"), path("jobs-2")) for jobs in ("1", "3")]
    check("jobs: diff the same", outs[0] == outs[1] and outs[0][0] == 2, outs[0])


def broken_off(sig, delay):
    shutil.rmtree(path("int-out"), ignore_errors=True)
    with subprocess.Popen([OBJTOOL, "checksum", "-j2", "-o", path("int-out"), path("int")],
                          stderr=subprocess.DEVNULL) as p:
        time.sleep(delay)
        p.send_signal(sig)
    return p.returncode


def test_interrupt():
    many("int")
    objtool("checksum", "-o", path("int-ref"), path("int"))
    reference = contents("int-ref")
    hit = 0
    for i, sig in enumerate([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL] * 5):
        status = broken_off(sig, 0.003 + 0.004 * i)
        done = contents("int-out") if os.path.exists(path("int-out")) else {}
        hit += status == -sig and 0 < len(done) < len(reference)
        wrong = [f for f in done if done[f] != reference[f]]
        check("interrupt: %s: whole or not there" % sig.name, not wrong, wrong)
        # Between two system calls a file has a name that is not its last; SIGKILL may strike there.
        check("interrupt: %s: nothing else" % sig.name, sig == signal.SIGKILL or not leftovers("int-out"))
        status = objtool("checksum", "-o", path("int-out"), path("int"))[0]
        check("interrupt: %s: run again" % sig.name, status == 2 and contents("int-out") == reference)
    check("interrupt: some were hit half way", hit > 0)
    # As nohup does, but before there is a process to send it to.
    p = subprocess.Popen([OBJTOOL, "checksum", "-o", path("int-nohup"), path("int")],
                         preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.02)
    p.send_signal(signal.SIGHUP)
    check("interrupt: an ignored signal is none", p.wait() == 2 and contents("int-nohup") == reference)


def test_at_once():
    many("once")
    for out in [], ["-o", path("once-out")]:
        runs = [subprocess.Popen([OBJTOOL, "checksum", *out, path("once")], stderr=subprocess.DEVNULL)
                for _ in range(3)]
        tree = "once-out" if out else "once"
        check("at once: all end well", [r.wait() for r in runs] == [2, 2, 2])
        check("at once: all is there", contents(tree) == contents("int-ref") and not leftovers(tree))


def stopped_after(seconds, *args):
    """What a run leaves on a terminal that is then held up for a second, unless it is over before."""
    master, slave = pty.openpty()
    with subprocess.Popen([OBJTOOL, *args], stdout=subprocess.DEVNULL, stderr=slave) as p:
        time.sleep(seconds)
        os.kill(p.pid, signal.SIGSTOP)  # not by send_signal(), which reaps what is over
        stopped = os.waitid(os.P_PID, p.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT).si_code == os.CLD_STOPPED
        time.sleep(1.1 if stopped else 0)
        p.send_signal(signal.SIGCONT)
    os.close(slave)
    text = b""
    try:
        while True:
            text += os.read(master, 4096)
    except OSError:
        pass
    os.close(master)
    return text


def stopped_for_a_second(*args):
    """What it leaves: stopped when it had begun and was not over, which is not at the same moment everywhere."""
    for seconds in 0.02, 0.01, 0.04, 0.005, 0.08, 0.002, 0.15, 0.3:
        shutil.rmtree(path("progress"), ignore_errors=True)
        text = stopped_after(seconds, *args)
        if b"\robjtool: " in text:
            break
    return text


def test_progress():
    text = stopped_for_a_second("checksum", "-j1", "-o", path("progress"), path("int"))
    check("progress: on a terminal", b"\robjtool: checksum: " in text and b" of 152" in text, text)
    check("progress: and gone", b"\r\033[Kobjtool: error" in text, text)
    text = stopped_for_a_second("diff", "-j1", path("int"), path("int-ref"))
    check("progress: of diff", re.search(rb"\robjtool: diff: \d+ of 152\x1b\[K", text), text)
    check("progress: of diff, and gone", b"\r\033[Kobjtool: error" in text, text)


def test_read_only():
    kernel_tree("ro")
    for directory, _, files in os.walk(path("ro")):
        os.chmod(directory, 0o555)
    status, out, err = unprivileged("checksum", path("ro"))
    check("read-only: one message", status == 2 and out == "" and one_line(err) and "-o" in err, err)
    os.makedirs(path("ro-out"))
    os.chmod(path("ro-out"), 0o777)
    check("read-only: with -o", unprivileged("checksum", "-o", path("ro-out"), path("ro")) == (0, "", ""))
    check("read-only: complete", sums_in("ro-out") == LEAVES)
    status, out, err = unprivileged("checksum", "-o", path("ro/out"), path("ro"))
    check("read-only: -o where that cannot be", status == 2 and one_line(err) and "ro/out" in err, err)
    os.chmod(path("ro/fs"), 0)
    status, _, err = unprivileged("checksum", "-o", path("ro-out"), path("ro"))
    check("read-only: a directory that cannot be read", status == 2 and one_line(err) and "ro/fs" in err, err)
    check("read-only: nothing of it is removed", sums_in("ro-out") == LEAVES, sums_in("ro-out"))
    os.chmod(path("ro/fs"), 0o755)
    for directory, _, files in os.walk(path("ro")):
        os.chmod(directory, 0o755)


def test_odd_names():
    for name in b"odd/a b/c d.o", b"odd/new\nline.o", b"odd/\xff\xfe.o", b"odd/-o.o", "odd/ü/ö.ko".encode():
        put(name, func("f"))
    os.symlink(".", path("odd/loop"))
    os.symlink("../odd", path("odd/a b/up"))
    os.symlink(path("kb-dot"), path("odd/elsewhere"))
    os.symlink("-o.o", path("odd/link.o"))
    os.symlink("nowhere", path("odd/dangling.o"))
    os.mkfifo(path("odd/fifo.o"))
    os.mkdir(path("odd/dir.o"))
    good("odd names", "checksum", path("odd"))
    check("odd names: all", sums_in("odd") == sorted(os.fsdecode(n) for n in (
        b"a b/c d.o", b"new\nline.o", b"\xff\xfe.o", b"-o.o", "ü/ö.ko".encode())), sums_in("odd"))
    good("odd names: mirrored", "checksum", "-o", path("odd-out"), path("odd"))
    good("odd names: diff", "diff", path("odd"), path("odd-out"))
    put(b"odd/new\nline.o", func("f", 2))
    status, out, err = objtool("diff", path("odd-out"), path("odd"))
    check("odd names: are one line", status == 1 and err == "" and out.startswith("new\\x0aline.o:\nchanged"), out)
    put(b"odd/new\nline.o", b"\177ELF\2")
    status, out, err = objtool("checksum", path("odd"))
    check("odd names: in messages too", status == 2 and one_line(err), err)
    put("linked-root/x.o", func("f"))
    os.symlink("linked-root", path("root-link"))
    good("odd names: the directory itself may be a link", "checksum", path("root-link"))
    check("odd names: followed", sums_in("linked-root") == ["x.o"])


def test_operands():
    os.makedirs(path("void/sub"))
    refused("operands: nothing there", ["checksum", path("void")], "void", "no objects")
    refused("operands: nothing to compare", ["diff", path("void"), path("cur")], "void", "no objects")
    refused("operands: no such directory", ["checksum", path("void/none")], "none")
    refused("operands: no such directory", ["diff", path("void/none"), path("cur")], "none")
    refused("operands: -o FILE", ["checksum", "-o", path("cur/0.o"), path("plain")], "cur/0.o")
    for args in (["-o", path("x"), path("cur"), path("kb-dot")], ["-o", "-", path("cur")],
                 ["--dump", "f", path("cur")], ["-j", "0", path("cur")]):
        refused("operands: misuse %s" % args[0], ["checksum", *args], "see 'objtool checksum --help'")
    check("operands: the object survived", get("cur/0.o")[:4] == b"\177ELF")
    good("operands: several", "checksum", path("cur/0.o"), path("cur"), path("only"))
    good("operands: the tree as its own mirror", "checksum", "-o", path("only/"), path("only"))
    check("operands: is beside", sums_in("only") == ["m.ko", "vmlinux.o"])


# --- diff ---

def diff(old, new):
    """objtool diff, without the column that says how much larger: that is the compiler's."""
    status, out, err = objtool("diff", old, new)
    return status, re.sub(r"^(\w+ +func  ).{7}  ", r"\1", out, flags=re.M), err


def test_diff():
    for tree in "old", "new":
        kernel_tree(tree)
    good("diff: same", "diff", path("old"), path("new"))
    check("diff: writes nothing", sums_in("old") == [] and sums_in("new") == [])
    leaf("new", "kernel/fork.o", func("fork", 2))
    leaf("new", "kernel/added.o", func("added", 3))
    os.unlink(path("new/drivers/one.o"))
    os.unlink(path("new/drivers/one.ko"))
    leaf("old", "kernel/from.o", compiled("int stay(int x) { return x - 5; } int go(int x) { return x ^ 99; }"))
    leaf("new", "kernel/from.o", compiled("int stay(int x) { return x - 5; }"))
    leaf("old", "kernel/to.o", compiled("int here(int x) { return x - 6; }"))
    leaf("new", "kernel/to.o", compiled("int here(int x) { return x - 6; } int gone(int x) { return x ^ 99; }"))
    expected = """\
drivers/one.o:
removed    func  one

kernel/added.o:
added      func  added

kernel/fork.o:
changed    func  fork  code

kernel/to.o:
renamed    func  gone  was go in kernel/from.o

4 of 12 objects differ; functions: 1 changed, 1 added, 1 removed, 1 renamed (of 12)
"""
    result = diff(path("old"), path("new"))
    check("diff: two trees", result == (1, expected, ""), result)
    objtool("checksum", path("old"))
    objtool("checksum", "-o", path("kept"), path("new"))
    for what, old, new in (("checksums and objects", "old", "new"), ("checksums and a baseline", "old", "kept")):
        result = diff(path(old), path(new))
        check("diff: " + what, result == (1, expected, ""), result)
    objtool("checksum", path("new"))
    check("diff: checksums", diff(path("old"), path("new")) == (1, expected, ""))
    time.sleep(0.02)
    leaf("new", "kernel/fork.o", func("fork"))
    check("diff: what is out of date is not read", "fork" not in objtool("diff", path("old"), path("new"))[1])
    leaf("new", "kernel/exit.o", func("do_exit")[:300])
    status, out, err = objtool("diff", path("old"), path("new"))
    check("diff: what cannot be read is in neither", status == 2 and one_line(err) and "exit" not in out
          and "added" in out, (out, err))
    os.unlink(path("new/kernel/exit.o"))
    status, out, err = diff(path("old"), path("new"))
    check("diff: left-over checksums are no object", status == 1 and one_line(err) and "1 .checksums" in err
          and "removed    func  do_exit" in out, (out, err))
    result = diff(path("old/kernel/fork.o"), path("kept/kernel"))
    check("diff: a file and a tree", result[0] == 1 and result[1].startswith("changed    func  fork ")
          and "functions: 1 changed (of 1)\n" in result[1], result)
    put("elsewhere/a/b.o", func("fork"))
    status, out, err = objtool("diff", path("old"), path("elsewhere"))
    check("diff: nothing in common is said", status == 1 and one_line(err) and "no object is in both builds" in err
          and "a/b.o" in err, err)
    refused("diff: a file that the tree has not", ["diff", path("old/kernel/fork.o"), path("kept/fs")], "fork.o")


def test_diff_sums():
    """Two stored baselines, of lines as the format says."""
    for i in range(20):
        for tree in "sa", "sb":
            os.makedirs(path(tree), exist_ok=True)
            write(path(tree, "%d.o%s" % (i, SUFFIX)), [line("func", "f", i)], compiler="GCC 12", step="after")
    good("diff: equal sums", "diff", path("sa"), path("sb"))
    os.truncate(path("sb/7.o" + SUFFIX), os.path.getsize(path("sb/7.o" + SUFFIX)) - 5)
    refused("diff: a truncated file", ["diff", path("sa"), path("sb")], "7.o.checksums", "truncated")
    write(path("sb/7.o" + SUFFIX), [line("func", "f", 7)], compiler="GCC 12", step="before")
    status, out, err = objtool("diff", path("sa"), path("sb"))
    check("diff: another step", status == 0 and out == "" and one_line(err) and "1 of 20" in err, err)
    for i in range(20):
        write(path("sb/%d.o%s" % (i, SUFFIX)), [line("func", "f", i)], compiler="clang 14", step="before")
    status, out, err = objtool("diff", path("sa"), path("sb"))
    check("diff: another compiler, in one line", status == 0 and out == "" and err.count("\n") == 2
          and err.count("'GCC 12' and 'clang 14'") == 1, err)
    long = [line("func", "function_%d" % i, i) for i in range(50)]
    for tree in "sa", "sb":
        write(path(tree, "8.o" + SUFFIX), long)
    os.truncate(path("sb/8.o" + SUFFIX), os.path.getsize(path("sb/8.o" + SUFFIX)) - 5)
    status, out, err = objtool("diff", path("sa"), path("sb"))
    check("diff: damage behind an equal first line, in the one that is read", status == 2
          and "8.o.checksums" in err and "truncated" in err, err)
    refused("diff: of two files both are read", ["diff", path("sb/8.o" + SUFFIX), path("sa/8.o" + SUFFIX)], "truncated")
    write(path("sb/8.o" + SUFFIX), long)
    # Renamed is only what no record of an object that did not change looks like.
    for tree, name in ("sa", "x"), ("sb", "y"):
        write(path(tree, "7.o" + SUFFIX), [line("func", name, 3)], compiler="GCC 12")
    out = objtool("diff", path("sa"), path("sb"))[1]
    check("diff: unchanged objects count", "renamed" not in out and "removed    func      -16  x" in out, out)


def test_diff_modules():
    pack = compressors()
    for i, name in enumerate(["ext4", "xfs", "snd"]):
        module = func(name, i)
        put("pkg1/lib/modules/6.1.0-1/kernel/fs/%s.ko" % name, module)
        put("pkg2/lib/modules/6.1.0-2/kernel/fs/%s.ko.xz" % name, pack["xz"](module))
        put("pkg3/lib/modules/6.1.0-3/updates/%s.ko.zst" % name, pack["zst"](func(name, i if i else 9)))
        leaf("modbuild", "fs/%s.o" % name, module)
        put("modbuild/fs/%s.ko" % name, module)
        put("modbuild/fs/%s.mod.o" % name, func("version"))
    leaf("modbuild", "kernel/fork.o", func("fork"))
    good("modules: other version, other suffix", "diff", path("pkg1"), path("pkg2"))
    result = diff(path("pkg2"), path("pkg3"))
    check("modules: other directory", result[0] == 1 and result[1].startswith(
        "lib/modules/6.1.0-3/updates/ext4.ko:\nchanged    func  ext4  code\n\n"
        "1 of 3 objects differ; functions: 1 changed "), result)
    for what, old, new in (("a build and a package", "modbuild", "pkg2"),
                           ("a package and a build", "pkg1/lib/modules/6.1.0-1", "modbuild")):
        status, out, err = objtool("diff", path(old), path(new))
        check("modules: " + what, status == 0 and out == "" and one_line(err) and "modules only" in err, (out, err))
    objtool("checksum", "-o", path("pkg-kept"), path("pkg2"))
    check("modules: kept of a package", sums_in("pkg-kept")[0].endswith("ext4.ko.xz"))
    check("modules: a build and what was kept", objtool("diff", path("modbuild"), path("pkg-kept"))[:2] == (0, ""))
    good("modules: one module and another", "diff", path("pkg1/lib/modules/6.1.0-1/kernel/fs/xfs.ko"),
         path("pkg2/lib/modules/6.1.0-2/kernel/fs/xfs.ko.xz"))


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
    finish()
