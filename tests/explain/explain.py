# SPDX-License-Identifier: GPL-2.0-or-later
"""
explain.py - what "objtool explain" says of pairs whose difference is known

A source is edited in one place, both versions are compiled, and the sentence
that the edit deserves must be there, and none of another kind.
"""
import os
import re
import subprocess

from harness import OBJTOOL, check, finish, run, scratch

PRELUDE = '''
extern void kfree(void *), kfree_sensitive(void *), other(void), take(void *, long);
extern int key_a, key_b, table[64], counter;
extern void print(const char *, ...);
struct s { long a, b, c, d; };
#define SPECIAL(section, fields) \\
	".pushsection " section ",\\"a\\"\\n" fields "\\n.popsection\\n"
#define BRANCH(key) asm goto("1: .byte 0x0f,0x1f,0x44,0,0\\n" \\
	SPECIAL("__jump_table", ".balign 8\\n.long 1b - .\\n.long %l0 - .\\n.quad " key " - .") :::: on); \\
	return 1; on: return 2;
'''

# What lines may be there of any pair.
ALWAYS = r'f \(x\.o\)|  the same: |  line numbers differ'

# name, old, new, the lines that must be there; and none but those and ALWAYS
PAIRS = [
    ('call', 'void f(void *p) { other(); kfree(p); counter++; }',
     'void f(void *p) { other(); kfree_sensitive(p); counter++; }',
     [r'  calls kfree_sensitive instead of kfree at \+0x[0-9a-f]+$']),
    ('two calls', 'void f(void *p) { kfree(p); other(); kfree(p + 1); counter++; }',
     'void f(void *p) { kfree_sensitive(p); other(); kfree_sensitive(p + 1); counter++; }',
     [r'  calls kfree_sensitive instead of kfree in 2 places$']),
    ('string', 'void f(void) { print("one"); counter++; }', 'void f(void) { print("two"); counter++; }',
     [r'  string "one" -> "two" at']),
    ('immediate', 'void f(void *p) { take(p, 16); take(p, 16); take(p, 16); counter++; }',
     'void f(void *p) { take(p, 24); take(p, 24); take(p, 24); counter++; }',
     [r'  immediate 16 -> 24 in 3 places$']),
    ('member', 'long f(struct s *p) { return p->b; }', 'long f(struct s *p) { return p->c; }',
     [r'  offset 0x8 -> 0x10 at']),
    ('variable', 'int f(void) { return key_a; }', 'int f(void) { return key_b; }',
     [r'  uses key_b instead of key_a at']),
    ('place in a variable', 'int f(void) { return table[1]; }', 'int f(void) { return table[2]; }',
     [r'  uses table\+0x8 instead of table\+0x4 at']),
    ('stack frame', 'void f(void) { char a[64]; take(a, 1); }', 'void f(void) { char a[96]; take(a, 1); }',
     [r'  stack frame 0x[0-9a-f]+ -> 0x[0-9a-f]+ at']),
    ('static key', 'int f(void) { BRANCH("key_a") }', 'int f(void) { BRANCH("key_b") }',
     [r'  static key key_a -> key_b at']),
    ('section', 'int f(void) { return counter; }',
     '__attribute__((section(".init.text"))) int f(void) { return counter; }',
     [r'  moved from section \.text to \.init\.text$']),
    ('condition', 'void f(long n) { if (n < 5) other(); counter++; }',
     'void f(long n) { if (n < 7) other(); counter++; }', [r'  immediate \d -> \d at']),
    ('instruction', 'void f(void) { other(); counter++; }',
     'void f(void) { other(); asm volatile("cpuid"); counter++; }',
     [r'  1 instruction added: cpuid$']),
    ('call more', 'void f(void) { other(); counter++; }',
     'void f(void) { other(); other(); counter++; }',
     [r'  calls other 2 times, not 1$', r'  1 instruction added: callq other$']),
    ('data', 'int f[8] = { 1, 2, 3 };', 'int f[8] = { 1, 2, 4 };',
     [r'  \+0x0000: 01 00 00 00 02 00 00 00 03( 00){7} -> 01 00 00 00 02 00 00 00 04( 00){7}$']),
    ('data far behind', 'long f[9000] = { [8999] = 1 };', 'long f[9000] = { [8999] = 2 };',
     [r'  \+0x11930: .* 01( 00){7} -> .* 02( 00){7}$']),
    ('text with a bar', 'char f[16] = "abc|efghijklmnop";', 'char f[16] = "abc|efghijklmnoq";',
     [r'  \+0x0000: \|abc\|efghijklmnop\| -> \|abc\|efghijklmnoq\|$']),
    ('text', 'char f[16] = "abcdefghijklmnop";', 'char f[16] = "abcdefghijklmnoq";',
     [r'  \+0x0000: \|abcdefghijklmnop\| -> \|abcdefghijklmnoq\|$']),
    ('pointer', 'void *f[2] = { &key_a, &counter };', 'void *f[2] = { &key_b, &counter };',
     [r'  points to key_b instead of key_a at \+0x0$']),
]


