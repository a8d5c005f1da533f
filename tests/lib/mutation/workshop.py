# SPDX-License-Identifier: GPL-2.0-or-later
"""
workshop.py - makes the objects of a mutation, and has the program under test checksum them
"""
import os
import random
import subprocess
import sys

from .asm import Asm
from .case import MUTATORS, Unit
from .elfobj import Elf
from .verdict import Records

BATCH = 64


class Workshop:
    """A directory of objects being made, and the program under test."""

    def __init__(self, directory, objtool):
        self.dir, self.objtool, self.count = directory, objtool, 0
        self.texts = {}

    def path(self, suffix):
        self.count += 1
        return os.path.join(self.dir, f'{self.count:06d}{suffix}')

    def assemble(self, text, clang, flags=()):
        """Returns the object's path, or None if the text is no assembler."""
        src, obj = self.path('.s'), self.path('.o')
        with open(src, 'w', encoding='latin-1') as f:
            f.write(text)
        command = ['clang', '-c', *flags, '-o', obj, src] if clang else \
            ['as', '--64', *flags, '-o', obj, src]
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                check=False)
        os.unlink(src)
        if result.returncode:
            if os.environ.get('VERBOSE'):
                print(result.stderr.decode('latin-1')[:600], file=sys.stderr)
            return None
        return obj

    def companion(self, source, clang):
        """The object of another source, made once."""
        if source not in self.texts:
            with open(source, encoding='latin-1') as f:
                self.texts[source] = self.assemble(f.read(), clang)
        return self.texts[source]

    def run(self, *command):
        """Run a tool; True if it went well."""
        result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                check=False)
        if result.returncode and os.environ.get('VERBOSE'):
            print(command, result.stderr.decode('latin-1')[:600], file=sys.stderr)
        return result.returncode == 0

    def write(self, data):
        path = self.path('.o')
        with open(path, 'wb') as f:
            f.write(data)
        return path

    def checksum(self, paths):
        """path -> Records, None where refused. Records the messages of crashed runs."""
        out = {}
        for k in range(0, len(paths), BATCH):
            part = paths[k:k + BATCH]
            result = subprocess.run([self.objtool, 'checksum', '-o', self.dir, *part],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            if result.returncode not in (0, 2):
                raise RuntimeError(f'objtool died with {result.returncode}: '
                                   f'{result.stderr.decode("latin-1")[-400:]} on {part}')
            for path in part:
                name = path + '.checksums'
                out[path] = Records(name) if os.path.exists(name) else None
                if os.path.exists(name):
                    os.unlink(name)
        return out


def load(path, shop):
    """A Unit for a file, or None if cutting its text into statements loses something."""
    if path.endswith(('.o', '.ko')):
        with open(path, 'rb') as f:
            data = f.read()
        return Unit(path, None, Elf(data), data, shop.write(data))
    with open(path, encoding='latin-1') as f:
        text = f.read()
    clang = is_clang(text)
    whole = shop.assemble(text, clang)
    if whole is None:
        return None
    asm = Asm(text, clang)
    obj = shop.assemble(asm.text(), clang)
    if obj is None:
        return None
    a, b = open(whole, 'rb').read(), open(obj, 'rb').read()
    os.unlink(whole)
    if not same_object(a, b):
        return None
    return Unit(path, asm, Elf(b), b, obj)


def is_clang(text):
    return 'clang version' in text or '.addrsig' in text


def same_object(a, b):
    """The same sections and relocations."""
    if a == b:
        return True
    x, y = Elf(a), Elf(b)
    return [(s.name, x.bytes_of(s)) for s in x.sections if s.flags & 2] == \
        [(s.name, y.bytes_of(s)) for s in y.sections if s.flags & 2]


def make_case(unit, name, seed, shop):
    """(Case, path of base, path of mutated), or None."""
    function = MUTATORS[name][1]
    for attempt in range(4):
        rng = random.Random(f'{seed}/{attempt}')
        case = function(unit, rng)
        if not case:
            return None
        made = build_case(unit, case, shop)
        if made:
            return made
    return None


def build_case(unit, case, shop):
    base = unit.path
    if case.base is not None or case.base_text is not None:
        base = shop.assemble(case.base_text or unit.asm.text(case.base), unit.asm.clang)
        if base is None:
            return None
    if case.base_post:
        base = case.base_post(shop, base)
        if base is None:
            return None
    if case.data is not None:
        new = shop.write(case.data)
    else:
        text = case.text if case.text is not None else unit.asm.text(case.edits)
        new = shop.assemble(text, unit.asm.clang, case.asflags)
    if new and case.post:
        new = case.post(shop, new)
    if new is None:
        return None
    if open(base, 'rb').read() == open(new, 'rb').read():
        return None
    return case, base, new
