# SPDX-License-Identifier: GPL-2.0-or-later
"""records.py - the .checksums file: format, refusals, whole or not there"""
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import time

from checksums import COLUMNS, LANES, document, line, write, xxh3
from harness import BUILD, check, finish, make_file, one_line, path, run, scratch

# A copy: another user may not be let into the folder of the build.
TEST = shutil.copy(os.path.join(BUILD, "tests/records/test-records"), scratch.name)
HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "golden.expected"), "rb") as f:
    GOLDEN = f.read()
HEAD, RECORDS = GOLDEN.split(COLUMNS.encode())
NOBODY = 65534


def records(*args, **kwargs):
    return run(TEST, *args, **kwargs)


def read_bytes(name):
    with open(name, "rb") as f:
        return f.read()


def test_golden():
    out = path("golden")
    status, _, err = records("golden", out)
    check("golden: written as by hand", status == 0 and read_bytes(out) == GOLDEN, err)
    check("golden: printed as by hand", records("golden", "-")[1].encode("latin-1") == GOLDEN)
    total = HEAD.decode().split("\n")[0].split("\t")[4]
    check("golden: the total is XXH3 of the record lines", total == xxh3(RECORDS))
    check("golden: reads", records("read", out)[1].startswith("10 records"))
    check("golden: reads from a pipe", records("read", "-", stdin=GOLDEN)[1].startswith("10 "))


def round_trip(what, data):
    source, target = make_file("source", data), path("target")
    status, _, err = records("copy", source, target)
    check("round trip: " + what, status == 0 and read_bytes(target) == data, err)


def random_name(rng):
    letters = ["a", "b", "Z", "_", ".", "@", "0", " ", "~", "\\x5c", "\\x09", "\\xff", "\\x7f"]
    return "".join(rng.choice(letters) for _ in range(rng.randint(1, 5)))


def random_document(rng):
    lines = []
    for _ in range(rng.choice([1, 2, 60, 300])):
        present = {n: rng.getrandbits(32) for n in LANES if rng.random() < 0.3}
        lines.append(line(rng.choice(["data", "func", "rest"]), random_name(rng),
                          rng.choice([0, 1, rng.getrandbits(64)]),
                          rng.choice([0, rng.getrandbits(64)]), **present))
    return document(lines, rng.choice([None, "GCC: (Debian) 12", "c\\xe4\\x5c"]),
                    rng.choice([None, "before", "after"]))


def test_round_trips():
    rng = random.Random(20)
    round_trip("golden", GOLDEN)
    round_trip("no records", document([]))
    for i in range(40):
        round_trip("random document %d" % i, random_document(rng))


def test_comments():
    unknown = HEAD + b"# note: \tanything\n# \n#\n" + COLUMNS.encode() + RECORDS
    for what, data in {
            "no comments": HEAD.split(b"\n")[0] + b"\n" + RECORDS,
            "unknown comments": unknown,
            "no records": document([]).split(b"\n")[0] + b"\n"}.items():
        status, _, err = records("read", make_file("comments", data))
        check("comments: %s is read" % what, status == 0, err)


def refused(what, data, message):
    name = make_file("damaged", data)
    status, out, err = records("read", name)
    check("refused: " + what,
          status == 2 and out == "" and one_line(err) and name in err and re.search(message, err),
          "status %d: %s" % (status, err or out))


def with_records(*lines):
    """A file whose total is right, so that what is wrong is the lines."""
    return document(list(lines), sort=False)