def compile_to(path, compiler, source):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run([compiler, '-c', '-O2', '-fno-pic', '-mcmodel=kernel', '-fcf-protection=none',
                    '-ffreestanding', '-fno-asynchronous-unwind-tables', '-fno-stack-protector', '-w',
                    '-mno-red-zone', '-fno-optimize-sibling-calls',
                    '-x', 'c', '-o', path, '-'], input=PRELUDE + source, text=True, check=True)


def pair(directory, compiler, old, new):
    paths = [os.path.join(directory, side, 'x.o') for side in ('old', 'new')]
    for path, source in zip(paths, (old, new)):
        compile_to(path, compiler, source)
    return paths


def test_sentences(directory):
    for compiler in ('gcc', 'clang'):
        for name, old, new, lines in PAIRS:
            result = run(OBJTOOL, 'explain', 'f', *pair(directory, compiler, old, new))
            said = result.out.rstrip('\n').split('\n')
            what = f'{compiler}: {name}'
            check(f'{what}: status', result.status == 1 and not result.err, result)
            check(f'{what}: head', re.match(r'f \(x\.o\) changed: \d+ -> \d+ bytes$', said[0]), said)
            for line in lines:
                check(f'{what}: {line}', [s for s in said if re.match(line, s)], result.out)
            # Frames move what is on them, and may be freed with another instruction.
            extra = [s for s in said if not re.match('|'.join([ALWAYS] + lines), s)]
            check(f'{what}: no more than that', not extra or name == 'stack frame', result.out)


def test_the_same(directory):
    old, new = pair(directory, 'gcc', 'void f(void *p) { kfree(p); print("x"); counter++; }',
                    'void f(void *p) { kfree_sensitive(p); print("x"); counter++; }')
    out = run(OBJTOOL, 'explain', 'f', old, new).out
    same = re.search('^  the same: (.*)$', out, re.M)
    check('the same: said', same, out)
    check('the same: strings and code', same and 'strings and constants' in same[1] and
          'section' in same[1], out)
    check('the same: not what differs', same and 'calls' not in same[1], out)
    result = run(OBJTOOL, 'explain', 'f', old, old)
    check('no difference', result.status == 0 and
          re.fullmatch(r'f \(x\.o\) is the same in both: func, \d+ bytes\n', result.out), result)


def test_names(directory):
    old, new = pair(directory, 'gcc', 'int lookup_name(void) { return 1; } int gone(void) { return 7; }'
                    'int was(void) { return counter + 55; }',
                    'int lookup_name(void) { return 2; } int came(void) { return 8; }'
                    'int is(void) { return counter + 55; }')
    result = run(OBJTOOL, 'explain', 'lookup_nam', old, new)
    check('near name', result.status == 2 and 'near it are: lookup_name' in result.err and
          not result.out, result)
    result = run(OBJTOOL, 'explain', 'xyzzyxyzzyxyzzy', old, new)
    check('no near name', result.status == 2 and 'anything like it' in result.err, result)
    for name, words in (('gone', 'is gone'), ('came', 'is new'), ('was', 'is what was was'),
                        ('is', 'is what was was')):
        result = run(OBJTOOL, 'explain', name, old, new)
        check(f'{name}: {words}', result.status == 1 and words in result.out, result)
    result = run(OBJTOOL, 'explain', 'lookup_name.constprop.0', old, new)
    check('another name', result.status == 2, result)
    result = run(OBJTOOL, 'explain', 'f', old)
    check('misuse', result.status == 2 and 'three operands' in result.err, result)


def test_trees(directory):
    """A name may be there in several objects."""
    for side, number in (('old', 1), ('new', 2)):
        for name, n in (('a/x.o', number), ('b/x.o', number), ('c/x.o', 5)):
            compile_to(f'{directory}/t{side}/{name}', 'gcc', f'int f(void) {{ return {n}; }}')
    out = run(OBJTOOL, 'explain', 'f', f'{directory}/told', f'{directory}/tnew').out
    check('trees: each of that name', re.findall(r'^f \((.*)\) (changed)', out, re.M) ==
          [('a/x.o', 'changed'), ('b/x.o', 'changed')], out)
    check('trees: those that are the same', out.endswith('the same in both: 1 other called f\n'), out)
    out = run(OBJTOOL, 'explain', 'f', f'{directory}/told', f'{directory}/told').out
    check('trees: all the same', re.findall(r'^f \((.*)\) is the same', out, re.M) ==
          ['a/x.o', 'b/x.o', 'c/x.o'], out)


def test_checksums_only(directory):
    old, new = pair(directory, 'gcc', 'void f(void *p) { kfree(p); counter++; }',
                    'void f(void *p) { kfree_sensitive(p); counter++; }')
    sums = directory + '/x.o.checksums'
    run(OBJTOOL, 'checksum', '-o', sums, old)
    result = run(OBJTOOL, 'explain', 'f', sums, new)
    check('only .checksums: status', result.status == 2, result)
    check('only .checksums: why', 'only .checksums are at hand' in result.err, result)
    check('only .checksums: what can be said', 'differs in: calls and data used' in result.out,
          result.out)


def main():
    test_sentences(scratch.name)
    test_the_same(scratch.name)
    test_names(scratch.name)
    test_trees(scratch.name)
    test_checksums_only(scratch.name)
    finish()


if __name__ == '__main__':
    main()
