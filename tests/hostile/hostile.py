#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile.py OBJTOOL - objects made to harm, calls that fail, runs that are killed

Whatever happens, the result is the right answer, or status 2, a message and
the old output untouched. The name of a function test_NAME() as another argument runs only that.
"""
import collections
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import elfmade
import pairmade

OBJTOOL = os.path.abspath(sys.argv[1])
FULL = OBJTOOL + "-full"  # not static: calls can be made to fail, and valgrind follows no exec
HERE = os.path.dirname(os.path.abspath(__file__))
WORK = tempfile.mkdtemp(prefix="hostile-")
SANITIZED = "address" in os.path.basename(os.path.dirname(OBJTOOL))  # build/address-undefined
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

def build_shim():
    shim = path("faults.so")
    if not os.path.exists(shim):
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC", "-o", shim,
                        os.path.join(HERE, "faults.c"), "-ldl"], check=True)
    return shim


def fault(shim, what, n, args, **kwargs):
    """Run with the n-th call of what failing. Returns the result, and whether it came to that."""
    mark = path("mark")
    write(mark, b"")
    env = {"LD_PRELOAD": shim, "FAULT": f"{what}:{n}", "FAULT_MARK": mark}
    result = run(FULL, *args, env=env)
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


GROUPS = ("alloc", "open", "read", "write", "rename", "stat", "close", "thread")


def test_faults():
    if SANITIZED:
        return
    shim = build_shim()
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

    def command(name, text):
        write(f"{tree}/.{name}.cmd", f"savedcmd_{tree}/{name} := {text}\n".encode())

    # What is linked of others is left out, for which both commands must be read.
    command("0.o", f"gcc -D__KERNEL__ -c -o {tree}/0.o 0.c\n\nsource_{tree}/0.o := 0.c")
    shutil.copy(new, f"{tree}/linked.o")
    command("linked.o", f"ld -r -o {tree}/linked.o @{tree}/linked.mod")
    write(f"{tree}/linked.mod", f"{tree}/0.o\n".encode())

    def judge_linked(result):
        linked = os.path.exists(f"{tree}/linked.o.checksums")
        if linked:
            os.unlink(f"{tree}/linked.o.checksums")
        good, why = judge_tree(result)
        return (False, "one object more") if linked and not result.returncode else (good, why)

    judge_tree(objtool("checksum", tree))
    for what in GROUPS:
        total += each_fault(shim, what, ["checksum", "-j2", tree], judge_linked, "linked")
    for name in (".0.o.cmd", "linked.o", ".linked.o.cmd", "linked.mod"):
        os.unlink(f"{tree}/{name}")
    for what in GROUPS:
        total += each_fault(shim, what, ["checksum", "-j2", tree], judge_tree, "tree")
    print(f"# {total} calls failed in turn")
    test_changed(shim, "truncate")
    test_changed(shim, "rewrite")
    large = test_leased(shim, "large", LARGE)
    single = test_leased(shim, "single", LARGE.replace("40000", "1000"))
    check(single == large, "a single object is mapped as a large one is", (single, large))
    test_killed(shim, new, sums, before, right)


LARGE = CODE % (3, "three") + """
	.data
	.globl pad
	.type pad, @object
pad:	.rept 40000
	.quad .LC0, f, 7
	.endr
	.size pad, .-pad
