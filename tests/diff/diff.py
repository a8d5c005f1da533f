# SPDX-License-Identifier: GPL-2.0-or-later
"""diff.py - how objtool diff pairs and classifies records

A case is two lists of records and what the diff must say. Everything is
read back from --json, whose own form tests/cli checks.
"""
import json
import os
import random
import re
import resource

from checksums import LANES, line, write
from harness import BUILD, check, finish, objtool, path, run


def func(name, checksum=1, size=16, **lanes):
    return line("func", name, checksum, size, **lanes)


def data(name, checksum=1, size=16, **lanes):
    return line("data", name, checksum, size, **lanes)


def rest(name, checksum=1, size=16, **lanes):
    return line("rest", name, checksum, size, **lanes)


def diff(old, new, *options):
    a, b = write(path("a.o.checksums"), old), write(path("b.o.checksums"), new)
    status, out, err = objtool("diff", "--json", *options, a, b)
    check("no message", err == "", err)
    return status, json.loads(out)


def short(change):
    """status name, and what only some statuses have."""
    words = [change["status"], change["name"]]
    if change["status"] == "renamed":
        words.append("from " + change["old_name"])
    if change["status"] == "ambiguous":
        words.append(change["build"])
    return " ".join(words)


def case(what, old, new, *expected, differs=None):
    """@expected: in order, each "status name[ from old|build]"."""
    status, found = diff(old, new)
    got = [short(c) for c in found["changes"]]
    if differs is None:
        differs = bool(expected)
    check(what, got == list(expected), "expected %s\n           got %s" % (list(expected), got))
    check(what + ": exit status", status == int(differs), status)
    counts = {s: sum(e.split()[0] == s for e in expected)
              for s in ("changed", "lines", "added", "removed", "renamed", "ambiguous")}
    check(what + ": summary", all(found["summary"][s] == n for s, n in counts.items()),
          found["summary"])
    status, found = diff(old, old)
    check(what + ": against itself", status == 0 and found["changes"] == [], found["changes"])


def test_plain():
    case("nothing", [], [])
    case("equal", [func("f"), data("d"), rest(".text")], [func("f"), data("d"), rest(".text")])
    case("changed", [func("f", 1), func("g", 9)], [func("f", 2), func("g", 9)], "changed f")
    case("changed data", [data("d", 1)], [data("d", 2)], "changed d")
    case("changed rest", [rest(".x", 1)], [rest(".x", 2)], "changed .x")
    case("added", [func("f")], [func("f"), func("g", 2)], "added g")
    case("removed", [func("f"), func("g", 2)], [func("f")], "removed g")
    case("added to nothing", [], [func("f")], "added f")
    case("other kind", [func("f")], [data("f")], "removed f", "added f")
    case("order: func, data, rest, by name", [],
         [rest(".a"), func("b"), func("a"), data("z")], "added a", "added b", "added z", "added .a")


def test_lines():
    case("lines", [func("f", 1, lines=1)], [func("f", 1, lines=2)], "lines f", differs=False)
    case("lines appear", [func("f", 1)], [func("f", 1, lines=2)], "lines f", differs=False)
    case("lines appear with hash 0", [func("f", 1)], [func("f", 1, lines=0)], "lines f", differs=False)
    case("lines go", [func("f", 1, lines=1)], [func("f", 1)], "lines f", differs=False)
    case("lines, and changed", [func("f", 1, lines=1)], [func("f", 2, lines=2)], "changed f")
    case("lines beside changed", [func("f", 1, lines=1), func("g", 1)],
         [func("f", 1, lines=2), func("g", 2)], "lines f", "changed g")
    status, found = diff([func("f", 1, lines=1)], [func("f", 1, lines=2)], "--strict")
    check("lines: --strict", status == 1 and len(found["changes"]) == 1)
    case("another size alone is none: padding", [func("f", 1, 16)], [func("f", 1, 32)])


