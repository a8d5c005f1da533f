# SPDX-License-Identifier: GPL-2.0-or-later
"""
linked.py - every function and data object of an object is found again in what it was linked into

    PYTHONPATH=tests/lib python3 -B tests/metamorphic/linked.py LINKED OBJECT...

LINKED is vmlinux.o, for example, and the OBJECTs are $(ar t vmlinux.a). Weak symbols
are left out: the linker drops all but one of them.
"""
import os
import shutil
import sys
import tempfile

from mutation import Workshop
from mutation.elfobj import Elf
from mutation.verdict import Contained, canonical


def weak_names(path):
    with open(path, 'rb') as f:
        elf = Elf(f.read())
    return {canonical(y.name) for y in elf.symbols if y.bind == 2}


def records_of(shop, path):
    """Checksummed under a name of its own: a tree has many core.o."""
    name = shop.path('.o')
    os.symlink(os.path.abspath(path), name)
    return shop.checksum([name])[name]


def main():
    linked, *objects = sys.argv[1:]
    directory = tempfile.mkdtemp(prefix='linked.')
    shop = Workshop(directory, os.path.abspath(os.environ.get('OBJTOOL', 'build/objtool')))
    total = bad = 0
    try:
        whole = records_of(shop, linked)
        for path in objects:
            part = records_of(shop, path)
            if part is None:
                print(f'{path}: refused')
                bad += 1
                continue
            weak = weak_names(path)
            for table in (part.sums, part.lines):
                for key in [k for k in table if k[0] == 'rest' or k[1] in weak]:
                    del table[key]
            total += sum(sum(c.values()) for c in part.sums.values())
            verdict, seen = Contained().judge(part, whole)
            if verdict != 'right':
                missing = [k for k, c in part.sums.items() if c - whole.sums.get(k, type(c)())]
                bad += max(len(missing), 1)
                print(f'{path}: {seen}')
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f'{total} records of {len(objects)} objects')
    print(f'{total - bad} passed, {bad} failed')
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
