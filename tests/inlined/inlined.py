# SPDX-License-Identifier: GPL-2.0-or-later
"""
inlined.py - what changed by being inlined, against what was written to be

Sources in which one inline function is edited, and it is known which functions
contain it; with both compilers, in several forms of debug information and of object.
"""
import gzip
import os
import re
import subprocess

from harness import OBJTOOL, check, finish, run, scratch

# Calls tell the copies apart whatever the optimiser does: an edit is another callee.
HEADER = '''
extern int g(int), h(int), other(int), more(int);
#define INLINE static inline __attribute__((always_inline))
INLINE int inner(int x) { return INNER(x) + 1; }
INLINE int edited(int x) { return EDITED(x) * 2; }
INLINE int nest(int x) { return inner(x) - h(x); }
'''

SOURCE = '''
#include "x.h"
int only(int x) { return edited(x); }
int twice(int x) { return edited(x) + edited(x + 7); }
int both(int x) { return edited(x) + nest(x); }
int nested(int x) { return nest(x) + 4; }
int none(int x) { return g(x) + h(x); }
int more_of(int x) { return MORE(x) + nest(x); }
__attribute__((cold)) int unlikely(int x) { return nest(x) * 3; }
'''

OLD = {'EDITED': 'g', 'INNER': 'h', 'MORE': 'g'}


def compile_to(path, compiler, macros, flags=('-g',), source=SOURCE, header=HEADER):
    directory = os.path.dirname(path)
    os.makedirs(directory, exist_ok=True)
    for name, text in (('x.h', header), ('x.c', source)):
        with open(os.path.join(directory, name), 'w', encoding='ascii') as f:
            f.write(text)
    subprocess.run([compiler, '-c', '-O2', '-fno-pic', '-mcmodel=kernel', '-fcf-protection=none',
                    '-ffreestanding', '-fno-asynchronous-unwind-tables', '-fno-optimize-sibling-calls',
                    '-w', *(f'-D{k}={v}' for k, v in macros.items()), *flags, '-o', path, 'x.c'],
                   check=True, cwd=directory)
    return path


def pair(directory, compiler, edit, flags=('-g',)):
    return [compile_to(f'{directory}/{side}/x.o', compiler, macros, flags)
            for side, macros in (('old', OLD), ('new', {**OLD, **edit}))]


def report(*paths):
    """{inlined function: (changed in it, changed elsewhere, not changed)}, and what was printed"""
    result = run(OBJTOOL, 'diff', '--inlined', *paths)
    found = {}
    for name, rest in re.findall(r'^(\w+) \([\w., ]*inlined\) -> (.*)$', result.out, re.M):
        sets = [set(), set(), set()]
        for part in rest.split('; '):
            names, what = re.fullmatch(r'(.*?) (?:contains? it and )?(changed in it|changed elsewhere|'
                                       r'did not change)', part).groups()
            sets[['changed in it', 'changed elsewhere', 'did not change'].index(what)] |= \
                set(names.split(', '))
        found[name] = tuple(sets)
    return found, result


FORMS = [('gcc', ('-g',)), ('gcc', ('-gdwarf-4',)), ('gcc', ('-g', '-ffunction-sections')), ('gcc', ('-gz', '-g')),
         ('clang', ('-g',)), ('clang', ('-gdwarf-4',)), ('clang', ('-g', '-ffunction-sections'))]


def test_edits(directory):
    for compiler, flags in FORMS:
        what = f'{compiler} {" ".join(flags)}'
        old, new = pair(directory, compiler, {'EDITED': 'other'}, flags)
        found, result = report(old, new)
        check(f'{what}: edited: who', found.get('edited') == ({'only', 'twice', 'both'}, set(), set()),
              result.out, result.err)
        check(f'{what}: edited: nothing else', set(found) == {'edited'}, result.out)
        check(f'{what}: edited: where it is declared', 'edited (x.h, inlined)' in result.out,
              result.out)
        check(f'{what}: edited: status', result.status == 1 and not result.err, result)

        # A function that changes elsewhere, with others that contain what it contains.
        found, result = report(*pair(directory, compiler, {'MORE': 'more'}, flags))
        check(f'{what}: no inlined one changed', not found, result.out)

        # Something inlined into what is inlined.
        found, result = report(*pair(directory, compiler, {'INNER': 'other', 'MORE': 'more'}, flags))
        check(f'{what}: inner: who', found.get('inner') ==
              ({'both', 'nested', 'more_of', 'unlikely'}, set(), set()), result.out)
        check(f'{what}: inner: nothing else', set(found) <= {'inner', 'nest'}, result.out)


def test_not_all(directory):
    """An edit that shows in one copy only: the others contain it and did not change."""
    header = HEADER + 'INLINE int some(int x, int y) { if (y > 1) return FAR(x); return g(x); }\n'
    source = SOURCE + ('int shows(int x) { return some(x, 2); }\n'
                       'int hides(int x) { return some(x, 1); }\n'
                       'int other_edit(int x) { return some(x, 1) + MORE(x); }\n')
    for compiler in ('gcc', 'clang'):
        paths = [compile_to(f'{directory}/{side}/x.o', compiler, {**OLD, **macros}, ('-g',), source, header)
                 for side, macros in (('old', {'FAR': 'g'}), ('new', {'FAR': 'other', 'MORE': 'more'}))]
        found, result = report(*paths)
        check(f'{compiler}: one copy', found.get('some') == ({'shows'}, {'other_edit'}, {'hides'}),
              result.out)


