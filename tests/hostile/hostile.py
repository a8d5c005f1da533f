#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile.py OBJTOOL - objects made to harm, calls that fail, runs that are killed

Whatever happens, the result is the right answer, or status 2, a message and
the old output untouched. The name of a function test_NAME() as another argument runs only that.
"""
import os
import shutil
import subprocess
import sys
import tempfile

OBJTOOL = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp(prefix="hostile-")
SANITIZED = "address" in OBJTOOL or "thread" in OBJTOOL
passed = failed = 0

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


def check(good, name, detail=""):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f"not ok {name}: {detail}")


def run(*args, env=None, **kwargs):
    return subprocess.run(args, capture_output=True, encoding="latin-1", timeout=300,
                          stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}, **kwargs)


def objtool(*args, **kwargs):
    return run(OBJTOOL, *args, **kwargs)


def path(name):
    return os.path.join(WORK, name)


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


def leftovers(where):
    return [n for _, _, files in os.walk(where) for n in files if n.startswith(".objtool-")]


# ---- calls that fail ----

def fault(shim, what, n, args, **kwargs):
    """Run with the n-th call of what failing. Returns the result, and whether it came to that."""
    mark = path("mark")
    write(mark, b"")
    env = {"LD_PRELOAD": shim, "FAULT": f"{what}:{n}", "FAULT_MARK": mark}
    result = objtool(*args, env=env)
    return result, not os.path.exists(mark)


def each_fault(shim, what, args, judge, name, most=4000):
    """Fail each call in turn, until there are no more."""
    survived = 0
    for n in range(1, most):
        result, hit = fault(shim, what, n, args)
        good, why = judge(result)
        if not good or result.returncode < 0:
            check(False, f"{name}, {what} {n}", (why, result.returncode, result.stderr[:300]))
            return n
        if not hit:
            break
        survived = n
    if survived:
        check(True, f"{name}: each {what} fails")
    print(f"# {name}: {survived} x {what}")
    return survived


GROUPS = ("alloc", "open", "read", "write", "rename", "stat", "close", "map", "thread")


def test_faults():
    if SANITIZED:
        return
    shim = path("faults.so")
    subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-o", shim,
                    os.path.join(HERE, "faults.c"), "-ldl"], check=True)
    total = 0
    old = assemble("faults/old.o", CODE % (1, "one"))
    new = assemble("faults/new.o", CODE % (2, "two"))
    sums = new + ".checksums"
    objtool("checksum", old)
    before = read(old + ".checksums")
    objtool("checksum", new)
    right = read(sums)
    check(before and right and before != right, "two objects differ")

    def judge_checksum(result):
        after = read(sums)
        write(sums, before)
        rest = leftovers(WORK)
        for name in rest:
            os.unlink(os.path.join(os.path.dirname(sums), name))
        if rest:
            return False, f"left {rest}"
        if result.returncode == 0:
            return after == right and not result.stderr, "status 0 and not the right output"
        return (result.returncode == 2 and after == before and
                result.stderr.startswith("objtool: error: ")), "neither right nor untouched"

    write(sums, before)
    for what in GROUPS:
        total += each_fault(shim, what, ["checksum", new], judge_checksum, "checksum")

    expected = objtool("diff", old, new)
    check(expected.returncode == 1 and "f" in expected.stdout, "diff of two objects", expected)
    os.unlink(sums)

    def judge_diff(result):
        if result.returncode == 1:
            return result.stdout == expected.stdout, "status 1 and not the right output"
        return result.returncode == 2, "a wrong answer"

    for what in GROUPS:
        total += each_fault(shim, what, ["diff", old, new], judge_diff, "diff")

    tree = path("faults/tree")
    os.makedirs(tree)
    for i in range(3):
        shutil.copy(new, f"{tree}/{i}.o")

    def judge_tree(result):
        good = True
        for i in range(3):
            one = f"{tree}/{i}.o.checksums"
            good = good and read(one) in (right,) + ((None, before) if result.returncode else ())
            write(one, before)
            os.utime(one, (0, 0))
        # Out of memory, one thread ends the process while another is about to rename.
        for name in leftovers(tree):
            os.unlink(os.path.join(tree, name))
            good = good and "out of memory" in result.stderr
        return good and result.returncode in (0, 2), "an output that is neither right nor old"

    judge_tree(objtool("checksum", tree))
    for what in GROUPS:
        total += each_fault(shim, what, ["checksum", "-j2", tree], judge_tree, "tree")
    print(f"# {total} calls failed in turn")
    test_truncated(shim)
    test_killed(shim, new, sums, before, right)


def test_truncated(shim):
    """A large object is mapped, and then cut to half: one error, and the others of the tree are done."""
    tree = path("truncated")
    os.makedirs(tree)
    text = CODE % (3, "three") + "\n.data\n.globl pad\n.type pad,@object\npad: .rept 400000\n" \
        ".long 0x12345678\n.endr\n.size pad, .-pad\n"
    assemble("truncated/large.o", text)
    assemble("truncated/small.o", CODE % (4, "four"))
    shutil.copy(tree + "/large.o", path("large.o"))
    for args in (["checksum", tree], ["checksum", tree + "/large.o"],
                 ["diff", path("large.o"), tree + "/large.o"]):
        shutil.copy(path("large.o"), tree + "/large.o")
        maps = 1 if args[0] == "checksum" else 2
        result, hit = fault(shim, "truncate", maps, args)
        if args[0] == "diff":
            # either side may be mapped first, and is cut
            shutil.copy(tree + "/large.o", path("other.o"))
        lines = result.stderr.splitlines()
        check(hit and result.returncode == 2 and len(lines) in (1, 2) and "large.o" in lines[-1]
              and "change" in result.stderr, "truncated: " + " ".join(args),
              (hit, result.returncode, result.stderr))
        if args[1] == tree:
            check(read(tree + "/small.o.checksums") is not None, "the others are done")
            check(read(tree + "/large.o.checksums") is None, "and this one is not")


def test_killed(shim, new, sums, before, right):
    """Killed at each call in turn: the output is the old or the new one, and nothing is left for long."""
    for n in range(1, 2000):
        write(sums, before)
        _, hit = fault(shim, "kill", n, ["checksum", new])
        if not hit:
            break
        after = read(sums)
        if after not in (before, right):
            check(False, f"killed at call {n}", after)
            return
    check(n > 50, "killed at each call in turn", n)
    print(f"# killed at {n - 1} calls")
    stale = leftovers(os.path.dirname(sums))
    check(len(stale) in (1, 2), "killed when it had a name: a temporary file is left", stale)
    mine = f".objtool-{os.getpid()}-0.tmp"
    write(os.path.join(os.path.dirname(sums), mine), b"")
    check(objtool("checksum", os.path.dirname(sums)).returncode == 0 and
          leftovers(os.path.dirname(sums)).sort() == [mine, *stale].sort(),
          "temporary files of this minute stay")
    for n in range(len(stale) + 1, 0, -1):
        fault(shim, "later", n, ["checksum", os.path.dirname(sums)])
    check(leftovers(os.path.dirname(sums)) == [mine],
          "older ones go, but not those of a process that runs", leftovers(os.path.dirname(sums)))


# ---- main ----

def main():
    only = sys.argv[2:]
    for name, test in list(globals().items()):
        if name.startswith("test_") and test.__code__.co_argcount == 0 and \
                (not only or name[5:] in only):
            test()
    shutil.rmtree(WORK, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
