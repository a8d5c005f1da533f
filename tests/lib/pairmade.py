# SPDX-License-Identifier: GPL-2.0-or-later
"""pairmade.py - pairs of sources whose difference is much work to tell, for few bytes

Each function returns the source of one side, 0 or 1, of @n things: what a comparison of each
with each would take the square of. COSTS says what is then run.
"""


def function(name, lines):
    return "\t.text\n\t.type %s, @function\n%s:\n\t%s\n\tret\n\t.size %s, .-%s\n" % (
        name, name, "\n\t".join(lines), name, name)


def peeled(n, side):
    """Of "c d b c a b" only "a" is there once; next to it "b"; and so on, a level for each."""
    other = 1000000 * (side + 1)
    return function("f", [line for i in range(n, 0, -1) for line in (
        f"mov ${i}, %eax", f"mov ${other + 2 * i}, %ecx", f"mov ${i + 1}, %eax", f"mov ${other + 2 * i + 1}, %ecx")])


def hunks(n, side):
    """A line differs, and the next eight do not."""
    return function("f", [f"mov ${9 * i + k if k else 9 * i + 1000000 * side}, %eax"
                          for i in range(n) for k in range(9)])


def labels(n, side):
    """Branches that match, to lines that do not."""
    return function("f", [line for i in range(n) for line in (f"mov ${i}, %eax", f"jmp .L{i}")] +
                    [f".L{i}: mov ${2 * i + side}, %ecx" for i in range(n)])


def numbers(n, side):
    """Each instruction has another number: a finding of its own."""
    return function("f", [f"mov ${2 * i + side}, %eax" for i in range(n)])


def calls(n, side):
    """Each calls something else than before."""
    return function("f", [f"call g{i}_{side}" for i in range(n)])


def namesakes(n, side):
    """Functions of one name, each of a source of its own."""
    return "".join(f'\t.file "s{i}.c"\n' + function(f"f.{i}", [f"mov ${2 * i + side}, %eax"]) for i in range(n))


def strangers(n, side):
    """Functions of one name, each of a source that the other side does not have."""
    return "".join(f'\t.file "s{side}.{i}.c"\n' + function(f"f.{i}", [f"mov ${2 * i + side}, %eax"]) for i in range(n))


def classes(n, side):
    """Sections of classes of their own, with nothing but what is in no object."""
    return "".join(f'\t.section .c{i}x, "aw"\n\t.long {2 * i + side + 1}\n' for i in range(n))


def commons(n, side):
    return "".join(f"\t.comm c{i}, {8 * i + 4 * side + 8}, 4\n" for i in range(n))


def inlined(n, side):
    """C: as many functions that are inlined as such as they are inlined into."""
    return "".join(f"static inline __attribute__((always_inline)) int i{i}(int x)\n"
                   f"{{ return x * {2 * i + 3 + side}; }}\nint f{i}(int x) {{ return i{i}(x) + 1; }}\n"
                   for i in range(n))


IN_C = {inlined}


def entry(number, tag, children, *attributes):
    """An abbreviation of debug information: the attributes and their forms."""
    return f"\t.byte {number}, {tag}, {children}, {', '.join(map(str, attributes))}, 0, 0\n"


def ranges(n, side):
    """Copies of an inlined function, that all have one list of ranges, which is as long."""
    name, origin, at_ranges = (3, 8), (0x31, 0x13), (0x55, 0x17)
    return function("f", [f"mov ${2 * i + side}, %eax" for i in range(n)]) + (
        '\t.section .debug_abbrev, ""\n' + entry(1, 0x11, 1, *name) + entry(2, 0x2e, 0, *name) +
        entry(3, 0x2e, 1, *name) + entry(4, 0x1d, 0, *origin, *at_ranges) + "\t.byte 0\n"
        '\t.section .debug_info, ""\n0:\t.long 9f - 1f\n1:\t.value 4\n\t.long .debug_abbrev\n\t.byte 8, 1\n'
        '\t.string "unit"\n2:\t.byte 2\n\t.string "inline"\n\t.byte 3\n\t.string "f"\n' +
        "\t.byte 4\n\t.long 2b - 0b, .debug_ranges\n" * n + "\t.byte 0, 0\n9:\n"
        '\t.section .debug_ranges, ""\n' + "".join(f"\t.quad f + {5 * i}, f + {5 * i + 5}\n" for i in range(n)) +
        "\t.quad 0, 0\n")


def long_name(n, side):
    """Calls of what has a name as long as all of them."""
    return function("f", [f"mov ${2 * i + side}, %eax\n\tcall {'x' * 10 * n}" for i in range(n)])


# With how many it shows.
COSTS = [
    (peeled, 500, ["diff", "-p"]),
    (hunks, 500, ["diff", "-p"]),
    (labels, 2000, ["diff", "-p"]),
    (numbers, 4000, ["explain", "f"]),
    (calls, 2000, ["explain", "f"]),
    (namesakes, 500, ["diff", "-p"]),
    (namesakes, 2000, ["explain", "f"]),
    (strangers, 500, ["diff"]),
    (classes, 500, ["diff", "-p"]),
    (commons, 500, ["diff", "-p"]),
    (inlined, 500, ["diff", "--inlined"]),
    (ranges, 500, ["diff", "--inlined"]),
]