def test_explain(directory):
    for compiler in ('gcc', 'clang'):
        paths = pair(directory, compiler, {'EDITED': 'other'})
        out = run(OBJTOOL, 'explain', 'both', *paths).out
        check(f'{compiler}: explain: the copy', re.search(
            r'^  inlined copy of edited changed: \d+ -> \d+ instructions$', out, re.M), out)
        check(f'{compiler}: explain: not the other', 'nest' not in out and 'inner' not in out, out)
        source = SOURCE.replace('int none(int x) { return g(x) + h(x); }',
                                'int none(int x) { return CALL(x) + h(x); }')
        old, new = [compile_to(f'{directory}/{side}/x.o', compiler, {**OLD, 'CALL': call}, source=source)
                    for side, call in (('old', 'g'), ('new', 'edited'))]
        out = run(OBJTOOL, 'explain', 'none', old, new).out
        check(f'{compiler}: explain: now inlined', '  now inlines edited\n' in out, out)
        out = run(OBJTOOL, 'explain', 'none', new, old).out
        check(f'{compiler}: explain: no longer', '  no longer inlines edited\n' in out, out)


def test_forms_of_objects(directory):
    """Several units in one object, units that refer to each other (LTO), compressed modules."""
    for compiler in ('gcc', 'clang'):
        linked = []
        for side, macros in (('old', OLD), ('new', {**OLD, 'EDITED': 'other'})):
            one = compile_to(f'{directory}/{side}/one.o', compiler, macros)
            two = compile_to(f'{directory}/{side}/two.o', compiler, macros, source='#include "x.h"\n'
                             'int second(int x) { return edited(x) - 9; }\n'
                             'int second_nested(int x) { return nest(x) - 9; }\n')
            linked.append(f'{directory}/{side}/vmlinux.o')
            subprocess.run(['ld', '-r', '-o', linked[-1], one, two], check=True)
        found, result = report(*linked)
        check(f'{compiler}: ld -r', found.get('edited') == ({'only', 'twice', 'both', 'second'}, set(), set()),
              result.out, result.err)
        packed = []
        for path in linked:
            with open(path, 'rb') as f, gzip.open(path.replace('.o', '.ko.gz'), 'wb') as g:
                g.write(f.read())
            packed.append(path.replace('.o', '.ko.gz'))
        check(f'{compiler}: compressed', report(*packed)[0] == found, report(*packed)[1])


# Two files: what is inlined into one is written in the other.
LTO = ('int edited(int);\nextern int h(int);\n'
       'int only(int x) { return edited(x); }\n'
       'int twice(int x) { return edited(x) - edited(x + 7); }\n'
       'int none(int x) { return h(x); }\n',
       'extern int g(int), other(int);\n'
       '__attribute__((always_inline)) int edited(int x) { return EDITED(x) * 2; }\n'
       'int second(int x) { return edited(x) + 1; }\n')


def test_lto(directory):
    """The description of what is inlined is in another unit."""
    linked = []
    for side, macros in (('old', OLD), ('new', {**OLD, 'EDITED': 'other'})):
        parts = [compile_to(f'{directory}/{side}/lto{i}.o', 'clang', macros, ('-g', '-flto'), source)
                 for i, source in enumerate(LTO)]
        linked.append(f'{directory}/{side}/lto.o')
        subprocess.run(['ld.lld', '-r', '--lto-O2', '-o', linked[-1], *parts], check=True)
    found, result = report(*linked)
    check('lto: units that refer to each other', found ==
          {'edited': ({'only', 'second', 'twice'}, set(), set())}, result.out, result.err)


def test_without(directory):
    old, new = pair(directory, 'gcc', {'EDITED': 'other'}, ())
    result = run(OBJTOOL, 'diff', '--inlined', old, new)
    check('no debug information: said', 'no debug information' in result.err and 'x.o' in result.err,
          result)
    check('no debug information: trouble', result.status == 2, result)
    check('no debug information: the list', 'changed' in result.out, result)
    result = run(OBJTOOL, 'explain', 'only', old, new)
    check('no debug information: explain', result.status == 1 and 'inline' not in result.out, result)
    result = run(OBJTOOL, 'diff', '--inlined', old, old)
    check('no difference', result.status == 0 and not result.out + result.err, result)
    result = run(OBJTOOL, 'diff', '--inlined', '--json', old, new)
    check('not with --json', result.status == 2 and not result.out, result)


def main():
    test_edits(scratch.name)
    test_not_all(scratch.name)
    test_explain(scratch.name)
    test_forms_of_objects(scratch.name)
    test_lto(scratch.name)
    test_without(scratch.name)
    finish()


if __name__ == '__main__':
    main()
