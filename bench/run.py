#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""run.py - measure objtool beside other programs that read the same bytes ("make bench")

    bench/run.py BUILD

Environment:
  BENCH="PART..."           these parts only: 100mb object slow jobs 400mb shapes small tree
                            decode callgrind profile
  BENCH_MODULES=DIR         kernel modules to make the inputs of; without it, those of a
                            Debian package (BENCH_PACKAGE, or the newest) are downloaded once
  BENCH_ROUNDS=7            runs of each command; those that take seconds are run less often
  BENCH_OBJECT=FILE         a large object to measure, too: a vmlinux.o
  UPSTREAM_OBJTOOL=FILE     the kernel's own objtool, to compare with; it reads objects of its
                            own kernel alone, so give BENCH_OBJECT one that is
  UPSTREAM_COMMAND="..."    how to call it on {file}, a copy, if not "{objtool} klp checksum {file}"

Nothing passes or fails here. Times are shown for orientation, ratios to be compared.
"""
import filecmp
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile

from callgrind import POOLED, Profile
from inputs import Inputs, Unavailable, composition, many_namesakes, many_sections
from measure import (ROUNDS, Command, Failed, heading, measure, ratio, run_once, table)

UPSTREAM = "{objtool} klp checksum {file}"


class Bench:
    """What every part needs: the programs, the inputs, and a place for results."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.objtool = os.path.join(self.build, "objtool")
        self.inputs = Inputs(os.path.join(self.build, "bench"))
        self.rounds = int(os.environ.get("BENCH_ROUNDS", ROUNDS))
        self.out = self.inputs.path("out")
        os.makedirs(self.out, exist_ok=True)
        self.help = subprocess.run([self.objtool, "checksum", "--help"], text=True,
                                   stdout=subprocess.PIPE, check=True).stdout

    def output(self, name):
        return os.path.join(self.out, name)

    def program(self, name):
        return os.path.join(self.build, "bench", name)

    def compare(self, commands, file_size=None, first="ours", rounds=None):
        table(measure(commands, self.out, rounds or self.rounds), file_size, first)

    def ours(self, obj, jobs=None, name=None, to="checksums"):
        """objtool checksum; with jobs=1 one thread, by -j or else by having one cpu."""
        has_j = "-j" in self.help
        option = [f"-j{jobs}"] if jobs and has_j else []
        label = "objtool checksum" + (f" -j{jobs}" if jobs else "")
        return Command(name or label + ("" if has_j or jobs != 1 else " (one cpu)"),
                       [self.objtool, "checksum", *option, "-o", self.output(to), obj],
                       one_cpu=jobs == 1 and not has_j)


def xxhsum(*paths, name="xxhsum -H3"):
    return Command(name, ["xxhsum", "-q", "-H3", *paths])


def upstream(bench, obj):
    """The kernel's objtool on a fresh copy each time: it writes its results into the object."""
    objtool, copy = os.environ.get("UPSTREAM_OBJTOOL"), bench.output("upstream.o")
    if not objtool:
        return []
    how = os.environ.get("UPSTREAM_COMMAND", UPSTREAM).format(objtool=shlex.quote(objtool),
                                                              file=shlex.quote(copy))
    return [Command("kernel's objtool", shlex.split(how),
                    prepare=lambda: shutil.copyfile(obj, copy))]


def one_object(bench, obj):
    commands = [bench.ours(obj), xxhsum(obj), *upstream(bench, obj)]
    bench.compare(commands, os.path.getsize(obj))
    ours = commands[0]
    print(f"  of the cpu time {ours.median('sys') / ours.median('cpu'):.0%} is the system's, "
          f"with {ours.median('faults'):.0f} page faults; "
          f"{os.path.getsize(bench.output('checksums')) / 1e6:.1f} MB written")
    if not os.environ.get("UPSTREAM_OBJTOOL"):
        print("  kernel's objtool: skipped: UPSTREAM_OBJTOOL is not set")


