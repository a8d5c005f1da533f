# SPDX-License-Identifier: GPL-2.0-or-later
"""compare.py TEST-ELF OBJECT... - what the ELF reader reads against what readelf reads

Prints one line per object, "ok PATH" or "not ok PATH: first difference", and
ends with status 1 if any differs.
"""
import re
import subprocess
import sys

TYPES = {"NOTYPE": 0, "OBJECT": 1, "FUNC": 2, "SECTION": 3, "FILE": 4, "COMMON": 5, "TLS": 6,
         "IFUNC": 10}
BINDS = {"LOCAL": 0, "GLOBAL": 1, "WEAK": 2, "UNIQUE": 10}
VISIBILITIES = {"DEFAULT": 0, "INTERNAL": 1, "HIDDEN": 2, "PROTECTED": 3}
PLACES = {"UND": 0, "ABS": 0xfffffff1, "COM": 0xfffffff2}
FLAGS = {"W": 1, "A": 2, "X": 4, "M": 0x10, "S": 0x20, "I": 0x40, "L": 0x80, "O": 0x100,
         "G": 0x200, "T": 0x400, "C": 0x800, "E": 0x80000000}
SECTION_TYPES = {"NULL": 0, "PROGBITS": 1, "SYMTAB": 2, "STRTAB": 3, "RELA": 4, "NOTE": 7,
                 "NOBITS": 8, "INIT_ARRAY": 14, "FINI_ARRAY": 15, "PREINIT_ARRAY": 16, "GROUP": 17,
                 "SYMTAB SECTION INDICES": 18, "X86_64_UNWIND": 0x70000001,
                 "LLVM_ADDRSIG": 0x6fff4c03}


def run(*args):
    return subprocess.run(args, check=True, capture_output=True, encoding="latin-1").stdout


def readelf(path):
    """Sections, symbols and relocations of loaded sections, as test-elf dump writes them."""
    sections, symbols, relocs = [], [], []
    text = run("readelf", "-SW", path)
    # [Nr] Name Type Address Off Size ES Flg Lk Inf Al; a name may be empty, a type may have spaces.
    row = re.compile(r"  \[ *(\d+)\] (.*?) +([A-Z_0-9]+(?: SECTION INDICES)?|LOOS\+\S+|[0-9a-f]+:.*?) +"
                     r"([0-9a-f]{16}) ([0-9a-f]{6,}) ([0-9a-f]{6,}) ([0-9a-f]{2,}) +([A-Zoxlp]*) +"
                     r"(\d+) +(\d+) +(\d+)$")
    infos = {}
    for line in text.splitlines():
        m = row.match(line)
        if not m:
            continue
        index, name, kind, _, off, size, entsize, flags, _, info, align = m.groups()
        index, size = int(index), int(size, 16)
        infos[name, int(off, 16)] = int(info)
        if index == 0:
            continue
        number = SECTION_TYPES.get(kind)
        if number is None:
            number = int(kind.split("+")[1].lstrip("0x") or "0", 16) + 0x60000000 \
                if kind.startswith("LOOS") else int(kind.split(":")[0], 16)
        bits = sum(FLAGS.get(f, 0) for f in flags)
        data = int(off, 16) if size and number != 8 else -1
        sections.append(f"section {index} {number} {bits:#x} {size} {int(entsize, 16)} "
                        f"{int(align) or 1} {data} {name}")
    names = [""] + [s.split(" ", 8)[8] for s in sections]
    file = 0
    for line in run("readelf", "-sW", path).splitlines():
        m = re.match(r" *(\d+): ([0-9a-f]+) +(\w+) (\w+) +(\w+) +(\w+) +(?:\[.*\] +)?(\w+)(?: (.*))?$",
                     line)
        if not m:
            continue
        number, value, size, kind, bind, visibility, place, name = m.groups()
        kind, bind = TYPES[kind], BINDS[bind]
        place = PLACES[place] if place in PLACES else int(place)
        if kind == TYPES["SECTION"]:
            name = names[place]
        if kind == TYPES["FILE"]:
            file = int(number)
        own = file if bind == 0 and kind != TYPES["FILE"] and int(number) else 0
        symbols.append(f"symbol {number} {int(value, 16)} {int(size, 0)} {kind} {bind} "
                       f"{VISIBILITIES[visibility]} {place} {own} {name or ''}")
    target = None
    loaded = {}
    for line in run("readelf", "-rW", path).splitlines():
        m = re.match(r"Relocation section '(.*)' at offset (0x[0-9a-f]+) contains", line)
        if m:
            target = infos[m.group(1), int(m.group(2), 16)]
            if not int(sections[target - 1].split()[3], 16) & FLAGS["A"]:
                target = None
            continue
        m = re.match(r"([0-9a-f]{16})  ([0-9a-f]{16}) (\S+)(.*)$", line)
        if not m or target is None:
            continue
        # "... Sym. Value  Name + Addend"; a name may hold anything but the addend is last.
        addend = re.search(r"([+-]?) ?([0-9a-f]+)$", m.group(4))
        signed = int(addend.group(2), 16) * (-1 if addend.group(1) == "-" else 1)
        if signed >= 1 << 63:
            signed -= 1 << 64
        info = int(m.group(2), 16)
        loaded.setdefault(target, []).append(
            (int(m.group(1), 16), info & 0xffffffff, info >> 32, signed))
    for target, rows in sorted(loaded.items()):
        rows.sort(key=lambda r: r[0])
        relocs += [f"reloc {target} {r[0]} {r[1]} {r[2]} {r[3]}" for r in rows]
    return sections + (symbols or ["symbol 0 0 0 0 0 0 0 0 "]) + relocs


def main():
    status = 0
    for path in sys.argv[2:]:
        try:
            ours = run(sys.argv[1], "dump", path).splitlines()
        except subprocess.CalledProcessError as e:
            print(f"not ok {path}: refused: {e.stderr.strip()}")
            status = 1
            continue
        # readelf shows some flags by letters that depend on the OS: leave them out on our side.
        known = sum(FLAGS.values())
        ours = [re.sub(r"^(section \d+ \d+) (\S+)", lambda m: f"{m.group(1)} "
                       f"{int(m.group(2), 16) & known:#x}", line) for line in ours]
        theirs = readelf(path)
        differ = next(((a, b) for a, b in zip(ours, theirs) if a != b), None)
        if differ is None and len(ours) != len(theirs):
            differ = (len(ours), len(theirs))
        if differ:
            print(f"not ok {path}: ours {differ[0]!r}, readelf {differ[1]!r}")
            status = 1
        else:
            print(f"ok {path}")
    return status


if __name__ == "__main__":
    sys.exit(main())
