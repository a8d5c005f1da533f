# SPDX-License-Identifier: GPL-2.0-or-later
"""checksums.py - .checksums files as the format says, made without objtool

The hash is xxhsum's, of Debian's package xxhash: nothing of the code under
test is in what the tests compare it with.
"""
import subprocess

LANES = ["code", "refs", "consts", "alt", "jump_label", "extable", "bug", "static_call", "trace",
         "place", "other", "lines"]
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
    present = dict(lane.split(":") for lane in lanes.split(",")) if lanes != "-" else {}
    return (kind, name.encode(), checksum, int(size),
            sum(1 << i for i, lane in enumerate(LANES) if lane in present),
            [present.get(lane, "00000000") for lane in LANES])


def document(lines, compiler=None, step=None, sort=True, total=None):
    """A whole file as bytes."""
    if sort:
        lines = sorted(lines, key=sort_key)
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