def test_lanes():
    def lanes(old, new):
        return diff([old], [new])[1]["changes"][0]["lanes"]

    for name in LANES:
        check("lane %s differs" % name,
              lanes(func("f", 1, **{name: 1}), func("f", 2, **{name: 2})) == [name])
        check("lane %s appears" % name, lanes(func("f", 1), func("f", 2, **{name: 0})) == [name])
        check("lane %s goes" % name, lanes(func("f", 1, **{name: 7}), func("f", 2)) == [name])
    every = dict(zip(LANES, range(1, 13)))
    check("equal lanes are not named",
          lanes(func("f", 1, **every), func("f", 2, **{**every, "bug": 99})) == ["bug"])
    check("all lanes in order",
          lanes(func("f", 1, **every), func("f", 2, **{n: 50 for n in LANES})) == LANES)
    check("added: the lanes it has", diff([], [func("f", 1, code=1, bug=1)])[1]["changes"][0]["lanes"]
          == ["code", "bug"])
    check("lines: the lane", lanes(func("f", 1, code=1, lines=1), func("f", 1, code=1, lines=2))
          == ["lines"])


def test_same_names():
    case("same names: equal in another order", [func("x", 1), func("x", 2)], [func("x", 2), func("x", 1)])
    case("same names: one changed", [func("x", 1), func("x", 2)], [func("x", 1), func("x", 3)],
         "changed x")
    case("same names: one added", [func("x", 1)], [func("x", 1), func("x", 2)], "added x")
    case("same names: equal one added", [func("x", 1)], [func("x", 1), func("x", 1)], "added x")
    case("same names: one removed", [func("x", 1), func("x", 2)], [func("x", 2)], "removed x")
    case("same names: both changed", [func("x", 1), func("x", 2)], [func("x", 3), func("x", 4)],
         "ambiguous x old", "ambiguous x old", "ambiguous x new", "ambiguous x new")
    case("same names: one changed, one added", [func("x", 1)], [func("x", 2), func("x", 3)],
         "ambiguous x old", "ambiguous x new", "ambiguous x new")
    case("same names: data apart from functions", [func("x", 1), data("x", 1)],
         [func("x", 2), data("x", 3)], "changed x", "changed x")
    case("same names: lines of the right one", [func("x", 1, lines=1), func("x", 2, lines=1)],
         [func("x", 1, lines=1), func("x", 2, lines=2)], "lines x", differs=False)
    case("same names and checksums: lines of one", [func("x", 1, lines=1), func("x", 1, lines=2)],
         [func("x", 1, lines=2), func("x", 1, lines=3)], "lines x", differs=False)
    case("same names and checksums: sizes in another order",
         [func("x", 1, 10, lines=5), func("x", 1, 12, lines=3)],
         [func("x", 1, 10, lines=3), func("x", 1, 12, lines=5)])