def test_first_line():
    def first(*fields):
        return "\t".join(fields).encode() + b"\n" + COLUMNS.encode() + RECORDS

    name, version, hash_name, arch, total = HEAD.decode().split("\n")[0].split("\t")
    refused("empty file", b"", ": not a .checksums file: empty")
    refused("other file", b"hello, world\n", ": not a .checksums file")
    refused("a binary", bytes(range(256)), ": not a .checksums file")
    refused("magic and tab only", name.encode() + b"\t", ":1: truncated")
    refused("magic only", name.encode() + b"\n", ": not a .checksums file")
    refused("version 2", first(name, "2", hash_name, arch, total),
            ":1: written by a newer objtool: version 2")
    refused("version 18446744073709551616", first(name, "1" + "0" * 20, hash_name, arch, total),
            ":1: damaged: bad version")
    for bad in "0", "01", "", "x", "-1", "1x":
        refused("version '%s'" % bad, first(name, bad, hash_name, arch, total), ":1: damaged: bad v")
    refused("other hash", first(name, version, "sha256", arch, total), ":1: .*hash")
    refused("other machine", first(name, version, hash_name, "arm64", total), ":1: .*machine")
    refused("longer machine", first(name, version, hash_name, "x86_64x", total), ":1: .*machine")
    for bad in total[:15], total + "0", total.upper(), "", "g" * 16:
        refused("total '%s'" % bad, first(name, version, hash_name, arch, bad), ":1: damaged: .*hash")
    refused("a field too many", first(name, version, hash_name, arch, total, ""), ":1: damaged")
    refused("a field too few", first(name, version, hash_name, arch), ":1: ")
    refused("spaces for tabs", GOLDEN.replace(b"\t", b" "), ": not a .checksums file")
    refused("CR LF", GOLDEN.replace(b"\n", b"\r\n"), ":1: .*CR LF")
    refused("byte order mark", b"\xef\xbb\xbf" + GOLDEN, ": not a .checksums file")
    refused("other total", first(name, version, hash_name, arch, "0" * 16), "damaged: .*hash in line 1")


def test_comment_lines():
    def head(*lines):
        return HEAD.split(b"\n")[0] + b"\n" + b"".join(lines) + RECORDS

    refused("two compilers", head(b"# compiler: a\n", b"# compiler: a\n"), ":3: damaged: bad compiler")
    refused("empty compiler", head(b"# compiler: \n"), ":2: damaged: bad compiler")
    refused("tab in compiler", head(b"# compiler: a\tb\n"), ":2: damaged: bad compiler")
    refused("NUL in compiler", head(b"# compiler: a\0b\n"), ":2: damaged: bad compiler")
    refused("unknown step", head(b"# objtool: during\n"), ":2: damaged: bad objtool step")
    refused("step 'unknown' written out", head(b"# objtool: unknown\n"), ":2: damaged: bad objtool")
    refused("two steps", head(b"# objtool: before\n", b"# objtool: before\n"), ":3: damaged: bad obj")
    refused("comment between records", GOLDEN + b"# the end\n", ":15: damaged: bad checksum")


def test_record_lines():
    good = line("func", "f", 1, 16, code=1, refs=2)
    fields = good.rstrip("\n").split("\t")

    def field(i, text):
        return with_records("\t".join(fields[:i] + [text] + fields[i + 1:]) + "\n")

    check("the line that is damaged below is good", records("read", "-", stdin=with_records(good))[0] == 0)
    for bad in "1", "0" * 15, "0" * 17, "000000000000000G", "000000000000000g", "00000000000000A1", "":
        refused("checksum '%s'" % bad, field(0, bad), ":3: damaged: bad checksum")
    for bad in "", "fun", "funcs", "FUNC", "object":
        refused("kind '%s'" % bad, field(1, bad), ":3: damaged: bad kind")
    for bad in "", "-1", "+1", "01", "1 ", "0x1", "18446744073709551616", "99999999999999999999":
        refused("size '%s'" % bad, field(2, bad), ":3: damaged: bad size")
    for bad in ("", "\\", "\\x", "\\x0", "\\x00", "\\x41", "\\xFF", "\\xfg", "\\n", "\\y09", "a\\x5", "\x7f",
                "\x01", "a\0b", "\xfc"):
        refused("name %r" % bad, field(3, bad), ":3: damaged: bad name")
    for bad in ("", "--", "-,", "code", "code:", "code:1", "code:000000001", "code:0000000A",
                "code:00000001,", ",code:00000001", "code:00000001,code:00000001",
                "refs:00000001,code:00000001", "Code:00000001", "codes:00000001", ":00000001",
                "code:00000001-", "code:00000001\t", "code=00000001", "code:00000001 "):
        refused("lanes '%s'" % bad, field(4, bad), ":3: damaged: bad lanes")
    for nr in range(1, 5):
        refused("%d fields" % nr, with_records("\t".join(fields[:nr]) + "\n"), ":3: damaged")
    refused("empty line", with_records(good, "\n"), ":4: damaged: bad checksum")
    refused("CR LF in one line", with_records(good, good.replace("\n", "\r\n")), ":4: .*CR LF")
    refused("conflict markers", with_records("<<<<<<< HEAD\n", good), ":3: damaged: bad checksum")
    refused("no last newline", with_records(good, good[:-1]), ":4: truncated")
    # 4095 bytes and one fill the buffer: what reads on is seen by a sanitizer.
    short = HEAD.split(b"\n")[0] + b"\n# %s\n1\n"
    refused("short last line", short % (b"x" * (4095 - len(short % b""))), ":3: damaged: bad checksum")
    refused("NUL behind the end", GOLDEN + b"\0", ":15: truncated")


