# SPDX-License-Identifier: GPL-2.0-or-later
"""
disas.py - what "objtool diff -p" shows: all that differs, and nothing else

The rule, over mutations of compiler output whose effect on checksums the suite
"metamorphic" knows: the listings of two records differ if and only if their checksums do.
And the words, over pairs of sources with one known difference.
"""
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from harness import BUILD, OBJTOOL, check, finish, run, scratch
from mutation import MUTATORS, Workshop, load, make_case

LISTING = os.path.join(BUILD, 'tests/disas/test-listing')
SEED = os.environ['SEED']
CASES = int(os.environ.get('CASES', 6))


def patches(text):
    """'NAME' of each patch -> its rows that only one side has."""
    out, name = [], None
    for line in text.split('\n'):
        if line.startswith('+++ b/'):
            out.append([line.split(' ')[-1], []])
            name = out[-1][1]
        elif name is not None and line[:1] in '+-' and line and not line.startswith('--- a/'):
            name.append(line)
    return out


# --- the rule ---

def mutants(path, directory):
    """(mutator, old object, new object) of some mutations of one file."""
    shop = Workshop(directory, OBJTOOL)
    unit = load(path, shop)
    if unit is None:
        return []
    rng = random.Random(f'{SEED}/{os.path.basename(path)}')
    names = rng.sample(sorted(MUTATORS), len(MUTATORS))
    out = []
    for name in names:
        if len(out) == CASES:
            break
        made = make_case(unit, name, f'{SEED}/{name}/{os.path.basename(path)}', shop)
        if made:
            out.append((name, made[1], made[2]))
    return out


def rule_of_file(path):
    with tempfile.TemporaryDirectory() as directory:
        results = []
        for name, old, new in mutants(path, directory):
            listing = run(LISTING, old, new)
            patch = run(OBJTOOL, 'diff', '-p', old, new)
            entries = run(OBJTOOL, 'diff', '--json', old, new).out
            if entries or 'damaged' not in patch.err:  # not refused, as is right for a few
                results.append((name, listing, patch, json.loads(entries)['changes']))
        return path, results


def check_rule(directory):
    files = sorted(os.path.join(directory, f) for f in os.listdir(directory))
    with ThreadPoolExecutor(2) as pool:
        for path, results in pool.map(rule_of_file, files):
            for name, listing, patch, entries in results:
                where = f'{name}: {os.path.basename(path)}'
                check(f'{where}: listings', listing.status == 0, listing.out, listing.err)
                shown = patches(patch.out)
                want = sorted(e['name'] for e in entries if e['status'] == 'changed')
                check(f'{where}: patches', sorted(n for n, _ in shown) == want, want, patch.out)
                check(f'{where}: each shows something', all(rows for _, rows in shown),
                      patch.out)


# --- the words ---

PRELUDE = '''
extern void first(void *), second(void *), third(void);
extern int key_a, key_b, table[64];
extern void print(const char *, ...);
struct big { char bytes[64]; };
extern void fill(struct big *, int);
#define SPECIAL(section, fields) \\
	".pushsection " section ",\\"a\\"\\n" fields "\\n.popsection\\n"
'''

# name, old source, new source, rows that must be there (as regular expressions)
WORDS = [
    ('a call', 'void f(void *p) { first(p); third(); }', 'void f(void *p) { second(p); third(); }',
     [r'-\s+callq? first', r'\+\s+callq? second']),
    ('a string', 'void f(void) { print("one %d\\n", 1); third(); }',
     'void f(void) { print("two %d\\n", 1); third(); }', [r'-.*\$"one %d\\n"', r'\+.*\$"two %d\\n"']),
    ('an immediate', 'int f(int x) { return x * 3 + 1000; }', 'int f(int x) { return x * 3 + 1001; }',
     [r'-.*0x3e8', r'\+.*0x3e9']),
    ('an offset into an object', 'int f(void) { return table[3]; }',
     'int f(void) { return table[4]; }', [r'-.*table\+0xc\(%rip\)', r'\+.*table\+0x10\(%rip\)']),
    ('data', 'int x[4] = { 1, 2, 3, 4 };', 'int x[4] = { 1, 2, 5, 4 };',
     [r'-.*01 00 00 00 02 00 00 00 03 00', r'\+.*01 00 00 00 02 00 00 00 05 00']),
    ('a pointer in data', 'void *x[3] = { &table, &key_a, 0 };', 'void *x[3] = { &table, &key_b, 0 };',
     [r'-.*\+0x0008: key_a', r'\+.*\+0x0008: key_b']),
    ('an exception entry', 'void f(void) { asm volatile("1: movl (%rax), %eax\\n2: nop\\n'
     '" SPECIAL("__ex_table", ".balign 4\\n.long 1b - .\\n.long 2b - .\\n.long 3")); }',
     'void f(void) { asm volatile("1: movl (%rax), %eax\\n2: nop\\n'
     '" SPECIAL("__ex_table", ".balign 4\\n.long 1b - .\\n.long 2b - .\\n.long 4")); }',
     [r'-\s+; exception: fixup \.L\d+, type 3', r'\+\s+; exception: fixup \.L\d+, type 4']),
    ('a static branch', 'int f(void) { asm goto("1: .byte 0x0f,0x1f,0x44,0,0\\n'
     '" SPECIAL("__jump_table", ".balign 8\\n.long 1b - .\\n.long %l0 - .\\n.quad key_a - .")'
     ' :::: on); return 1; on: return 2; }',
     'int f(void) { asm goto("1: .byte 0x0f,0x1f,0x44,0,0\\n'
     '" SPECIAL("__jump_table", ".balign 8\\n.long 1b - .\\n.long %l0 - .\\n.quad key_b - .")'
     ' :::: on); return 1; on: return 2; }',
     [r'-\s+; static branch: to \.L(\d+), key key_a', r'\+\s+; static branch: to \.L\d+, key key_b']),
]