def test_files():
    case("files: equal", [func("x@a.c", 1), func("x@b.c", 2)], [func("x@a.c", 1), func("x@b.c", 2)])
    case("files: both changed", [func("x@a.c", 1), func("x@b.c", 2)],
         [func("x@a.c", 3), func("x@b.c", 4)], "changed x@a.c", "changed x@b.c")
    case("files: bodies exchanged are two changes", [func("x@a.c", 1), func("x@b.c", 2)],
         [func("x@a.c", 2), func("x@b.c", 1)], "changed x@a.c", "changed x@b.c")
    case("files: exchanged with the global one", [func("x", 1), func("x@b.c", 2)],
         [func("x", 2), func("x@b.c", 1)], "changed x", "changed x@b.c")
    case("files: two of one name", [func("x@a.c", 1), func("x@a.c", 2), func("x@b.c", 3)],
         [func("x@a.c", 1), func("x@a.c", 4), func("x@b.c", 5)], "changed x@a.c", "changed x@b.c")
    case("files: one ambiguous, one not", [func("x@a.c", 1), func("x@a.c", 2), func("x@b.c", 3)],
         [func("x@a.c", 4), func("x@a.c", 5), func("x@b.c", 6)], "ambiguous x@a.c old",
         "ambiguous x@a.c old", "ambiguous x@a.c new", "ambiguous x@a.c new", "changed x@b.c")
    case("files: a second x appears", [func("x", 1)], [func("x@a.c", 1), func("x@b.c", 2)],
         "added x@b.c")
    case("files: a second x appears, the first changes", [func("x", 1)],
         [func("x@a.c", 2), func("x@b.c", 3)],
         "ambiguous x old", "ambiguous x@a.c new", "ambiguous x@b.c new")
    case("files: a second x goes", [func("x@a.c", 1), func("x@b.c", 2)], [func("x", 2)],
         "removed x@a.c")
    case("files: a second x appears with other lines", [func("x", 1, lines=1)],
         [func("x@a.c", 1, lines=2), func("x@b.c", 2)], "lines x@a.c", "added x@b.c")
    case("files: told apart only now, changed", [func("x", 1)], [func("x@a.c", 2)], "changed x@a.c")
    case("files: another file is another function", [func("x@a.c", 1)], [func("x@b.c", 2)],
         "removed x@a.c", "added x@b.c")
    case("files: another file, same checksum", [func("x@a.c", 1)], [func("x@b.c", 1)],
         "renamed x@b.c from x@a.c")
    case("files: names between x and x@", [func("x", 1), func("x.cold", 5), func("x1", 6)],
         [func("x.cold", 5), func("x1", 6), func("x@a.c", 1), func("x@b.c", 2)], "added x@b.c")
    between = [func("x.cold", 5), func("x1", 6)]
    case("files: names between, one way", [func("x@a.c", 1), func("x@b.c", 2), *between],
         [func("x", 3), func("x.cold", 15), func("x1", 16)], "ambiguous x new", "changed x.cold",
         "changed x1", "ambiguous x@a.c old", "ambiguous x@b.c old")
    case("files: names between, the other way", [func("x", 3), func("x.cold", 15), func("x1", 16)],
         [func("x@a.c", 1), func("x@b.c", 2), *between], "ambiguous x old", "changed x.cold",
         "changed x1", "ambiguous x@a.c new", "ambiguous x@b.c new")
    case("files: longer names are other names", [func("xy", 1)], [func("x@y", 2)],
         "added x@y", "removed xy")
    case("files: sections have none", [rest(".a@x", 1)], [rest(".a", 2)], "added .a", "removed .a@x")


def test_renamed():
    case("renamed", [func("f", 1), func("g", 2)], [func("f", 1), func("h", 2)], "renamed h from g")
    case("renamed data", [data("f", 1)], [data("g", 1)], "renamed g from f")
    case("renamed, other lines", [func("f", 1, lines=1)], [func("g", 1, lines=2)], "renamed g from f")
    case("not renamed: other kind", [func("f", 1)], [data("g", 1)], "removed f", "added g")
    case("not renamed: rest", [rest(".a", 1)], [rest(".b", 1)], "removed .a", "added .b")
    case("not renamed: two could be the old one", [func("f", 1), func("g", 1)], [func("h", 1)],
         "removed f", "removed g", "added h")
    case("not renamed: two could be the new one", [func("f", 1)], [func("g", 1), func("h", 1)],
         "removed f", "added g", "added h")
    case("not renamed: two and two", [func("f", 1), func("g", 1)], [func("h", 1), func("i", 1)],
         "removed f", "removed g", "added h", "added i")
    case("not renamed: a body that others have too", [func("f", 1), func("stub", 1)],
         [func("g", 1), func("stub", 1)], "removed f", "added g")
    case("not renamed: only the new build has it twice", [func("f", 1), func("s", 2)],
         [func("g", 1), func("s", 1)], "removed f", "added g", "changed s")
    case("renamed: a data object with the same checksum is none of it", [func("f", 1), data("d", 1)],
         [func("g", 1), data("d", 1)], "renamed g from f")
    case("renamed: names exchanged are changes", [func("f", 1), func("g", 2)],
         [func("f", 2), func("g", 1)], "changed f", "changed g")
    case("renamed beside added and removed", [func("a", 1), func("b", 2), func("c", 3)],
         [func("c", 3), func("d", 2), func("e", 5)], "removed a", "renamed d from b", "added e")


