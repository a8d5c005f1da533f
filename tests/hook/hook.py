# SPDX-License-Identifier: GPL-2.0-or-later
"""hook.py - kbuild/checksum.mk and checksum.sh, as installed, in a small tree like Kbuild's

The makefile has the shapes that count, of Linux 5.10 to 6.12: a top that
calls itself for each directory; recipes of several lines, the first of which saves the
command; objects changed by a later line; "@:" for what is up to date; lines that
must stop at the first failure; functions run by $(shell ...).
tests/kernel does the same with real kernels.
"""
import os

from harness import OBJTOOL, check, finish, objtool, path, run

TOP = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))

MAKEFILE = r"""
export quiet = quiet_
export CONFIG_LTO_CLANG
all: kernel fs vmlinux.o vmlinux
kernel fs: FORCE
	@$(MAKE) -f $(CURDIR)/build.mk obj=$@
# Up to 5.18 the recipe of vmlinux makes vmlinux.o, too.
vmlinux.o: kernel fs
	@set -e; echo '  LD      $@'; ld -r -o $@ kernel/fork.o kernel/exit.o; echo 'cmd_$@ := ld' > ./.$@.cmd
vmlinux: vmlinux.o
	@set -e; echo '  LD      $@'; cp $< $@; echo 'cmd_$@ := ld' > ./.$@.cmd
FORCE:
"""

BUILD_MK = r"""
objects-kernel := kernel/fork.o kernel/exit.o kernel/bits.o
objects-fs := fs/xfs.ko
all: $(objects-$(obj)) $(obj)/host.o
flags = -O1 -w -D__KERNEL__ $(shell echo "asked for $@" >> asked; echo -DX=1)
save = printf '%s\n' 'cmd_$@ := gcc $(flags)' '' 'source_$@ := $(<)' > $(@D)/.$(@F).cmd
define compile
	@set -e; echo '  CC      $@'; trap 'rm -f $@' INT; gcc $(flags) -c -o $@ $<; $(save)
	@set -e; :
	@set -e; if [ -e step2 ]; then objcopy --add-section .note.two=step2 $@; fi
endef
%.o: %.c FORCE
	$(if $(filter-out FORCE,$?)$(if $(wildcard $@),,x),$(compile),@:)
$(obj)/host.o: $(obj)/host.c
	@set -e; gcc -c -o $@ $<; printf '%s\n' 'cmd_$@ := gcc' '' 'source_$@ := $<' > $(@D)/.$(@F).cmd
fs/xfs.o: fs/a.o fs/b.o
	@set -e; ld -r -o $@ $^; echo 'cmd_$@ := ld -r -o $@ $^' > fs/.xfs.o.cmd
fs/xfs.ko: fs/xfs.o
	@set -e; ld -r -o $@ $<; echo 'cmd_$@ := ld -r -o $@ $<' > fs/.xfs.ko.cmd
FORCE:
"""

SOURCES = {"kernel/fork": "int fork(int x) { return x + 1; }", "kernel/exit": "int exit_(int x) { return x + 2; }",
           "kernel/bits": "int bits(int x) { return x + 3; }", "kernel/host": "int main(void) { return 0; }",
           "fs/a": "int a(int x) { return x + 4; }", "fs/b": "int b(int x) { return x + 5; }",
           "fs/host": "int main(void) { return 0; }"}

LEAVES = ["fs/a.o", "fs/b.o", "kernel/bits.o", "kernel/exit.o", "kernel/fork.o"]


def write(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "w", encoding="ascii") as f:
        f.write(text)


def tree(name):
    write(name + "/Makefile", MAKEFILE)
    write(name + "/build.mk", BUILD_MK)
    for source, text in SOURCES.items():
        write("%s/%s.c" % (name, source), text)


def sums_in(name):
    found = []
    for directory, _, files in os.walk(path(name)):
        found += [os.path.relpath(os.path.join(directory, f), path(name))[:-len(".checksums")]
                  for f in files if f.endswith(".checksums")]
    return sorted(found)


# Of the make that runs the tests: its jobs and variables are not these makes'.
for variable in "MAKEFLAGS", "MFLAGS", "MAKELEVEL":
    os.environ.pop(variable, None)


def install():
    """Returns the path of the fragment."""
    result = run("make", "-s", "-o", "all", "-C", TOP, "install", "BUILD=" + os.path.dirname(OBJTOOL),
                 "DESTDIR=" + path("root"), "PREFIX=/usr")
    check("install", result[0] == 0, result)
    return path("root/usr/share/objtool/checksum.mk")


FRAGMENT = install()
PROGRAM = "KBUILD_CHECKSUM_OBJTOOL=" + path("root/usr/bin/objtool")


def make(name, *args, program=PROGRAM, **kwargs):
    return run("make", "-C", path(name), "-j2", "MAKEFILES=" + FRAGMENT, program, *args, **kwargs)


def fresh(name):
    """What objtool finds to do in a tree that the hook has been over."""
    before = {f: os.stat(path(name, f + ".checksums")).st_mtime_ns for f in sums_in(name)}
    objtool("checksum", "--kbuild", *[path(name, f) for f in LEAVES])
    return [f for f in before if os.stat(path(name, f + ".checksums")).st_mtime_ns != before[f]]


