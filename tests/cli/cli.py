# SPDX-License-Identifier: GPL-2.0-or-later
"""cli.py - command lines, help, exit statuses, what is printed and where"""
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import termios

import jsonschema

from checksums import LANES, line, write
from harness import BUILD, OBJTOOL, OBJTOOL_FULL, check, finish, make_file, objtool, one_line, path, run

with open("doc/diff.schema.json", encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)

COMMANDS = {
    "checksum": ["--output", "--jobs", "--exclude-from", "--dump", "--kbuild", "--selfcheck", "--seed", "--help"],
    "diff": ["--stat", "--name-only", "--name-status", "--patch", "--unified", "--side-by-side", "--inlined",
             "--function", "--json", "--html", "--quiet", "--strict", "--ignore",
             "--exclude-from", "--color", "--no-pager", "--jobs", "--help"],
    "explain": ["--jobs", "--help"],
}


def func(name, checksum=1, size=16, **lanes):
    return line("func", name, checksum, size, **lanes)


def pair(old, new, **kwargs):
    return [write(path("a.o.checksums"), old, **kwargs), write(path("b.o.checksums"), new, **kwargs)]


SAME = [func("f")], [func("f")]
CHANGED = [func("f", 1, code=1)], [func("f", 2, code=2)]
LINES = [func("f", 1, lines=1)], [func("f", 1, lines=2)]


def compile_object(name, text):
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    subprocess.run(["gcc", "-xc", "-O1", "-c", "-o", path(name), "-"], input=text.encode(), check=True)
    return path(name)


def test_help():
    status, out, err = objtool("--help")
    check("help: on stdout, status 0", status == 0 and err == "" and out.startswith("usage: objtool"))
    for args in ["-h"], ["help"]:
        check("help: %s" % args, objtool(*args) == (0, out, ""))
    for command, options in COMMANDS.items():
        check("help names " + command, re.search(r"^  %s +\S" % command, out, re.M))
        status, text, err = objtool(command, "--help")
        check("help of %s: on stdout, status 0" % command, status == 0 and err == ""
              and text.startswith("usage: objtool %s [OPTION]... " % command), text)
        for args in [command, "-h"], ["help", command], [command, "operand", "--help"]:
            check("help: %s" % args, objtool(*args) == (0, text, ""))
        listed = re.findall(r"^ +(?:-\w, )? *(--[\w-]+)", text, re.M)
        check("help of %s lists its options" % command, listed == options, listed)
        check("help of %s: no line is too long" % command, max(map(len, text.split("\n"))) <= 100)
        check("help of %s tells the exit status" % command, "xit status" in text)
        for option in re.findall(r"^ +(-\w), (--[\w-]+)(=?)", text, re.M):
            if option[2]:
                continue
            check("help of %s: %s and %s are one" % (command, option[0], option[1]),
                  objtool(command, option[0])[0] == objtool(command, option[1])[0])
    status, out, err = objtool("--version")
    check("version", status == 0 and err == "" and re.fullmatch(r"objtool \d+\.\d+\S* \(.*\)\n", out))


def test_two_programs():
    """A static program has others do what it cannot, from beside it or as installed, and says so if none is there."""
    files = pair([func("f", 1)], [func("f", 2)])
    right = objtool("diff", *files)
    check("diff, in whichever program", right[0] == 1 and "changed" in right[1] and not right[2], right)
    check("diff of the full program", run(OBJTOOL_FULL, "diff", *files) == right)
    for args in (["--help"], ["--version"], ["checksum", "--help"], ["help", "explain"], ["frobnicate"]):
        check("both say the same: %s" % args, run(OBJTOOL_FULL, *args) == objtool(*args))
    os.makedirs(path("root/bin"))
    os.makedirs(path("root/libexec"))
    program = shutil.copy(OBJTOOL, path("root/bin/objtool"))
    if os.path.samefile(OBJTOOL, OBJTOOL_FULL):
        check("a dynamic program is complete", run(program, "diff", *files) == right)
    else:
        status, out, err = run(program, "diff", *files)
        check("alone", status == 2 and not out and one_line(err) and "cannot run" in err and "libexec/objtool-full" in err
              and "'diff'" in err, err)
        check("alone, its own help", run(program, "--help") == objtool("--help"))
    shutil.copy(OBJTOOL_FULL, path("root/libexec/objtool-full"))
    os.symlink(program, path("link"))
    for name in (program, path("link")):
        check("as installed", run(name, "diff", *files) == right, run(name, "diff", *files))