def shuffle_case(rng):
    """Two builds made by known steps, out of which the answer follows."""
    old, new, expected = [], [], []
    for i in range(60):
        name, kind = "f%02d" % i, rng.choice([func, data])
        body = 1000 + i
        what = rng.choice(["same", "same", "changed", "lines", "added", "removed", "renamed"])
        if what != "added":
            old.append(kind(name, body, lines=1))
        if what in ("same", "added"):
            new.append(kind(name, body, lines=1))
        elif what == "changed":
            new.append(kind(name, body + 5000, lines=1))
        elif what == "lines":
            new.append(kind(name, body, lines=2))
        elif what == "renamed":
            new.append(kind("r" + name, body, lines=1))
            expected.append((kind is data, "r" + name, "renamed r%s from %s" % (name, name)))
        if what in ("changed", "lines", "added", "removed"):
            expected.append((kind is data, name, "%s %s" % (what, name)))
    return old, new, [text for _, _, text in sorted(expected)]


def test_random():
    rng = random.Random(3)
    for i in range(20):
        old, new, expected = shuffle_case(rng)
        case("random builds %d" % i, old, new, *expected,
             differs=any(not e.startswith("lines") for e in expected))


def test_symmetric():
    """Both ways round, the same is found: added for removed, the rest alike."""
    rng = random.Random(4)
    swap = {"added": "removed", "removed": "added"}
    for i in range(20):
        def build():
            return [rng.choice([func, data])(rng.choice(["x", "x@a.c", "x@b.c", "y", "z"]),
                                             rng.randint(1, 5), lines=rng.randint(1, 2))
                    for _ in range(rng.randint(0, 12))]
        old, new = build(), build()
        there, back = diff(old, new), diff(new, old)
        a, b = there[1]["summary"], back[1]["summary"]
        check("both ways %d" % i, there[0] == back[0]
              and all(a[s] == b[swap.get(s, s)] for s in a if s not in ("functions", "data")), (a, b))
        counted = len(old) + len(new)
        paired = 2 * (a["changed"] + a["lines"] + a["renamed"]) + a["added"] + a["removed"] \
            + a["ambiguous"]
        check("both ways %d: none is counted twice" % i, paired <= counted
              and (counted - paired) % 2 == 0, (counted, a))


def test_deterministic():
    rng = random.Random(5)
    old = [func("x%d" % rng.randint(0, 50), rng.randint(0, 9), lines=rng.randint(0, 3))
           for _ in range(400)]
    new = [func("x%d@%d.c" % (rng.randint(0, 50), rng.randint(0, 2)), rng.randint(0, 9),
                lines=rng.randint(0, 3)) for _ in range(400)]
    first = diff(old, new)
    check("same answer again", diff(old, new) == first)
    changes = first[1]["changes"]
    order = [(["func", "data", "rest"].index(c["kind"]), c["name"]) for c in changes]
    check("sorted by kind and name", order == sorted(order))


def builds(form, old, new):
    """Compare builds of several objects, each {object: lines}."""
    args = [os.path.join(BUILD, "tests/diff/test-diff"), form]
    for side, objects in (("old", old), ("new", new)):
        for i, name in enumerate(sorted(objects)):
            args.append("%s=%s" % (name, write(path("%s%d" % (side, i)), objects[name])))
        args.append("--")
    status, out, err = run(*args[:-1])
    check("no message", err == "", err)
    return status, out


