# SPDX-License-Identifier: GPL-2.0-or-later
"""harness.py - run a program, check what it did, count

check() prints what fails and goes on; finish() prints the line that the
runner adds up and ends the suite. The environment is the one of env.sh.
"""
import collections
import os
import subprocess
import sys
import tempfile

BUILD, OBJTOOL, OBJTOOL_FULL = (os.environ[name] for name in ("BUILD", "OBJTOOL", "OBJTOOL_FULL"))

Result = collections.namedtuple("Result", "status out err")

counts = {True: 0, False: 0}
scratch = tempfile.TemporaryDirectory(prefix="objtool-test-")


def path(*parts):
    """A path in the suite's scratch directory."""
    return os.path.join(scratch.name, *parts)


def make_file(name, data=b""):
    with open(path(name), "wb") as f:
        f.write(data)
    return path(name)


def check(what, good, *details):
    counts[bool(good)] += 1
    if not good:
        print("FAIL: %s" % what)
        for detail in details:
            print("      %s" % str(detail).replace("\n", "\n      "))
    return good


def run(*argv, stdin=b"", **kwargs):
    """Run to the end, with these bytes to read; text that is printed is decoded byte by byte."""
    kwargs.setdefault("timeout", 300)
    p = subprocess.run(argv, input=stdin, capture_output=True, check=False, **kwargs)
    return Result(p.returncode, p.stdout.decode("latin-1"), p.stderr.decode("latin-1"))


def objtool(*args, **kwargs):
    return run(OBJTOOL, *args, **kwargs)


def one_line(text):
    return text.endswith("\n") and text.count("\n") == 1


def finish():
    print("%d passed, %d failed" % (counts[True], counts[False]))
    sys.exit(1 if counts[False] else 0)
