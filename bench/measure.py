# SPDX-License-Identifier: GPL-2.0-or-later
"""measure.py - run commands side by side, and print how they compare

A round runs each command, and every round starts with another one: what else the machine
does falls on all of them alike. But not what the command before leaves behind (a process of
1 GB: memory that has left the caches, and that the next one gets), so that short ones are run
twice, and the second time counts. Ratios are taken within a round, and their median is shown;
of wall times, the least and greatest are shown beside the median.
"""
import os
import resource
import statistics
import sys
import time

ROUNDS = 7  # at least; the median of fewer says little
PATIENCE = 20.0  # seconds of cpu time for all runs of one command, but for the least:
LEAST = 3  # runs of a slow one
SHORT = 1.0  # seconds of cpu time: to a longer one, it is all the same what was before


class Failed(Exception):
    """A command that could not be run, or did not succeed."""


class Sample:
    """One run: seconds of wall and cpu time, bytes of memory at the peak, page faults."""

    def __init__(self, wall, usage):
        self.wall = wall
        self.cpu = usage.ru_utime + usage.ru_stime
        self.sys = usage.ru_stime
        self.peak = usage.ru_maxrss * 1024
        self.faults = usage.ru_minflt


class Command:
    """What to run and how: prepare() comes before each run and is not timed."""

    def __init__(self, name, argv, prepare=None, one_cpu=False, ok=(0,)):
        self.name = name
        self.argv = argv
        self.prepare = prepare
        self.one_cpu = one_cpu
        self.ok = ok
        self.samples = {}  # by round

    def median(self, what):
        return statistics.median(getattr(s, what) for s in self.samples.values())


def spawn(argv, stderr):
    """Run argv without output; returns the Sample and the exit status."""
    null = os.open(os.devnull, os.O_RDWR)
    err = os.open(stderr, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    to = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1),
          (os.POSIX_SPAWN_DUP2, err, 2)]
    start = time.perf_counter()
    try:
        pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=to)
        _, status, usage = os.wait4(pid, 0)
    except OSError as e:
        raise Failed(f"{argv[0]}: {e.strerror}") from e
    finally:
        os.close(null)
        os.close(err)
    return Sample(time.perf_counter() - start, usage), os.waitstatus_to_exitcode(status)


def run_once(cmd, scratch):
    """One run of a Command; Failed, with the first line that it said, if it fails."""
    stderr = os.path.join(scratch, "stderr")
    cpus = os.sched_getaffinity(0)
    if cmd.prepare:
        cmd.prepare()
    if cmd.one_cpu:
        os.sched_setaffinity(0, {min(cpus)})
    try:
        sample, status = spawn(cmd.argv, stderr)
    finally:
        os.sched_setaffinity(0, cpus)
    if status not in cmd.ok:
        with open(stderr, encoding="utf-8", errors="replace") as f:
            said = next((line.strip() for line in f if line.strip()), "")
        raise Failed(f"exit status {status}" + (f": {said}" if said else ""))
    return sample


def measure(commands, scratch, rounds=ROUNDS):
    """
    Fill in the samples of all commands and return those that could be run. Says of the
    others why not; raises Failed if the first is among them: there is nothing to compare then.
    """
    able, runs, short = [], {}, set()
    for cmd in commands:
        try:
            first = run_once(cmd, scratch)  # fills the page cache, and is not counted
        except Failed as e:
            if cmd is commands[0]:
                raise Failed(f"{cmd.name}: {e}") from e
            print(f"  {cmd.name}: skipped: {e}")
            continue
        able.append(cmd)
        runs[cmd] = min(rounds, max(LEAST, int(PATIENCE / max(first.cpu, 1e-3))))
        if first.cpu < SHORT:
            short.add(cmd)
    for i in range(rounds):
        for k in range(len(able)):
            cmd = able[(i + k) % len(able)]
            if i >= runs[cmd]:
                continue
            if cmd in short:
                run_once(cmd, scratch)
            cmd.samples[i] = run_once(cmd, scratch)
    return able


def ratio(a, b, what, per_a=1.0, per_b=1.0):
    """How many times b command a takes: the median over rounds both ran in."""
    both = a.samples.keys() & b.samples.keys()
    return statistics.median((getattr(a.samples[i], what) / per_a) /
                             max(getattr(b.samples[i], what) / per_b, 1e-6) for i in both)


def times(x):
    """A ratio as people say it: 5.2x, or 1/7.3 where less than one half."""
    return f"{x:.2f}x" if x >= 0.5 else f"1/{1 / x:.1f}"


def number(x):
    """Three digits, or all there are before the point."""
    return f"{x:.0f}" if x >= 100 else f"{x:.3g}"


def heading(text):
    print(f"\n{text}")


def peak_of(cmd, file_size):
    """A process starts with the peak of the one that started it: below that it is not known."""
    peak, floor = cmd.median("peak"), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    less = "<" if peak <= floor else ""
    return f"{less}{peak / file_size:.2f}x" if file_size else f"{less}{peak / (1 << 20):.0f}M"


def table(commands, file_size=None, first="ours"):
    """A row for each command; the last columns compare the first command to it."""
    print(f"  {'':36}{'runs':>5}{'wall ms':>9}  {'min .. max':17}{'cpu ms':>8}{'peak':>8}   "
          f"{first}/this: wall, cpu")
    for cmd in commands:
        walls = [s.wall * 1e3 for s in cmd.samples.values()]
        spread = f"{number(min(walls))} .. {number(max(walls))}"
        against = ""
        if cmd is not commands[0]:
            against = "".join(f"{times(ratio(commands[0], cmd, what)):>9}"
                              for what in ("wall", "cpu"))
        print(f"  {cmd.name:36}{len(walls):5}{number(statistics.median(walls)):>9}  {spread:17}"
              f"{number(cmd.median('cpu') * 1e3):>8}{peak_of(cmd, file_size):>8}   {against}")
    sys.stdout.flush()