def test_objects():
    old = {"a.o": [func("f", 1), func("same", 9)], "b.o": [func("f", 2), func("moved", 7)],
           "gone.o": [func("g", 3), data("stub", 5)]}
    new = {"a.o": [func("f", 11, code=1), func("same", 9)], "b.o": [func("f", 2)],
           "c.o": [func("moved", 7), data("stub", 5), data("stub2", 5)], "new.o": [func("h", 4)]}
    status, out = builds("text", old, new)
    check("objects: text", (status, out) == (1, """\
a.o:
changed    func           f  code

c.o:
renamed    func           moved  was moved in b.o
added      data      +16  stub
added      data      +16  stub2

gone.o:
removed    func      -16  g
removed    data      -16  stub

new.o:
added      func      +16  h

4 of 5 objects differ; functions: 1 changed, 1 added, 1 removed, 1 renamed (of 5); \
data objects: 2 added, 1 removed (of 2)
"""), out)
    status, out = builds("names", old, new)
    check("objects: names", out == "a.o:f\nc.o:moved\nc.o:stub\nc.o:stub2\ngone.o:g\ngone.o:stub\n"
          "new.o:h\n", out)
    found = json.loads(builds("json", old, new)[1])
    moved = [c for c in found["changes"] if c["status"] == "renamed"]
    check("objects: json", found["summary"]["objects"] == 5 and moved == [
        {"object": "c.o", "name": "moved", "kind": "func", "status": "renamed",
         "old_object": "b.o", "old_name": "moved", "old_size": 16, "new_size": 16, "lanes": []}], found)
    check("objects: equal", builds("text", old, old) == (0, ""))
    check("objects: none", builds("text", {}, {}) == (0, ""))
    check("objects: same names in several are apart",
          builds("names", {"a.o": [func("x", 1)], "b.o": [func("x", 2)]},
                 {"a.o": [func("x", 2)], "b.o": [func("x", 1)]})[1] == "a.o:x\nb.o:x\n")
    odd = {"a\x1b[2J\n.o": [func("x", 1)], "b": []}
    out = builds("text", {}, odd)[1]
    check("objects: a path does not steer the terminal", out.startswith("a\\x1b[2J\\x0a.o:\n"), out)
    out = builds("colour", old, new)[1]
    check("objects: colours", "\033[33mchanged  \033[m  func           f" in out, out)


