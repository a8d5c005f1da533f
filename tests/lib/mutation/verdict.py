# SPDX-License-Identifier: GPL-2.0-or-later
"""
verdict.py - records of two objects compared, and whether that is the right answer
"""
import re
from collections import Counter, defaultdict

COUNTERS = re.compile(r'\.(?:llvm|lto_priv)\.\d+|\.\d+(?=\.|$)')
UNIQUE = re.compile(r'^(__UNIQUE_ID_.*?|__BTF_ID__.*?)[_\d]*$')
INITCALL = re.compile(r'^(__initcall__.*__)\d+_\d+_')


def canonical(name):
    """A name without the compiler's counters; written from the design, not from the program."""
    head = name[:1]
    name = head + COUNTERS.sub('', name[1:])
    name = INITCALL.sub(r'\1', name)
    m = UNIQUE.match(name)
    return m.group(1) if m else name


class Records:
    """A .checksums file: (kind, canonical name) -> multisets of checksums and line lanes."""

    def __init__(self, path):
        self.sums, self.lines = defaultdict(Counter), defaultdict(Counter)
        with open(path, encoding='latin-1') as f:
            head = f.readline().split('\t')
            if head[0] != 'objtool-checksums':
                raise ValueError(f'{path}: not a checksums file')
            for line in f:
                if line.startswith('#'):
                    continue
                checksum, kind, size, name, lanes = line.rstrip('\n').split('\t')
                key = kind, canonical(name.split('@')[0])
                self.sums[key][checksum] += 1
                for lane in lanes.split(','):
                    if lane.startswith('lines:'):
                        self.lines[key][lane] += 1

    @staticmethod
    def _differing(a, b):
        return {key for key in a.keys() | b.keys() if a.get(key) != b.get(key)}

    def changed(self, other):
        """Keys whose checksums differ, and keys where only line numbers do."""
        sums = self._differing(self.sums, other.sums)
        return sums, self._differing(self.lines, other.lines) - sums


class Expect:
    """What must, and what may, change."""

    def __init__(self, prop, must=(), may=(), lines=(), added=()):
        self.prop = prop               # 'P1', 'P2' or 'P3'
        self.must = set(must)          # sets of names (aliases), one of which must change
        self.may = set(may)            # (kind, name) or kind
        self.lines = set(lines)        # functions whose line numbers must change, and only these
        self.added = set(added)        # records that come or go (P2)

    def judge(self, old, new):
        """Returns ('right'|'missed'|'false', what was seen)."""
        if new is None:
            return ('right', 'refused') if self.prop == 'P3' else ('false', 'refused')
        sums, lines = old.changed(new)
        seen = ' '.join(sorted(f'{k}:{n}' for k, n in sums)) or 'nothing'
        if lines:
            seen += ' lines:' + ' '.join(sorted(n for _, n in lines))
        if self.prop == 'P3':
            return ('right' if sums or lines else 'missed'), seen
        left, missed = set(sums), []
        for names in self.must:
            hit = {(k, n) for k, n in sums if n in names[1] and k == names[0]}
            if not hit:
                missed.append(names)
            left -= hit
        line_left = set(lines)
        for names in self.lines:
            hit = {(k, n) for k, n in lines if n in names[1] and k == names[0]}
            if not hit:
                missed.append(names)
            line_left -= hit
        if missed:
            return 'missed', seen
        left = {(k, n) for k, n in left if k not in self.may and (k, n) not in self.may}
        if self.prop == 'P1':
            # what nobody refers to any more is left to the rest of its section
            left = {(k, n) for k, n in left if k != 'rest'}
        if self.prop == 'P2':
            left = {(k, n) for k, n in left if (k, n) not in self.added}
        return ('false' if left or line_left else 'right'), seen

    def __str__(self):
        if self.prop == 'P3':
            return 'something changes'
        parts = [f'{k}:{"|".join(sorted(n))}' for k, n in sorted(self.must, key=str)]
        parts += ['lines:' + '|'.join(sorted(n)) for _, n in self.lines]
        return ', '.join(parts) if parts else 'nothing changes'


class Contained:
    """P2 for a link: every function and data object is found again in what was linked."""
    prop = 'P2'

    def judge(self, old, new):
        if new is None:
            return 'false', 'refused'
        bad = [key for key, sums in old.sums.items() if key[0] != 'rest' and
               (sums - new.sums.get(key, Counter()) or
                old.lines.get(key, Counter()) - new.lines.get(key, Counter()))]
        return ('false' if bad else 'right'), ' '.join(f'{k}:{n}' for k, n in sorted(bad)[:20]) + \
            (f' ({len(bad)} of {len(old.sums)})' if bad else 'nothing')

    def __str__(self):
        return 'all found again'


class Lines:
    """Nothing but line numbers may change."""
    prop = 'P2'

    def judge(self, old, new):
        if new is None:
            return 'false', 'refused'
        sums, _ = old.changed(new)
        return ('false' if sums else 'right'), ' '.join(f'{k}:{n}' for k, n in sorted(sums))

    def __str__(self):
        return 'only line numbers change'