"""


def test_changed(shim, what):
    """A large object is cut or rewritten between two reads: one error, and the others of the tree are done."""
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
                if os.path.exists(tree + name + ".checksums"):
                    os.unlink(tree + name + ".checksums")
            result, hit = fault(shim, what, turn, args)
            if not hit:
                break
            hits += 1
            lines = result.stderr.splitlines()
            check(result.returncode == 2 and len(lines) in (1, 2) and "large.o" in lines[0]
                  and "changes while it is read" in lines[0],
                  f"{what} at read {turn}: " + " ".join(args), (result.returncode, result.stderr))
            if args[2] == tree:
                check(read(tree + "/small.o.checksums") is not None, "the others are done")
            check(read(tree + "/large.o.checksums") is None, "and this one is not")
        check(hits > 1, f"{what} at each read: " + args[0], hits)


def test_rewritten():
    """A large object that is overwritten in place all the time: refused, or taken as it was."""
    obj = assemble("rewritten/x.o", LARGE)
    good = read(obj)
    rng, stop, codes = random.Random(11), threading.Event(), collections.Counter()

    def rewrite():
        with open(obj, "r+b", buffering=0) as f:
            while not stop.is_set():
                for _ in range(rng.randrange(40)):
                    os.pwrite(f.fileno(), rng.randbytes(rng.choice((1, 2, 4, 8))),
                              rng.randrange(len(good) - 8))
                os.pwrite(f.fileno(), good, 0)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for i in range(60):
            args = (["checksum", "-j2", "-o", "-"], ["diff"])[i % 2] + [obj] * (1 + i % 2)
            result = objtool(*args)
            codes[result.returncode] += 1
            if result.returncode not in (0, 1, 2) or "Sanitizer" in result.stderr or \
                    (result.returncode == 2) != result.stderr.startswith("objtool: error: "):
                check(False, "rewritten while it is read", (args, result.returncode, result.stderr[-2000:]))
                return
    finally:
        stop.set()
        writer.join()
    check(codes[2] > 5, "rewritten while it is read: mostly that is seen", codes)


def test_leased(shim, what, source):
    """Who opens an object to rewrite it waits until it is done with; no lease, no other answer."""
    obj = assemble("leased/x.o", source)
    good, right = read(obj), objtool("checksum", "-o", "-", obj).stdout
    stop, codes, waited = threading.Event(), collections.Counter(), 0

    def rewrite():
        while not stop.is_set():
            with open(obj, "r+b", buffering=0) as f:
                f.truncate(len(good) // 2)
                os.pwrite(f.fileno(), bytes(len(good)), 0)
                os.pwrite(f.fileno(), good, 0)
            time.sleep(0.03)

    result, leased = fault(shim, "lease", 1, ["checksum", "-j2", "-o", "-", obj])
    check(result.returncode == 0 and result.stdout == right, what + ": the same without a lease", result)
    result, lost = fault(shim, "lost", 1, ["checksum", "-j2", "-o", "-", obj])
    check(not lost or (result.returncode == 2 and "changes while it is read" in result.stderr and
          not result.stdout), what + ": a lease that was lost", result)
    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(100):
            result = objtool("checksum", "-j2", "-o", "-", obj)
            codes[result.returncode] += 1
            waited += result.returncode == 0 and result.stdout == right
            if result.returncode not in (0, 2) or (result.returncode == 0 and result.stdout != right):
                check(False, what + ": rewritten under a lease", (result.returncode, result.stdout, result.stderr))
                break
    finally:
        stop.set()
        writer.join()
    if leased:
        check(waited, what + ": rewritten under a lease: it waits, once at least", codes)
    else:
        print("# no leases on this file system: the object was read")
    return leased, lost


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


def killed_after(seconds, args):
    """Start the program and kill it so much later, unless it is done."""
    with subprocess.Popen([OBJTOOL, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        return process.returncode == -signal.SIGKILL


def test_killed_any_time():
    """Killed at random moments: each output is the old one, the new one, or is not there if none was."""
    tree, rng, killed, missed, mixed = path("any/tree"), random.Random(3), 0, 0, 0
    os.makedirs(tree)
    names = [f"{tree}/{i}.o" for i in range(24)]
    states = {}
    for i, name in enumerate(names):
        sums = name + ".checksums"
        text = (LARGE if i == 7 else CODE % (i, f"v%d of {i}")).replace("%d", "1")
        assemble(name, text)
        objtool("checksum", name)
        old = read(sums) if i % 3 else None
        assemble(name, text.replace("v1", "v2").replace('"three"', '"four"'))
        objtool("checksum", name)
        states[sums] = (old, read(sums))
        check(states[sums][0] != states[sums][1] and states[sums][1], "old and new differ", name)

    def reset():
        for sums, (old, _) in states.items():
            if old is None:
                if os.path.exists(sums):
                    os.unlink(sums)
            else:
                write(sums, old)
                os.utime(sums, (0, 0))

    def judge(what):
        now = {sums: read(sums) for sums in states}
        bad = [sums for sums in states if now[sums] not in states[sums]]
        check(not bad, f"killed at a random moment: {what}", bad) if bad else None
        return not bad, any(now[s] == states[s][1] != states[s][0] for s in states) and \
            any(now[s] == states[s][0] for s in states)

    for args, runs in ((["checksum", "-j2", tree], 200), (["checksum", "-j1", names[7]], 100),
                       (["checksum", "-j2", *names], 50), (["checksum", names[1]], 50)):
        reset()
        start = time.monotonic()
        objtool(*args)
        within = time.monotonic() - start
        good, left = True, runs // 4 if SANITIZED else runs
        while left and missed < 2000:
            reset()
            if killed_after(rng.uniform(0, within), args):
                killed, left, within = killed + 1, left - 1, within * 1.01
            else:  # it was done before: a machine that was busy when it was timed is idle now
                missed, within = missed + 1, within * 0.9
            good, some = judge(" ".join(args[:2]))
            mixed += some
            if not good:
                return
        check(good, "killed at random moments: " + " ".join(args[:2]))
    rest = leftovers(tree)
    print(f"# killed at {killed} random moments and too late at {missed}, with {mixed} trees half done "
          f"and {len(rest)} files left behind")
    check(missed < 2000 and mixed > 10, "killed at random moments: in the middle, too", (killed, missed, mixed))
    reset()
    result = objtool("checksum", tree)
    check(result.returncode == 0 and all(read(s) == states[s][1] for s in states),
          "the next run does it all", result)
    if SANITIZED:
        return
    # The clock is asked for each of them, and told two minutes later once.
    for n in range(len(rest), 0, -1):
        fault(build_shim(), "later", n, ["checksum", tree])
    check(not leftovers(tree), "runs of later clean up", leftovers(tree))


# ---- objects that are much work for few bytes ----

def instructions(*args):
    """How many it takes to run objtool: the same each time, unlike seconds."""
    result = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", FULL, *args)
    found = re.search(r"Collected : (\d+)", result.stderr)
    return int(found.group(1)) if found and result.returncode in (0, 1) else 0


def checksum_cost(name):
    return instructions("checksum", "-j1", "-o", "/dev/null", name)


def test_linear():
    """Four times as much of it is little more than four times the work."""
    if SANITIZED:
        return
    made = path("made.o")
    write(made, elfmade.labels(1))
    floor = checksum_cost(made)
    for make in elfmade.LINEAR:
        counts = []
        for n in (2000, 8000):
            write(made, make(n))
            counts.append(checksum_cost(made) - floor)
        ratio = counts[1] / counts[0] if counts[0] > 0 else 0
        check(2 < ratio < 5.5, f"cost of {make.__name__}", (counts, ratio))


def compiled(make, n, side):
    c = make in pairmade.IN_C
    source, made = path(f"side{side}.{'c' if c else 's'}"), path(f"side{side}.o")
    write(source, make(n, side).encode())
    subprocess.run(["gcc", "-c", *(["-O1", "-g"] if c else []), "-o", made, source], check=True)
    return made


def test_told_linear():
    """Nor is it more than that to tell what differs."""
    if SANITIZED:
        return
    for make, scale, args in pairmade.COSTS:
        counts = [instructions(*args, "-j1", *(compiled(make, n, side) for side in (0, 1)))
                  for n in (1, scale, 4 * scale)]
        ratio = (counts[2] - counts[0]) / (counts[1] - counts[0]) if counts[1] > counts[0] > 0 else 0
        check(2 < ratio < 5.5, f"cost of {args[0]} of {make.__name__}", (counts, ratio))


def test_told_bounded():
    """What would be told at great length is refused, in little memory."""
    objects = [compiled(pairmade.long_name, 2000, side) for side in (0, 1)]
    for args in (["diff", "-p"], ["diff", "-p", "-q", "--html=" + path("page.html")], ["diff", "--inlined"],
                 ["explain", "f"]):
        result = run(sys.executable, "-S", "-c", PEAK, OBJTOOL, *args, *objects)
        peak, status = map(int, result.stdout.split())
        actual = sum(map(os.path.getsize, objects))
        check(status == 2 and result.stderr.count("is not shown") == 1, f"{args}: refused", result)
        check(SANITIZED or peak <= MEMORY_PER_BYTE * actual + MEMORY_FOR_ANY, f"{args}: memory", (actual, peak))


def test_bounded():
    """What would take the square is refused, or done, but soon, and in little memory."""
    made = path("made.o")
    for make in elfmade.BOUNDED:
        data = make(1000 if SANITIZED else 8000)
        write(made, data)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        result = objtool("checksum", "-j1", "-o", "-", made)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        lines = result.stderr.splitlines()
        check(result.returncode == 0 or (result.returncode == 2 and len(lines) == 1 and
              ("refused: " in lines[0] or "overlap" in lines[0])),
              f"{make.__name__}: done or refused", (result.returncode, result.stderr[:300]))
        # A million bytes, and no more than two microseconds for each, were it ten times slower here.
        check(seconds < 20, f"{make.__name__}: soon", (len(data), seconds))
        if result.returncode == 2:
            for jobs in ("-j2", "-j3"):
                check(objtool("checksum", jobs, "-o", "-", made).stderr == result.stderr,
                      f"{make.__name__}: refused by any number of threads")


# Memory: at most so many times the object, and so much for any: the README says it.
MEMORY_PER_BYTE, MEMORY_FOR_ANY = 4, 32 << 20
# Sizes to try, in megabytes. 64 takes some minutes, most of it to make the objects.
MEMORY_SIZES = [float(mb) for mb in os.environ.get("HOSTILE_MB", "1,8").split(",")]

# From a process that is small: what is started has at least the peak of who starts it.
PEAK = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, done.returncode)
sys.stderr.buffer.write(done.stderr)
"""