def test_folding():
    """What would repeat itself is said once; what is left of it is counted."""
    def module(i, build, **extra):
        lines = [data("version", build, consts=build), func("own%d" % i, i)]
        return lines + [func(name, n) for name, n in extra.items()]

    names = ["d%d/m%d.ko" % (i % 3, i) for i in range(12)]
    old = {name: module(i, 1, f=1) for i, name in enumerate(names)}
    new = {name: module(i, 2, f=2 if i == 4 else 1) for i, name in enumerate(names)}
    status, out = builds("text", old, new)
    check("folding: what all objects share", (status, out) == (1, """\
in many objects:
changed    data  version  in 12 of 12: strings and constants

d1/m4.ko:
changed    func           f  contents

12 of 12 objects differ; functions: 1 changed (of 24); data objects: 12 changed (of 12)
"""), out)
    few = {name: module(i, 2 if i < 9 else 1, f=1) for i, name in enumerate(names)}
    out = builds("text", old, few)[1]
    check("folding: not what nine share", "in many" not in out and out.count("version") == 9, out)
    moved = {"a.o": [func("moved_in_its_source_%02d" % i, 1, lines=1) for i in range(40)], "b.o": []}
    other = {"a.o": [func("moved_in_its_source_%02d" % i, 1, lines=2) for i in range(40)], "b.o": []}
    out = builds("text", moved, other)[1]
    check("folding: a list of what moved", out.startswith("a.o:\nlines      moved_in_its_source_00, ")
          and out.count("\n") == 7 and max(map(len, out.split("\n"))) <= 80
          and ", and %d more\n" % (40 - out.count("moved_in")) in out, out)
    large = [func("f%d" % i, i) for i in range(8)] + [data("d", 1)]
    for what, builds_of, out_of in (("added", ({"a.o": []}, {"a.o": [], "b.o": large}), "new"),
                                    ("removed", ({"a.o": [], "b.o": large}, {"a.o": []}), "old")):
        out = builds("text", *builds_of)[1]
        check("folding: a whole object is " + what, out.startswith(
            "b.o:\n%-9s  only in the %s build: 8 functions, 1 data object\n\n" % (what, out_of)), out)
    out = builds("text", {"a.o": []}, {"a.o": [], "b.o": large[:8]})[1]
    check("folding: not of a few", out.count("added      func      +16  f") == 8, out)
    out = builds("text", {"a.o": [data("_rs", 1)]}, {"a.o": [data("_rs", 1)] * 6 + [data("_rs", 2)]})[1]
    check("folding: what looks alike", out.startswith("added      data      +16  _rs  (6 of this name)\nfunctions"), out)
    out = builds("text", {"a.o": []}, {"a.o": [data("_rs", 1), data("_rs", 2, 20), data("_rs", 3, 20)]})[1]
    check("folding: not what does not", out.startswith("added      data      +16  _rs\nadded      data      +20  _rs  (2 "),
          out)
    crcs = [data("__crc_f%d" % i, 1) for i in range(30)], [data("__crc_f%d" % i, 2) for i in range(30)]
    out = builds("text", {"a.o": crcs[0]}, {"a.o": crcs[1]})[1]
    check("folding: symbol versions", out.startswith("changed    crc   versions of 30 exported symbols\n"),
          out)
    out = builds("text", {"a.o": []}, {"a.o": [func("f.isra.constprop", 1), func("f", 2)]})[1]
    check("clones: with what they come from", re.search(r"f\.isra\.constprop  \(variant of f\)$", out, re.M)
          and not re.search(r"  f  \(", out), out)
    for name, words in (("g.part@a.c", "part of g"), ("g.constprop", "specialised copy of g")):
        out = builds("text", {"a.o": [func(name, 1)]}, {"a.o": [func(name, 2)]})[1]
        check("clones: " + name, "(%s)" % words in out, out)
    out = builds("text", {"a.o": [func("f", 1), func("g", 9)], "b.o": [func("f.part", 3)]},
                 {"a.o": [func("f.isra", 2), func("g", 9), func("f_more", 8)], "b.o": []})[1]
    check("clones: one instead of the other", out.startswith("""\
a.o:
removed    func      -16  f       now f.isra
added      func      +16  f.isra  instead of f  (variant of f)
added      func      +16  f_more

b.o:
removed    func      -16  f.part  (part of f)
"""), out)
    out = builds("text", {"a.o": [func("f", 1)]}, {"a.o": [func("f.isra", 5), func("f.part", 6)]})[1]
    check("clones: two instead of one", out.count("  instead of f  (") == 2 and "now" not in out, out)
    for what, old, new in (("of other files", ["f@a.c"], ["f.isra@b.c"]),
                           ("both there", ["f"], ["f", "f.isra"]), ("of another", ["ff"], ["f.isra"])):
        out = builds("text", {"a.o": [func(n, i + 1) for i, n in enumerate(old)]},
                     {"a.o": [func(n, i + 5) for i, n in enumerate(new)]})[1]
        check("clones: not instead: " + what, "instead" not in out and "now" not in out, out)
    for name in ("g.isra2", "g", ".isra", "g.particular"):
        out = builds("text", {"a.o": [func(name, 1)]}, {"a.o": [func(name, 2)]})[1]
        check("clones: none is " + name, " of g" not in out, out)