def part_100mb(bench):
    obj = bench.inputs.linked(1)
    heading(f"One large object, {composition(obj)}")
    one_object(bench, obj)


def part_object(bench):
    obj = os.environ.get("BENCH_OBJECT")
    heading(f"BENCH_OBJECT, {composition(obj)}" if obj else "BENCH_OBJECT: skipped: it is not set")
    if obj:
        one_object(bench, obj)


def part_slow(bench):
    obj = bench.inputs.linked(1)
    heading("The same object, disassembled and listed (slow: fewer runs)")
    bench.compare([bench.ours(obj), Command("objdump -d", ["objdump", "-d", obj]),
                   Command("readelf -rW", ["readelf", "-rW", obj])], os.path.getsize(obj))


def part_jobs(bench):
    obj = bench.inputs.linked(1)
    cpus = min(2, len(os.sched_getaffinity(0)))
    heading(f"One thread and two, on {cpus} cpus")
    two, one = bench.ours(obj, 2, to="j2"), bench.ours(obj, 1, to="j1")
    both = " & ".join(shlex.join(bench.ours(obj, 1, to=to).argv) for to in ("a", "b"))
    # On two cpus with nothing else to do, this takes as long as one; if not, they are not ours.
    at_once = Command("two processes of -j1 at once", ["sh", "-c", both + " & wait"])
    bench.compare([two, one, at_once], os.path.getsize(obj), "-j2")
    print(f"  two processes at once take {ratio(at_once, one, 'wall'):.2f}x of one: "
          f"what this machine has for a second thread just now")
    same = filecmp.cmp(bench.output("j1"), bench.output("j2"), shallow=False)
    print(f"  outputs are {'the same bytes' if same else 'NOT THE SAME'}")


def growth(bench, rows, unit):
    """rows: what of, small object, its amount, large object, its amount."""
    for name, small, nr_small, large, nr_large in rows:
        a = bench.ours(large, name=f"{nr_large} {name}")
        b = bench.ours(small, name=f"{nr_small} {name}")
        bench.compare([a, b], None, "larger")
        print(f"  time per {unit}, larger/smaller: {ratio(a, b, 'wall', nr_large, nr_small):.2f} "
              f"wall, {ratio(a, b, 'cpu', nr_large, nr_small):.2f} cpu")


def part_400mb(bench):
    small, large = bench.inputs.linked(1), bench.inputs.linked(4)
    heading(f"Four times larger, {composition(large)}")
    growth(bench, [("MB", small, round(os.path.getsize(small) / 1e6, 1),
                    large, round(os.path.getsize(large) / 1e6, 1))], "MB")


def part_shapes(bench):
    heading("Many sections, many functions of one name")
    rows = []
    for name, make in (("sections", many_sections), ("namesakes", many_namesakes)):
        made = [bench.inputs.assembled(f"{name}{nr}", make(nr)) for nr in (25000, 100000)]
        rows.append((name, made[0], 25000, made[1], 100000))
    growth(bench, rows, "function")