def test_memory():
    """Of each kind of object: done or refused, and in little memory."""
    if SANITIZED:
        return
    made = path("made.o")
    for make in elfmade.LINEAR + elfmade.BOUNDED:
        each = (len(make(2000)) - len(make(1000))) / 1000
        for size in MEMORY_SIZES:
            write(made, make(int(size * 1e6 / each)))
            result = run(sys.executable, "-S", "-c", PEAK, OBJTOOL, "checksum", "-j2", "-o", "/dev/null", made)
            peak, status = map(int, result.stdout.split())
            actual = os.path.getsize(made)
            check(status == 0 or status == 2 and "refused: " in result.stderr or "overlap" in result.stderr,
                  f"{make.__name__} of {size} MB: done or refused", result)
            check(peak <= MEMORY_PER_BYTE * actual + MEMORY_FOR_ANY,
                  f"{make.__name__} of {size} MB: memory", (actual, peak, peak / actual))
            if "HOSTILE_MB" in os.environ:
                print(f"# {make.__name__:22} {actual / 1e6:6.1f} MB, peak {peak / 1e6:6.1f} MB, "
                      f"{peak / actual:5.2f} times, {'refused' if status else 'done'}")


def test_numbers():
    """More sections than e_shnum can say."""
    n = 1000 if SANITIZED else 70000
    made = path("made.o")
    write(made, elfmade.many_sections(n))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    lines = objtool("checksum", "-o", "-", made).stdout.splitlines()
    names = {line.split("\t")[3] for line in lines if line.split("\t")[1:2] == ["func"]}
    check(names == {f"f{i}" for i in range(n)}, "each section's function has a record", len(names))
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    check(seconds < 20, "more sections than e_shnum can say: soon", seconds)


