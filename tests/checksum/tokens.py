# SPDX-License-Identifier: GPL-2.0-or-later
"""tokens.py - token streams as objtool/include/objtool/token.h says, written without objtool

A .tokens file is the expected stream of each record of an object, written by
hand, one token a line:

    record KIND SIZE NAME
    LANE TAG FIELD...        12 a number, @12 a position, "abc\\0" or x90c3 bytes, 'kfree' a name
    chunk SIZE               of a rest record: the tokens that follow are its

The checksum is the hash of the order of tokens of different lanes, and of each lane's hash.
The hash is xxhsum's, of Debian's package xxhash.
"""
import re
import struct

from checksums import LANES, line, xxh3

TAGS = ["kind", "place", "part", "insn", "bad", "branch", "ref", "bytes", "special", "end", "line",
        "alias"]
ORDER_END, ORDER_POSITION = 0xfe, 0xff
FIELD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


def number(value):
    return b"n" + struct.pack("<q", value)


def octets(value):
    return b"b" + struct.pack("<I", len(value)) + value


def name(value):
    """A symbol, by the hash of its name without counters."""
    return b"h" + struct.pack("<Q", int(xxh3(value.encode()), 16))


def encode_field(text):
    if text[0] == "'":
        return name(text[1:-1])
    if text[0] == '"':
        return octets(text[1:-1].encode().decode("unicode_escape").encode("latin-1"))
    if text[0] == "x":
        return octets(bytes.fromhex(text[1:]))
    return number(int(text))


class Stream:
    """The tokens of one record or chunk, by lane; and the order of lanes and positions."""

    def __init__(self):
        self.order, self.run, self.lanes, self.tokens = [], None, {}, []
        self.insns = {}  # by lane: where in it the bytes of its last token begin, if that is insn

    def end_run(self, lane):
        if self.run not in (None, lane):
            self.order.append((LANES.index(self.run), len(self.lanes[self.run])))
        self.run = lane

    def add(self, lane, tag, fields, positions=(), text=""):
        if lane != "lines":
            self.end_run(lane)
            self.order += [(ORDER_POSITION, p) for p in positions]
        tokens = self.lanes.setdefault(lane, bytearray())
        if tag == "insn" and lane in self.insns:
            # Instructions next to each other are the bytes of one token.
            at = self.insns[lane]
            tokens += fields[0][5:]
            tokens[at - 4:at] = struct.pack("<I", len(tokens) - at)
        else:
            self.insns.pop(lane, None)
            tokens += bytes([TAGS.index(tag) + 1]) + b"".join(fields)
            if tag == "insn":
                self.insns[lane] = len(tokens) - len(fields[0]) + 5
        self.tokens.append(text)

    def parse(self, text):
        lane, tag, *fields = FIELD.findall(text)
        self.add(lane, tag, [encode_field(f) for f in fields if f[0] != "@"],
                 [int(f[1:]) for f in fields if f[0] == "@"], text)

    def checksum(self):
        self.end_run(None)
        lanes = [i for i, lane in enumerate(LANES) if lane in self.lanes and lane != "lines"]
        order = [what << 56 | number for what, number in self.order]
        order.append(ORDER_END << 56 | sum(1 << i for i in lanes))
        order += [int(xxh3(self.lanes[LANES[i]]), 16) for i in lanes]
        return int(xxh3(struct.pack(f"<{len(order)}Q", *order)), 16)

    def lane_hashes(self):
        """In the order of the format; the lower half of each hash."""
        return {lane: int(xxh3(self.lanes[lane])[8:], 16) for lane in LANES if lane in self.lanes}


def rest(chunks):
    """The stream of a rest record: its chunks as a set."""
    out = Stream()
    for checksum, lanes in sorted((c.checksum(), c.lane_hashes()) for c in chunks):
        signed = checksum - (checksum >> 63 << 64)
        for lane, value in lanes.items():
            out.add(lane, "bytes", [number(value), number(signed)])
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
