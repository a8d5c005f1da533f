# SPDX-License-Identifier: GPL-2.0-or-later
"""failing.py - each call that can fail does, one a run: memory, files, threads"""
import os
import shutil

from common import fault, leftovers, not_sanitized, read, remove, versions, write
from harness import check, objtool, path

GROUPS = ("alloc", "open", "read", "write", "rename", "stat", "close", "thread")


def each_fault(what, args, judge, name, most=4000):
    """Fail each call in turn, until there are no more."""
    survived = 0
    for n in range(1, most):
        result, hit = fault(what, n, *args)
        good, why = judge(result)
        if not good or result.status < 0:
            check(f"{name}, {what} {n}", False, why, result.status, result.err[:300])
            return n
        if not hit:
            break
        survived = n
    if survived:
        check(f"{name}: each {what} fails", True)
    print(f"# {name}: {survived} x {what}")
    return survived


def each_group(args, judge, name):
    total = sum(each_fault(what, args, judge, name) for what in GROUPS)
    print(f"# {name}: {total} calls failed in turn")


@not_sanitized
def test_checksum():
    _, new, sums, before, right = versions()

    def judge(result):
        after = read(sums)
        write(sums, before)
        rest = leftovers(path())
        for name in rest:
            os.unlink(os.path.join(os.path.dirname(sums), name))
        if rest:
            return False, f"left {rest}"
        if result.status == 0:
            return after == right and not result.err, "status 0 and not the right output"
        return (result.status == 2 and after == before and
                result.err.startswith("objtool: error: ")), "neither right nor untouched"

    write(sums, before)
    each_group(["checksum", new], judge, "checksum")


@not_sanitized
def test_diff():
    old, new, sums, _, _ = versions()
    expected = objtool("diff", old, new)
    check("diff of two objects", expected.status == 1 and "f" in expected.out, expected)
    remove(sums)

    def judge(result):
        if result.status == 1:
            return result.out == expected.out, "status 1 and not the right output"
        return result.status == 2, "a wrong answer"

    each_group(["diff", old, new], judge, "diff")


def tree_of(name):
    """A tree of three objects, with the old output, and the judge of what a run makes of it."""
    _, new, _, before, right = versions()
    tree = path(name)
    os.makedirs(tree)
    for i in range(3):
        shutil.copy(new, f"{tree}/{i}.o")

    def judge(result):
        good = True
        for i in range(3):
            one = f"{tree}/{i}.o.checksums"
            good = good and read(one) in (right,) + ((None, before) if result.status else ())
            write(one, before)
            os.utime(one, (0, 0))
        # Out of memory, one thread ends the process while another is about to rename.
        for rest in leftovers(tree):
            os.unlink(os.path.join(tree, rest))
            good = good and "out of memory" in result.err
        return good and result.status in (0, 2), "an output that is neither right nor old"

    judge(objtool("checksum", tree))
    return tree, judge


@not_sanitized
def test_tree():
    tree, judge = tree_of("tree")
    each_group(["checksum", "-j2", tree], judge, "tree")


@not_sanitized
def test_linked():
    """What is linked of others is left out, for which both commands must be read."""
    tree, judge_tree = tree_of("linked")

    def command(name, text):
        write(f"{tree}/.{name}.cmd", f"savedcmd_{tree}/{name} := {text}\n".encode())

    command("0.o", f"gcc -D__KERNEL__ -c -o {tree}/0.o 0.c\n\nsource_{tree}/0.o := 0.c")
    shutil.copy(versions().new, f"{tree}/linked.o")
    command("linked.o", f"ld -r -o {tree}/linked.o @{tree}/linked.mod")
    write(f"{tree}/linked.mod", f"{tree}/0.o\n".encode())

    def judge(result):
        linked = os.path.exists(f"{tree}/linked.o.checksums")
        remove(f"{tree}/linked.o.checksums")
        good, why = judge_tree(result)
        return (False, "one object more") if linked and not result.status else (good, why)

    each_group(["checksum", "-j2", tree], judge, "linked")