def test_nameless():
    for what, section, symbol in (("symbol", ".data", ""), ("section", "", "x")):
        made = elfmade.Made()
        made.symbol(symbol, made.section(section, b"\1" * 8, elfmade.ALLOC_WRITE), 0, 8)
        write(path("made.o"), made.data())
        result = objtool("checksum", "-o", "-", path("made.o"))
        check(result.returncode == 2 and "no name" in result.stderr, f"a {what} without a name",
              result)


def test_bomb():
    """Compressed files that expand a thousand times are refused before the memory is taken."""
    for tool in (["gzip", "-9"], ["xz", "-1"], ["zstd", "-1"]):
        bomb = path("bomb.ko." + tool[0])
        with open(bomb, "wb") as out:
            zeros = subprocess.Popen(["head", "-c", "100M", "/dev/zero"], stdout=subprocess.PIPE)
            subprocess.run([*tool, "-c"], stdin=zeros.stdout, stdout=out, check=True)
            zeros.wait()
        size = os.path.getsize(bomb)
        result = run("sh", "-c", 'ulimit -v 600000; exec "$@"', "sh", OBJTOOL, "checksum", bomb) \
            if not SANITIZED else objtool("checksum", bomb)
        check(result.returncode == 2 and "refused" in result.stderr, f"{tool[0]} bomb of {size}",
              result)