def misuse(args, message, hint):
    status, out, err = objtool(*args)
    check("misuse: %s" % args, status == 2 and out == "" and one_line(err) and message in err
          and "see 'objtool %s--help'" % (hint + " " if hint else "") in err, (status, out, err))


def test_misuse():
    misuse([], "no command given", "")
    misuse(["difff"], "unknown command 'difff': did you mean 'diff'?", "")
    misuse(["check"], "did you mean 'checksum'?", "")
    misuse(["chekcsum"], "did you mean 'checksum'?", "")
    misuse(["x" * 1000], "unknown command 'xxx", "")
    check("no guess at a far word", "did you mean" not in objtool("frobnicate")[2])
    misuse([""], "unknown command ''", "")
    misuse(["help", "foo"], "unknown command 'foo'", "")
    misuse(["--foo"], "unknown option '--foo'", "")
    for command in COMMANDS:
        misuse([command, "--foo"], "unknown option '--foo'", command)
        misuse([command, "--foo=bar"], "unknown option '--foo=bar'", command)
        misuse([command, "-x", "a", "b"], "unknown option '-x'", command)
        misuse([command, "--help=x"], "'--help' takes no argument", command)
        misuse([command], " ", command)
    misuse(["diff", "a"], "two operands", "diff")
    misuse(["diff", "a", "b", "c"], "two operands", "diff")
    misuse(["diff", "--json", "--stat", "a", "b"], "only one", "diff")
    misuse(["diff", "--json=1", "a", "b"], "'--json' takes no argument", "diff")
    misuse(["diff", "--color=green", "a", "b"], "'green' is none of always|never|auto", "diff")
    misuse(["checksum", "--output"], "'--output' takes an argument", "checksum")
    misuse(["checksum", "-o"], "'--output' takes an argument", "checksum")
    misuse(["checksum", "-o", "x", "a.o", "b.o"], "directory", "checksum")
    misuse(["checksum", "-o", "x", "--dump", "f", "a.o"], "--dump", "checksum")
    misuse(["checksum", "--selfcheck", "-o", "x", "a.o"], "--selfcheck takes", "checksum")
    misuse(["checksum", "--selfcheck", "."], "--selfcheck takes", "checksum")
    misuse(["checksum", "--seed", "3", "a.o"], "--seed is for", "checksum")


def test_options():
    def parse(*args):
        return run(os.path.join(BUILD, "tests/cli/test-options"), *args)

    for args, expected in (
            ([], "0 '' 0 9"),
            (["a", "b"], "0 '' 0 9 a b"),
            (["-f", "a"], "1 '' 0 9 a"),
            (["a", "--flag"], "1 '' 0 9 a"),
            (["--fla", "a", "-s", "b"], None),
            (["--str=x"], "0 'x' 0 9"),
            (["-sx"], "0 'x' 0 9"),
            (["-s", "x", "--string", "y"], "0 'y' 0 9"),
            (["--string="], "0 '' 0 9"),
            (["-fsx"], "1 'x' 0 9"),
            (["-s", "--flag"], "0 '--flag' 0 9"),
            (["--", "-f"], "0 '' 0 9 -f"),
            (["-"], "0 '' 0 9 -"),
            (["-n7"], "0 '' 7 9"),
            (["--number=2147483647"], "0 '' 2147483647 9"),
            (["--number=2147483648"], None),
            (["-n", "0"], None), (["-n", "-1"], None), (["-n", "x"], None), (["-n", ""], None),
            (["-n", "1x"], None), (["-n", "99999999999999999999"], None), (["-n"], None),
            (["--choice"], "0 '' 0 0"),
            (["--choice", "two"], "0 '' 0 0 two"),
            (["--choice=one"], "0 '' 0 0"),
            (["--choice=two"], "0 '' 0 1"),
            (["-cthree"], "0 '' 0 2"),
            (["--choice=thre"], None), (["--choice=threee"], None), (["--choice="], None),
            (["--choice=one|two"], None)):
        status, out, err = parse(*args)
        if expected is None:
            check("options: %s" % args, status == 2 and out == "" and one_line(err), (out, err))
        else:
            check("options: %s" % args, (status, out, err) == (0, expected + "\n", ""), (out, err))
    check("options: help", parse("-h") == (0, """\
usage: objtool test [OPTION]... WORD...

Details.

  -f, --flag                        a flag
  -s, --string=TEXT                 a string
  -n, --number=N                    a number
  -c, --choice[=one|two|three]      a choice
      --flat                        shares three letters with flag
  -h, --help                        show this help
""", ""), parse("-h")[1])


