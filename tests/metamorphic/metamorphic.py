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
import sys
import tempfile
import time
from collections import defaultdict, deque
from concurrent.futures import ProcessPoolExecutor

from mutation import MUTATORS, Workshop, load, make_case

AHEAD = 4  # files begun before the results of the first of them are needed


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
        # What is asked of a file follows from the results of all but the AHEAD files before it,
        # never from which of those was done first: a seed makes the same cases each time.
        running, pos = deque(), 0
        while True:
            while len(running) < AHEAD and pos < len(queue):
                w = wanted()
                if not w:
                    break
                running.append(pool.submit(run_file, queue[pos], w, args.seed, objtool, args.keep))
                pos += 1
            if not running:
                break
            path, results = running.popleft().result()
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
            print(f'FAIL {verdict}: {name}: {path}\n    {note[:300]}\n    expected {expect[:300]}; '
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