# ---- .checksums files ----

def test_edits():
    """Any edit of records is refused, or is a difference; never is it not seen."""
    old = assemble("edits/x.o", CODE % (1, "one"))
    objtool("checksum", old)
    data = read(old + ".checksums")
    records = data.index(b"\tlanes\n") + 7
    edited, rng = path("edits/y.checksums"), random.Random(5)
    silent = []
    for i in range(200 if SANITIZED else 600):
        text = bytearray(data)
        at = rng.randrange(records, len(text)) if i % 4 else rng.randrange(len(text))
        kind = i % 5
        lines = data[records:].splitlines(True)
        if kind == 0:
            text[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del text[at]
        elif kind == 2:
            text.insert(at, text[at - 1])
        elif kind == 3:
            text[records:] = b"".join(rng.sample(lines, len(lines)))
        else:
            text[records:] = b"".join(lines + [rng.choice(lines)])
        if text == data:
            continue
        write(edited, bytes(text))
        result = objtool("diff", old + ".checksums", edited)
        comment = at < records and kind < 3 and text[records - 60:] != data[records - 60:] and \
            text.split(b"\n", 1)[0] == data.split(b"\n", 1)[0]
        if result.returncode == 0 and not comment:
            silent.append((kind, at))
        if result.returncode == 2 and not result.stderr.startswith("objtool: error: "):
            silent.append((kind, at, result.stderr))
    check(not silent, "edits of a .checksums file that nobody sees", silent[:5])
    for what, text in (("CR LF", data.replace(b"\n", b"\r\n")),
                       ("twice", data + data[records:]),
                       ("truncated", data[:-10]), ("nothing", b""), ("a line less",
                       b"".join(data.splitlines(True)[:-1])),
                       ("another version", data.replace(b"\t1\t", b"\t2\t", 1))):
        write(edited, text)
        result = objtool("diff", edited, old + ".checksums")
        check(result.returncode == 2 and len(result.stderr.splitlines()) == 1 and
              edited in result.stderr, f"refused: {what}", result)


# ---- full disks, odd files ----

def test_full_disk():
    if os.geteuid() != 0 or SANITIZED:
        return
    small = path("small")
    os.makedirs(small)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small],
                      stderr=subprocess.DEVNULL, check=False).returncode:
        return
    try:
        obj = assemble("small/x.o", CODE % (1, "one"))
        objtool("checksum", obj)
        before = read(obj + ".checksums")
        shutil.copy(assemble("disk/x.o", CODE % (2, "two")), obj)
        with open(small + "/filler", "wb", buffering=0) as f:
            try:
                while f.write(b"x" * 4096):
                    pass
            except OSError:
                pass
        result = objtool("checksum", obj)
        check(before and result.returncode == 2 and read(obj + ".checksums") == before and
              not leftovers(small) and "No space" in result.stderr, "full disk", result)
    finally:
        subprocess.run(["umount", small], check=False)


