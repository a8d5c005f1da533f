# SPDX-License-Identifier: GPL-2.0-or-later
"""checksums.py - .checksums files as the format says, made without objtool

The hash is xxhsum's, of Debian's package xxhash: nothing of the code under
test is in what the tests compare it with.
"""
import subprocess

COLUMNS = "# checksum\tkind\tsize\tname\tlanes\n"


def xxh3(data):
    """XXH3_64bits of bytes, as 16 hex digits."""
    out = subprocess.run(["xxhsum", "-H3"], input=data, stdout=subprocess.PIPE, check=True)
    return out.stdout.decode().split()[-1]


def line(kind, name, checksum=1, size=16, **lanes):
    """One record line; lanes are keyword arguments, in the order given."""
    text = ",".join("%s:%08x" % lane for lane in lanes.items()) or "-"
    return "%016x\t%s\t%d\t%s\t%s\n" % (checksum, kind, size, name, text)


def sort_key(text):
    checksum, kind, size, name, lanes = text.rstrip("\n").split("\t")
    return kind, name.encode(), checksum, int(size), lanes


def document(lines, compiler=None, step=None, sort=True, total=None):
    """A whole file as bytes. Lines that share all but their lanes keep the order given."""
    if sort:
        lines = sorted(lines, key=lambda text: sort_key(text)[:4])
    body = "".join(lines).encode()
    head = "objtool-checksums\t1\txxh3-64\tx86_64\t%s\n" % (total or xxh3(body))
    if compiler:
        head += "# compiler: %s\n" % compiler
    if step:
        head += "# objtool: %s\n" % step
    return (head + COLUMNS).encode() + body


def write(path, lines, **kwargs):
    with open(path, "wb") as f:
        f.write(document(lines, **kwargs))
    return path
