# SPDX-License-Identifier: GPL-2.0-or-later
"""
p2.py - mutations of a function's surroundings, after which nothing may have changed
"""
import os
import re
import struct

from .asm import CODE_SECTION, SYMBOL, root_of, unquote
from .case import Case, mutator
from .elfobj import (Elf, R_64, R_PC32, R_PLT32, SHF_ALLOC, SHF_EXECINSTR, SHT_SYMTAB, STT_FILE,
                    STT_SECTION)
from .p1 import DATA_DIRECTIVES, by_content, is_branch, simple_functions, some
from .verdict import Contained, Expect, canonical

# ---- pieces of a file that can be moved about ----


class Piece:
    """Statements [first, last) that define what is in @defines and start in section @sec."""

    def __init__(self, first, last, sec):
        self.first, self.last, self.sec = first, last, sec


def declarations(u):
    """Section name -> directive that enters it, with its flags."""
    def build():
        out = {'.text': '.text', '.data': '.data', '.bss': '.bss'}
        for s in u.asm.stmts:
            if s.op in ('.section', '.pushsection') and len(s.args) > 1:
                out.setdefault(unquote(s.args[0]), '.section ' + ','.join(s.args))
        return out
    return u.memo('declarations', build)


def enter(u, sec):
    return declarations(u).get(sec) or f'.section {sec}'


def pieces(u):
    """
    The file cut behind each function: (head, functions' pieces, tail). A piece holds a
    function with its cold part, its strings and whatever stands before it.
    """
    def build():
        stmts = u.asm.stmts
        cuts, depth, opened = [], 0, set()
        for i, s in enumerate(stmts):
            if s.op == '.pushsection':
                depth += 1
            elif s.op == '.popsection':
                depth -= 1
            elif s.kind == 'label' and s.op in u.asm.func_names:
                opened.add(s.op)
            elif s.op == '.size' and unquote(s.args[0]) in opened:
                opened.discard(unquote(s.args[0]))
                if not opened and depth == 0 and not waits(u, i):
                    cuts.append(behind_tables(u, i + 1))
        out, first = [], 0
        for cut in cuts:
            out.append(Piece(first, cut, stmts[first].sec if first == 0 else stmts[first - 1].sec))
            first = cut
        tail = Piece(first, len(stmts), stmts[first - 1].sec if first else '.text')
        return out, tail
    return u.memo('pieces', build)


def waits(u, i):
    """Does the .size of a cold part, or the function that a CFI prefix is of, still follow @i?"""
    stmts = u.asm.stmts
    name = unquote(stmts[i].args[0])
    if name.startswith('__cfi_'):
        return True
    for s in stmts[i + 1:i + 4]:
        if s.op == '.size' and unquote(s.args[0]).startswith(name + '.cold'):
            return True
    return False


def behind_tables(u, i):
    """clang writes a function's jump tables and patchable entry behind it: they are of its piece."""
    stmts = u.asm.stmts
    while i < len(stmts) and stmts[i].op == '.section' and (
            u.asm.clang and unquote(stmts[i].args[0]) == '__patchable_function_entries' or
            unquote(stmts[i].args[0]).startswith('.rodata') and
            any(s.op.startswith('.LJTI') for s in stmts[i + 1:i + 4])):
        i += 1
        while i < len(stmts) and (stmts[i].op in DATA_DIRECTIVES | {'.p2align'} or
                                  stmts[i].op.startswith('.LJTI')):
            i += 1
    return i


def piece_text(u, p, edits=None):
    out = [enter(u, p.sec)] if p.first else []
    for i in range(p.first, p.last):
        if edits and i in edits:
            if edits[i] is not None:
                out.append(edits[i])
        else:
            out.append(u.asm.stmts[i].text)
    return '\n'.join(out)


def functions_of(u, p):
    return [s.op for s in u.asm.stmts[p.first:p.last]
            if s.kind == 'label' and s.op in u.asm.func_names]


def carries_more(u, p):
    """Are there entries of lists before the function, such as __tracepoints_ptrs?"""
    return any(s.kind == 'dir' and s.op in DATA_DIRECTIVES and s.func is None and
               s.sec != '__patchable_function_entries' and
               not s.sec.startswith(('.rodata', '.discard', '.debug'))
               for s in u.asm.stmts[p.first:p.last])


def is_movable(u, p):
    """One function (and cold part), and no other symbol that something else could mean."""
    funcs = functions_of(u, p)
    if not funcs or len({root_of(f) for f in funcs}) != 1 or carries_more(u, p):
        return False
    for s in u.asm.stmts[p.first:p.last]:
        if s.kind == 'label' and not s.op.isdigit() and not s.op.startswith('.L') and \
                s.op not in funcs:
            return False
        if s.op in ('.set', '.equ', '.weakref', '.symver'):
            return False
    return True