def test_read_only():
    """A folder that nobody may write to, and one of a file system that is not to be written to."""
    place, inner = path("mine"), path("mine/inner")
    os.makedirs(inner)
    os.chmod(WORK, 0o755)
    program = shutil.copy(OBJTOOL, path("objtool"))
    shutil.copy(FULL, path("objtool-full"))
    for name in (place, inner):
        assemble(name + "/x.o", CODE % (1, "one"))
    objtool("checksum", inner + "/x.o")
    before = read(inner + "/x.o.checksums")
    assemble(inner + "/x.o", CODE % (2, "two"))
    as_nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    os.chmod(place, 0o777)
    os.chmod(inner, 0o555)

    def refused(what, words, *args, **kwargs):
        result = run(program, *args, **kwargs)
        lines = result.stderr.splitlines()
        check(result.returncode == 2 and len(lines) == 1 and words in lines[0] and inner in lines[0] and
              read(inner + "/x.o.checksums") == before and not leftovers(place), what, result)

    refused("a folder that cannot be written to", "Permission denied",
            "checksum", inner + "/x.o", **as_nobody)
    refused("the same in a tree, before anything is done", "Permission denied",
            "checksum", place, **as_nobody)
    result = run(program, "diff", inner + "/x.o.checksums", inner + "/x.o", **as_nobody)
    check(result.returncode == 1, "diff writes nothing there", result)
    os.chmod(inner + "/x.o", 0)
    refused("an object that cannot be read", "Permission denied",
            "checksum", "-o", "-", inner + "/x.o", **as_nobody)
    os.chmod(inner + "/x.o", 0o644)
    os.chmod(inner, 0o755)
    if os.geteuid() == 0 and not run("mount", "--bind", inner, inner).returncode:
        try:
            if not run("mount", "-o", "remount,ro,bind", inner).returncode:
                refused("a file system that is not to be written to", "Read-only file system",
                        "checksum", inner + "/x.o")
        finally:
            run("umount", inner)


def test_no_reader():
    """Standard output that nobody reads, or that is full."""
    obj = assemble("pipe/x.o", CODE % (1, "one"))
    other = assemble("pipe/y.o", CODE % (2, "two"))
    for args in (["checksum", "-o", "-", obj], ["diff", obj, other], ["diff", "--json", obj, other],
                 ["explain", "f", obj, other], ["checksum", "--dump=f", obj]):
        for ignored in (False, True):
            reader, writer = os.pipe()
            os.close(reader)
            code = f"trap '' PIPE; exec \"$@\"" if ignored else "exec \"$@\""
            result = subprocess.run(["sh", "-c", code, "sh", OBJTOOL, *args], stdout=writer,
                                    stderr=subprocess.PIPE, encoding="latin-1", check=False)
            os.close(writer)
            good = (result.returncode == 2 and len(result.stderr.splitlines()) == 1
                    and "Broken pipe" in result.stderr) if ignored else \
                (result.returncode == -signal.SIGPIPE and not result.stderr)
            check(good, f"no reader, SIGPIPE ignored {ignored}: {args[:2]}", result)
        with open("/dev/full", "wb") as full:
            result = subprocess.run([OBJTOOL, *args], stdout=full, stderr=subprocess.PIPE,
                                    encoding="latin-1", check=False)
        check(result.returncode == 2 and len(result.stderr.splitlines()) == 1 and
              "No space" in result.stderr, f"full output: {args[:2]}", result)


def test_odd_files():
    tree = path("odd")
    os.makedirs(tree)
    odd = tree + "/a\nb\x7f\x1b[31m\xff\\.o"
    shutil.copy(assemble("odd2/x.o", CODE % (1, "one")), odd.encode("latin-1"))
    os.mkfifo(tree + "/pipe.o")
    os.symlink("nowhere", tree + "/dangling.o")
    os.symlink("loop.o", tree + "/loop.o")
    os.mkdir(tree + "/dir.o")
    result = objtool("checksum", tree)
    check(result.returncode == 0 and os.path.exists((odd + ".checksums").encode("latin-1")),
          "odd names, pipes, links and directories in a tree", result)
    for name, words in (("pipe.o", "not a regular file"), ("dangling.o", "No such file"),
                        ("loop.o", "symbolic links"), ("dir.o", "no objects")):
        result = objtool("checksum", f"{tree}/{name}")
        check(result.returncode == 2 and words in result.stderr and
              len(result.stderr.splitlines()) == 1, name, result)
    write((odd + ".checksums").encode("latin-1"), b"objtool-checksums\t9\n")
    result = objtool("diff", odd.encode("latin-1") + b".checksums", odd.encode("latin-1"))
    check(result.returncode == 2 and len(result.stderr.splitlines()) == 1 and
          "\x1b" not in result.stderr, "a message about an odd name is one plain line", result)


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
