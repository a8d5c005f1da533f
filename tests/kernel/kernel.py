# SPDX-License-Identifier: GPL-2.0-or-later
"""kernel.py - Debian's linux-source-6.1, built through the hook, patched, and compared

Each build is one of Kbuild's, out of tree, with checksums written as it goes. What
must have changed after a patch is told by truth.py, from objdump's disassembly, and by
a marker that the patch puts into the code.

In the environment:
    KERNEL_FULL=1       all of larger kernels; and packages from Debian's archive
    KERNEL_TIME=600     seconds after which no further part is begun, nor one that is known to take longer;
                        KERNEL_FULL has no limit
    KERNEL_PARTS="A B"  some of gcc, thin, clang, lto, packages; by default all for which there is time
    KERNEL_DIR=DIR      where to work (30 GB with KERNEL_FULL, else 5); kept, and taken up again
    KERNEL_SOURCE=FILE  the source, as linux-source-6.1 has it
    KERNEL_DEBS="A B"   packages to take instead of downloading two
"""
import glob
import os
import re
import shutil
import subprocess
import time

import truth
from harness import BUILD, check, counts, finish, run

HERE = os.path.dirname(os.path.abspath(__file__))
START = time.monotonic()
FULL = os.environ.get("KERNEL_FULL", "") not in ("", "0")
LIMIT = float(os.environ.get("KERNEL_TIME", "600"))
WORK = os.path.abspath(os.environ.get("KERNEL_DIR", os.path.join(BUILD, "kernel")))
SOURCE = os.environ.get("KERNEL_SOURCE", "/usr/src/linux-source-6.1.tar.xz")
LINUX = os.path.join(WORK, "linux")
TOP = os.path.join(HERE, "../..")
JOBS = "-j%d" % len(os.sched_getaffinity(0))

# Of the make that runs the tests: its jobs and variables are not the kernel's.
for variable in "MAKEFLAGS", "MFLAGS", "MAKELEVEL":
    os.environ.pop(variable, None)

# What is in no build but this one's, so that two builds can be equal.
STAMP = {"KBUILD_BUILD_TIMESTAMP": "2026-01-01", "KBUILD_BUILD_VERSION": "1",
         "KBUILD_BUILD_USER": "user", "KBUILD_BUILD_HOST": "host"}

# Nothing else in the kernel has such an instruction; it takes no register, and does nothing.
MARKER = "0x5eed(%rax)"
ASM = 'asm volatile("nopl %s"); ' % MARKER

FUNCTION = ("fs/read_write.c", "if (!(file->f_mode & FMODE_LSEEK))\n\t\treturn -ESPIPE;\n\treturn file->f_op->llseek",
            "if (!(file->f_mode & FMODE_LSEEK))\n\t\treturn -ESPIPE;\n\t" + ASM + "return file->f_op->llseek")
INLINE = ("fs/mount.h", "\treturn container_of(mnt, struct mount, mnt);", "\t" + ASM +
          "return container_of(mnt, struct mount, mnt);")


def path(*parts):
    return os.path.join(WORK, *parts)


def note(text):
    print("%5d s  %s" % (time.monotonic() - START, text), flush=True)


def time_for(what, seconds=0):
    """True if there is time for a part that takes so long, as far as that is known."""
    if FULL or time.monotonic() - START + seconds < LIMIT:
        return True
    note("left out, for time: " + what)
    return False


# --- sources and builds ---

def unpack():
    if os.path.isdir(LINUX):
        return
    os.makedirs(path("unpack"), exist_ok=True)
    # Two thirds of the bytes are of no use here.
    subprocess.run(["tar", "xf", SOURCE, "-C", path("unpack"), "--strip-components=1",
                    "--exclude=*/drivers/gpu/drm/amd/include/asic_reg/*", "--exclude=*/tools/testing/*",
                    "--exclude=*/arch/*/boot/dts/*"], check=True)
    os.rename(path("unpack"), LINUX)
    note("unpacked")