# An instruction more, with branches before and behind it that all go to where they went.
ROOMY = '''
int f(int n, int *p)
{
	int sum = 0;
	if (n < 3) third();
	for (int i = 0; i < n; i++) { if (p[i] == 7) first(p); sum += p[i]; }
	%s
	for (int i = 0; i < n; i++) { if (p[i] == 9) second(p); sum ^= p[i]; }
	if (n > 300) third();
	return sum;
}
'''


def compile_to(path, compiler, source, *flags):
    subprocess.run([compiler, '-c', '-O2', '-fno-pic', '-mcmodel=kernel', '-fcf-protection=none',
                    '-ffreestanding', '-fno-asynchronous-unwind-tables', '-w', *flags, '-x', 'c',
                    '-o', path, '-'], input=PRELUDE + source, text=True, check=True)


def compile_pair(directory, compiler, old, new, *flags):
    paths = [os.path.join(directory, side, 'x.o') for side in ('old', 'new')]
    for path, source in zip(paths, (old, new)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        compile_to(path, compiler, source, *flags)
    return paths


def check_words(directory):
    for compiler in ('gcc', 'clang'):
        for name, old, new, rows in WORDS:
            pair = compile_pair(directory, compiler, old, new)
            result = run(OBJTOOL, 'diff', '-p', '-U1', *pair)
            shown = patches(result.out)
            check(f'{compiler}: {name}: status', result.status == 1, result.err)
            check(f'{compiler}: {name}: one record', len(shown) == 1, result.out)
            for row in rows:
                check(f'{compiler}: {name}: {row}',
                      any(re.match(row, r) for r in (shown[0][1] if shown else [])), result.out)
            # One row of each side differs, and nothing around it.
            check(f'{compiler}: {name}: nothing else', shown and len(shown[0][1]) == len(rows),
                  result.out)


def check_labels(directory):
    """Inserting something renames no label and no branch around it."""
    pair = compile_pair(directory, 'gcc', ROOMY % '', ROOMY % 'asm volatile("cpuid");')
    result = run(OBJTOOL, 'diff', '-p', *pair)
    rows = patches(result.out)[0][1]
    check('labels: what was inserted', '+    cpuid' in rows and len(rows) <= 5, result.out)
    check('labels: none changed', not [r for r in rows if re.match(r'.(\s+j\w+ |.*:$)', r)],
          result.out)


COUNTED = """
static int *p%d(void)
{
	static struct { int *self, n; } once = { 0, %s };
	return &once.n;
}
int *g%d(void) { return p%d(); }
"""


def check_content(directory):
    """
    Namesakes with counters are told apart by what they hold; a line that refers to one has a label
    for that, and none if it holds zeros.
    """
    pair = compile_pair(directory, 'gcc', COUNTED % (1, '5', 1, 1) + COUNTED % (2, '6', 2, 2),
                        COUNTED % (1, '0', 1, 1) + COUNTED % (2, '6', 2, 2), '-fno-zero-initialized-in-bss')
    result = run(OBJTOOL, 'diff', '-p', *pair)
    check('content: status', result.status == 1, result.status, result.err)
    rows = dict(patches(result.out)).get('g1', [])
    check('content: it came', len(rows) > 1 and any(re.match(r'-.*once\+0x8\{\.L1\}', r) for r in rows) and
          any(re.match(r'\+.*once\+0x8,', r) for r in rows), result.out)


def check_options(directory):
    old, new = compile_pair(directory, 'gcc', WORDS[0][1] + WORDS[2][1].replace('f(', 'g('),
                            WORDS[0][2] + WORDS[2][2].replace('f(', 'g('))
    both = run(OBJTOOL, 'diff', '-p', old, new).out
    check('two patches', [n for n, _ in patches(both)] == ['f', 'g'], both)
    for n in (1, 5):
        text = run(OBJTOOL, 'diff', '-p', f'-U{n}', old, new).out
        check(f'-U{n}: context', all(1 <= len(re.findall('^ ', h, re.M)) <= 2 * n
                                     for h in re.split('^@@.*$', text, flags=re.M)[1:]), text)
    text = run(OBJTOOL, 'diff', '-p', '-U0', old, new).out
    check('-U0: no context', not re.search('^ ', text, re.M) and '\n+    callq second' in text, text)
    check('-U: a number', run(OBJTOOL, 'diff', '-p', '-U-1', old, new).status == 2)
    colour = run(OBJTOOL, 'diff', '-p', '--color=always', old, new).out
    check('colour', '\033[31m-' in colour and '\033[32m+' in colour and '\033' not in both, colour)
    check('colour: the same text', re.sub('\033[^m]*m', '', colour) == both)
    wide = run(OBJTOOL, 'diff', '-p', '--side-by-side', old, new,
               env={**os.environ, 'COLUMNS': '120'}).out
    check('side by side', re.search(r'callq first +\| +callq second', wide), wide)
    check('side by side: fits', max(map(len, wide.split('\n'))) <= 120, wide)
    narrow = run(OBJTOOL, 'diff', '-p', '--side-by-side', old, new,
               env={**os.environ, 'COLUMNS': '60'}).out
    check('side by side: not if there is no room', narrow == both, narrow)
    check('not with json', run(OBJTOOL, 'diff', '-p', '--json', old, new).status == 2)
    one = run(OBJTOOL, 'diff', '-p', '--function', 'g', old, new)
    check('one function', [n for n, _ in patches(one.out)] == ['g'] and one.status == 1, one.out)
    check('one function: none of the other', not re.search(' f( |$)', one.out, re.M), one.out)
    compile_to(new, 'gcc', WORDS[0][1])
    gone = run(OBJTOOL, 'diff', '-p', '--function', 'g', old, new)
    check('one that is gone', '\n+++ /dev/null\n' in gone.out and '\n-    ' in gone.out and
          '\n+    ' not in gone.out, gone.out)
    check('one that is gone: not without a name',
          '/dev/null' not in run(OBJTOOL, 'diff', '-p', old, new).out)
    none = run(OBJTOOL, 'diff', '--function', 'gg', old, new)
    check('no such function', none.status == 2 and 'near it are: g' in none.err, none.err)
    same = run(OBJTOOL, 'diff', '-p', '--function', 'f', old, old)
    check('the same', same.status == 0 and not same.out + same.err, same)


def check_checksums_only(directory):
    old, new = compile_pair(directory, 'gcc', WORDS[0][1], WORDS[0][2])
    os.makedirs(directory + '/kept', exist_ok=True)
    run(OBJTOOL, 'checksum', '-o', directory + '/kept/x.o.checksums', old)
    result = run(OBJTOOL, 'diff', '-p', directory + '/kept', directory + '/new')
    check('only .checksums: said once', result.err.count('only .checksums') == 1, result.err)
    check('only .checksums: of which, and what to do',
          'x.o' in result.err and 'old build' in result.err and 'give the object' in result.err,
          result.err)
    check('only .checksums: the list all the same', re.search('changed +func +.*f', result.out),
          result.out)
    check('only .checksums: trouble', result.status == 2, result.status)


def check_forms(directory):
    """Objects in archives and trees, and compressed ones."""
    old, new = compile_pair(directory, 'gcc', WORDS[0][1], WORDS[0][2])
    want = patches(run(OBJTOOL, 'diff', '-p', old, new).out)
    for path in (old, new):
        base = path[:-len('x.o')]
        for flags, name in (('rcs', 'a.a'), ('rcsT', 'thin.a')):
            subprocess.run(['ar', flags, name, 'x.o'], cwd=base, check=True)
        subprocess.run(['sh', '-c', 'gzip -c <"$0" >"$1"', path, base + 'x.ko.gz'], check=True)
        os.makedirs(base + 'tree/sub')
        compile_to(base + 'tree/sub/x.o', 'gcc', WORDS[0][1] if path == old else WORDS[0][2])
    for name in ('a.a', 'thin.a', 'x.ko.gz', 'tree'):
        result = run(OBJTOOL, 'diff', '-p', old[:-3] + name, new[:-3] + name)
        check(f'{name}: the same patch', patches(result.out) == want and result.status == 1,
              result.out, result.err)
    run(OBJTOOL, 'checksum', old[:-3] + 'tree', new[:-3] + 'tree')
    result = run(OBJTOOL, 'diff', '-p', old[:-3] + 'tree', new[:-3] + 'tree')
    check('.checksums beside objects: the same patch', patches(result.out) == want, result.out,
          result.err)


def main():
    check_rule(sys.argv[1])
    check_words(scratch.name)
    check_labels(scratch.name)
    check_content(scratch.name)
    check_options(scratch.name)
    check_checksums_only(scratch.name)
    check_forms(scratch.name)
    finish()


if __name__ == '__main__':
    main()
