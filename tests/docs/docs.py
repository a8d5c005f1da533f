# SPDX-License-Identifier: GPL-2.0-or-later
"""docs.py - option tables, --help, man pages and shell completion say the same

--help is printed from the tables; it is what all others are compared with.
"""
import glob
import os
import re
import subprocess

from harness import OBJTOOL, check, finish, make_file, objtool, path, run

COMMANDS = re.findall(r"^  ([a-z][a-z-]*) +[A-Za-z]", objtool("--help")[1], re.M)
OPTION = re.compile(r"^  (?:-(\w),|   ) --([a-z-]+)(?:(\[?)=([^]\s]+)\]?)?  *(\S.*)$", re.M)


def options(command):
    """{name: (letter, argument, whether it may be left out, text)}"""
    text = objtool(command, "--help")[1]
    found = {name: (letter, arg, optional == "[", words) for letter, name, optional, arg, words in OPTION.findall(text)}
    lines = re.findall(r"^ +(?:-\w, *)?--\w.*$", text, re.M)
    check("help of %s: each line is understood" % command, len(found) == len(lines) > 1, lines)
    return found


def man_source(page):
    with open("man/" + page, encoding="utf-8") as f:
        return f.read()


def man_options(page):
    """The same of a man page: of each .It Fl."""
    found = {}
    for entry in re.findall(r"^\.It Fl (.*)$", man_source(page), re.M):
        m = re.fullmatch(r"(?:(\w)(?: Ar (\S+))? , Fl )?-([a-z-]+)(?:( Ns Op =| Ns =) Ns Ar (\S+))?", entry)
        check("%s: '%s' is understood" % (page, entry), m)
        if m:
            check("%s: %s: both forms take the same" % (page, m[3]), not m[1] or m[2] == m[5] or "Op" in (m[4] or ""))
            found[m[3]] = (m[1] or "", m[5] or "", " Op " in (m[4] or ""))
    return found


def test_man_options():
    for command in COMMANDS:
        page = "objtool-%s.1" % command
        if not check("man: there is a page of " + command, os.path.exists("man/" + page)):
            continue
        table, man = options(command), man_options(page)
        check("man: options of %s" % command, {n: o[:3] for n, o in table.items()} == man,
              "only in --help: %s\n           only in the man page: %s" % (
                  {n: o for n, o in table.items() if man.get(n) != o[:3]},
                  {n: o for n, o in man.items() if table.get(n, ())[:3] != o}))
        check("man: options of %s: same order" % command, list(table) == list(man))
        check("man: operands of " + command, re.search(
            r"usage: objtool %s \[OPTION\]\.\.\. (.*)" % command, objtool(command, "--help")[1])[1].replace("...", " ...")
            == re.search(r"^\.Op Ar OPTION \.\.\.\n\.Ar (.*)$", man_source(page), re.M)[1])
        check("man: objtool(1) names " + command, ".It Cm %s\n" % command in man_source("objtool.1")
              and ".Xr objtool-%s 1" % command in man_source("objtool.1"))
    pages = {"objtool-%s.1" % c for c in COMMANDS} | {"objtool.1", "objtool-checksums.5"}
    check("man: no page of nothing", set(os.listdir("man")) == pages, os.listdir("man"))
    main = re.findall(r"^\.It Fl (.*)$", man_source("objtool.1"), re.M)
    check("man: options of objtool itself", main == ["h , Fl -help", "-version"]
          and all(objtool(o)[0] == 0 for o in ("-h", "--help", "--version")), main)


def test_man_form():
    known = {os.path.basename(p)[:-2] + " " + p[-1] for p in glob.glob("man/*")}
    for page in sorted(os.listdir("man")):
        out = run("mandoc", "-T", "lint", "-W", "warning", "man/" + page)
        check("man: lint of " + page, out == (0, "", ""), out)
        out = run("mandoc", "-T", "ascii", "-O", "width=80", "man/" + page)[1]
        text = re.sub(".\b", "", out)
        check("man: %s has its sections" % page, all(("\n%s\n" % s) in "\n" + text for s in (
            "NAME", "DESCRIPTION", "SEE ALSO")), text)
        check("man: %s fits 80 columns" % page, max(map(len, text.split("\n"))) <= 80)
        for name in re.findall(r"^\.Xr (objtool\S* \d)", man_source(page), re.M):
            check("man: %s: %s is there" % (page, name), name in known)
    for lane in re.findall(r"^\| `(\w+)` \|.*\| (.*) \|$", open("README.md", encoding="utf-8").read(), re.M):
        check("man: lane %s is told as in README" % lane[0],
              re.search(r"^\.It Li %s\n\.Em %s( :)?$" % lane, man_source("objtool-checksums.5"), re.M))


def test_install():
    out = run("make", "-s", "-o", "all", "install", "BUILD=" + os.path.dirname(OBJTOOL), "DESTDIR=" + path("root"), "PREFIX=/usr")
    check("install", out[0] == 0, out)
    check("install: it runs", run(path("root/usr/bin/objtool"), "diff", "--help")[0] == 0)
    for name in (["bin/objtool", "share/objtool/diff.schema.json", "share/bash-completion/completions/objtool",
                  "share/zsh/site-functions/_objtool"]
                 + ["share/man/man%s/%s" % (p[-1], p) for p in os.listdir("man")]):
        check("install: " + name, os.path.exists(path("root/usr/" + name)))


