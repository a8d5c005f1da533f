# SPDX-License-Identifier: GPL-2.0-or-later
"""places.py - full disks, folders that are not to be written to, pipes nobody reads, odd files"""
import contextlib
import os
import shutil
import signal
import subprocess

from common import CODE, assemble, leftovers, not_sanitized, read, write
from harness import OBJTOOL, OBJTOOL_FULL, check, objtool, path, run


@not_sanitized
def test_full_disk():
    small = path("small")
    os.makedirs(small)
    if os.geteuid() != 0 or run("mount", "-t", "tmpfs", "-o", "size=64k", "none", small).status:
        return
    try:
        obj = assemble("small/x.o", CODE % (1, "one"))
        objtool("checksum", obj)
        before = read(obj + ".checksums")
        shutil.copy(assemble("disk/x.o", CODE % (2, "two")), obj)
        with open(small + "/filler", "wb", buffering=0) as f, contextlib.suppress(OSError):
            while f.write(b"x" * 4096):
                pass
        result = objtool("checksum", obj)
        check("full disk", before and result.status == 2 and read(obj + ".checksums") == before and
              not leftovers(small) and "No space" in result.err, result)
    finally:
        run("umount", small)


def test_read_only():
    """A folder that nobody may write to, and one of a file system that is not to be written to."""
    place, inner = path("mine"), path("mine/inner")
    os.makedirs(inner)
    os.chmod(path(), 0o755)
    program = shutil.copy(OBJTOOL, path("objtool"))
    shutil.copy(OBJTOOL_FULL, path("objtool-full"))
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
        lines = result.err.splitlines()
        check(what, result.status == 2 and len(lines) == 1 and words in lines[0] and inner in lines[0] and
              read(inner + "/x.o.checksums") == before and not leftovers(place), result)

    refused("a folder that cannot be written to", "Permission denied",
            "checksum", inner + "/x.o", **as_nobody)
    refused("the same in a tree, before anything is done", "Permission denied",
            "checksum", place, **as_nobody)
    result = run(program, "diff", inner + "/x.o.checksums", inner + "/x.o", **as_nobody)
    check("diff writes nothing there", result.status == 1, result)
    os.chmod(inner + "/x.o", 0)
    refused("an object that cannot be read", "Permission denied",
            "checksum", "-o", "-", inner + "/x.o", **as_nobody)
    os.chmod(inner + "/x.o", 0o644)
    os.chmod(inner, 0o755)
    if os.geteuid() == 0 and not run("mount", "--bind", inner, inner).status:
        try:
            if not run("mount", "-o", "remount,ro,bind", inner).status:
                refused("a file system that is not to be written to", "Read-only file system",
                        "checksum", inner + "/x.o")
        finally:
            run("umount", inner)


def run_to(output, *args, command=()):
    """Run objtool, with this file as standard output: status and standard error."""
    done = subprocess.run([*command, OBJTOOL, *args], stdout=output, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stderr.decode("latin-1")


def test_no_reader():
    """Standard output that nobody reads, or that is full."""
    obj = assemble("pipe/x.o", CODE % (1, "one"))
    other = assemble("pipe/y.o", CODE % (2, "two"))
    for args in (["checksum", "-o", "-", obj], ["diff", obj, other], ["diff", "--json", obj, other],
                 ["explain", "f", obj, other], ["checksum", "--dump=f", obj]):
        for ignored in (False, True):
            reader, writer = os.pipe()
            os.close(reader)
            ignore = "trap '' PIPE; " if ignored else ""
            status, err = run_to(writer, *args, command=["sh", "-c", ignore + 'exec "$@"', "sh"])
            os.close(writer)
            good = status == 2 and len(err.splitlines()) == 1 and "Broken pipe" in err if ignored else \
                status == -signal.SIGPIPE and not err
            check(f"no reader, SIGPIPE ignored {ignored}: {args[:2]}", good, status, err)
        with open("/dev/full", "wb") as full:
            status, err = run_to(full, *args)
        check(f"full output: {args[:2]}", status == 2 and len(err.splitlines()) == 1 and "No space" in err,
              status, err)


def test_odd_files():
    tree = path("odd")
    os.makedirs(tree)
    odd = (tree + "/a\nb\x7f\x1b[31m\xff\\.o").encode("latin-1")
    shutil.copy(assemble("odd2/x.o", CODE % (1, "one")), odd)
    os.mkfifo(tree + "/pipe.o")
    os.symlink("nowhere", tree + "/dangling.o")
    os.symlink("loop.o", tree + "/loop.o")
    os.mkdir(tree + "/dir.o")
    result = objtool("checksum", tree)
    check("odd names, pipes, links and directories in a tree",
          result.status == 0 and os.path.exists(odd + b".checksums"), result)
    for name, words in (("pipe.o", "not a regular file"), ("dangling.o", "No such file"),
                        ("loop.o", "symbolic links"), ("dir.o", "no objects")):
        result = objtool("checksum", f"{tree}/{name}")
        check(name, result.status == 2 and words in result.err and len(result.err.splitlines()) == 1, result)
    write(odd + b".checksums", b"objtool-checksums\t9\n")
    result = objtool("diff", odd + b".checksums", odd)
    check("a message about an odd name is one plain line", result.status == 2 and
          len(result.err.splitlines()) == 1 and "\x1b" not in result.err, result)
