# SPDX-License-Identifier: GPL-2.0-or-later
"""threads.py - what threads share is locked, atomic or each one's own

A program built with sanitizers (build/thread, build/address-undefined) watches itself, any
other is run under helgrind. Large objects, whose functions are cut into batches, and trees,
whose objects are: what is said must not depend on the number of threads, and no race be seen.
The full program is watched: helgrind would not see the calls of a static one.
"""
import os
import subprocess

import elfmade
from harness import OBJTOOL_FULL as OBJTOOL, check, finish, path, run

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.basename(os.path.dirname(os.path.abspath(OBJTOOL)))
HELGRIND = ["valgrind", "--tool=helgrind", "-q", "--error-exitcode=9", f"--suppressions={HERE}/helgrind.supp"]
WATCH = [] if BUILD in ("thread", "address-undefined") else HELGRIND

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


def watched(*args, status):
    """Run with three threads, watched: what is printed is what one thread prints, too."""
    name = " ".join([args[0], *(os.path.relpath(a, path()) if a.startswith(path()) else a for a in args[1:])])
    found, out, err = run(*WATCH, OBJTOOL, args[0], "-j3", *args[1:], timeout=600)
    check(name, found == status and not err, found, err[:3000])
    _, alone, _ = run(OBJTOOL, args[0], "-j1", *args[1:], timeout=600)
    check(f"{name}: the same from one thread", out == alone)


def assemble(name, value):
    """A megabyte: functions that share a string and data, so that what one marks, others look up."""
    text = "".join(FUNCTION.format(n=n, value=value if n == 77 else n) for n in range(3000)) + DATA
    subprocess.run(["as", "-o", name, "-"], input=text.encode(), check=True)


def main():
    old, new = path("old"), path("new")
    for tree, value in ((old, 77), (new, 1)):
        os.makedirs(tree)
        assemble(f"{tree}/large.o", value)
        for make in (elfmade.many_sections, elfmade.one_name, elfmade.one_address, elfmade.chain, elfmade.collisions):
            with open(f"{tree}/{make.__name__}.o", "wb") as f:
                f.write(make(6000 if tree == old else 6001))
    sections = f"{old}/many_sections.o"
    check("large enough for threads", min(os.path.getsize(o) for o in (f"{old}/large.o", sections)) > 1 << 19)
    for one in (f"{old}/large.o", sections):
        watched("checksum", "-o", "-", one, status=0)
    watched("diff", "-p", f"{old}/large.o", f"{new}/large.o", status=1)
    watched("diff", old, new, status=1)
    for tree in (old, new):
        watched("checksum", tree, status=0)
    watched("diff", old, new, status=1)
    finish()


main()
