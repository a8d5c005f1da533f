# SPDX-License-Identifier: GPL-2.0-or-later
"""growth.py - objects that are much work for few bytes: what they cost in time and memory"""
import os
import re
import resource
import subprocess
import sys

import elfmade
import pairmade
from common import SANITIZED, not_sanitized, write
from harness import OBJTOOL, OBJTOOL_FULL, check, make_file, objtool, path, run


def instructions(*args):
    """How many it takes to run objtool: the same each time, unlike seconds."""
    result = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", OBJTOOL_FULL, *args)
    found = re.search(r"Collected : (\d+)", result.err)
    return int(found.group(1)) if found and result.status in (0, 1) else 0


def checksum_cost(data):
    return instructions("checksum", "-j1", "-o", "/dev/null", make_file("made.o", data))


@not_sanitized
def test_linear():
    """Four times as much of it is little more than four times the work."""
    floor = checksum_cost(elfmade.labels(1))
    for make in elfmade.LINEAR:
        counts = [checksum_cost(make(n)) - floor for n in (2000, 8000)]
        ratio = counts[1] / counts[0] if counts[0] > 0 else 0
        check(f"cost of {make.__name__}", 2 < ratio < 5.5, counts, ratio)


def compiled(make, n, side):
    c = make in pairmade.IN_C
    source, made = path(f"side{side}.{'c' if c else 's'}"), path(f"side{side}.o")
    write(source, make(n, side).encode())
    subprocess.run(["gcc", "-c", *(["-O1", "-g"] if c else []), "-o", made, source], check=True)
    return made


@not_sanitized
def test_told_linear():
    """Nor is it more than that to tell what differs."""
    for make, scale, args in pairmade.COSTS:
        counts = [instructions(*args, "-j1", *(compiled(make, n, side) for side in (0, 1)))
                  for n in (1, scale, 4 * scale)]
        ratio = (counts[2] - counts[0]) / (counts[1] - counts[0]) if counts[1] > counts[0] > 0 else 0
        check(f"cost of {args[0]} of {make.__name__}", 2 < ratio < 5.5, counts, ratio)


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


def peak_of(*args):
    """Run objtool: bytes of memory, status, standard error."""
    result = run(sys.executable, "-S", "-c", PEAK, OBJTOOL, *args)
    peak, status = map(int, result.out.split())
    return peak, status, result.err


def test_told_bounded():
    """What would be told at great length is refused, in little memory."""
    objects = [compiled(pairmade.long_name, 2000, side) for side in (0, 1)]
    actual = sum(map(os.path.getsize, objects))
    for args in (["diff", "-p"], ["diff", "-p", "-q", "--html=" + path("page.html")], ["diff", "--inlined"],
                 ["explain", "f"]):
        peak, status, err = peak_of(*args, *objects)
        check(f"{args}: refused", status == 2 and err.count("is not shown") == 1, status, err)
        check(f"{args}: memory", SANITIZED or peak <= MEMORY_PER_BYTE * actual + MEMORY_FOR_ANY, actual, peak)


def timed(*args):
    """Run objtool: the result, and its seconds of CPU."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    result = objtool(*args)
    return result, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def test_bounded():
    """What would take the square is refused, or done, but soon, and in little memory."""
    for make in elfmade.BOUNDED:
        name, data = make.__name__, make(1000 if SANITIZED else 8000)
        made = make_file("made.o", data)
        result, seconds = timed("checksum", "-j1", "-o", "-", made)
        lines = result.err.splitlines()
        check(f"{name}: done or refused", result.status == 0 or
              (result.status == 2 and len(lines) == 1 and ("refused: " in lines[0] or "overlap" in lines[0])),
              result.status, result.err[:300])
        # A million bytes, and no more than two microseconds for each, were it ten times slower here.
        check(f"{name}: soon", seconds < 20, len(data), seconds)
        if result.status == 2:
            for jobs in ("-j2", "-j3"):
                check(f"{name}: refused by any number of threads",
                      objtool("checksum", jobs, "-o", "-", made).err == result.err)


@not_sanitized
def test_memory():
    """Of each kind of object: done or refused, and in little memory."""
    for make in elfmade.LINEAR + elfmade.BOUNDED:
        each = (len(make(2000)) - len(make(1000))) / 1000
        for size in MEMORY_SIZES:
            made = make_file("made.o", make(int(size * 1e6 / each)))
            peak, status, err = peak_of("checksum", "-j2", "-o", "/dev/null", made)
            actual = os.path.getsize(made)
            check(f"{make.__name__} of {size} MB: done or refused",
                  status == 0 or status == 2 and "refused: " in err or "overlap" in err, status, err)
            check(f"{make.__name__} of {size} MB: memory", peak <= MEMORY_PER_BYTE * actual + MEMORY_FOR_ANY,
                  actual, peak, peak / actual)
            if "HOSTILE_MB" in os.environ:
                print(f"# {make.__name__:22} {actual / 1e6:6.1f} MB, peak {peak / 1e6:6.1f} MB, "
                      f"{peak / actual:5.2f} times, {'refused' if status else 'done'}")


def test_numbers():
    """More sections than e_shnum can say."""
    n = 1000 if SANITIZED else 70000
    result, seconds = timed("checksum", "-o", "-", make_file("made.o", elfmade.many_sections(n)))
    rows = [line.split("\t") for line in result.out.splitlines()]
    names = {row[3] for row in rows if row[1:2] == ["func"]}
    check("each section's function has a record", names == {f"f{i}" for i in range(n)}, len(names))
    check("more sections than e_shnum can say: soon", seconds < 20, seconds)


def test_bomb():
    """Compressed files that expand a thousand times are refused before the memory is taken."""
    limit = [] if SANITIZED else ["sh", "-c", 'ulimit -v 600000; exec "$@"', "sh"]
    for tool in (["gzip", "-9"], ["xz", "-1"], ["zstd", "-1"]):
        bomb = path("bomb.ko." + tool[0])
        with open(bomb, "wb") as out:
            zeros = subprocess.Popen(["head", "-c", "100M", "/dev/zero"], stdout=subprocess.PIPE)
            subprocess.run([*tool, "-c"], stdin=zeros.stdout, stdout=out, check=True)
            zeros.wait()
        result = run(*limit, OBJTOOL, "checksum", bomb)
        check(f"{tool[0]} bomb of {os.path.getsize(bomb)}",
              result.status == 2 and "refused" in result.err, result)