@mutator('functions shuffled', 'P2')
def shuffled(u, rng):
    body, tail = pieces(u)
    if len(body) < 3:
        return None
    places = [k for k, p in enumerate(body) if k and not carries_more(u, p)]
    order = list(body)
    for k, p in zip(places, rng.sample([body[k] for k in places], len(places))):
        order[k] = p
    text = '\n'.join(piece_text(u, p) for p in order + [tail]) + '\n'
    return Case(None, Expect('P2'), f'{len(places)} functions', text=text)


@mutator('data objects shuffled', 'P2')
def data_shuffled(u, rng):
    """gcc's and clang's data behind the functions, object by object."""
    body, tail = pieces(u)
    stmts = u.asm.stmts
    cuts = []
    for i in range(tail.first, tail.last):
        s = stmts[i]
        if s.op == '.type' and len(s.args) > 1 and 'object' in s.args[1]:
            j = i
            while j > tail.first and stmts[j - 1].op in (
                    '.globl', '.global', '.p2align', '.align', '.balign', '.section', '.data',
                    '.bss', '.local', '.weak', '.hidden') and \
                    not stmts[j - 1].app:
                j -= 1
            cuts.append(j)
    cuts = sorted(set(cuts))
    depth_ok = not any(s.app or s.op in ('.set', '.previous', '.pushsection')
                       for s in stmts[cuts[0]:]) if cuts else False
    if len(cuts) < 3 or not depth_ok:
        return None
    objs = [Piece(a, b, stmts[a - 1].sec) for a, b in zip(cuts, cuts[1:])]
    last = Piece(cuts[-1], tail.last, stmts[cuts[-1] - 1].sec)
    text = '\n'.join([piece_text(u, Piece(0, cuts[0], '.text'))] +
                     [piece_text(u, p) for p in rng.sample(objs, len(objs))] +
                     [piece_text(u, last)]) + '\n'
    return Case(None, Expect('P2'), f'{len(objs)} objects', text=text)


def copy_of(u, p, tag):
    """A piece again, as another function: (name, text)."""
    stmts = u.asm.stmts
    rename = {}
    for s in stmts[p.first:p.last]:
        if s.kind == 'label' and not s.op.isdigit():
            rename[s.op] = ('.L' + tag + s.op[2:]) if s.op.startswith('.L') else tag + s.op
    name = next(f for f in functions_of(u, p) if f == root_of(f))
    return rename[name], rename_text(piece_text(u, Piece(p.first, p.last, p.sec))
                                     if p.first else '\n'.join(
                                         s.text for s in stmts[p.first:p.last]), rename)


QUOTED = re.compile(r'("(?:[^"\\]|\\.)*")')


def rename_text(text, rename):
    """Replace symbols, but not inside strings."""
    token = re.compile(SYMBOL)

    def one(m):
        old = m.group(0)
        if old in rename:
            return rename[old]
        # .bss.x.7 and .text.f.constprop.0 are sections named after their symbol
        k = old.find('.', 1)
        while k > 0:
            if old[k + 1:] in rename and old.startswith(('.bss.', '.data.', '.rodata.', '.text.')):
                return old[:k + 1] + rename[old[k + 1:]]
            k = old.find('.', k + 1)
        return old
    parts = QUOTED.split(text)
    return ''.join(p if k % 2 else token.sub(one, p) for k, p in enumerate(parts))


def copyable(u):
    return u.memo('copyable', lambda: [
        p for p in pieces(u)[0] if p.first and is_movable(u, p) and not any(
            s.op.startswith('.cfi') or s.op == '.weak' for s in u.asm.stmts[p.first:p.last])])


def insert_text(u, cut, what):
    """The file with @what, whose section is left again, inserted before statement @cut."""
    stmts = u.asm.stmts
    before = '\n'.join(s.text for s in stmts[:cut])
    after = '\n'.join(s.text for s in stmts[cut:])
    back = enter(u, stmts[cut - 1].sec) if cut else ''
    return f'{before}\n{what}\n{back}\n{after}\n'


def added_case(u, rng, copies, where):
    body, tail = pieces(u)
    sources = copyable(u)
    if not sources:
        return None
    made = [copy_of(u, rng.choice(sources), f'zz{k}_') for k in range(copies)]
    added = {('func', canonical(n)) for n, _ in made}
    what = '\n'.join(t for _, t in made)
    if where == 'front':
        cut = body[0].first or 1
        return Case(None, Expect('P2', added=added), f'{[n for n, _ in made]} in front',
                    text=insert_text(u, cut, what))
    if where == 'end':
        return Case(None, Expect('P2', added=added), f'{[n for n, _ in made]} behind',
                    text=insert_text(u, tail.first, what))
    cut = rng.choice(body[1:] or body).first or 1
    return Case(None, Expect('P2', added=added), f'{[n for n, _ in made]} at statement {cut}',
                text=insert_text(u, cut, what))