def bash(*words):
    """What bash offers for the last of @words, as readline breaks them."""
    script = """source completion/objtool.bash
compopt() { nospace=" nospace"; }
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_objtool "$1"
printf '%s\\n' "${COMPREPLY[@]/%/$nospace}"
"""
    status, out, err = run("bash", "-c", script, "bash", OBJTOOL, *words)
    check("bash: quiet", status == 0 and err == "", err)
    return out.split("\n")[:-1] if out != "\n" else []


def test_bash():
    check("bash: commands", sorted(bash("")) == sorted(COMMANDS + ["help", "--help", "--version"]), bash(""))
    check("bash: part of a command", bash("di") == ["diff"])
    check("bash: help", bash("help", "") == COMMANDS)
    for command in COMMANDS:
        expected = ["--%s%s" % (name, "=" if arg else "") for name, (_, arg, _, _) in options(command).items()]
        check("bash: options of " + command, bash(command, "-") == expected, bash(command, "-"))
        check("bash: files of " + command, bash(command, "") == [])
        for name, (_, arg, _, _) in options(command).items():
            words = arg.split("|") if re.fullmatch(r"[a-z|-]+\|[a-z|-]+", arg) else []
            for typed in (["--" + name, "="], ["--" + name, "=", ""]):
                check("bash: argument of --%s" % name, bash(command, *typed) == words, bash(command, *typed))
    check("bash: --color=al", bash("diff", "--color", "=", "al") == ["always"])
    check("bash: an argument follows at once", bash("diff", "--ign") == ["--ignore= nospace"])
    check("bash: a flag ends", bash("diff", "--js") == ["--json"])
    check("bash: unknown command", bash("nonsense", "-") == [])


def zsh(*words):
    """What is handed to zsh's own functions for the last of @words."""
    script = """_describe() { print -rl -- "describe ${@[-2]}" "${(@P)@[-1]}" }
_arguments() { print -rl -- "arguments $words[1]" "$@" }
words=("$@") CURRENT=$#
source completion/_objtool
"""
    # The leak checker stops its own process, and under zsh does not always go on.
    status, out, err = run("env", "ASAN_OPTIONS=detect_leaks=0", "zsh", "-f", "-c", script, "zsh", OBJTOOL, *words)
    check("zsh: quiet", status == 0 and err == "", err)
    return out.split("\n")[:-1]


def test_zsh():
    listed = dict(re.findall(r"^  ([a-z][a-z-]*) +([A-Za-z].*)$", objtool("--help")[1], re.M))
    described = ["%s:%s" % c for c in listed.items()]
    check("zsh: commands", zsh("") == ["describe command"] + described + ["help:show the options of a command"], zsh(""))
    check("zsh: help", zsh("help", "") == ["describe command"] + described, zsh("help", ""))
    for command in COMMANDS:
        expected = ["arguments " + command, "-s"]
        for name, (letter, arg, optional, text) in options(command).items():
            both = "(-%s --%s)" % (letter, name) if letter else ""
            text = "[%s]" % re.sub(r"([\[\]:])", r"\\\1", text)
            shown = arg.replace("|", " or ")
            action = "_files" if "FILE" in arg or "DIR" in arg else "(%s)" % arg.replace("|", " ") if "|" in arg else ""
            if optional:
                expected.append("%s--%s=-%s::%s:%s" % (both, name, text, shown, action))
            elif arg:
                expected.append("%s--%s=%s:%s:%s" % (both, name, text, shown, action))
            else:
                expected.append("%s--%s%s" % (both, name, text))
            if letter:
                expected.append("%s-%s%s" % (both, letter, "+%s:%s:%s" % (text, shown, action) if arg else text))
        expected.append("*:file:_files")
        check("zsh: options of " + command, zsh(command, "-") == expected, "\n%s\n%s" % (zsh(command, "-"), expected))


def test_checks():
    """The comparison itself: what is wrong in one place is found out."""
    source = man_source("objtool-diff.1")
    good = man_options("objtool-diff.1")
    for what, old, new in (("another name", ".It Fl -json", ".It Fl -jsn"), ("another letter", "Fl q ,", "Fl Q ,"),
                           ("another argument", "-ignore Ns = Ns Ar FILE", "-ignore Ns = Ns Ar PATH"),
                           ("none", ".It Fl -stat\n", ".Pp\n"), ("no choice", "-color Ns Op =", "-color Ns =")):
        check("check: there is something to alter: " + what, old in source)
        make_file("altered", source.replace(old, new).encode())
        check("check: finds " + what, man_options(os.path.relpath(path("altered"), "man")) != good)
    bad = make_file("bad.1", b".Dd November 22, 2026\n.Dt BAD 1\n.Os\n.Sh NAME\n.Nm bad\n.Nd x\n.Bl\n.It x\n")
    check("check: mandoc finds a list without end", subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", bad], capture_output=True, check=False).returncode != 0)


for test in (test_man_options, test_man_form, test_install, test_bash, test_zsh, test_checks):
    test()
finish()
