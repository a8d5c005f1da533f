# SPDX-License-Identifier: GPL-2.0-or-later
"""
case.py - what a mutation is, and the list of all of them
"""
import os
import re

from .verdict import canonical

MUTATORS = {}  # name -> (property, function, whether it needs no assembler text)


def mutator(name, prop='P1', objects=False):
    """Register a function (unit, random) -> Case or None."""
    def register(function):
        MUTATORS[name] = prop, function, objects
        return function
    return register


class Case:
    """
    One mutation: what is changed, what must follow from it, and a note for people.
    The mutated object is @data; or it is assembled from @text, or from the unit's text with
    @edits (statement index -> new text, None to drop it), and then handed to @post, a function of
    the workshop and a path. @base, @base_text and @base_post are the same for the original.
    """

    def __init__(self, edits, expect, note, base=None, data=None, text=None, post=None, asflags=(),
                 base_post=None, base_text=None):
        self.edits, self.expect, self.note, self.base = edits, expect, note, base
        self.data, self.text, self.post, self.asflags = data, text, post, asflags
        self.base_text, self.base_post = base_text, base_post


TOKEN = re.compile(r'[A-Za-z_.][\w.$]*')


class Unit:
    """One source file: its text, its object, and answers about both."""

    def __init__(self, name, asm, elf, obj_bytes, path):
        self.name, self.asm, self.elf, self.bytes, self.path = name, asm, elf, obj_bytes, path
        self.path_of_source = name
        self._memo = {}

    def memo(self, key, build):
        if key not in self._memo:
            self._memo[key] = build()
        return self._memo[key]

    def companions(self, rng, n):
        """Other sources of the same directory and compiler."""
        def build():
            d = os.path.dirname(self.path_of_source)
            return [os.path.join(d, f) for f in sorted(os.listdir(d)) if f.endswith('.s') and
                    os.path.join(d, f) != self.path_of_source and self.is_kin(f)]
        return rng.sample(self.memo('companions', build), n)

    def is_kin(self, other):
        """The corpus has all variants of a compiler in one directory: VARIANT~NAME.s"""
        own = os.path.basename(self.path_of_source)
        return own.split('~')[0] == other.split('~')[0] if '~' in own else True

    def _symbols(self):
        return self.memo('symbols', lambda: {y.name: y for y in self.elf.symbols if y.name})

    def _at(self):
        def build():
            out = {}
            for y in self.elf.symbols:
                if y.name and 0 < y.shndx < 0xff00 and y.type != 4:
                    out.setdefault((y.shndx, y.value), []).append(y)
            return out
        return self.memo('at', build)

    def same_place(self, a, b):
        y, z = self._symbols().get(a), self._symbols().get(b)
        return bool(y and z and y.shndx == z.shndx and y.value == z.value and
                    0 < y.shndx < 0xff00)

    def _key(self, kind, name):
        y = self._symbols().get(name)
        if y is None or not 0 < y.shndx < 0xfff3:
            return None
        if y.shndx >= 0xff00:  # common
            return kind, frozenset([canonical(name)])
        if y.size == 0 and kind == 'func':
            return None
        names = frozenset(canonical(z.name) for z in self._at()[y.shndx, y.value])
        return kind, names

    def func(self, name):
        """The record of function @name: ('func', names it may have), or None."""
        return self._key('func', name)

    def data(self, name):
        return self._key('data', name)

    def symbols_called(self, names):
        return [n for n in self._symbols() if canonical(n) in names]

    def code_before(self, i):
        """Is there code between what ends before label @i and the label?"""
        for s in reversed(self.asm.stmts[:i]):
            if s.sec != self.asm.stmts[i].sec:
                continue
            if s.op == '.size':
                return False
            if s.kind == 'insn' or s.op in ('.byte', '.long', '.skip', '.fill', '.nops'):
                return True
        return False

    def references(self, label):
        """Statements that name @label, its own definition left out."""
        def build():
            out = {}
            for s in self.asm.stmts:
                if s.kind == 'label' or s.op in ('.type', '.size', '.globl', '.weak', '.local',
                                                 '.section', '.pushsection', '.hidden', '.file',
                                                 '.addrsig_sym', '.loc', '.string', '.asciz',
                                                 '.ascii', '.ident'):
                    continue
                for token in set(TOKEN.findall(s.text)):
                    out.setdefault(token, []).append(s)
            return out
        return self.memo('references', build).get(label, [])