def part_small(bench):
    """The largest of the small objects, and one of middle size."""
    sizes = sorted((os.path.getsize(p), p) for p in objects_of(bench.inputs.tree()))
    for size, obj in (sizes[-1], sizes[len(sizes) // 2]):
        heading(f"A small object, {size / 1e3:.0f} kB")
        commands = small_commands(bench, obj)
        bench.compare(commands, rounds=max(bench.rounds, 201))
        start = commands[1]
        said = (f"{ratio(c, start, 'wall'):.2f}x {what}" for c, what in zip(
            commands[:1] + commands[2:], ("with new output", "with the same there already",
                                          "in place of another file")))
        print(f"  of the smallest program's wall time: {', '.join(said)}")


def small_commands(bench, obj):
    """What is written is new, is there already, as after most rebuilds, or replaces something."""
    def another(name):
        with open(bench.output(name), "wb") as f:
            f.write(b"another")

    new = bench.ours(obj, to="new")
    new.prepare = lambda: remove(bench.output("new"))
    same = bench.ours(obj, name="the same output there already", to="same")
    other = bench.ours(obj, name="another output there", to="other")
    other.prepare = lambda: another("other")
    return [new, Command("smallest program with libelf", [bench.program("start")]), same, other]


def remove(path):
    try:
        os.remove(path)
    except FileNotFoundError:
        pass


def objects_of(tree):
    return sorted(os.path.join(d, f) for d, _, files in os.walk(tree)
                  for f in files if f.endswith(".ko"))


def remove_checksums(bench, objects):
    """
    Out of the tree, but not deleted yet: for minutes after many files were deleted, ext4 takes
    three times as long to make new ones (it does not use their inodes again so soon, and looks
    at each of them), and that is what would be measured.
    """
    aside = tempfile.mkdtemp(dir=bench.output("aside"))
    for i, path in enumerate(objects):
        try:
            os.rename(path + ".checksums", os.path.join(aside, str(i)))
        except FileNotFoundError:
            pass


def part_tree(bench):
    tree = bench.inputs.tree()
    objects = objects_of(tree)
    total = sum(os.path.getsize(p) for p in objects)
    heading(f"A tree of {len(objects)} objects, {total / 1e6:.0f} MB")
    os.makedirs(bench.output("aside"), exist_ok=True)
    remove_checksums(bench, objects)
    operands, what = [tree], "objtool checksum TREE"
    try:
        run_once(Command("", [bench.objtool, "checksum", tree]), bench.out)
    except Failed as e:
        print(f"  directories as operands: {e}: each object named instead")
        operands, what = objects, "objtool checksum OBJECT..."
    first = Command(what + ", first run", [bench.objtool, "checksum", *operands],
                    prepare=lambda: remove_checksums(bench, objects))
    bench.compare([first, xxhsum(*objects)])
    second_run(bench, objects, operands, what)
    diff_trees(bench, tree, objects)
    shutil.rmtree(bench.output("aside"))


def second_run(bench, objects, operands, what):
    """Nothing changed; find looks at each file's size, so a stat each is its floor."""
    files = [p + ".checksums" for p in objects]
    before = [os.stat(p).st_mtime_ns for p in files if os.path.exists(p)]
    again = Command(what + ", again", [bench.objtool, "checksum", *operands])
    bench.compare([again, Command("find -size +0 (a stat each)",
                                  ["find", *operands, "-size", "+0"])])
    written = sum(old != os.stat(p).st_mtime_ns for old, p in zip(before, files))
    print(f"  second run: {written} of {len(files)} files written anew"
          + (": it does not look whether they are up to date" if written == len(files) else ""))


def diff_trees(bench, tree, objects):
    """Two trees of .checksums files; a percent of the files has another object's in the second."""
    old, new = bench.output("old tree"), bench.output("new tree")
    for side in (old, new):
        shutil.rmtree(side, ignore_errors=True)
        for i, path in enumerate(objects):
            to = os.path.join(side, os.path.relpath(path, tree) + ".checksums")
            other = objects[i - 1] if side == new and i % 100 == 99 else path
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copyfile(other + ".checksums", to)
    print(f"  two trees of {len(objects)} .checksums files, 1 % of them different:")
    bench.compare([Command("objtool diff TREE TREE", [bench.objtool, "diff", old, new], ok=(0, 1)),
                   Command("diff -rq TREE TREE", ["diff", "-rq", old, new], ok=(0, 1))])


def decode(bench, obj, rounds):
    """Of each round: bytes decoded, instructions, bytes that are none, nanoseconds."""
    said = subprocess.run([bench.program("decode"), obj, str(rounds)], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    return [[int(n) for n in line.split()] for line in said.splitlines()]


def part_decode(bench):
    obj = bench.inputs.linked(1)
    runs = decode(bench, obj, bench.rounds)
    size, insns, bad, _ = runs[0]
    speed = [size / ns * 1e3 for _, _, _, ns in runs]
    heading("The decoder alone, one thread, all code of the large object")
    print(f"  {statistics.median(speed):.0f} MB/s ({min(speed):.0f} .. {max(speed):.0f}), "
          f"{statistics.median(r[3] for r in runs) / insns:.2f} ns per instruction; "
          f"{size / 1e6:.1f} MB, {insns / 1e6:.2f} M instructions, {bad} bytes are none")


def callgrind(bench, obj, name):
    """Profile of objtool checksum with one thread, and the number of records it made."""
    out = bench.output(f"callgrind.{name}")
    cmd = bench.ours(obj, 1, to="profiled")
    cmd.argv = ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={out}",
                "--compress-strings=no", "--compress-pos=no", *cmd.argv]
    run_once(cmd, bench.out)
    with open(bench.output("profiled"), encoding="ascii") as f:
        records = sum(not line.startswith(("#", "objtool-checksums")) for line in f)
    return Profile(out, bench.objtool), records


def part_callgrind(bench):
    obj = bench.inputs.module("ext4.ko")
    profile, records = callgrind(bench, obj, "module")
    heading(f"Instructions (callgrind), {os.path.basename(obj)}, {composition(obj)}")
    units, insns = profile.calls("canon_unit"), decode(bench, obj, 1)[0][1]
    print(f"  {profile.total / 1e6:.2f} M instructions: {profile.total / records:.0f} a record "
          f"({records}), {profile.total / max(units, 1):.0f} a unit hashed ({units}), "
          f"{profile.total / max(insns, 1):.1f} an instruction decoded ({insns}), "
          f"{profile.total / os.path.getsize(obj):.1f} a byte")


def part_profile(bench):
    obj = bench.inputs.linked(1)
    profile, records = callgrind(bench, obj, "large")
    heading(f"Where the instructions go (callgrind), the large object, {profile.total / 1e6:.0f} M,"
            f" {profile.total / records:.0f} a record")
    stages, unmet = profile.stages()
    for stage, cost in stages:
        print(f"  {stage:34}{cost / 1e6:9.1f} M {cost / profile.total:6.1%}  "
              + "#" * round(50 * cost / profile.total))
    if unmet:
        print(f"  (inlined, not called or renamed: {', '.join(unmet)})")
    parallel = sum(profile.inclusive(name) for name in POOLED) / profile.total
    print(f"  on the pool's threads: {parallel:.0%}; with two, at best {1 - parallel / 2:.2f}x the "
          f"time of one")
    print("\n  by module, its calls to libraries included; and the costliest functions:")
    modules = profile.modules().most_common(14)
    functions = profile.costliest(14)
    for (module, cost), (f, own) in zip(modules, functions):
        where = f.group() if f.ours or f.hashes else "library"
        print(f"  {module:24}{cost / 1e6:9.1f} M {cost / profile.total:6.1%}    "
              f"{where + ': ' + f.name:38}{own / 1e6:9.1f} M {own / profile.total:6.1%}")


PARTS = {"100mb": part_100mb, "object": part_object, "slow": part_slow, "jobs": part_jobs, "400mb": part_400mb,
         "shapes": part_shapes, "small": part_small, "tree": part_tree, "decode": part_decode,
         "callgrind": part_callgrind, "profile": part_profile}


def main():
    wanted = os.environ.get("BENCH", "").replace(",", " ").split() or list(PARTS)
    unknown = [p for p in wanted if p not in PARTS]
    if len(sys.argv) != 2 or unknown:
        print(f"bench: parts are: {' '.join(PARTS)}", file=sys.stderr)
        return 2
    bench = Bench(sys.argv[1])
    print(f"bench: {len(os.sched_getaffinity(0))} cpus, load {os.getloadavg()[0]:.1f}; "
          f"{bench.rounds} interleaved runs each, slow ones fewer; medians; MB = 10^6 bytes")
    print("  peak: resident memory with the mapped file, by the file's size (x) or in MiB (M)\n"
          "  ratios: the first command of a table to each other one, median over rounds")
    for part in wanted:
        try:
            PARTS[part](bench)
        except (Unavailable, Failed) as e:
            print(f"\n{part}: skipped: {e}")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
