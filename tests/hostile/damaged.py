# SPDX-License-Identifier: GPL-2.0-or-later
"""damaged.py - objects and .checksums files that say what none of them may"""
import random

import elfmade
from common import CODE, SANITIZED, assemble, read
from harness import check, make_file, objtool


def test_nameless():
    for what, section, symbol in (("symbol", ".data", ""), ("section", "", "x")):
        made = elfmade.Made()
        made.symbol(symbol, made.section(section, b"\1" * 8, elfmade.ALLOC_WRITE), 0, 8)
        result = objtool("checksum", "-o", "-", make_file("made.o", made.data()))
        check(f"a {what} without a name", result.status == 2 and "no name" in result.err, result)


def edited(data, records, i, rng):
    """The i-th edit of @data, whose records begin at @records: what kind, where, and the result."""
    text, kind = bytearray(data), i % 5
    at = rng.randrange(records, len(text)) if i % 4 else rng.randrange(len(text))
    lines = data[records:].splitlines(True)
    if kind == 0:
        text[at] ^= 1 << rng.randrange(8)
    elif kind == 1:
        del text[at]
    elif kind == 2:
        text.insert(at, text[at - 1])
    elif kind == 3:
        text[records:] = b"".join(rng.sample(lines, len(lines)))
    else:
        text[records:] = b"".join(lines + [rng.choice(lines)])
    return kind, at, bytes(text)


def records_of(name):
    """An object's .checksums file, what is in it, and where its records begin."""
    obj = assemble(name, CODE % (1, "one"))
    objtool("checksum", obj)
    data = read(obj + ".checksums")
    return obj + ".checksums", data, data.index(b"\tlanes\n") + 7


def test_edits():
    """Any edit of records is refused, or is a difference; never is it not seen."""
    original, data, records = records_of("edits/x.o")
    rng, silent = random.Random(5), []
    for i in range(200 if SANITIZED else 600):
        kind, at, text = edited(data, records, i, rng)
        if text == data:
            continue
        result = objtool("diff", original, make_file("edited.checksums", text))
        comment = at < records and kind < 3 and text[records - 60:] != data[records - 60:] and \
            text.split(b"\n", 1)[0] == data.split(b"\n", 1)[0]
        if result.status == 0 and not comment:
            silent.append((kind, at))
        if result.status == 2 and not result.err.startswith("objtool: error: "):
            silent.append((kind, at, result.err))
    check("edits of a .checksums file that nobody sees", not silent, silent[:5])


def test_refused():
    original, data, records = records_of("refused/x.o")
    for what, text in (("CR LF", data.replace(b"\n", b"\r\n")),
                       ("twice", data + data[records:]),
                       ("truncated", data[:-10]), ("nothing", b""),
                       ("a line less", b"".join(data.splitlines(True)[:-1])),
                       ("another version", data.replace(b"\t1\t", b"\t2\t", 1))):
        edit = make_file("edited.checksums", text)
        result = objtool("diff", edit, original)
        check(f"refused: {what}", result.status == 2 and len(result.err.splitlines()) == 1 and
              edit in result.err, result)