@mutator('function added in front', 'P2')
def added_front(u, rng):
    return added_case(u, rng, 1, 'front')


@mutator('function added anywhere', 'P2')
def added_anywhere(u, rng):
    return added_case(u, rng, 1, 'any')


@mutator('many functions added', 'P2')
def added_many(u, rng):
    return added_case(u, rng, 8, 'any')


@mutator('function removed', 'P2')
def removed(u, rng):
    stmts = u.asm.stmts
    for p in some(rng, copyable(u), 30):
        funcs = set(functions_of(u, p))
        inside = {id(s) for s in stmts[p.first:p.last]}
        defined = {s.op for s in stmts[p.first:p.last] if s.kind == 'label' and not s.op.isdigit()}
        if any(id(s) not in inside for d in defined for s in u.references(d)):
            continue
        if any(f in u.asm.weaks for f in funcs):
            continue
        # what only it used goes with it, as a compiler would have it
        gone, ok = {}, True
        for token in {t for s in stmts[p.first:p.last] for t in re.findall(SYMBOL, s.text)}:
            if token in defined or token not in u.asm.label_at:
                continue
            if all(id(s) in inside for s in u.references(token)):
                end = drop_string(u, token, gone)
                if end is None and (
                        token.startswith('.L') or by_content(u, token,
                                                             stmts[u.asm.label_at[token]].sec)):
                    ok = False
        if not ok:
            continue
        edits = {i: None for i in range(p.first, p.last)} | gone
        if p.first:
            edits[p.first] = enter(u, stmts[p.last - 1].sec)
        for i, s in enumerate(stmts):
            if i not in edits and s.op in ('.addrsig_sym', '.globl', '.type', '.size') and \
                    s.args and unquote(s.args[0]) in funcs:
                edits[i] = None
        added = {('func', canonical(root_of(f))) for f in funcs}
        return Case(edits, Expect('P2', added=added), f'{sorted(funcs)}')
    return None


def drop_string(u, label, gone):
    """Add the statements of string @label to @gone; None if it is none."""
    stmts, i = u.asm.stmts, u.asm.label_at[label]
    if '.str' not in stmts[i].sec or not label.startswith('.L'):
        return None
    gone[i] = None
    j = i + 1
    while j < len(stmts) and stmts[j].op in ('.string', '.asciz', '.ascii', '.zero'):
        gone[j] = None
        last = stmts[j].op
        j += 1
        if last != '.ascii':
            break
    return j


@mutator('pools and data grown in front', 'P2')
def pools_grown(u, rng):
    """A new function brings strings, constants and variables that come before all others."""
    body, _ = pieces(u)
    if not body:
        return None
    out, uses, added = [], [], {('func', 'zz_added')}
    for k, (sec, decl) in enumerate(sorted(declarations(u).items())):
        flags = decl.split(',')[1] if ',' in decl else ''
        if sec.startswith(('.discard', '.note', '.comment', '.debug', '.init.setup')):
            continue
        if re.match(r'\.(rodata|init\.rodata)', sec) and 'S' in flags:
            for n in range(rng.randrange(1, 4)):
                out.append(f'{decl}\n.Lzz_{k}_{n}:\n.string "{"zz" * rng.randrange(1, 9)}{n}"')
                uses.append(f'movq $.Lzz_{k}_{n}, %rdi')
        elif re.match(r'\.rodata\.cst(\d+)', sec):
            size = int(re.match(r'\.rodata\.cst(\d+)', sec).group(1))
            out.append(f'{decl}\n.Lzz_{k}:\n' + '\n'.join(f'.byte {rng.randrange(256)}'
                                                          for _ in range(size)))
            uses.append(f'movq $.Lzz_{k}, %rdi')
        elif sec in ('.data', '.bss', '.data..read_mostly', '.data..percpu', '.init.data',
                     '.rodata', '.data.once', '.data..ro_after_init', '.init.rodata'):
            size = rng.choice([8, 24, 64, 136])
            out.append(f'{decl}\n.p2align 3\n.type zz_{k},@object\n.size zz_{k},{size}\nzz_{k}:\n'
                       f'.zero {size}')
            uses.append(f'movq $zz_{k}, %rdi')
            added.add(('data', f'zz_{k}'))
    out.append('.text\n.p2align 4\n.type zz_added,@function\nzz_added:\n' + '\n'.join(uses) +
               '\nret\nint3\n.size zz_added, .-zz_added')
    cut = body[0].first or 1
    return Case(None, Expect('P2', added=added), f'{len(uses)} things',
                text=insert_text(u, cut, '\n'.join(out)))