def test_order():
    for what, a, b in (
            ("kind", line("func", "a"), line("data", "b")),
            ("name", line("func", "b"), line("func", "a")),
            ("name, longer first", line("func", "ab"), line("func", "a")),
            ("name, bytewise", line("func", "a"), line("func", "B")),
            ("checksum", line("func", "a", 2), line("func", "a", 1)),
            ("checksum, top bit", line("func", "a", 1 << 63), line("func", "a", 1)),
            ("size, as numbers", line("func", "a", 1, 10), line("func", "a", 1, 9)),
            ("lanes", line("func", "a", lines=2), line("func", "a", lines=1))):
        refused("order of " + what, with_records(a, b), ":4: damaged: .*order")
        status, _, err = records("read", "-", stdin=with_records(b, a))
        check("order of %s: right way round" % what, status == 0, err)
    twice = line("func", "a", 1, 1, code=1)
    check("equal records", records("read", "-", stdin=with_records(twice, twice))[0] == 0)


def test_every_byte():
    """No byte of the first line and of the records can change, or be missing, unseen."""
    start = GOLDEN.index(RECORDS)
    first = GOLDEN.index(b"\n") + 1
    missed = []
    for i in list(range(first)) + list(range(start, len(GOLDEN))):
        for bit in 0x01, 0x20:
            data = GOLDEN[:i] + bytes([GOLDEN[i] ^ bit]) + GOLDEN[i + 1:]
            if records("read", "-", stdin=data)[0] != 2:
                missed.append((i, bit))
    check("every changed byte is seen", not missed, missed)
    missed = [n for n in range(len(GOLDEN)) if records("read", "-", stdin=GOLDEN[:n])[0] != 2]
    check("every truncation is seen", not missed, missed)
    lines = RECORDS.splitlines(keepends=True)
    for i in range(len(lines)):
        data = HEAD + b"".join(lines[:i] + lines[i + 1:])
        check("missing line %d is seen" % i, records("read", "-", stdin=data)[0] == 2)


def test_unreadable():
    for what, name, message in (("missing", path("none"), "No such file"),
                                ("directory", scratch.name, "Is a directory")):
        status, _, err = records("read", name)
        check("unreadable: " + what, status == 2 and one_line(err) and message in err and name in err,
              err)


def temporaries(directory):
    return [n for n in os.listdir(directory) if n.endswith(".tmp")]


def no_temporaries(directory):
    return not temporaries(directory)


def refused_write(what, name, message, **kwargs):
    status, _, err = records("golden", name, **kwargs)
    check("write refused: " + what,
          status == 2 and one_line(err) and name in err and message in err, err)
    check("write refused: %s: nothing left" % what, no_temporaries(os.path.dirname(name)))


