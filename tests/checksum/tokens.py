# SPDX-License-Identifier: GPL-2.0-or-later
"""tokens.py - token streams as objtool/include/objtool/token.h says, written without objtool

A .tokens file is the expected stream of each record of an object, written by
hand, one token a line:

    record KIND SIZE NAME
    LANE TAG FIELD...        12 a number, @12 a position, "abc\\0" or x90c3 bytes
    chunk SIZE               of a rest record: the tokens that follow are its

The hash is xxhsum's, of Debian's package xxhash.
"""
import re
import struct

from checksums import LANES, line, xxh3

TAGS = ["kind", "place", "part", "insn", "bad", "branch", "ref", "bytes", "special", "end", "line",
        "alias"]
FIELD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


def number(value):
    return b"n" + struct.pack("<q", value)


def octets(value):
    return b"b" + struct.pack("<I", len(value)) + value


def encode_field(text):
    if text[0] == '"':
        return octets(text[1:-1].encode().decode("unicode_escape").encode("latin-1"))
    if text[0] == "x":
        return octets(bytes.fromhex(text[1:]))
    return number(int(text.lstrip("@")))


class Stream:
    """All tokens of one record or chunk, and those of each lane without their positions."""

    def __init__(self):
        self.all, self.lanes, self.tokens = b"", {}, []

    def add(self, lane, tag, fields, text=""):
        head = bytes([TAGS.index(tag) + 1])
        if lane != "lines":
            self.all += head + b"".join(data for data, _ in fields)
        self.lanes[lane] = self.lanes.get(lane, b"") + head + b"".join(
            data for data, is_position in fields if not is_position)
        self.tokens.append(text)

    def parse(self, text):
        lane, tag, *fields = FIELD.findall(text)
        self.add(lane, tag, [(encode_field(f), f[0] == "@") for f in fields], text)

    def checksum(self):
        return int(xxh3(self.all), 16)

    def lane_hashes(self):
        """In the order of the format; the lower half of each hash."""
        return {lane: int(xxh3(self.lanes[lane])[8:], 16) for lane in LANES if lane in self.lanes}


def rest(chunks):
    """The stream of a rest record: its chunks as a set."""
    out = Stream()
    for checksum, lanes in sorted((c.checksum(), c.lane_hashes()) for c in chunks):
        signed = checksum - (checksum >> 63 << 64)
        for lane, value in lanes.items():
            out.add(lane, "bytes", [(number(value), False), (number(signed), False)])
    return out


class Record:
    def __init__(self, kind, size, name):
        self.kind, self.size, self.name, self.chunks = kind, int(size), name, []
        self.stream = Stream()

    def line(self):
        """As it must stand in the .checksums file."""
        stream = rest(self.chunks) if self.chunks else self.stream
        return line(self.kind, self.name, stream.checksum(), self.size, **stream.lane_hashes())


def read(path):
    records, stream = [], None
    with open(path, encoding="ascii") as f:
        for text in map(str.strip, f):
            words = text.split()
            if not words or words[0] == "#":
                continue
            if words[0] == "record":
                records.append(Record(*words[1:]))
                stream = records[-1].stream
            elif words[0] == "chunk":
                stream = Stream()
                records[-1].chunks.append(stream)
            else:
                stream.parse(text)
    return records