# ---- counters ----

def rename_case(u, rename, note):
    if not rename:
        return None
    return Case(None, Expect('P2'), f'{note}: {len(rename)} names, such as '
                f'{next(iter(sorted(rename.items())))}', text=rename_text(u.asm.text(), rename))


NUMBERED = re.compile(r'\.(\d+)(?=\.|$)')


def counter_names(u):
    return sorted(n for n in u.asm.label_at if not n.startswith('.') and NUMBERED.search(n))


def renumbered(names, rng):
    """Other numbers for every counter; names that shared a number still do."""
    chosen, taken = {}, {}
    out = {}
    for name in names:
        new, pos = '', 0
        for m in NUMBERED.finditer(name):
            prefix = name[:m.end()]
            if prefix not in chosen:
                group = taken.setdefault(name[:m.start()], set())
                n = rng.randrange(3000)
                while n in group:
                    n = rng.randrange(3000)
                group.add(n)
                chosen[prefix] = str(n)
            new += name[pos:m.start() + 1] + chosen[prefix]
            pos = m.end()
        out[name] = new + name[pos:]
    return out if len(set(out.values())) == len(out) else {}


def members(u):
    """What clang split a static struct into, x.0 and x.1 with no x: these are no counters."""
    names = set(u.asm.label_at) | u.asm.object_names
    return {n for n in names if u.asm.clang and re.fullmatch(r'[^.]+\.\d+', n)
            and n.split('.')[0] not in names}


@mutator('counters renumbered, x.N', 'P2')
def renumber_statics(u, rng):
    names = [n for n in counter_names(u) if not re.search(r'\.(constprop|isra|part)\.', n)
             and n not in members(u)]
    return rename_case(u, renumbered(names, rng), 'statics')


@mutator('counters renumbered, .constprop.N .isra.N .part.N', 'P2')
def renumber_clones(u, rng):
    names = [n for n in counter_names(u) if re.search(r'\.(constprop|isra|part)\.', n)]
    return rename_case(u, renumbered(names, rng), 'clones')


@mutator('counters renumbered, __UNIQUE_ID_*', 'P2')
def renumber_unique(u, rng):
    names = {t for s in u.asm.stmts for t in re.findall(SYMBOL, s.text)
             if t.startswith(('__UNIQUE_ID_', '__initcall__', '__initstub__', '__addressable_'))}
    shift = rng.randrange(1, 900)
    rename = {}
    for n in sorted(names):
        if n.startswith('__init'):
            rename[n] = re.sub(r'__(\d+)_(\d+)_', lambda m: f'__{int(m[1]) + shift}_'
                               f'{int(m[2]) + 1}_', n)
        else:
            rename[n] = re.sub(r'(\d+)(\.\d+)?$', lambda m: str(int(m[1]) + shift) + (m[2] or ''),
                               n)
    return rename_case(u, {a: b for a, b in rename.items() if a != b}, 'unique')


def renumber_local(u, rng, want):
    names = sorted(n for n in u.asm.label_at if want(n) and re.search(r'\d', n))
    shift = rng.randrange(1, 5) * 100000
    order = rng.sample(range(len(names)), len(names))
    rename = {n: re.sub(r'\d+', lambda m, k=k: str(shift + k), n, count=1)
              for n, k in zip(names, order)}
    return rename_case(u, rename, 'labels')


@mutator('counters renumbered, .LC', 'P2')
def renumber_constants(u, rng):
    return renumber_local(u, rng, lambda n: re.match(r'\.LC\d|\.LCPI|\.L\.str|\.L__', n))


@mutator('counters renumbered, .llvm.HASH', 'P2')
def renumber_llvm(u, rng):
    """As ThinLTO promotes local functions and variables."""
    locals_ = sorted(n for n in u.asm.label_at if n in u.asm.func_names | u.asm.object_names
                     and n not in u.asm.globals and n not in u.asm.weaks
                     and not n.startswith('.') and not n.endswith('.cold')
                     and n + '.cold' not in u.asm.label_at and '__UNIQUE' not in n
                     and not n.startswith('__initcall'))
    if not locals_:
        return None
    names = rng.sample(locals_, min(20, len(locals_)))
    text = u.asm.text()

    def promoted(number):
        return rename_text(text, {n: f'{n}.llvm.{number}' for n in names}) + \
            ''.join(f'.globl {n}.llvm.{number}\n' for n in names)
    return Case(None, Expect('P2'), f'{names[:3]}', text=promoted(rng.randrange(10 ** 18)),
                base_text=promoted(4711))


# ---- how the assembler wrote it down ----

@mutator('debug info', 'P2')
def debug_info(u, rng):
    return Case({}, Expect('P2'), '-g', asflags=('-g',))