def test_build():
    tree("b")
    status, out, err = make("b")
    check("build: goes through", status == 0 and err == "", (status, err))
    check("build: what stands for it is hashed", sums_in("b") == LEAVES, sums_in("b"))
    said = sorted(line.split()[1] for line in out.splitlines() if line.startswith("  CHECKSUM "))
    check("build: said once each", said == LEAVES, out)
    check("build: all up to date", fresh("b") == [], fresh("b"))
    with open(path("b/kernel/fork.o.checksums"), encoding="ascii") as f:
        check("build: the function is in it", "\tfork\t" in f.read())
    status, out, err = make("b")
    check("build: again, nothing", status == 0 and err == "" and "CHECKSUM" not in out and " CC " not in out, (out, err))
    write("b/kernel/fork.c", "int fork(int x) { return x + 77; }")
    _, out, _ = make("b")
    check("build: what changed", out.count("CHECKSUM") == 1 and "CHECKSUM kernel/fork.o" in out, out)
    os.unlink(path("b/kernel/exit.o.checksums"))
    _, out, _ = make("b")
    check("build: what is missing, of an object up to date", sums_in("b") == LEAVES and out.count("CHECKSUM") == 1, out)
    os.unlink(path("b/kernel/exit.o.checksums"))
    write("b/kernel/exit.c", "int exit_(int x) { return x + 78; }")
    status, out, err = make("b")
    with open(path("b/asked"), encoding="ascii") as f:
        check("build: $(shell) in the recipe runs, and its output is its own",
              "kernel/exit.o" in f.read() and status == 0 and err == "", (out, err))


def test_later_step():
    tree("s")
    write("s/step2", "second")
    status, _, err = make("s")
    check("step: goes through", status == 0 and err == "", err)
    check("step: hashed after it", fresh("s") == [], fresh("s"))
    check("step: only that", sums_in("s") == LEAVES, sums_in("s"))


def test_failures():
    tree("f")
    write("f/kernel/fork.c", "syntax error")
    status, _, err = make("f", "-k")
    check("failure: of the compiler is make's", status == 2 and "fork.c" in err, (status, err))
    check("failure: no checksums of it", "kernel/fork.o" not in sums_in("f"), sums_in("f"))
    check("failure: the line stopped there", not os.path.exists(path("f/kernel/.fork.o.cmd")))
    write("f/kernel/fork.c", SOURCES["kernel/fork"])
    os.unlink(path("f/kernel/bits.o"))
    write("f/build.mk", BUILD_MK.replace(
        "; $(save)", "; $(save); if [ $@ = kernel/bits.o ]; then printf 'no object' > $@; fi").replace(
            "kernel/fork.o kernel/exit.o kernel/bits.o", "kernel/bits.o"))
    status, _, err = make("f", "kernel")
    check("failure: to hash is said", status == 0 and "kernel/bits.o" in err, (status, err))
    check("failure: to hash leaves nothing", "kernel/bits.o" not in sums_in("f"))
    status, _, err = make("f", "kernel", "KBUILD_CHECKSUM=strict")
    check("failure: strict ends the build", status == 2 and "kernel/bits.o" in err, (status, err))


def test_settings():
    tree("o")
    status, out, err = make("o", "KBUILD_CHECKSUM=off")
    check("off: nothing", status == 0 and err == "" and sums_in("o") == [] and "CHECKSUM" not in out, (out, err))
    _, out, _ = make("o", "KBUILD_CHECKSUM=on")
    check("on, after a build without", sums_in("o") == LEAVES and " CC " not in out, out)
    status, _, err = make("o", "KBUILD_CHECKSUM=maybe")
    check("a setting that is none", status == 2 and "maybe" in err and "strict" in err, err)
    status, _, err = make("o", program="KBUILD_CHECKSUM_OBJTOOL=/no/objtool")
    check("no such program", status == 2 and "/no/objtool" in err, err)
    tree("e")
    environment = dict(os.environ, MAKEFILES=FRAGMENT, KBUILD_CHECKSUM_OBJTOOL=PROGRAM.split("=")[1])
    status = run("make", "-C", path("e"), env=environment)[0]
    check("from the environment", status == 0 and sums_in("e") == LEAVES, sums_in("e"))
    with open(FRAGMENT, encoding="ascii") as f:
        check("the installed program is the default", "OBJTOOL ?= /usr/bin/objtool\n" in f.read())


def test_lto():
    tree("l")
    _, out, _ = make("l", "CONFIG_LTO_CLANG=y")
    check("LTO: vmlinux.o", sums_in("l") == sorted(LEAVES + ["vmlinux.o"]), out)
    os.unlink(path("l/vmlinux"))
    os.unlink(path("l/vmlinux.o.checksums"))
    make("l", "CONFIG_LTO_CLANG=y")
    check("LTO: vmlinux.o by the recipe of vmlinux", "vmlinux.o" in sums_in("l"))


for test in test_build, test_later_step, test_failures, test_settings, test_lto:
    test()
finish()