def test_stat():
    old = {"net/a.ko": [func("f", 1, code=1), func("g", 1), func("h", 1, lines=1)],
           "net/ipv4/b.ko": [func("f%d" % i, i + 1) for i in range(6)] + [data("d", 1)], "fs/c.ko": []}
    new = {"net/a.ko": [func("f", 2, code=2), func("h", 1, lines=2), func("new", 7)],
           "net/ipv4/b.ko": [func("f%d" % i, i + 101) for i in range(6)] + [data("d", 2)], "fs/c.ko": []}
    out = builds("stat", old, new)[1]
    check("stat", out == """\
by directory:
                functions    data   lines
  net (others)          3       0       1  *+-
  net/ipv4              6       1       0  ******
by kind of change:
                     functions    data   lines
  code                       1       0       0  *
  line numbers only          0       0       1
  added                      1       0       0  +
  removed                    1       0       0  -
2 of 3 objects differ; functions: 7 changed, 1 lines only, 1 added, 1 removed (of 9); \
data objects: 1 changed (of 1)
""", out)
    rng = random.Random(6)
    many = {"d%d/s%d/t%d/x%d.ko" % (rng.randint(0, 9), rng.randint(0, 9), rng.randint(0, 9), i):
            ["f%d_%d" % (i, j) for j in range(rng.randint(1, 40))] for i in range(400)}
    out = builds("stat", {name: [func(f, 1) for f in funcs] for name, funcs in many.items()},
                 {name: [func(f, 2, code=1) for f in funcs] for name, funcs in many.items()})[1]
    rows = re.findall(r"^  (\S+)( \(others\))? +(\d+) +0 +0  (\**)$", out.split("by kind")[0], re.M)
    check("stat: fits a screen", 10 < len(rows) <= 32 and max(map(len, out.split("\n")[:-2])) <= 80, out)
    check("stat: all are counted once", sum(int(row[2]) for row in rows) == sum(map(len, many.values())), out)
    check("stat: in order of names", [row[0] for row in rows] == sorted(row[0] for row in rows), rows)
    largest = max(int(row[2]) for row in rows)
    check("stat: bars are to scale", all(abs(len(row[3]) - int(row[2]) * max(len(r[3]) for r in rows) / largest)
                                         <= 1 for row in rows), out)
    check("stat: nothing if nothing differs", builds("stat", old, old) == (0, ""))
    deep = builds("stat", {"lib/m/" + n: lines for n, lines in old.items()},
                  {"lib/m/" + n: lines for n, lines in new.items()})[1]
    check("stat: without the directory of all", deep == builds("stat", old, new)[1].replace(
        "by directory:", "by directory, below lib/m/:"), deep)
    versions = builds("stat", {"d/a.o": [data("__crc_%d" % i, 1) for i in range(5)] + [data("d", 1, consts=1)], "b": []},
                      {"d/a.o": [data("__crc_%d" % i, 2) for i in range(5)] + [data("d", 2, consts=2)], "b": []})[1]
    check("stat: symbol versions apart", re.findall(r"^  (\S.*?)  +0 +(\d+) +0$", versions, re.M) == [
        ("d", "1"), ("strings and constants", "1"), ("symbol versions", "5")], versions)
    odd = builds("stat", {}, {"a\x1b[2J/b.o": [func("x", 1)], "c/d.o": []})[1]
    check("stat: a path does not steer the terminal", "\x1b" not in odd and "a\\x1b[2J" in odd, odd)


def cpu_seconds(old, new):
    """The least of five, of the time in user mode: others use the machine too."""
    write(path("big-a"), old)
    write(path("big-b"), new)
    times = []
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        objtool("diff", "-q", path("big-a"), path("big-b"))
        times.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
    return min(times)


def test_speed():
    """Four times the records may take eight times as long; quadratic would be sixteen."""
    def same_named(nr):
        return [func("x", 2 * i) for i in range(nr)], [func("x", 2 * i + i % 2) for i in range(nr)]

    def same_base(nr):
        return [func("x", i) for i in range(nr)], [func("x@%06d.c" % i, i + 1) for i in range(nr)]

    def all_renamed(nr):
        return [func("a%06d" % i, i) for i in range(nr)], [func("b%06d" % i, i) for i in range(nr)]

    for build in same_named, same_base, all_renamed:
        small, big = cpu_seconds(*build(25000)), cpu_seconds(*build(100000))
        check("near linear: %s" % build.__name__, big < 8 * small + 0.05, "%.3f s, %.3f s" % (small, big))


test_plain()
test_lines()
test_lanes()
test_same_names()
test_files()
test_renamed()
test_random()
test_symmetric()
test_deterministic()
test_objects()
test_folding()
test_stat()
test_speed()
finish()