@mutator('.loc lines', 'P2')
def loc_lines(u, rng):
    if any(s.op == '.loc' for s in u.asm.stmts):
        return None
    edits, number = {}, 1
    for i in u.asm.insns():
        number += rng.randrange(3)
        edits[i] = f'.loc 1 {number} 0\n{u.asm.stmts[i].text}'
    first = u.asm.stmts[0].text
    if not edits:
        return None
    edits[0] = f'{first}\n.file 1 "somewhere.c"'
    return Case(edits, Expect('P2'), f'{len(edits)} lines')


PLAIN_CODE = {'.text': '.text', '.text.unlikely': '.text.unlikely', '.text.hot': '.text.hot'}


@mutator('function sections on', 'P2')
def sections_on(u, rng):
    """Every function into .text.NAME, as -ffunction-sections does."""
    stmts, edits = u.asm.stmts, {}
    if any(re.match(r'\.text\.(?!unlikely$|hot$|startup$)\w', s.sec or '') for s in stmts):
        return None
    body, tail = pieces(u)
    out = []
    for p in body:
        if not is_movable(u, p) or not p.first:
            out.append(piece_text(u, p))
            continue
        name = root_of(next(iter(functions_of(u, p))))
        edits = {}
        for i in range(p.first, p.last):
            s = stmts[i]
            if s.op == '.text':
                edits[i] = f'.section .text.{name},"ax",@progbits'
            elif s.op == '.section' and unquote(s.args[0]) in ('.text.unlikely', '.text.hot'):
                edits[i] = f'.section {unquote(s.args[0])}.{name},"ax",@progbits'
        # a piece starts where the one before ended, which is one of these too
        text = piece_text(u, p, edits)
        if p.sec in PLAIN_CODE:
            first, _, rest = text.partition('\n')
            text = f'.section {p.sec}.{name},"ax",@progbits\n{rest}'
        out.append(text)
    out.append(piece_text(u, tail))
    return Case(None, Expect('P2'), f'{len(body)} functions', text='\n'.join(out) + '\n')


@mutator('function and data sections off', 'P2')
def sections_off(u, rng):
    edits = {}
    for i, s in enumerate(u.asm.stmts):
        if s.op not in ('.section', '.pushsection'):
            continue
        name = unquote(s.args[0])
        m = re.match(r'^(\.text(?:\.unlikely|\.hot|\.startup)?|\.data|\.bss|\.rodata'
                     r'|\.data\.rel\.ro|\.data\.rel\.ro\.local|\.data\.rel)\.([A-Za-z_][\w.]*)$', name)
        if not m or m.group(2) in ('unlikely', 'hot', 'startup', 'rel', 'rel.ro', 'rel.ro.local',
                                   'ro', 'local', 'ro.local'):
            continue
        pool = re.match(r'^\.rodata\.(?:.*\.)?(str\d+\.\d+|cst\d+)$', name)
        new = '.rodata.' + pool.group(1) if pool else m.group(1)
        if new != name:
            edits[i] = f'{s.op} {",".join([new] + s.args[1:])}'
    if len(edits) < 3:
        return None
    return Case(edits, Expect('P2'), f'{len(edits)} section changes')


@mutator('near branches for short ones', 'P2')
def near_branches(u, rng):
    edits, stmts = {}, u.asm.stmts
    for i in u.asm.insns(True):
        s = stmts[i]
        if not re.match(r'^j[a-z]+$', s.op) or not s.args or \
                not re.match(r'^\.L[\w.]+$', s.args[0]):
            continue
        if s.app and not jump_label_site(u, i):
            continue
        if rng.random() < 0.7:
            edits[i] = '{disp32} ' + s.text
    return Case(edits, Expect('P2'), f'{len(edits)} branches') if edits else None


def jump_label_site(u, i):
    """An inline "jmp" that the static branch behind it describes."""
    for s in u.asm.stmts[i + 1:i + 3]:
        if s.op in ('.pushsection', '.section') and unquote(s.args[0]) == '__jump_table':
            return True
    return False


@mutator('distance between functions', 'P2')
def distance(u, rng):
    """Behind each function comes another of 200 bytes, so that calls and tail jumps grow."""
    body, tail = pieces(u)
    out, added = [piece_text(u, body[0])] if body else [], set()
    for k, p in enumerate(body[1:]):
        name = f'zz_far_{k}'
        sec = u.asm.stmts[p.first - 1].sec
        if CODE_SECTION.match(sec):
            out.append(f'{enter(u, sec)}\n.type {name},@function\n{name}:\n.fill 200, 1, 0xcc\n'
                       f'.size {name},.-{name}')
            added.add(('func', name))
        out.append(piece_text(u, p))
    out.append(piece_text(u, tail))
    if not added:
        return None
    return Case(None, Expect('P2', added=added), f'{len(added)} gaps', text='\n'.join(out) + '\n')


