# SPDX-License-Identifier: GPL-2.0-or-later
"""callgrind.py - where the instructions of a run went, by stage and by source file

callgrind counts instructions: the same count in every run on any machine, so that a
change of one percent shows. It says for each function what it spent itself, and for each
call what that cost. A stage is what certain functions spend, all that they call included,
down to where another stage begins. What a function shared by stages (memcpy, say) spent is
divided by the cost of the calls to it.

File format: https://valgrind.org/docs/manual/cl-format.html
"""
import collections
import os
import re

# Stages in the order they are printed, and the functions they begin with.
STAGES = (
    ("open, check, close", ("object_open", "object_close")),
    ("names of symbols", ("symnames_read",)),
    ("units: symbols, aliases, parts", ("code_read",)),
    ("special sections", ("specials_read", "specials_at", "special_reloc",
                          "special_leads_to_code")),
    ("namesakes and line numbers", ("namesakes_read", "lines_read")),
    ("decode", ("code_decode", "arch_decode_run", "arch_decode", "arch_padding",
                "arch_address_use", "arch_writes")),
    ("serialise", ("canon_unit", "canon_chunk")),
    ("hash", ()),  # all of xxhash.h, whoever it was inlined into
    ("record names, rests", ("checksum_object",)),
    ("sort and write", ("finish", "records_write")),
    ("the rest: process start, end", ()),
)
# What the pool's threads call: each cuts its stage into pieces.
POOLED = ("read_symbol_range", "sort_runs", "judge_ranges", "sort_sections", "read_names",
          "find_layouts", "read_pieces", "sort_sites", "collect_sections", "place_sections",
          "mark_ranges", "find_heads_of", "count_shares", "deal_range", "checksum_batch",
          "find_gaps_of", "make_keys", "sort_bucket", "write_bucket", "index_or_judge",
          "walk_or_name", "collect_or_mark", "find_named_or_filed", "find_symbols")
HASH, REST = "hash", "the rest: process start, end"


def is_hash(file):
    return file.endswith("/xxhash.h")


class Function:
    def __init__(self, program, name, file):
        self.ours = program and "/objtool/" in file
        self.name = re.sub(r"(\.(constprop|isra|part|cold|\d+))+$", "", name)
        self.file = file
        self.hashes = is_hash(file)
        self.lines = collections.Counter()  # source file -> instructions, inlined ones included
        self.callers = collections.Counter()  # Function -> instructions of its calls to this
        self.calls = 0

    def group(self, file=None):
        """The module, as in the name of its .c and .h."""
        module = os.path.splitext(os.path.basename(file or self.file))[0]
        return ("x86/" if "/arch/x86/" in (file or self.file) else "") + module


class Profile:
    """A callgrind output file, written with --compress-strings=no --compress-pos=no."""

    def __init__(self, path, program):
        self.program = os.path.realpath(program)
        self.functions = {}
        with open(path, encoding="utf-8", errors="replace") as f:
            self.read(f)
        self.total = sum(sum(f.lines.values()) for f in self.functions.values())

    def function(self, ob, name, file):
        key = (ob, name, file)
        if key not in self.functions:
            self.functions[key] = Function(os.path.realpath(ob) == self.program, name, file)
        return self.functions[key]

    def read(self, lines):
        ob = file = line_file = ""
        callee = {}
        current = None
        calls = 0
        for text in lines:
            key, eq, value = text.rstrip("\n").partition("=")
            if not eq:
                fields = text.split()
                if len(fields) != 2 or not fields[0].isdigit():
                    continue
                if calls:
                    target = self.function(callee.get("cob", ob), callee["cfn"],
                                           callee.get("cfi", callee.get("cfl", line_file)))
                    target.calls += calls
                    target.callers[current] += int(fields[1])
                    calls, callee = 0, {}
                else:
                    current.lines[line_file] += int(fields[1])
            elif key == "ob":
                ob = value
            elif key == "fl":
                file = line_file = value
            elif key in ("fi", "fe"):
                line_file = value
            elif key == "fn":
                current, line_file = self.function(ob, value, file), file
            elif key in ("cob", "cfi", "cfl", "cfn"):
                callee[key] = value
            elif key == "calls":
                calls = int(value.split()[0])

    def callers(self, f):
        """Of a comparison that qsort calls: those who call qsort, in the same file."""
        if f.ours and f.name != "main" and not any(g.ours for g in f.callers):
            sorting = collections.Counter()
            for g in self.functions.values():
                if g.name.startswith(("qsort", "bsearch")):
                    sorting.update({h: n for h, n in g.callers.items() if h.file == f.file})
            return sorting or f.callers
        return f.callers

    def shares(self, group_of):
        """Function -> {group: share of it}, groups being inherited from the callers."""
        functions = list(self.functions.values())
        callers = {f: self.callers(f) for f in functions}
        share = {f: {group_of(f) or REST: 1.0} for f in functions}
        free = [f for f in functions if not group_of(f) and sum(callers[f].values())]
        for _ in range(200):  # calls in circles settle
            moved = 0.0
            for f in free:
                new, total = collections.Counter(), sum(callers[f].values())
                for g, cost in callers[f].items():
                    for group, part in share[g].items():
                        new[group] += part * cost / total
                moved = max(moved, sum(abs(new[k] - share[f].get(k, 0)) for k in new))
                share[f] = new
            if moved < 1e-6:
                break
        return share

    def spread(self, group_of, group_of_line):
        costs = collections.Counter()
        for f, share in self.shares(group_of).items():
            for file, cost in f.lines.items():
                line_group = group_of_line(f, file)
                for group, part in ({line_group: 1.0} if line_group else share).items():
                    costs[group] += cost * part
        return costs

    def stages(self):
        """[(stage, instructions)] in order, and the names in STAGES that were not met."""
        stage_of = {name: stage for stage, names in STAGES for name in names}
        costs = self.spread(
            lambda f: HASH if f.hashes else stage_of.get(f.name) if f.ours else None,
            lambda f, file: HASH if is_hash(file) else None)
        met = {f.name for f in self.functions.values()}
        return [(stage, costs[stage]) for stage, _ in STAGES], sorted(stage_of.keys() - met)

    def modules(self):
        """Counter: what the code of each module spent, its calls into libraries included."""
        def of_line(f, file):
            if is_hash(file) or (f.ours and "/objtool/" in file):
                return f.group(file)
            return None
        return self.spread(lambda f: f.group() if f.ours or f.hashes else None, of_line)

    def costliest(self, nr):
        own = collections.Counter({f: sum(f.lines.values()) for f in self.functions.values()})
        return own.most_common(nr)

    def inclusive(self, name):
        return sum(sum(f.callers.values()) for f in self.functions.values() if f.name == name)

    def calls(self, name):
        return sum(f.calls for f in self.functions.values() if f.name == name)