def test_writing():
    os.mkdir(path("w"))
    for umask, mode in (0o022, 0o644), (0o077, 0o600), (0o002, 0o664):
        name = path("w", "mode%o" % umask)
        records("golden", name, umask=umask)
        check("mode with umask %o" % umask, os.stat(name).st_mode & 0o7777 == mode)
    old = make_file("w/old", b"old" * 1000)
    records("golden", old)
    check("replaces a longer file", read_bytes(old) == GOLDEN)
    os.symlink("old", path("w", "link"))
    make_file("w/old", b"old")
    records("golden", path("w", "link"))
    check("follows a symbolic link", os.path.islink(path("w", "link")) and read_bytes(old) == GOLDEN)
    longest = path("w", "n" * 255)
    records("golden", longest)
    check("longest name", os.path.exists(longest) and read_bytes(longest) == GOLDEN)
    check("relative name", records("golden", "here", cwd=path("w"))[0] == 0
          and read_bytes(path("w", "here")) == GOLDEN)
    check("through a pipe", records("golden", "/dev/stdout")[1].encode("latin-1") == GOLDEN)
    check("no temporary file left", no_temporaries(path("w")))


def aged(name):
    """Make it an old file; its inode."""
    os.utime(name, (1, 1))
    return os.stat(name).st_ino


def test_same():
    """A file that has these bytes already stays, and looks written to make; any other is replaced."""
    os.mkdir(path("same"))
    name = path("same", "file")
    records("golden", name)
    os.chmod(name, 0o600)
    inode = aged(name)
    records("golden", name)
    now = os.stat(name)
    check("same bytes: the file stays, with its permissions", now.st_ino == inode
          and now.st_mode & 0o7777 == 0o600 and read_bytes(name) == GOLDEN)
    check("same bytes: its time is now", abs(now.st_mtime - time.time()) < 60, now.st_mtime)
    for what, data in ("first", b"X" + GOLDEN[1:]), ("last", GOLDEN[:-1] + b"X"), \
            ("cut", GOLDEN[:-1]), ("longer", GOLDEN + b"X"):
        make_file("same/file", data)
        inode = aged(name)
        records("golden", name)
        check("another file is replaced: " + what,
              os.stat(name).st_ino != inode and read_bytes(name) == GOLDEN)
    os.symlink("file", path("same", "link"))
    inode = aged(name)
    records("golden", path("same", "link"))
    check("same bytes behind a symbolic link", os.path.islink(path("same", "link"))
          and os.stat(name).st_ino == inode and os.stat(name).st_mtime > 1)
    other = path("same", "other")
    os.link(name, other)
    inode = aged(name)
    records("golden", name)
    check("a file with another name is replaced, the other left",
          os.stat(name).st_ino != inode and os.stat(other).st_mtime == 1)
    if os.getuid() == 0:
        os.chown(name, NOBODY, NOBODY)
        inode = aged(name)
        records("golden", name)
        check("somebody else's file is replaced", os.stat(name).st_ino != inode
              and os.stat(name).st_uid == 0)
    check("same bytes: no temporary file left", no_temporaries(path("same")))


def test_write_refused():
    os.mkdir(path("w/dir"))
    refused_write("directory", path("w/dir"), "Is a directory")
    status, _, err = records("golden", path("w/none/x"))
    check("write refused: no such directory", status == 2 and one_line(err) and "No such" in err, err)
    status, _, err = records("golden", "/dev/full")
    check("write refused: /dev/full", status == 2 and one_line(err) and "No space" in err, err)
    kwargs = {"user": NOBODY, "group": NOBODY} if os.getuid() == 0 else {}
    os.chmod(scratch.name, 0o755)
    os.mkdir(path("readonly"))
    os.chmod(path("readonly"), 0o555)
    refused_write("read-only directory", path("readonly/x"), "Permission denied", **kwargs)


def small_files(action=signal.SIG_IGN, limit=300):
    """No file over a limit that comes after the first lines: a write stops half way."""
    signal.signal(signal.SIGXFSZ, action)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))


