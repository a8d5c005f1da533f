# SPDX-License-Identifier: GPL-2.0-or-later
"""
pairs.py - one source compiled twice: a function with the same text must have the same checksum

    PYTHONPATH=tests/lib python3 -B tests/metamorphic/pairs.py DIR DIR...

compares the files that the first directory and each other have in common (*.s; they are
assembled).

The compiler may write another function into another layout of sections, so its text
decides: statements in order, local labels by order of appearance, strings by what they
say, without section directives and counters. Functions whose text differs are counted apart.
"""
import os
import re
import shutil
import sys
import tempfile
from collections import Counter

from mutation import Workshop, load
from mutation.asm import CODE_SECTION, SYMBOL, root_of
from mutation.p1 import DATA_DIRECTIVES
from mutation.verdict import canonical

TOKEN = re.compile(SYMBOL + r'|"(?:[^"\\]|\\.)*"')
QUIET = {'.section', '.text', '.pushsection', '.popsection', '.previous', '.size', '.type',
         '.globl', '.p2align', '.align', '.balign', '.loc', '.file', '.data', '.bss', '.weak',
         '.hidden', '.local'}


def contents(asm):
    """What stands behind each local label that is no place in code: strings and numbers."""
    out, label = {}, None
    for s in asm.stmts:
        if s.kind == 'label':
            label = s.op if s.op.startswith('.L') and not CODE_SECTION.match(s.sec) else None
            if label:
                out[label] = ''
        elif label and s.kind == 'dir' and (s.op in DATA_DIRECTIVES or s.op in (
                '.string', '.asciz', '.ascii', '.zero')):
            out[label] += s.text.replace('\t', ' ') + '\n'
    return out


def function_texts(asm):
    """Function name -> its statements, rewritten."""
    known = contents(asm)
    numbers, out = {}, {}
    for s in asm.stmts:
        if not s.func or s.kind == 'dir' and s.op in QUIET or s.sec.startswith('.debug'):
            continue
        root = root_of(s.func)
        names = numbers.setdefault(root, {})

        def one(m, names=names):
            t = m.group(0)
            if t.startswith('"'):
                return t
            if t in known:
                return '<' + TOKEN.sub(lambda k: one_code(k, names), known[t]) + '>'
            if t.startswith('.L'):
                return f'L{names.setdefault(t, len(names))}'
            return canonical(t)

        def one_code(m, names):
            t = m.group(0)
            return f'L{names.setdefault(t, len(names))}' if t.startswith('.L') else canonical(t)
        text = re.sub(r'\s+', ' ', TOKEN.sub(one, s.text))
        if s.kind == 'dir' and s.op == '.size':
            continue
        out.setdefault(root, []).append(text)
    return {k: '\n'.join(v) for k, v in out.items()}


def compare(old, new, shop):
    """(compared, really different, list of false alarms, list of misses) for two files."""
    a, b = load(old, shop), load(new, shop)
    if a is None or b is None:
        return None
    records = shop.checksum([a.path, b.path])
    x, y = records[a.path], records[b.path]
    if x is None or y is None:
        return 0, 0, ['refused'], []
    texts, others = function_texts(a.asm), function_texts(b.asm)
    names = Counter(canonical(n) for n in texts)
    compared = different = 0
    false, missed = [], []
    for name in sorted(set(texts) & set(others)):
        if names[canonical(name)] > 1 or a.func(name) is None:
            continue
        key = next((k for k in (('func', n) for n in a.func(name)[1]) if k in x.sums), None)
        if key is None:
            continue
        compared += 1
        same = x.sums[key] == y.sums.get(key)
        if texts[name] == others[name]:
            if not same:
                false.append(name)
        else:
            different += 1
    return compared, different, false, missed


def main():
    first, *others = sys.argv[1:]
    objtool = os.path.abspath(os.environ.get('OBJTOOL', 'build/objtool'))
    directory = tempfile.mkdtemp(prefix='pairs.')
    total = Counter()
    try:
        for other in others:
            for name in sorted(os.listdir(first)):
                if not name.endswith('.s') or not os.path.exists(os.path.join(other, name)):
                    continue
                got = compare(os.path.join(first, name), os.path.join(other, name),
                              Workshop(directory, objtool))
                if got is None:
                    total['skipped'] += 1
                    continue
                total['files'] += 1
                total['functions'] += got[0]
                total['different'] += got[1]
                total['false'] += len(got[2])
                for f in got[2]:
                    print(f'false: {other}/{name}: {f}')
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f'{total["files"]} pairs of files, {total["functions"]} functions, of which '
          f'{total["different"]} really differ; {total["false"]} of the others have another '
          f'checksum; {total["skipped"]} files skipped')
    print(f'{total["functions"] - total["different"] - total["false"]} passed, '
          f'{total["false"]} failed')
    return 1 if total['false'] else 0


if __name__ == '__main__':
    sys.exit(main())