def install():
    """objtool and the hook, as "make install" leaves them."""
    status = run("make", "-s", "-o", "all", "-C", TOP, "install", "BUILD=" + BUILD, "PREFIX=" + path("usr"))
    check("install", status[0] == 0, status)


def make(build, *goals, variables=(), log="make.log"):
    """Kbuild in @build through the hook; returns (status, output), and says what it cost."""
    before = os.times()
    with open(path(build, log), "wb") as out:
        status = subprocess.run(
            ["make", "-C", LINUX, "O=" + path(build), JOBS, "MAKEFILES=" + path("usr/share/objtool/checksum.mk"),
             *variables, *goals], stdout=out, stderr=subprocess.STDOUT, env=dict(os.environ, **STAMP), check=False)
    after = os.times()
    with open(path(build, log), encoding="utf-8", errors="replace") as f:
        text = f.read()
    note("%s: make %s: %d s of processor time" % (
        build, " ".join(goals), after.children_user + after.children_system - before.children_user - before.children_system))
    return status.returncode, text


def configure(build, options=(), variables=()):
    os.makedirs(path(build), exist_ok=True)
    with open(path(build, "wanted"), "w", encoding="ascii") as out:
        for name in ["config", "config-full"] if FULL else ["config"]:
            with open(os.path.join(HERE, name), encoding="ascii") as f:
                out.write(f.read())
        out.writelines(option + "\n" for option in options)
    run("make", "-s", "-C", LINUX, "O=" + path(build), "KCONFIG_ALLCONFIG=" + path(build, "wanted"),
        *variables, "allnoconfig", timeout=600)
    with open(path(build, ".config"), encoding="ascii") as f:
        config = f.read()
    for option in ["CONFIG_MODULES=y", "CONFIG_JUMP_LABEL=y", "CONFIG_HAVE_STATIC_CALL_INLINE=y", "CONFIG_RETPOLINE=y",
                   "CONFIG_OBJTOOL=y", "CONFIG_SMP=y", "CONFIG_FUSE_FS=m", *options]:
        check("%s: %s" % (build, option), option + "\n" in config)


def patch(name, old, new):
    with open(os.path.join(LINUX, name), encoding="utf-8") as f:
        text = f.read()
    assert text.count(old) == 1, (name, text.count(old))
    with open(os.path.join(LINUX, name), "w", encoding="utf-8") as f:
        f.write(text.replace(old, new))


def unpatch():
    """A run that was broken off may have left a patch."""
    for name, old, new in FUNCTION, INLINE:
        with open(os.path.join(LINUX, name), encoding="utf-8") as f:
            if ASM not in f.read():
                continue
        patch(name, new, old)


# --- what objtool says ---

def objtool(*args, status=(0,)):
    result = run(path("usr/bin/objtool"), *args, timeout=600)
    check("objtool %s" % " ".join(args), result[0] in status, result)
    return result[1], result[2]


def sums_in(top):
    return sorted(glob.glob(path(top, "**/*.checksums"), recursive=True))


def functions_in(sums):
    total = 0
    for name in sums:
        with open(name, "rb") as f:
            total += f.read().count(b"\tfunc\t")
    return total


def differences(old, new):
    """What differs between two trees: a set of (object, kind, status, name without file and counters)."""
    out, err = objtool("diff", "--no-pager", "--name-status", old, new, status=(0, 1))
    if re.search("compiler|objtool step", err):
        check("%s and %s are of one compiler" % (old, new), False, err)
    rows = [line.split("\t") for line in out.splitlines()]
    return {(row[2], row[1], row[0], truth.plain(row[3].split("@")[0])) for row in rows}


def hashed(build, log):
    """The hook has left nothing to do, and nothing undone."""
    refused = [line for line in log.splitlines() if "objtool: error" in line or "no instruction" in line]
    check("%s: nothing refused, nothing undecoded" % build, not refused, refused[:5])
    before = {name: os.stat(name).st_mtime_ns for name in sums_in(build)}
    objtool("checksum", path(build))
    after = {name: os.stat(name).st_mtime_ns for name in sums_in(build)}
    check("%s: objtool finds nothing to do after the hook" % build, before == after and before,
          [name for name in set(before) ^ set(after)][:5])
    note("%s: %d objects, %d functions hashed, %d refused" % (
        build, len(after), functions_in(after), len(refused)))