def test_exit_status():
    for what, records, expected in (("same", SAME, 0), ("changed", CHANGED, 1), ("lines", LINES, 0)):
        files = pair(*records)
        for args in [], ["--json"], ["--name-only"], ["--name-status"], ["--stat"],\
                ["-q"], ["-q", "--json"]:
            status, out, err = objtool("diff", *args, *files)
            check("status of %s, %s" % (what, args), status == expected and err == "", (status, err))
            if "-q" in args:
                check("-q prints nothing: " + what, out == "", out)
    check("status of lines, --strict", objtool("diff", "--strict", "-q", *pair(*LINES))[0] == 1)
    check("quiet if nothing differs", objtool("diff", *pair(*SAME)) == (0, "", ""))
    check("lines are printed", "lines " in objtool("diff", *pair(*LINES))[1])
    missing = path("missing")
    for args in [missing, pair(*SAME)[0]], [pair(*SAME)[0], missing]:
        status, out, err = objtool("diff", "--json", *args)
        check("status of a missing file", status == 2 and out == "" and one_line(err) and missing in err)


def test_text():
    old = [func("changed", 1, code=1, refs=1), func("a_much_longer_name", 2, lines=1), func("went", 3),
           func("was", 4), func("x", 5), func("x", 6), line("data", "d", 7, consts=1),
           line("rest", ".init.text", 8), func("n" * 50, 1, code=1)]
    new = [func("changed", 11, code=2, refs=2), func("a_much_longer_name", 2, lines=2), func("came", 12),
           func("is", 4), func("x", 15), func("x", 16), line("data", "d", 17, consts=2),
           line("rest", ".init.text", 18), func("n" * 50, 2, size=20, code=2)]
    files = pair(old, new)
    expected = """\
added      func      +16  came
changed    func           changed  code, calls and data used
renamed    func           is       was was
changed    func       +4  %s  code
removed    func      -16  went
ambiguous  func           x        2 in the old build, 2 in the new: which is which cannot be told
changed    data           d        strings and constants
changed    rest           .init.text  contents
lines      a_much_longer_name
functions: 2 changed, 1 lines only, 1 added, 1 removed, 1 renamed, 4 ambiguous (of 7); \
data objects: 1 changed (of 1); rest of sections: 1 changed (of 1)
""" % ("n" * 50)
    expected = re.sub(r"(  )(changed|is|x|d)( +)(?=code, c|was|2 in|strings)",
                      lambda m: m[1] + m[2].ljust(10) + "  ", expected)
    out = objtool("diff", *files)[1]
    check("text", out == expected, "\n" + out)
    check("text: no blanks at line ends", not re.search(r" $", out, re.M))
    check("names", objtool("diff", "--name-only", *files)[1]
          == "came\nchanged\nis\n%s\nwent\nx\nd\n.init.text\n" % ("n" * 50))
    check("names, --strict", "a_much" in objtool("diff", "--name-only", "--strict", *files)[1])


def test_json():
    files = pair(*CHANGED)
    out = objtool("diff", "--json", *files)[1]
    check("json: one document", json.loads(out) == {
        "version": 1, "old": files[0], "new": files[1],
        "changes": [{"object": "b.o", "name": "f", "kind": "func", "status": "changed",
                     "old_size": 16, "new_size": 16, "lanes": ["code"]}],
        "summary": {"changed": 1, "lines": 0, "added": 0, "removed": 0, "renamed": 0, "ambiguous": 0,
                    "ignored": 0, "objects": 1, "functions": 1, "data": 0}}, out)
    check("json: ends its line", out.endswith("}\n"))
    check("json: nothing differs", json.loads(objtool("diff", "--json", *pair(*SAME))[1])["changes"] == [])
    files = pair([], [func("a\\x5cb\"\\xff\\x0a")])
    check("json: a name is as in the file",
          json.loads(objtool("diff", "--json", *files)[1])["changes"][0]["name"] == "a\\x5cb\"\\xff\\x0a")
    cases = {b"\"quoted\\": "\"quoted\\", b"tab\tnl\n\x01\x7f": "tab\tnl\n\x01\x7f",
             "grüße-€-😀".encode(): "grüße-€-😀", b"bad\xff": "bad\ufffd", b"cut\xc3": "cut\ufffd",
             b"over\xc0\xaflong": "over\ufffd\ufffdlong", b"sur\xed\xa0\x80": "sur\ufffd\ufffd\ufffd",
             b"e\xe0\x80\x80": "e\ufffd\ufffd\ufffd", b"\xf4\x90\x80\x80": "\ufffd" * 4,
             b"\xf0\x80\x80\x80": "\ufffd" * 4, b"three\xe2\x82": "three\ufffd\ufffd",
             b"\xf5\x80": "\ufffd\ufffd", "\U0010ffff\ud7ff\ue000\u0800".encode(): "\U0010ffff\ud7ff\ue000\u0800"}
    for name, expected in cases.items():
        file = os.path.join(os.fsencode(path("")), name)
        with open(files[1], "rb") as source, open(file, "wb") as f:
            f.write(source.read())
        p = subprocess.run([OBJTOOL, "diff", "--json", files[0], file], capture_output=True, check=False)
        try:
            found = json.loads(p.stdout.decode("utf-8"))
        except ValueError as e:
            found = {"new": e, "changes": [{"object": e}]}
        check("json: path %r" % name, found["new"] == path("") + expected
              and found["changes"][0]["object"] == expected, p.stdout)


