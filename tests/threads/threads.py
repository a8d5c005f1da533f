#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""threads.py OBJTOOL - what threads share is locked, atomic or each one's own

A program built with sanitizers (build/thread, build/address-undefined) watches itself, any
other is run under helgrind. Large objects, whose functions are cut into batches, and trees,
whose objects are: what is said must not depend on the number of threads, and no race be seen.
"""
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../hostile"))
import elfmade

OBJTOOL = os.path.abspath(sys.argv[1])
BUILD = os.path.basename(os.path.dirname(OBJTOOL))
HELGRIND = ["valgrind", "--tool=helgrind", "-q", "--error-exitcode=9", f"--suppressions={HERE}/helgrind.supp"]
WATCH = [] if BUILD in ("thread", "address-undefined") else HELGRIND
WORK = tempfile.mkdtemp(prefix="threads-")
passed = failed = 0

FUNCTION = """
	.text
	.type f{n}, @function
f{n}:	lea .LC0(%rip), %rdi
	mov table + 8 * {n}(%rip), %rax
	call f0
	cmp ${value}, %eax
	je f{n}
	.fill 100, 1, 0x90
	ret
	.size f{n}, .-f{n}
"""
DATA = """
	.section .rodata.str1.1, "aMS", @progbits, 1
.LC0:	.string "shared by all"
	.data
	.type table, @object
table:	.rept 40000
	.quad .LC0, f0, 7
	.endr
	.size table, .-table
"""


def check(good, name, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"not ok {name}: {detail}")


def objtool(*args, watch=WATCH):
    return subprocess.run([*watch, OBJTOOL, *args], capture_output=True, encoding="latin-1", timeout=600,
                          stdin=subprocess.DEVNULL)


def watched(*args, status):
    """Run with three threads, watched. Returns what was printed, which one thread prints, too."""
    name = " ".join([args[0], *(os.path.relpath(a, WORK) if a.startswith(WORK) else a for a in args[1:])])
    result = objtool(args[0], "-j3", *args[1:])
    check(result.returncode == status and not result.stderr, name, (result.returncode, result.stderr[:3000]))
    alone = objtool(args[0], "-j1", *args[1:], watch=[])
    check(result.stdout == alone.stdout, f"{name}: the same from one thread")


def assemble(name, value):
    """A megabyte: functions that share a string and data, so that what one marks, others look up."""
    text = "".join(FUNCTION.format(n=n, value=value if n == 77 else n) for n in range(3000)) + DATA
    subprocess.run(["as", "-o", name, "-"], input=text.encode(), check=True)


def main():
    old, new = (os.path.join(WORK, tree) for tree in ("old", "new"))
    for tree, value in ((old, 77), (new, 1)):
        os.makedirs(tree)
        assemble(f"{tree}/large.o", value)
        for make in (elfmade.many_sections, elfmade.one_name, elfmade.one_address, elfmade.chain, elfmade.collisions):
            with open(f"{tree}/{make.__name__}.o", "wb") as f:
                f.write(make(6000 if tree == old else 6001))
    sections = f"{old}/many_sections.o"
    check(min(os.path.getsize(o) for o in (f"{old}/large.o", sections)) > 1 << 19, "large enough for threads")
    for one in (f"{old}/large.o", sections):
        watched("checksum", "-o", "-", one, status=0)
    watched("diff", "-p", f"{old}/large.o", f"{new}/large.o", status=1)
    watched("diff", old, new, status=1)
    for tree in (old, new):
        watched("checksum", tree, status=0)
    watched("diff", old, new, status=1)
    shutil.rmtree(WORK, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
