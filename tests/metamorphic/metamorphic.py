# SPDX-License-Identifier: GPL-2.0-or-later
"""
metamorphic.py - one mutation at a time, whose effect is known beforehand

Takes assembler text, mutates it in one place, assembles both, checksums
both, and compares what changed with what had to change. See --help.
"""
import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import p1  # noqa: E402,F401  (these register their mutators)
import p2  # noqa: E402,F401
import p3  # noqa: E402,F401
from asm import Asm  # noqa: E402
from case import MUTATORS, Unit  # noqa: E402
from elfobj import Elf  # noqa: E402
from verdict import Records  # noqa: E402

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


def run_file(path, wanted, seed, objtool, keep):
    """All wanted cases of one file: list of (mutator, verdict, note, expected, seen, case seed)."""
    directory = tempfile.mkdtemp(prefix='metamorphic.')
    results = []
    try:
        shop = Workshop(directory, objtool)
        unit = load(path, shop)
        if unit is None:
            return path, None
        made = []
        for name, number in wanted:
            if unit.asm is None and not MUTATORS[name][2]:
                continue
            for k in range(number):
                case_seed = f'{seed}/{name}/{os.path.basename(path)}/{k}'
                one = make_case(unit, name, case_seed, shop)
                if one:
                    made.append((name, case_seed, *one))
        paths = sorted({unit.path} | {p for m in made for p in m[3:5]})
        records = shop.checksum(paths)
        for name, case_seed, case, base, new in made:
            if records[base] is None:
                verdict, seen = 'false', 'the original was refused'
            else:
                verdict, seen = case.expect.judge(records[base], records[new])
            if keep and verdict != 'right':
                tag = f'{name.replace(" ", "-").replace("/", "-").replace(",", "")}-' \
                      f'{os.path.basename(path)}-{case_seed.rsplit("/", 1)[1]}'
                os.makedirs(keep, exist_ok=True)
                shutil.copy(base, os.path.join(keep, tag + '.old.o'))
                shutil.copy(new, os.path.join(keep, tag + '.new.o'))
            results.append((name, verdict, case.note, str(case.expect), seen, case_seed))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return path, results


def spread(files, rng):
    """Random order in which no source comes twice before every directory had its turn."""
    by_dir = defaultdict(list)
    for f in files:
        by_dir[os.path.dirname(f)].append(f)
    queues = [rng.sample(v, len(v)) for _, v in sorted(by_dir.items())]
    out = []
    while any(queues):
        for q in queues:
            if q:
                out.append(q.pop())
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('files', nargs='+',
                        help='assembler files or objects, or directories of *.s')
    parser.add_argument('--objtool', default=os.environ.get('OBJTOOL', 'build/objtool'))
    parser.add_argument('--seed', default=os.environ.get('SEED') or str(int(time.time())))
    parser.add_argument('--cases', type=int, default=int(os.environ.get('CASES', 4)))
    parser.add_argument('--per-file', type=int, default=1, help='cases a mutator takes of a file')
    parser.add_argument('--only', default=os.environ.get('ONLY', ''),
                        help='mutators, by parts of their names, comma separated')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--max-files', type=int, default=0)
    parser.add_argument('--keep', default=os.environ.get('KEEP'), help='keep failing pairs here')
    parser.add_argument('--list', action='store_true')
    args = parser.parse_args()

    only = [o for o in args.only.split(',') if o]
    names = [n for n in MUTATORS if not only or any(o in n for o in only)]
    if args.list:
        for n in names:
            print(MUTATORS[n][0], n)
        return 0
    files = []
    for f in args.files:
        if os.path.isdir(f):
            names_in = sorted(os.listdir(f))
            files += [os.path.join(f, x) for x in names_in if x.endswith('.s')] or \
                [os.path.join(f, x) for x in names_in if x.endswith('.o')]
        else:
            files.append(f)
    print(f'seed {args.seed}, {len(files)} files, {args.cases} cases a mutation')
    return run(args, names, files)


def run(args, names, files):
    rng = random.Random(args.seed)
    queue = spread(files, rng)
    if args.max_files:
        queue = queue[:args.max_files]
    done = defaultdict(lambda: defaultdict(int))
    failures, skipped, used = [], [], set()
    objtool = os.path.abspath(args.objtool)

    tried = defaultdict(int)

    def wanted():
        """Mutators short of cases, but for those that found nothing in many files."""
        out = []
        for n in names:
            total = sum(done[n].values())
            if total < args.cases and tried[n] <= 20 + args.cases + 8 * total:
                tried[n] += 1
                out.append((n, args.per_file))
        return out

    with ProcessPoolExecutor(args.jobs) as pool:
        running, pos = set(), 0
        while True:
            while len(running) < args.jobs + 1 and pos < len(queue):
                w = wanted()
                if not w:
                    break
                running.add(pool.submit(run_file, queue[pos], w, args.seed, objtool, args.keep))
                pos += 1
            if not running:
                break
            future = next(as_completed(running))
            running.remove(future)
            path, results = future.result()
            if results is None:
                skipped.append(path)
                continue
            used.add(path)
            for name, verdict, note, expect, seen, seed in results:
                done[name][verdict] += 1
                if verdict != 'right':
                    failures.append((name, verdict, path, note, expect, seen, seed))
    return report(names, done, failures, skipped, used)


def report(names, done, failures, skipped, used):
    shown = defaultdict(int)
    for name, verdict, path, note, expect, seen, seed in sorted(failures):
        shown[name] += 1
        if shown[name] <= 4:
            print(f'{verdict}: {name}: {path}\n    {note[:300]}\n    expected {expect[:300]}; '
                  f'saw {seen[:400]}\n    case {seed}')
    print(f'\n{"mutation":40s} {"":5s} {"cases":>6s} {"right":>6s} {"missed":>6s} {"false":>6s}')
    passed = failed = 0
    for name in names:
        d = done[name]
        total = sum(d.values())
        print(f'{name:40s} {MUTATORS[name][0]:5s} {total:6d} {d["right"]:6d} {d["missed"]:6d} '
              f'{d["false"]:6d}')
        passed += d['right']
        failed += d['missed'] + d['false']
    print(f'{len(used)} files' + (f', {len(skipped)} skipped: {" ".join(skipped[:5])}'
                                  if skipped else ''))
    print(f'{passed} passed, {failed} failed')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