def built(build, goals=("all",), options=(), variables=()):
    configure(build, options, variables)
    status, log = make(build, *goals, variables=variables)
    if not check("%s: builds" % build, status == 0, log[-2000:]):
        return False
    hashed(build, log)
    return True


def told(what, old, new, objects, copies=None):
    """
    Objtool must report as changed, from tree @old to @new, the functions of @objects (and of no others) that differ
    by objdump, and among them must be all with the marker. If @old has no objects, they are in tree @copies.
    """
    said = {(obj, name) for obj, kind, _, name in differences(path(old), path(new)) if kind == "func"}
    expected, marked = set(), set()
    for obj in objects:
        expected |= {(obj, name) for name in truth.changed(path(copies or old, obj), path(new, obj))}
        marked |= {(obj, name) for name in truth.containing(path(new, obj), MARKER)}
    check("%s: as objdump has it" % what, said == expected,
          {"missed": sorted(expected - said)[:20], "false": sorted(said - expected)[:20]})
    check("%s: all that contain the patch are among them" % what, marked <= said, sorted(marked - said))
    check("%s: there are such" % what, marked)
    note("%s: %d functions changed, of which %d contain the patch: %s" % (
        what, len(said), len(marked), " ".join(sorted(name for _, name in said))[:300]))


# --- the runs ---

def keep(build, names, to):
    """Copies of some of a build's objects, to be compared when they have been built again."""
    for name in names:
        os.makedirs(os.path.dirname(path(to, name)), exist_ok=True)
        for each in (name, os.path.join(os.path.dirname(name), "." + os.path.basename(name) + ".cmd")):
            if os.path.exists(path(build, each)):
                shutil.copy2(path(build, each), path(to, each))


def leaves(build, directory):
    """Objects of a directory that are hashed, by their names within the build."""
    return [name[len(path(build)) + 1:-len(".checksums")] for name in sums_in(os.path.join(build, directory))]


def patched(build, variables=(), directory="fs"):
    """One function, then an inline function of a header, against what the build was before."""
    before = build + "-before"
    names = leaves(build, directory)
    keep(build, names, before)
    for what, change in ("one function", FUNCTION), ("an inline function", INLINE):
        patch(*change)
        status, log = make(build, directory + "/", variables=variables)
        unpatch()
        check("%s: %s: builds" % (build, what), status == 0, log[-2000:])
        told("%s: %s" % (build, what), os.path.join(before, directory), os.path.join(build, directory),
             [os.path.relpath(name, directory) for name in names])
    make(build, directory + "/", variables=variables)
    found = differences(path(before, directory), path(build, directory))
    check("%s: patch taken back, no difference" % build, not found, sorted(found)[:10])


def gcc():
    begin = time.monotonic()
    if not built("gcc"):
        return
    took = time.monotonic() - begin
    patched("gcc")
    if time_for("gcc, again elsewhere", took) and built("gcc-again"):
        found = differences(path("gcc"), path("gcc-again"))
        check("gcc: built again elsewhere, no difference", not found, sorted(found)[:10])


# Without KERNEL_FULL, one directory has to do for other compilers.
SOME = ["all"] if FULL else ["fs/"]


def clang():
    if time_for("clang") and built("clang", SOME, variables=["LLVM=1"]):
        patched("clang", ["LLVM=1"])


def make_linked(build):
    """Make it, and link what is bitcode to vmlinux.o, as Kbuild does of all."""
    status, log = make(build, *SOME, variables=["LLVM=1"])
    if status == 0 and not FULL:
        status, _, log = run("ld.lld", "-m", "elf_x86_64", "-r", "-mllvm", "-import-instr-limit=5", "-o", "vmlinux.o",
                             "--whole-archive", "fs/built-in.a", cwd=path(build), timeout=600)
    check("%s: builds" % build, status == 0, log[-2000:])