def test_full():
    old = make_file("w/full", b"old")
    for limit in 0, 100, len(HEAD), 300, len(GOLDEN) - 1:
        refused_write("file size limit %d" % limit, old, "File too large",
                      preexec_fn=lambda n=limit: small_files(limit=n))
        check("file size limit: the old file is whole", read_bytes(old) == b"old")
    check("file size limit that is enough",
          records("golden", path("w/fits"), preexec_fn=lambda: small_files(limit=len(GOLDEN)))[0] == 0)
    status, _, _ = records("golden", old, preexec_fn=lambda: small_files(signal.SIG_DFL))
    check("killed in the write", status == -signal.SIGXFSZ and read_bytes(old) == b"old"
          and no_temporaries(path("w")), status)
    disk = path("disk")
    os.mkdir(disk)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                      capture_output=True, check=False).returncode:
        print("skipped: a full disk: no right to mount one")
        return
    try:
        old = make_file("disk/full", b"old")
        with open(path("disk/filler"), "wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 512)
            except OSError:
                pass
        refused_write("full disk", old, "No space left")
        check("full disk: the old file is whole", read_bytes(old) == b"old")
    finally:
        subprocess.run(["umount", disk], check=True)


def default_signals():
    """A shell's background jobs, of which this may be one, ignore SIGINT."""
    for sig in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
        signal.signal(sig, signal.SIG_DFL)


def killed(what, sig, delay, argv):
    """Start a program that writes w/killed over and over, end it, look at what is there."""
    name = path("w/killed")
    with subprocess.Popen(argv + [TEST, "write", name, "20000"], preexec_fn=default_signals) as p:
        deadline = time.monotonic() + 20
        while not os.path.exists(name) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(delay)
        ran = p.poll() is None
        p.send_signal(sig)
        try:
            p.wait(20)
        except subprocess.TimeoutExpired:
            p.kill()
    check("killed by %s: was still writing" % what, ran and p.returncode == -sig, p.returncode)
    left = [path("w", n) for n in temporaries(path("w"))]
    # SIGKILL does not wait while the new file has a name of its own, before it takes the old one's.
    check("killed by %s: nothing else is left" % what, len(left) <= (sig == signal.SIGKILL), left)
    for each in [name] + left:
        status, out, err = records("read", each)
        check("killed by %s: the file is whole" % what,
              status == 0 and out.startswith("20000 records"), err)
    for each in left:
        os.unlink(each)


def test_killed():
    rng = random.Random(7)
    for sig in signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL:
        for _ in range(8):
            killed(sig.name, sig, rng.random() / 20, [])
    # Without /proc an unnamed file cannot be given a name: the other way is taken.
    hide = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs tmpfs /proc && exec \"$@\"", "sh"]
    if run(*hide, "true")[0]:
        print("skipped: killed without /proc: no right to hide it")
        return
    for sig in signal.SIGTERM, signal.SIGINT:
        for _ in range(8):
            killed(sig.name + " without /proc", sig, rng.random() / 20, hide)
    run(*hide, TEST, "golden", path("w/mode"), umask=0o027)
    check("without /proc, mode", os.stat(path("w/mode")).st_mode & 0o7777 == 0o640)
    old = make_file("w/full", b"old")
    status, _, err = run(*hide, TEST, "golden", old, preexec_fn=small_files)
    # Not 2 alone: the leak checker of a sanitizer build fails without /proc.
    check("without /proc, file size limit", status != 0 and "too large" in err
          and read_bytes(old) == b"old" and no_temporaries(path("w")), err)


def test_readers():
    """Who reads while it is written sees the old file or the new one."""
    name = write(path("w/shared"), [line("func", "f")])
    with subprocess.Popen([TEST, "write", name, "5000"]) as p:
        bad = [r for r in (records("read", name) for _ in range(50)) if r[0]]
        p.kill()
    check("readers see whole files", not bad, bad[:1])


test_golden()
test_round_trips()
test_comments()
test_first_line()
test_comment_lines()
test_record_lines()
test_order()
test_every_byte()
test_unreadable()
test_writing()
test_same()
test_write_refused()
test_full()
test_killed()
test_readers()
finish()