@mutator('alignment', 'P2')
def alignment(u, rng):
    stmts, edits = u.asm.stmts, {}
    if any('.skip' in s.text for s in stmts):
        return None  # asm that counts bytes
    for i, s in enumerate(stmts):
        if s.op == '.p2align' and CODE_SECTION.match(s.sec) and not s.app:
            if s.func:
                edits[i] = rng.choice(['.p2align 4', '.p2align 5', None, s.text])
            else:
                edits[i] = rng.choice(['.p2align 4', '.p2align 5', '.p2align 6'])
    targets = {s.args[0] for s in stmts if s.kind == 'insn' and is_branch(s.op) and s.args}
    # Not of functions: what must be right before one (nops for ftrace) would be apart from it.
    labels = [i for i, s in enumerate(stmts) if s.kind == 'label' and s.op in targets - u.asm.func_names
              and s.func and CODE_SECTION.match(s.sec) and not s.app]
    for i in some(rng, labels, 20):
        edits[i] = f'.p2align {rng.choice([3, 4, 5])}\n{stmts[i].text}'
    return Case(edits, Expect('P2'), f'{len(edits)} places') if edits else None


def defined_locals(u):
    return sorted(n for n in u.asm.label_at if n in u.asm.func_names | u.asm.object_names
                  and n not in u.asm.globals and n not in u.asm.weaks and not n.startswith('.'))