def linked(build, options):
    """LTO: what counts is in vmlinux.o and the modules."""
    if not FULL:
        # That of another run was not made by Kbuild.
        for name in "vmlinux.o", "vmlinux.o.checksums":
            if os.path.exists(path(build, name)):
                os.unlink(path(build, name))
    if not built(build, SOME, options, ["LLVM=1"]):
        return
    make_linked(build)
    before = build + "-before"
    _, err = objtool("checksum", "-o", path(before), path(build))
    check("%s: one line about bitcode" % build, err.count("LLVM bitcode") == 1, err)
    names = leaves(before, "")
    check("%s: vmlinux.o is hashed" % build, "vmlinux.o" in names, names[:5])
    keep(build, names, build + "-copies")
    for name in "fs/read_write.c", "fs/namei.c":
        os.utime(os.path.join(LINUX, name))
    make_linked(build)
    found = differences(path(before), path(build))
    check("%s: sources touched, no difference" % build, not found, sorted(found)[:10])
    for what, change in ("one function", FUNCTION), ("an inline function", INLINE):
        if not time_for("%s: %s" % (build, what)):
            break
        patch(*change)
        make_linked(build)
        unpatch()
        told("%s: %s" % (build, what), before, build, names, build + "-copies")


def thin():
    if time_for("ThinLTO"):
        linked("thin", ["CONFIG_LTO_CLANG_THIN=y"])


def full_lto():
    linked("lto", ["CONFIG_LTO_CLANG_FULL=y"])


def packages():
    """Two packages of one kernel: every module is hashed; what differs is said."""
    if not FULL:
        return
    debs = os.environ.get("KERNEL_DEBS", "").split()
    if not debs:
        out = run("apt-cache", "search", "--names-only", r"^linux-image-6\.1\.0-[0-9]+-amd64-unsigned$")[1]
        names = sorted((line.split()[0] for line in out.splitlines()), key=lambda n: int(n.split("-")[3]))[-2:]
        os.makedirs(path("debs"), exist_ok=True)
        subprocess.run(["apt-get", "-q", "download", *names], cwd=path("debs"), check=True)
        debs = sorted(glob.glob(path("debs", "*.deb")))
    trees = []
    for deb in debs:
        tree = "package-%d" % len(trees)
        shutil.rmtree(path(tree), ignore_errors=True)
        subprocess.run(["dpkg-deb", "-x", deb, path(tree)], check=True)
        _, err = objtool("checksum", path(tree))
        modules = [name for name in glob.glob(path(tree, "lib/modules/**/*.ko*"), recursive=True)
                   if not name.endswith(".checksums")]
        sums = sums_in(tree)
        check("%s: every module is hashed, without a word" % os.path.basename(deb),
              len(sums) == len(modules) > 1000 and err == "", (len(sums), len(modules), err[:500]))
        note("%s: %d modules, %d functions" % (os.path.basename(deb), len(sums), functions_in(sums)))
        trees.append(path(tree))
    found = differences(*trees[:2])
    functions = {(obj, name) for obj, kind, status, name in found if kind == "func" and status == "changed"}
    vermagic = {obj for obj, _, _, name in found if name == "__UNIQUE_ID_vermagic"}
    check("packages: modules differ in their version", len(vermagic) > 1000, len(vermagic))
    note("packages: %d differences, %d of them vermagic, %d functions: %s" % (
        len(found), len(vermagic), len(functions), " ".join(sorted(name for _, name in functions))[:500]))


PARTS = {"gcc": gcc, "thin": thin, "clang": clang, "lto": full_lto, "packages": packages}

unpack()
unpatch()
install()
try:
    for part in os.environ.get("KERNEL_PARTS", "").split() or PARTS:
        PARTS[part]()
finally:
    unpatch()
note("%d checks" % sum(counts.values()))
finish()
