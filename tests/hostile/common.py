# SPDX-License-Identifier: GPL-2.0-or-later
"""common.py - objects to do harm to, calls made to fail, and what is found afterwards"""
import collections
import functools
import os
import subprocess

from harness import OBJTOOL, OBJTOOL_FULL, check, make_file, objtool, path, run

SANITIZED = "address" in os.path.basename(os.path.dirname(OBJTOOL))  # build/address-undefined

CODE = """
	.text
	.globl f
	.type f, @function
f:	mov $.LC0, %%rdi
	call g
	mov table(,%%rax,8), %%rax
	mov $%d, %%eax
	ret
	.size f, .-f
	.type h, @function
h:	call f
	ret
	.size h, .-h
	.section .rodata.str1.1, "aMS", @progbits, 1
.LC0:	.string "%s"
	.data
	.type table, @object
table:	.quad f, h
	.size table, .-table
"""

LARGE = CODE % (3, "three") + """
	.data
	.globl pad
	.type pad, @object
pad:	.rept 40000
	.quad .LC0, f, 7
	.endr
	.size pad, .-pad
"""


def not_sanitized(test):
    """Skip it with sanitizers: these keep calls to themselves, take memory, and bear no valgrind."""
    return (lambda: None) if SANITIZED else test


def assemble(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    subprocess.run(["as", "-o", path(name), "-"], input=text.encode(), check=True)
    return path(name)


def read(name):
    try:
        with open(name, "rb") as f:
            return f.read()
    except FileNotFoundError:
        return None


def write(name, data):
    with open(name, "wb") as f:
        f.write(data)


def remove(name):
    if os.path.exists(name):
        os.unlink(name)


def leftovers(where):
    """Names of temporary files."""
    return [n for _, _, files in os.walk(where) for n in files if n.startswith(".objtool-")]


Versions = collections.namedtuple("Versions", "old new sums before right")


@functools.cache
def versions():
    """Two objects in a folder of their own, and what @new's output @sums is @before (@old's) and @right."""
    old, new = assemble("versions/old.o", CODE % (1, "one")), assemble("versions/new.o", CODE % (2, "two"))
    sums = new + ".checksums"
    for name in (old, new):
        objtool("checksum", name)
    before, right = read(old + ".checksums"), read(sums)
    check("two objects differ", before and right and before != right)
    return Versions(old, new, sums, before, right)


@functools.cache
def shim():
    """The library that fails calls."""
    library = path("faults.so")
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "faults.c")
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                   check=True)
    return library


def fault(what, n, *args):
    """Run with the n-th call of what failing. Returns the result, and whether it came to that."""
    mark = make_file("mark")
    env = {**os.environ, "LD_PRELOAD": shim(), "FAULT": f"{what}:{n}", "FAULT_MARK": mark}
    result = run(OBJTOOL_FULL, *args, env=env)
    return result, not os.path.exists(mark)