@mutator('local symbols kept in relocations', 'P2')
def locals_kept(u, rng):
    """Assembled as globals, references keep the symbol and calls their relocation."""
    names = defined_locals(u)
    if not names:
        return None
    if rng.random() < 0.5:
        names = rng.sample(names, (len(names) + 1) // 2)
    text = u.asm.text() + ''.join(f'.globl {n}\n' for n in names)

    def localize(shop, path):
        listing, out = shop.path('.syms'), shop.path('.o')
        with open(listing, 'w', encoding='latin-1') as f:
            f.write('\n'.join(names) + '\n')
        return out if shop.run('objcopy', f'--localize-symbols={listing}', path, out) else None
    return Case(None, Expect('P2'), f'{len(names)} symbols', text=text, post=localize)


@mutator('local labels kept', 'P2')
def labels_kept(u, rng):
    flags = ('-Wa,-L',) if u.asm.clang else ('-L',)
    return Case({}, Expect('P2'), ' '.join(flags), asflags=flags)


@mutator('sections in another order', 'P2')
def sections_reordered(u, rng):
    """All of them mentioned on top of the file: new indices, new symbols, new addends."""
    decls = [d for sec, d in sorted(declarations(u).items())
             if ',' in d and not re.search(r'"[^"]*[oG?]', d) and not sec.startswith('.note')]
    rng.shuffle(decls)
    first = u.asm.stmts[0]
    back = enter(u, '.text')
    return Case({0: '\n'.join([first.text] + decls + [back])} if first.op == '.file' else
                {0: '\n'.join(decls + [back, first.text])}, Expect('P2'), f'{len(decls)} sections')


def copied(name, *flags, asflags=()):
    def run(u, rng):
        if '.comment' in flags and members(u):
            return None  # that clang made it says that they are members
        def copy(shop, path):
            out = shop.path('.o')
            return out if shop.run('objcopy', *flags, path, out) else None
        return Case({}, Expect('P2'), ' '.join(flags), post=copy, asflags=asflags)
    mutator(name, 'P2')(run)


copied('copied by objcopy')
copied('debug information stripped', '--strip-debug', asflags=('-g',))
copied('comment and notes removed', '-R', '.comment', '-R', '.note*')


# ---- linked ----

def linked(tool, flags=()):
    def run(u, rng):
        others = u.companions(rng, 2)

        def link(shop, path):
            objs = [shop.companion(o, u.asm.clang) for o in others]
            if None in objs:
                return None
            out = shop.path('.o')
            cut = rng.randrange(len(objs) + 1)
            return out if shop.run(*tool, *flags, '-r', '-o', out, *objs[:cut], path,
                                   *objs[cut:]) else None
        return Case({}, Contained(), f'with {[os.path.basename(o) for o in others]}', post=link)
    return run


GNU, LLD = ('ld', '-m', 'elf_x86_64', '-z', 'noexecstack'), ('ld.lld', '-m', 'elf_x86_64')
mutator('linked with others, GNU ld -r', 'P2')(linked(GNU))
mutator('linked with others, ld.lld -r', 'P2')(linked(LLD))

# as the kernel links a module: sections of one class become one
MODULE_SCRIPT = '''SECTIONS {
	/DISCARD/ : { *(.discard) *(.discard.*) }
	.text : { *(.text .text.[0-9a-zA-Z_]*) }
	.data : { *(.data .data.[0-9a-qs-zA-Z_]*) }
	.bss : { *(.bss .bss.[0-9a-zA-Z_]*) }
}
'''


@mutator('linked by a module\'s script, GNU ld -r', 'P2')
def module_script(u, rng):
    others = u.companions(rng, 1)

    def link(shop, path):
        script, out = shop.path('.lds'), shop.path('.o')
        with open(script, 'w', encoding='latin-1') as f:
            f.write(MODULE_SCRIPT)
        objs = [shop.companion(o, u.asm.clang) for o in others]
        if None in objs:
            return None
        return out if shop.run(*GNU, '-T', script, '-r', '-o', out, *objs, path) else None
    return Case({}, Contained(), f'with {[os.path.basename(o) for o in others]}', post=link)


@mutator('linked alone, GNU ld -r', 'P2')
def linked_alone(u, rng):
    def link(shop, path):
        out = shop.path('.o')
        return out if shop.run(*GNU, '-r', '-o', out, path) else None
    return Case({}, Expect('P2'), 'alone', post=link)


@mutator('linked alone, labels discarded', 'P2')
def linked_without_labels(u, rng):
    def link(shop, path):
        out = shop.path('.o')
        return out if shop.run(*GNU, '-X', '-r', '-o', out, path) else None
    return Case({}, Expect('P2'), 'ld -X', post=link)


@mutator('linked alone, ld.lld -r', 'P2')
def linked_alone_lld(u, rng):
    def link(shop, path):
        out = shop.path('.o')
        return out if shop.run(*LLD, '-r', '-o', out, path) else None
    return Case({}, Expect('P2'), 'alone', post=link)


@mutator('layout of a class, .text.hot', 'P2')
def text_hot(u, rng):
    for name, start, end in some(rng, simple_functions(u)):
        stmts = u.asm.stmts
        if stmts[start].sec != '.text':
            continue
        new = rng.choice(['.text.hot', '.text.unlikely', '.text.startup', f'.text.hot.{name}'])
        edits = {start: f'.pushsection {new},"ax",@progbits\n{stmts[start].text}',
                 end: f'{stmts[end].text}\n.popsection'}
        return Case(edits, Expect('P2'), f'{name}: .text -> {new}')
    return None


# ---- the object file ----

TABLES = {'.altinstructions': (14, 12, 13), '__jump_table': (16, 24), '__ex_table': (12, 8, 16),
          '__bug_table': (12, 16, 8), '__mcount_loc': (8,), '.smp_locks': (4,),
          '.parainstructions': (16,), '__patchable_function_entries': (8,),
          '.static_call_sites': (8,), '.retpoline_sites': (4,), '.return_sites': (4,)}


def stride_of(sec, candidates):
    """The entry size that has a relocation at each entry's start."""
    offsets = {r.offset for r in sec.relocs}
    if sec.name == '__jump_table' and any(r.type == R_64 for r in sec.relocs):
        return 24
    for n in candidates:
        if sec.size % n == 0 and all(k in offsets for k in range(0, sec.size, n)):
            per = [frozenset(o - k for o in offsets if k <= o < k + n)
                   for k in range(0, sec.size, n)]
            if all(p <= {0, 4, 8, 16} for p in per):
                return n
    return None


def reorder(table):
    def run(u, rng):
        elf = Elf(u.bytes)
        for sec in elf.sections:
            if sec.name != table or not sec.size:
                continue
            n = stride_of(sec, TABLES[table])
            if n == 12 and table == '__ex_table' and any(r.offset % 8 == 4 and r.offset % 12 == 8
                                                         for r in sec.relocs) and \
                    sec.size % 8 == 0 and not any('ex_handler' in elf.symbols[r.sym].name
                                                  for r in sec.relocs):
                n = 8
            if n is None or sec.size // n < 2 or points_into(elf, sec):
                return None
            shuffle_entries(elf, sec, n, rng)
            return Case(None, Expect('P2'), f'{sec.size // n} entries', data=elf.data)
        return None
    mutator(f'table reordered, {table}', 'P2', True)(run)


def points_into(elf, sec):
    """Code of 7.x takes the address of its bug entry: such tables are left alone."""
    return any(elf.symbols[r.sym].shndx == sec.index for s in elf.sections for r in s.relocs
               if s.flags & SHF_ALLOC)


def shuffle_entries(elf, sec, n, rng):
    count = sec.size // n
    groups = []  # entries of one site stay in order, and together
    def site(k):
        return next(((elf.symbols[r.sym].shndx, elf.symbols[r.sym].value + r.addend)
                     for r in sec.relocs if r.offset == k * n), None)
    last = object()
    for k in range(count):
        if sec.name == '.altinstructions' and site(k) == last:
            groups[-1].append(k)
        else:
            groups.append([k])
        last = site(k)
    order = [k for g in rng.sample(groups, len(groups)) for k in g]
    old = elf.bytes_of(sec)
    place = {k: pos for pos, k in enumerate(order)}
    for k, pos in place.items():
        elf.data[sec.offset + pos * n:sec.offset + pos * n + n] = old[k * n:k * n + n]
    for r in sec.relocs:
        k, within = divmod(r.offset, n)
        r.offset = place[k] * n + within
        elf.write_reloc(r)


for name in TABLES:
    reorder(name)


@mutator('relocations shuffled', 'P2', True)
def relocs_shuffled(u, rng):
    elf = Elf(u.bytes)
    for sec in elf.sections:
        slots = [r.at for r in sec.relocs]
        for r, at in zip(sec.relocs, rng.sample(slots, len(slots))):
            r.at = at
            elf.write_reloc(r)
    return Case(None, Expect('P2'), 'all sections', data=elf.data)


@mutator('PC32 for PLT32 and back', 'P2', True)
def plt32(u, rng):
    elf, n = Elf(u.bytes), 0
    for sec in elf.sections:
        if not sec.flags & SHF_EXECINSTR:
            continue
        for r in sec.relocs:
            data = elf.bytes_of(sec)
            if r.type in (R_PC32, R_PLT32) and r.offset and data[r.offset - 1] in (0xe8, 0xe9):
                r.type = R_PC32 if r.type == R_PLT32 else R_PLT32
                elf.write_reloc(r)
                n += 1
    return Case(None, Expect('P2'), f'{n} calls', data=elf.data) if n else None


@mutator('symbol table reordered', 'P2', True)
def symbols_reordered(u, rng):
    elf = Elf(u.bytes)
    table = next(s for s in elf.sections if s.type == SHT_SYMTAB)
    locals_ = [y.index for y in elf.symbols[1:table.info] if y.type not in (STT_FILE, STT_SECTION)]
    others = [y.index for y in elf.symbols[table.info:]]
    new = {}
    for group in (locals_, others):
        new.update(zip(group, rng.sample(group, len(group))))
    old = bytes(elf.data[table.offset:table.offset + table.size])
    for a, b in new.items():
        elf.data[table.offset + 24 * b:table.offset + 24 * b + 24] = old[24 * a:24 * a + 24]
    for sec in elf.sections:
        for r in sec.relocs:
            r.sym = new.get(r.sym, r.sym)
            elf.write_reloc(r)
        if sec.type == 17:  # a group names its symbol
            sec_info = new.get(sec.info, sec.info)
            shoff, = struct.unpack_from('<Q', elf.data, 40)
            struct.pack_into('<I', elf.data, shoff + 64 * sec.index + 44, sec_info)
    return Case(None, Expect('P2'), f'{len(new)} symbols', data=elf.data)


# ---- objects that the kernel's objtool has been over ----

def static_sites(u):
    """(relocation of the key field, function of the site) of .static_call_sites."""
    sec = u.elf.section('.static_call_sites')
    if sec is None:
        return []
    funcs = [y for y in u.elf.symbols if y.type == 2 and y.size]
    out, by_offset = [], {r.offset: r for r in sec.relocs}
    for r in sec.relocs:
        if r.offset % 8 or r.offset + 4 not in by_offset:
            continue
        y = u.elf.symbols[r.sym]
        at = y.value + r.addend
        owner = [f for f in funcs if f.shndx == y.shndx and f.value <= at < f.value + f.size]
        if owner:
            out.append((by_offset[r.offset + 4], owner[0].name))
    return out


def site_edit(u, rng, change, what):
    for r, func in some(rng, static_sites(u)):
        owner = u.func(root_of(func))
        elf = Elf(u.bytes)
        sec = elf.section('.static_call_sites')
        mine = next(x for x in sec.relocs if x.at == r.at)
        if owner and change(elf, mine):
            elf.write_reloc(mine)
            return Case(None, Expect('P1', [owner]), f'{func}: {what}', data=elf.data)
    return None


@mutator('static call site in the object, key', 'P1', True)
def object_site_key(u, rng):
    def change(elf, r):
        keys = [y.index for y in elf.symbols if y.name.startswith(('__SCK__', '__SCT__'))
                and y.name != elf.symbols[r.sym].name]
        if keys:
            r.sym = rng.choice(keys)
        return bool(keys)
    return site_edit(u, rng, change, 'key')


@mutator('static call site in the object, tail bit', 'P1', True)
def object_site_tail(u, rng):
    def change(elf, r):
        r.addend ^= 1
        return True
    return site_edit(u, rng, change, 'tail bit')
