# SPDX-License-Identifier: GPL-2.0-or-later
"""changing.py - objects that are written to while they are read"""
import collections
import contextlib
import os
import random
import shutil
import threading
import time

from common import CODE, LARGE, assemble, fault, not_sanitized, read, remove
from harness import check, objtool, path


@contextlib.contextmanager
def again_and_again(action):
    """Another thread does that all the time."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            action()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def changed(what):
    """A large object is cut or rewritten between two reads: one error, and the tree's others are done."""
    tree = path(what)
    os.makedirs(tree)
    assemble(what + "/large.o", LARGE)
    assemble(what + "/small.o", CODE % (4, "four"))
    shutil.copy(tree + "/large.o", path("large.o"))
    for args in (["checksum", "-j1", tree], ["checksum", "-j1", tree + "/large.o"],
                 ["diff", path("small.o"), tree + "/large.o"]):
        hits = 0
        for turn in range(1, 20):
            shutil.copy(path("large.o"), tree + "/large.o")
            shutil.copy(tree + "/small.o", path("small.o"))
            for name in ("/small.o", "/large.o"):
                remove(tree + name + ".checksums")
            result, hit = fault(what, turn, *args)
            if not hit:
                break
            hits += 1
            lines = result.err.splitlines()
            check(f"{what} at read {turn}: " + " ".join(args),
                  result.status == 2 and len(lines) in (1, 2) and "large.o" in lines[0]
                  and "changes while it is read" in lines[0], result)
            if args[2] == tree:
                check("the others are done", read(tree + "/small.o.checksums") is not None)
            check("and this one is not", read(tree + "/large.o.checksums") is None)
        check(f"{what} at each read: " + args[0], hits > 1, hits)


@not_sanitized
def test_changed():
    changed("truncate")
    changed("rewrite")


def leased(what, source):
    """Who opens an object to rewrite it waits until it is done with; no lease, no other answer."""
    obj = assemble("leased/x.o", source)
    good, right = read(obj), objtool("checksum", "-o", "-", obj).out
    codes, waited = collections.Counter(), 0

    def rewrite():
        with open(obj, "r+b", buffering=0) as f:
            f.truncate(len(good) // 2)
            os.pwrite(f.fileno(), bytes(len(good)), 0)
            os.pwrite(f.fileno(), good, 0)
        time.sleep(0.03)

    args = ["checksum", "-j2", "-o", "-", obj]
    result, lease = fault("lease", 1, *args)
    check(what + ": the same without a lease", result.status == 0 and result.out == right, result)
    result, lost = fault("lost", 1, *args)
    check(what + ": a lease that was lost", not lost or
          (result.status == 2 and "changes while it is read" in result.err and not result.out), result)
    with again_and_again(rewrite):
        for _ in range(100):
            result = objtool(*args)
            codes[result.status] += 1
            waited += result.status == 0 and result.out == right
            if result.status not in (0, 2) or (result.status == 0 and result.out != right):
                check(what + ": rewritten under a lease", False, result)
                break
    if lease:
        check(what + ": rewritten under a lease: it waits, once at least", waited, codes)
    else:
        print("# no leases on this file system: the object was read")
    return lease, lost


@not_sanitized
def test_leased():
    large = leased("large", LARGE)
    single = leased("single", LARGE.replace("40000", "1000"))
    check("a single object is mapped as a large one is", single == large, single, large)


def test_rewritten():
    """A large object that is overwritten in place all the time: refused, or taken as it was."""
    obj = assemble("rewritten/x.o", LARGE)
    good = read(obj)
    rng, codes = random.Random(11), collections.Counter()

    def rewrite():
        for _ in range(rng.randrange(40)):
            os.pwrite(f.fileno(), rng.randbytes(rng.choice((1, 2, 4, 8))), rng.randrange(len(good) - 8))
        os.pwrite(f.fileno(), good, 0)

    with open(obj, "r+b", buffering=0) as f, again_and_again(rewrite):
        for i in range(60):
            args = (["checksum", "-j2", "-o", "-"], ["diff"])[i % 2] + [obj] * (1 + i % 2)
            result = objtool(*args)
            codes[result.status] += 1
            if result.status not in (0, 1, 2) or "Sanitizer" in result.err or \
                    (result.status == 2) != result.err.startswith("objtool: error: "):
                check("rewritten while it is read", False, args, result.status, result.err[-2000:])
                return
    check("rewritten while it is read: mostly that is seen", codes[2] > 5, codes)
