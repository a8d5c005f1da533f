# SPDX-License-Identifier: GPL-2.0-or-later
"""truth.py - which functions differ between two objects, as objdump(1) tells

An opinion of its own, to hold that of objtool against: each function's
disassembly as text, with what it refers to, and without what moves when
something else grows: addresses, and offsets into sections. It knows nothing of special
sections, nor of read-only data: for patches to code that is enough.
"""
import bisect
import collections
import re
import subprocess

FUNCTION = re.compile(r"^[0-9a-f]+ <(.+)>:$")
INSN = re.compile(r"^ *[0-9a-f]+:\t(.*)$")
RELOC = re.compile(r"^\t+[0-9a-f]+: (R_\S+)\t(\S+?)([-+]0x[0-9a-f]+)?$")
ADDRESS = re.compile(r"\b[0-9a-f]+ (<[^>]+>)")
COUNTER = re.compile(r"\.(constprop|isra|part|cold|llvm)(\.\d+)*|\.\d+$")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("latin-1")


def plain(name):
    """A symbol's name without what the compiler counts."""
    name = re.sub(r"\.llvm\.\d+", "", name)
    name = re.sub(r"\.(constprop|isra|part)\.\d+", r".\1", name)
    return re.sub(r"\.\d+(?=\.|$)", "", name)


class Places:
    """What lies where, to say section+offset by the name of a symbol."""

    def __init__(self, path):
        self.at = collections.defaultdict(list)
        for line in output("readelf", "-sW", path).splitlines():
            words = line.split()
            if len(words) == 8 and words[3] in ("FUNC", "OBJECT", "NOTYPE") and words[6].isdigit():
                self.at[int(words[6])].append((int(words[1], 16), plain(words[7])))
        for symbols in self.at.values():
            symbols.sort()
        self.index = {}
        for line in output("readelf", "-SW", path).splitlines():
            found = re.match(r" +\[ *(\d+)\] (\S+)", line)
            if found:
                self.index.setdefault(found.group(2), int(found.group(1)))

    def name(self, section, offset):
        symbols = self.at.get(self.index.get(section), [])
        i = bisect.bisect(symbols, (offset, "\uffff")) - 1
        if i < 0 or not section.startswith((".text", ".init.text", ".noinstr", ".entry", ".sched", ".data", ".bss")):
            return section
        return "%s+%d" % (symbols[i][1], offset - symbols[i][0])


def functions(path):
    """Name -> sorted list of texts, one for each function of that name."""
    places = Places(path)
    found = collections.defaultdict(list)
    text = None
    for line in output("objdump", "-dr", "--no-show-raw-insn", path).splitlines():
        match = FUNCTION.match(line)
        if match:
            text = []
            found[plain(match.group(1))].append(text)
            continue
        match = RELOC.match(line)
        if match and text is not None:
            kind, symbol, addend = match.groups()
            # Counted from the field's place: 4 bytes before the end of most instructions.
            offset = int(addend or "0", 16) + (4 if kind in ("R_X86_64_PC32", "R_X86_64_PLT32") else 0)
            text.append("%s %s" % (kind, places.name(symbol, offset) if symbol.startswith(".")
                                   else plain(symbol) + (addend or "")))
            continue
        match = INSN.match(line)
        if match and text is not None:
            insn = ADDRESS.sub(r"\1", match.group(1)).split("#")[0].rstrip()
            text.append(plain_operands(insn))
    for name, texts in found.items():
        found[name] = sorted("\n".join(strip_padding(text)) for text in texts)
    return found


def plain_operands(insn):
    return re.sub(r"<([^>+]+)", lambda m: "<" + plain(m.group(1)), insn)


def strip_padding(text):
    while text and re.match(r"(data16 )*(cs )?(nop|xchg +%ax,%ax|int3)", text[-1]):
        text.pop()
    return text


def changed(old, new):
    """Names of functions that are in both objects and differ, or are in one only."""
    a, b = functions(old), functions(new)
    return {name.split(".cold")[0] for name in set(a) | set(b) if a.get(name) != b.get(name)}


def containing(path, text):
    """Names of functions in whose disassembly @text is."""
    return {name.split(".cold")[0] for name, texts in functions(path).items() if any(text in t for t in texts)}