def listed(schema, value, where="document"):
    """Members that the schema does not tell of: it allows them, for later, but ours must all be there."""
    schema = SCHEMA["$defs"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    if isinstance(value, list):
        return [name for item in value for name in listed(schema["items"], item, where)]
    if not isinstance(value, dict):
        return []
    found = [where + "." + name for name in value if name not in schema["properties"]]
    return found + [f for name, v in value.items() if name in schema["properties"]
                    for f in listed(schema["properties"][name], v, name)]


def every_status():
    old = [func("changed", 1, code=1), func("moved", 1, lines=1), func("went", 3), func("was", 4),
           func("x", 5), func("x", 6), line("data", "d", 7, consts=1), line("rest", ".init.text", 8),
           func("f.isra.constprop@a.c", 1, 8, **{name: 1 for name in LANES})]
    new = [func("changed", 11, code=2), func("moved", 1, lines=2), func("came", 12), func("is", 4),
           func("x", 15), func("x", 16), line("data", "d", 17, consts=2), line("rest", ".init.text", 18),
           func("f.isra.constprop@a.c", 2, 9, **{name: 2 for name in LANES})]
    return pair(old, new)


def test_schema():
    validator = jsonschema.Draft202012Validator(SCHEMA)
    validator.check_schema(SCHEMA)
    found = json.loads(objtool("diff", "--json", *every_status())[1])
    check("schema: every status is in the case", {c["status"] for c in found["changes"]} ==
          set(SCHEMA["$defs"]["change"]["properties"]["status"]["enum"]), found)
    errors = [e.message for e in validator.iter_errors(found)]
    check("schema: a document with everything", errors == [], errors)
    check("schema: tells of every member", listed(SCHEMA, found) == [], listed(SCHEMA, found))
    check("schema: of nothing else", {name for c in found["changes"] for name in c} ==
          set(SCHEMA["$defs"]["change"]["properties"]))
    check("schema: the lanes", SCHEMA["$defs"]["lane"]["enum"] == LANES)
    check("schema: nothing differs",
          validator.is_valid(json.loads(objtool("diff", "--json", *pair(*SAME))[1])))
    by_name = {c["name"]: c for c in found["changes"] if c["kind"] == "func"}
    for what, name, change in (
            ("version", None, lambda d: d.update(version=2)),
            ("no summary", None, lambda d: d.pop("summary")),
            ("status", "changed", lambda c: c.update(status="other")),
            ("lane", "changed", lambda c: c.update(lanes=["codes"])),
            ("lane twice", "changed", lambda c: c.update(lanes=["code", "code"])),
            ("size", "changed", lambda c: c.update(old_size=-1)),
            ("no size", "changed", lambda c: c.pop("new_size")),
            ("renamed from nothing", "is", lambda c: c.pop("old_name")),
            ("changed from a name", "changed", lambda c: c.update(old_name="f")),
            ("ambiguous in no build", "x", lambda c: c.pop("build")),
            ("added, but there", "came", lambda c: c.update(old_size=1)),
            ("removed, but there", "went", lambda c: c.update(new_size=1))):
        kept = json.dumps(found)
        change(by_name[name] if name else found)
        check("schema: refuses " + what, not validator.is_valid(found))
        found = json.loads(kept)
        by_name = {c["name"]: c for c in found["changes"] if c["kind"] == "func"}
    check("clone_of", by_name["f.isra.constprop@a.c"]["clone_of"] == "f" and "clone_of" not in by_name["is"])


def test_ignore():
    files = every_status()
    every = {"changed", "moved", "went", "came", "is", "x", "d", ".init.text", "f.isra.constprop@a.c"}

    def left(*patterns, options=()):
        status, out, err = objtool("diff", "--json", "--ignore", make_file("ignore", "\n".join(patterns).encode()),
                                   *options, *files)
        found = json.loads(out) if out else None
        names = {c["name"] for c in found["changes"]} if found else None
        return status, names, err, found

    for patterns, gone in (
            ([], set()), (["", "# name=*", "  # x"], set()),
            (["name=changed"], {"changed"}), (["name=c*"], {"changed", "came"}), (["name=?"], {"x", "d"}),
            (["name=[xd]"], {"x", "d"}), (["name=was"], {"is"}), (["name=f.*"], {"f.isra.constprop@a.c"}),
            (["kind=data"], {"d"}), (["kind=data,rest"], {"d", ".init.text"}), (["object=b.o"], every),
            (["object=*.o kind=data"], {"d"}), (["  kind=data\tname=d  "], {"d"}), (["kind=data\r"], {"d"}),
            (["status=added,removed"], {"came", "went"}), (["status=lines"], {"moved"}),
            (["status=ambiguous"], {"x"}), (["status=renamed"], {"is"}),
            (["lanes=code"], {"changed"}), (["lanes=consts"], {"d"}), (["lanes=code,consts"], {"changed", "d"}),
            (["lanes=lines"], {"moved"}), (["lanes=" + ",".join(LANES)], {"changed", "d", "moved",
                                                                          "f.isra.constprop@a.c"}),
            (["name=changed", "name=changed", "status=added"], {"changed", "came"})):
        status, names, err, found = left(*patterns)
        check("ignore: %s" % patterns, names == every - gone and err == "" and
              status == int(bool(every - gone)), (names and every - names, err, status))
        check("ignore: %s: counted" % patterns, found["summary"]["ignored"] + len(found["changes"]) == 12
              and sum(found["summary"][s] for s in SCHEMA["$defs"]["change"]["properties"]["status"]["enum"])
              == len(found["changes"]), found)
    status, names, err, _ = left("name=changed", "", "name=none lanes=code")
    check("ignore: unused", names == every - {"changed"} and status == 1 and one_line(err)
          and "ignore:3: nothing differs that matches 'name=none lanes=code'" in err, err)
    check("ignore: a lane beside others that differ is no match", left("lanes=code")[1] >= {"f.isra.constprop@a.c"})
    check("ignore: unused, --strict", left("name=changed", "name=none", options=["--strict"])[0] == 2)
    check("ignore: used, --strict", left("name=changed", options=["--strict"])[0] == 1)
    check("ignore: all, --strict", left("name=*", options=["--strict"])[0] == 0)
    out = objtool("diff", "--ignore", make_file("ignore", b"name=changed\nkind=data\n"), *files)[1]
    check("ignore: the totals tell", out.endswith("; 2 ignored\n"), out)
    out = objtool("diff", "--ignore", make_file("ignore", b"name=*"), *files)
    check("ignore: everything", out == (0, "functions: none (of 7); data objects: none (of 1); 12 ignored\n", ""), out)
    for bad, message in (("nam=x", "'nam=x' is none of"), ("x", "'x' is none of"), ("name=", "nothing behind 'name='"),
                         ("name=a name=b", "'name=' is there twice"), ("status=gone", "no status 'gone'"),
                         ("status=added,", "no status ''"), ("kind=function", "no kind 'function'"),
                         ("lanes=code,cod", "no lanes 'cod'"), ("kind=func kind=data", "there twice"),
                         ("name=x # comment", "'#' is none of")):
        status, _, err, found = left("name=*", bad)
        check("ignore: refused: " + bad, status == 2 and found is None and one_line(err)
              and "ignore:2: " in err and message in err, err)
    status, _, err = objtool("diff", "--ignore", path("missing"), *files)
    check("ignore: no such file", status == 2 and one_line(err) and "missing" in err, err)


def on_terminal(*args, **env):
    """What the program prints if stdout is a terminal; a status that is not 0 or 1 is added to it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    with subprocess.Popen([OBJTOOL, *args], stdout=slave,
                          env={**os.environ, "TERM": "xterm", "NO_COLOR": "", "OBJTOOL_PAGER": "", **env}) as p:
        os.close(slave)
        out = b""
        try:
            while chunk := os.read(master, 65536):
                out += chunk
        except OSError:
            pass
        status = p.wait(20)
    os.close(master)
    return out.decode() + ("" if status in (0, 1) else "status %d" % status)


def test_pager():
    """A pager is a command: these say that they ran, and what they got."""
    files = pair(*CHANGED)
    plain = objtool("diff", *files)[1]
    count = "tr -d '[:space:]' | wc -c | sed 's/^ */paged /'"
    paged = "paged %d\r\n" % len(re.sub(r"\s", "", plain))
    for what, expected, args, env in (
            ("OBJTOOL_PAGER", paged, [], {"OBJTOOL_PAGER": count}),
            ("OBJTOOL_PAGER before PAGER", paged, [], {"OBJTOOL_PAGER": count, "PAGER": "echo no"}),
            ("not with --no-pager", plain, ["--no-pager"], {"OBJTOOL_PAGER": count}),
            ("cat is none", plain, [], {"OBJTOOL_PAGER": "cat", "PAGER": count}),
            ("empty is none", plain, [], {"OBJTOOL_PAGER": "", "PAGER": count}),
            ("a missing one is none", plain, [], {"OBJTOOL_PAGER": "no-such-pager-here"}),
            ("LESS", "FRX\r\n", [], {"OBJTOOL_PAGER": "cat >/dev/null; echo $LESS"}),
            ("LESS as it was", "abc\r\n", [], {"OBJTOOL_PAGER": "cat >/dev/null; echo $LESS", "LESS": "abc"}),
            ("not if nothing is printed", "", ["-q"], {"OBJTOOL_PAGER": count})):
        out = on_terminal("diff", "--color=never", *args, *files, **env)
        check("pager: " + what, out == expected.replace("\r\n", "\n").replace("\n", "\r\n"), repr(out))
    check("pager: colours go through it",
          "\033[33m" in on_terminal("diff", *files, OBJTOOL_PAGER="tee /dev/null"))
    check("pager: not in a pipe", run("env", "PAGER=" + count, OBJTOOL, "diff", *files)[1] == plain)
    objects = [compile_object("paged/%s/x.o" % side, "int f(int a) { return a + %d; }\n" % i)
               for i, side in enumerate(("old", "new"))]
    write(objects[0] + ".checksums", [func("f", 1, code=1)])  # not what the object has: -p finds out
    script = 'OBJTOOL_PAGER="sed s/^/P:/" "$0" diff -p "$@"; "$0" diff "$1" none; echo status $?'
    out = subprocess.run(["script", "-qec", "sh -c '%s' %s %s %s" % (
        script, OBJTOOL, path("paged/old"), path("paged/new")), "/dev/null"],
        stdin=subprocess.DEVNULL, capture_output=True, check=False).stdout.decode()
    check("pager: messages go through it, and not after it",
          re.search(r"^P:objtool: error: .*not what its checksum says", out, re.M)
          and re.search(r"^objtool: error: cannot read none.*\r\nstatus 2", out, re.M), out)
    status, _, err = objtool("diff", "-p", *files)
    check("-p of checksums: said once, at the end", status == 2 and one_line(err)
          and "of 1 object (b.o) only .checksums" in err, err)
    many = pair([], [func("f%d" % i, i) for i in range(20000)])
    for pager, status in (("true", 1), ("head -n 1 >/dev/null", 1), ("false", 1)):
        for what, compared in (("differences", many), ("none", [many[0], many[0]])):
            script = "\"$@\"; echo status $?"
            out = subprocess.run(["script", "-qec", "sh -c '%s' sh %s diff %s %s" % (
                script, OBJTOOL, *compared), "/dev/null"], stdin=subprocess.DEVNULL, capture_output=True,
                env={**os.environ, "OBJTOOL_PAGER": pager}, check=False).stdout.decode()
            check("pager: left early, %s, %s" % (pager, what),
                  out == "status %d\r\n" % (status if what == "differences" else 0), repr(out))


def test_name_status():
    old = [func("changed", 1, code=1), func("was", 4), func("went", 3), func("moved", 1, lines=1)]
    new = [func("changed", 2, code=2), func("is", 4), func("came", 5), func("moved", 1, lines=2)]
    out = objtool("diff", "--name-status", *pair(old, new))[1]
    check("name-status", out == "added\tfunc\tb.o\tcame\nchanged\tfunc\tb.o\tchanged\n"
          "renamed\tfunc\tb.o\tis\tb.o\twas\nlines\tfunc\tb.o\tmoved\nremoved\tfunc\tb.o\twent\n", out)
    wide = pair([func("f" * 20 + str(i), 1, lines=1) for i in range(20)],
                [func("f" * 20 + str(i), 1, lines=2) for i in range(20)])
    for columns, widest in (("50", 50), ("100", 100)):
        out = run("env", "COLUMNS=" + columns, OBJTOOL, "diff", *wide)[1].split("\n")[:-2]
        check("width: COLUMNS=" + columns, widest - 24 < max(map(len, out)) <= widest, out)
    out = on_terminal("diff", "--color=never", *wide).split("\r\n")[:-2]
    check("width: the terminal's", 36 < max(map(len, out)) <= 60, out)


def test_colour():
    files = pair(*CHANGED)
    for what, coloured, out in (
            ("on a terminal", True, on_terminal("diff", *files)),
            ("NO_COLOR", False, on_terminal("diff", *files, NO_COLOR="1")),
            ("NO_COLOR, but asked for", True, on_terminal("diff", "--color", *files, NO_COLOR="1")),
            ("TERM=dumb", False, on_terminal("diff", *files, TERM="dumb")),
            ("--color=never", False, on_terminal("diff", "--color=never", *files)),
            ("--color=auto", True, on_terminal("diff", "--color=auto", *files)),
            ("JSON on a terminal", False, on_terminal("diff", "--json", *files)),
            ("in a pipe", False, objtool("diff", *files)[1]),
            ("--color in a pipe", True, objtool("diff", "--color", *files)[1]),
            ("--color=always in a pipe", True, objtool("diff", "--color=always", *files)[1]),
            ("--color=auto in a pipe", False, objtool("diff", "--color=auto", *files)[1])):
        check("colour: " + what, out != "" and ("\033[" in out) == coloured, repr(out))
    plain = objtool("diff", *files)[1]
    check("colour changes nothing else",
          re.sub(r"\033\[\d*m", "", objtool("diff", "--color", *files)[1]) == plain)


def test_stdout():
    files = pair(*CHANGED)
    many = pair([], [func("f%d" % i, i) for i in range(5000)])
    for what, args in (("help", ["--help"]), ("diff", ["diff", *files]), ("version", ["--version"]),
                       ("long diff", ["diff", *many])):
        with open("/dev/full", "wb") as full:
            p = subprocess.run([OBJTOOL, *args], stdout=full, stderr=subprocess.PIPE, check=False)
        err = p.stderr.decode()
        check("full disk: " + what, p.returncode == 2 and one_line(err)
              and "cannot write standard output" in err, (p.returncode, err))
        status, _, err = run("sh", "-c", "exec \"$@\" >&-", "sh", OBJTOOL, *args)
        check("closed stdout: " + what, status == 2 and one_line(err), (status, err))
    reader, writer = os.pipe()
    os.close(reader)
    p = subprocess.run([OBJTOOL, "diff", *many], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    check("closed pipe: quiet, by SIGPIPE", p.returncode == -signal.SIGPIPE and p.stderr == b"",
          (p.returncode, p.stderr))
    check("closed stderr", run("sh", "-c", "exec \"$@\" 2>&-", "sh", OBJTOOL, "diff", "none", "none")
          == (2, "", ""))


def test_inputs():
    obj = compile_object("in/x.o", "int f(int a) { return a + 1; }\n")
    other = compile_object("in/y.o", "int f(int a) { return a + 2; }\n")
    check("checksum of an object", objtool("checksum", obj, other) == (0, "", ""))
    sums = obj + ".checksums"
    copied = make_file("in/renamed.txt", open(sums, "rb").read())
    for what, a, b, expected in (
            ("objects", obj, obj, 0), ("objects", obj, other, 1), ("object and checksums", obj, sums, 0),
            ("checksums and object", sums, other, 1), ("checksums", sums, other + ".checksums", 1),
            ("checksums under another name", copied, obj, 0)):
        status, _, err = objtool("diff", a, b)
        check("inputs: " + what, status == expected and err == "", (status, err))
    text = open(sums, "rb").read()
    check("inputs: stdin", objtool("diff", "-", other, stdin=text)[0] == 1)
    check("inputs: pipes", run("bash", "-c", "\"$1\" diff <(cat \"$2\") <(cat \"$2\")", "bash",
                               OBJTOOL, sums) == (0, "", ""))
    os.mkdir(path("nothing"))
    for what, bad, message in (("directory", path("nothing"), "directory"),
                               ("text", make_file("text", b"int f;\n"), "text"),
                               ("empty", make_file("empty"), "empty"),
                               ("/dev/null", "/dev/null", "empty"),
                               ("damaged", make_file("d.checksums", text[:-1]), "truncated")):
        for args in (bad, obj), (obj, bad):
            status, out, err = objtool("diff", *args)
            check("inputs: " + what, status == 2 and out == "" and one_line(err) and message in err, err)
    found = json.loads(objtool("diff", "--json", sums, other)[1])
    check("inputs: paths as given", (found["old"], found["new"]) == (sums, other))
    check("inputs: the object is called as the new one", found["changes"][0]["object"] == "y.o")


def test_warnings():
    def warned(old, new):
        write(path("a"), [func("f")], **old)
        write(path("b"), [func("f")], **new)
        status, out, err = objtool("diff", path("a"), path("b"))
        check("warnings: status and stdout", (status, out) == (0, ""))
        return err

    gcc, clang = {"compiler": "GCC: 12"}, {"compiler": "clang 14"}
    err = warned(gcc, clang)
    check("warnings: compilers", one_line(err) and "'GCC: 12'" in err and "'clang 14'" in err, err)
    err = warned({"step": "before"}, {"step": "after"})
    check("warnings: steps", one_line(err) and "before" in err and "after" in err, err)
    for what, old, new in (("same compiler", gcc, gcc), ("one unknown", gcc, {}), ("both unknown", {}, {}),
                           ("same step", {"step": "after"}, {"step": "after"}),
                           ("one step unknown", {}, {"step": "after"})):
        check("warnings: none: " + what, warned(old, new) == "")


def test_checksum():
    obj = compile_object("out/x.o", "int f(int a) { return a + 1; }\n")
    same = compile_object("out/sub/x.o", "int g(int a) { return a + 1; }\n")
    other = compile_object("out/y.o", "int h(int a) { return a + 1; }\n")
    text = objtool("checksum", "-o", "-", obj)[1]
    check("checksum: to stdout", text.startswith("objtool-checksums\t1\t") and "\tf\t" in text)
    check("checksum: nothing beside it", not os.path.exists(obj + ".checksums"))
    for args in [obj], ["-o", path("out/z"), obj], ["--output=" + path("out/sub"), obj]:
        check("checksum: %s" % args[:1], objtool("checksum", *args) == (0, "", ""))
    for name in "out/x.o.checksums", "out/z", "out/sub/x.o.checksums":
        check("checksum: wrote " + name, os.path.exists(path(name))
              and open(path(name)).read() == text)
    bad = make_file("out/bad.o", b"no object")
    status, out, err = objtool("checksum", bad, other, path("out/none.o"))
    check("checksum: goes on after an error", status == 2 and out == "" and err.count("\n") == 2
          and bad in err and os.path.exists(other + ".checksums"), err)
    check("checksum: nothing for what failed", not os.path.exists(bad + ".checksums"))
    status, _, err = objtool("checksum", "-o", path("out/sub"), obj, same)
    check("checksum: two of one name in a directory", status == 2 and one_line(err)
          and obj in err and same in err, err)
    before = open(obj, "rb").read()
    status, _, err = objtool("checksum", "-o", obj, obj)
    check("checksum: not over the object", status == 2 and one_line(err)
          and open(obj, "rb").read() == before, err)
    status, out, err = objtool("checksum", "--dump", "f", obj)
    check("checksum: --dump", status == 0 and err == "" and len(out.split("\n")) > 3)
    status, out, err = objtool("checksum", "--dump", "none", obj)
    check("checksum: --dump of nothing", status == 2 and one_line(err) and "none" in err, err)
    status, _, err = objtool("checksum", "-o", path("out/missing/z"), obj)
    check("checksum: no directory", status == 2 and one_line(err) and "missing/z" in err, err)
    status, _, err = objtool("checksum", "-o", "/dev/full", obj)
    check("checksum: full", status == 2 and one_line(err) and "No space" in err, err)


test_help()
test_two_programs()
test_misuse()
test_options()
test_exit_status()
test_text()
test_json()
test_schema()
test_ignore()
test_colour()
test_pager()
test_name_status()
test_stdout()
test_inputs()
test_warnings()
test_checksum()
finish()
