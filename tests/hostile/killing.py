# SPDX-License-Identifier: GPL-2.0-or-later
"""killing.py - runs that are killed: at each call in turn, and at any time"""
import os
import random
import signal
import subprocess
import time

from common import (CODE, LARGE, SANITIZED, assemble, fault, leftovers, not_sanitized, read, remove,
                    versions, write)
from harness import OBJTOOL, check, objtool, path


@not_sanitized
def test_killed():
    """Killed at each call in turn: the output is the old or the new one, and nothing is left for long."""
    _, new, sums, before, right = versions()
    folder = os.path.dirname(sums)
    for n in range(1, 2000):
        write(sums, before)
        _, hit = fault("kill", n, "checksum", new)
        if not hit:
            break
        after = read(sums)
        if after not in (before, right):
            check(f"killed at call {n}", False, after)
            return
    check("killed at each call in turn", n > 50, n)
    print(f"# killed at {n - 1} calls")
    stale = leftovers(folder)
    check("killed when it had a name: a temporary file is left", len(stale) in (1, 2), stale)
    mine = f".objtool-{os.getpid()}-0.tmp"
    write(os.path.join(folder, mine), b"")
    check("temporary files of this minute stay", objtool("checksum", folder).status == 0 and
          sorted(leftovers(folder)) == sorted([mine, *stale]), leftovers(folder))
    for n in range(len(stale) + 1, 0, -1):
        fault("later", n, "checksum", folder)
    check("older ones go, but not those of a process that runs", leftovers(folder) == [mine],
          leftovers(folder))


def killed_after(seconds, args):
    """Start the program and kill it so much later, unless it is done."""
    with subprocess.Popen([OBJTOOL, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        return process.returncode == -signal.SIGKILL


class Outputs:
    """The objects of a tree, and what each one's output is before a run and after."""

    def __init__(self, tree):
        os.makedirs(tree)
        self.names = [f"{tree}/{i}.o" for i in range(24)]
        self.states = {}
        for i, name in enumerate(self.names):
            sums = name + ".checksums"
            text = (LARGE if i == 7 else CODE % (i, f"v%d of {i}")).replace("%d", "1")
            assemble(name, text)
            objtool("checksum", name)
            old = read(sums) if i % 3 else None
            assemble(name, text.replace("v1", "v2").replace('"three"', '"four"'))
            objtool("checksum", name)
            self.states[sums] = (old, read(sums))
            check("old and new differ", old != self.states[sums][1] and self.states[sums][1], name)

    def reset(self):
        for sums, (old, _) in self.states.items():
            if old is None:
                remove(sums)
            else:
                write(sums, old)
                os.utime(sums, (0, 0))

    def wrong(self):
        """Those that are neither, and whether others are old and others new."""
        now = {sums: read(sums) for sums in self.states}
        bad = [sums for sums, either in self.states.items() if now[sums] not in either]
        mixed = any(now[s] == new != old for s, (old, new) in self.states.items()) and \
            any(now[s] == old for s, (old, _) in self.states.items())
        return bad, mixed

    def done(self):
        return all(read(sums) == new for sums, (_, new) in self.states.items())


def test_killed_any_time():
    """Killed at random moments: each output is the old one, the new one, or is not there if none was."""
    tree, rng, killed, missed, mixed = path("any/tree"), random.Random(3), 0, 0, 0
    outputs = Outputs(tree)
    names = outputs.names
    for args, runs in ((["checksum", "-j2", tree], 200), (["checksum", "-j1", names[7]], 100),
                       (["checksum", "-j2", *names], 50), (["checksum", names[1]], 50)):
        what = " ".join(args[:2])
        outputs.reset()
        start = time.monotonic()
        objtool(*args)
        within = time.monotonic() - start
        left = runs // 4 if SANITIZED else runs
        while left and missed < 2000:
            outputs.reset()
            if killed_after(rng.uniform(0, within), args):
                killed, left, within = killed + 1, left - 1, within * 1.01
            else:  # it was done before: a machine that was busy when it was timed is idle now
                missed, within = missed + 1, within * 0.9
            bad, some = outputs.wrong()
            mixed += some
            if bad:
                check("killed at a random moment: " + what, False, bad)
                return
        check("killed at random moments: " + what, True)
    rest = leftovers(tree)
    print(f"# killed at {killed} random moments and too late at {missed}, with {mixed} trees half done "
          f"and {len(rest)} files left behind")
    check("killed at random moments: in the middle, too", missed < 2000 and mixed > 10, killed, missed, mixed)
    outputs.reset()
    result = objtool("checksum", tree)
    check("the next run does it all", result.status == 0 and outputs.done(), result)
    if SANITIZED:
        return
    # The clock is asked for each of them, and told two minutes later once.
    for n in range(len(rest), 0, -1):
        fault("later", n, "checksum", tree)
    check("runs of later clean up", not leftovers(tree), leftovers(tree))
