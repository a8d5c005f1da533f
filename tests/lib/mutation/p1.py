# SPDX-License-Identifier: GPL-2.0-or-later
"""
p1.py - mutations that change what a function does

Each takes a Unit and a random generator and returns a Case, or None where the
file has nothing to mutate. The owner is read from the assembler text: the
function an instruction or a table entry was written for.
"""
import re

from .asm import CODE_SECTION, SYMBOL, root_of, unquote
from .case import Case, mutator
from .elfobj import Elf
from .verdict import Expect, Lines, canonical

# ---- helpers ----

NUMBER = re.compile(r'^-?\d+$')
NOT_SYMBOLS = {'rip', 'st'}
# all take the file first and its line second
LINE_TAKERS = re.compile(r'(__might_sleep|___might_sleep|__might_fault|lockdep_rcu_suspicious|'
                         r'warn_slowpath_(null|fmt|fmt_taint))$')

SWAPS = {}
for a, b in (('add', 'sub'), ('and', 'or'), ('xor', 'and'), ('inc', 'dec'), ('shl', 'shr'),
             ('sal', 'sar'), ('sar', 'shr'), ('neg', 'not'), ('adc', 'sbb'), ('bts', 'btr'),
             ('sub', 'xor'), ('or', 'xor'), ('shr', 'rol'), ('dec', 'inc'), ('cmp', 'add')):
    for suffix in ('b', 'w', 'l', 'q'):
        SWAPS[a + suffix] = b + suffix
CONDITIONS = {'e': 'ne', 'ne': 'e', 'l': 'ge', 'ge': 'l', 'g': 'le', 'le': 'g', 'a': 'be',
              'be': 'a', 'b': 'ae', 'ae': 'b', 'c': 'nc', 'nc': 'c', 's': 'ns', 'ns': 's',
              'z': 'nz', 'nz': 'z', 'o': 'no', 'no': 'o', 'p': 'np', 'np': 'p'}
for a, b in CONDITIONS.items():
    for stem, suffixes in (('j', ('',)), ('set', ('',)), ('cmov', ('', 'l', 'q'))):
        for suffix in suffixes:
            SWAPS[stem + a + suffix] = stem + b + suffix
SWAPS.update(movzbl='movsbl', movsbl='movzbl', movzwl='movswl', movswl='movzwl', movslq='movq',
             testl='cmpl', testq='cmpq', testb='cmpb')
del SWAPS['movslq']

REGISTERS = [
    '%rax %rbx %rcx %rdx %rsi %rdi %rbp %r8 %r9 %r10 %r11 %r12 %r13 %r14 %r15'.split(),
    '%eax %ebx %ecx %edx %esi %edi %ebp %r8d %r9d %r10d %r11d %r12d %r13d %r14d %r15d'.split(),
    '%ax %bx %cx %dx %si %di %bp %r8w %r9w %r10w %r11w %r12w %r13w %r14w %r15w'.split(),
    '%al %bl %cl %dl %sil %dil %bpl %r8b %r9b %r10b %r11b %r12b %r13b %r14b %r15b'.split(),
]
CLASS_OF = {reg: group for group in REGISTERS for reg in group}
REGISTER = re.compile(r'%[a-z]\w*')


def some(rng, items, n=12):
    """Up to @n of @items in random order."""
    items = list(items)
    return rng.sample(items, min(n, len(items)))


def insn_text(op, args):
    return op + ' ' + ', '.join(args) if args else op


def is_branch(op):
    return op.startswith('j') or op in ('loop', 'loope', 'loopne', 'xbegin')


def line_argument(u, i):
    """Is statement @i a move of a line, beside the file's, right before a call that takes both?"""
    stmts = u.asm.stmts
    if not re.match(r'movl?$', stmts[i].op) or not stmts[i].args[0].startswith('$') or \
            stmts[i].args[-1] != '%esi':
        return False
    near = [s for s in stmts[max(i - 10, 0):i] if s.kind == 'insn']
    for s in stmts[i + 1:i + 40]:
        if s.kind != 'insn':
            continue
        if s.op.startswith(('call', 'jmp')):
            return bool(s.args and LINE_TAKERS.match(s.args[0])) and any(
                n.args and n.args[-1] == '%rdi' and '.L' in n.args[0] for n in near)
        near.append(s)
        if len(near) > 18:
            return False
    return False


def data_symbols(u):
    """Symbols that instructions name as data, without local labels."""
    return u.memo('data_symbols', lambda: sorted({
        m.group(1) for i in u.asm.insns() for m in
        [DATA_REF.search(u.asm.stmts[i].text)] if m and not m.group(1).startswith('.L')}))


DATA_REF = re.compile(r'(?:\$|(?<=[\s,:])|^)(' + SYMBOL + r')((?:[+-]\d+)*)(?=\(|,|\s|$)')
SYM_OPERAND = re.compile(r'^(\*?\$?(?:%gs:)?)(' + SYMBOL + r')((?:[+-]\d+)*)((?:\([^)]*\))?)$')


def symbol_operands(u, i):
    """(operand index, match) for each operand of an instruction that names a symbol."""
    s = u.asm.stmts[i]
    out = []
    if is_branch(s.op) or s.op.startswith('call'):
        return out
    for n, arg in enumerate(s.args):
        m = SYM_OPERAND.match(arg)
        if m and not m.group(2).startswith('%') and '@' not in arg:
            out.append((n, m))
    return out


def replace_operand(s, n, new):
    args = list(s.args)
    args[n] = new
    return insn_text(s.op, args)


def function_case(u, i, new, what, prop='P1'):
    """Statement @i becomes @new; its function must change."""
    s = u.asm.stmts[i]
    owner = u.func(root_of(s.func))
    if not owner or new == s.text:
        return None
    return Case({i: new}, Expect(prop, [owner]), f'{s.func}: {s.text!r} -> {new!r} ({what})')


def block_case(u, i, new, func, what):
    owner = u.func(root_of(func))
    s = u.asm.stmts[i]
    if not owner or new == s.text:
        return None
    return Case({i: new}, Expect('P1', [owner]), f'{func}: {s.text!r} -> {new!r} ({what})')


DATA_DIRECTIVES = {'.long', '.quad', '.word', '.short', '.byte', '.4byte', '.2byte', '.8byte',
                   '.value', '.int', '.hword'}


def fields(u, first, last):
    return [i for i in range(first, last)
            if u.asm.stmts[i].kind == 'dir' and u.asm.stmts[i].op in DATA_DIRECTIVES]


def field_text(s, value):
    return f'{s.op} {value}'


# ---- instructions ----

def mutate_opcode(u, i, rng):
    s = u.asm.stmts[i]
    new = SWAPS.get(s.op)
    return insn_text(new, s.args) if new else None


def mutate_register(u, i, rng):
    s = u.asm.stmts[i]
    regs = [m for m in REGISTER.finditer(s.text) if m.group(0) in CLASS_OF]
    if not regs or s.op.startswith(('call', 'jmp')) and 'thunk' in s.text:
        return None
    m = rng.choice(regs)
    new = rng.choice([r for r in CLASS_OF[m.group(0)] if r != m.group(0)])
    return s.text[:m.start()] + new + s.text[m.end():]


def mutate_immediate(u, i, rng):
    s = u.asm.stmts[i]
    if not s.args or not s.args[0].startswith('$') or not NUMBER.match(s.args[0][1:]) or \
            line_argument(u, i):
        return None
    value = int(s.args[0][1:])
    return replace_operand(s, 0, f'${value + rng.choice([1, 1, 2, -1, 7, 64])}')


MEMORY = re.compile(r'^((?:%[a-z]s:)?)(-?\d*)(\((?!%rip).*\))$')


def mutate_displacement(u, i, rng):
    s = u.asm.stmts[i]
    for n, arg in enumerate(s.args):
        m = MEMORY.match(arg)
        if m:
            disp = int(m.group(2) or 0) + rng.choice([8, -8, 1, 16, 256])
            return replace_operand(s, n, f'{m.group(1)}{disp}{m.group(3)}')
    return None


def per_insn(mutate, app=False):
    def run(u, rng):
        for i in some(rng, u.asm.insns(app), 60):
            new = mutate(u, i, rng)
            if new:
                return function_case(u, i, new, '')
        return None
    return run


mutator('opcode')(per_insn(mutate_opcode))
mutator('register')(per_insn(mutate_register))
mutator('immediate')(per_insn(mutate_immediate))
mutator('displacement')(per_insn(mutate_displacement))


def call_targets(u):
    return u.memo('call_targets', lambda: sorted({
        s.args[0] for s in (u.asm.stmts[i] for i in u.asm.insns())
        if s.op.startswith('call') and re.match(r'^[A-Za-z_][\w.]*$', s.args[0])
        and not s.args[0].startswith('__x86_') and s.args[0] != '__fentry__'}))


@mutator('call target')
def call_target(u, rng):
    targets = call_targets(u)
    for i in some(rng, [i for i in u.asm.insns() if u.asm.stmts[i].op.startswith(('call', 'jmp'))
                        and u.asm.stmts[i].args and u.asm.stmts[i].args[0] in targets]):
        old = u.asm.stmts[i].args[0]
        others = [t for t in targets if canonical(t) != canonical(old)
                  and not u.same_place(t, old)]
        if others:
            return function_case(u, i, insn_text(u.asm.stmts[i].op, [rng.choice(others)]), '')
    return None


def code_labels(u, func):
    """
    Labels of @func's own text with the number of real instructions before each, so that two
    labels with different numbers are different places.
    """
    def build():
        out, count = {}, {}
        for s in u.asm.stmts:
            if s.func is None or not CODE_SECTION.match(s.sec):
                continue
            if s.kind == 'insn':
                count[s.func] = count.get(s.func, 0) + 1
            elif s.kind == 'dir' and s.op in DATA_DIRECTIVES:
                count[s.func] = count.get(s.func, 0) + 1
            elif s.kind == 'label' and s.op.startswith('.L') and not s.app and \
                    not re.match(r'\.L(F[BE]|HOT|COLD|BB\w*_end|func)', s.op):
                out.setdefault(s.func, []).append((s.op, count.get(s.func, 0)))
        return out
    return u.memo('code_labels', build).get(func, [])


def other_label(u, func, label, rng):
    labels = code_labels(u, func)
    here = dict(labels).get(label)
    others = [name for name, n in labels if n != here and name != label]
    return rng.choice(others) if others else None


@mutator('branch target')
def branch_target(u, rng):
    for i in some(rng, [i for i in u.asm.insns() if is_branch(u.asm.stmts[i].op)
                        and u.asm.stmts[i].args[0].startswith('.L')]):
        s = u.asm.stmts[i]
        new = other_label(u, s.func, s.args[0], rng)
        if new:
            return function_case(u, i, insn_text(s.op, [new]), '')
    return None


@mutator('referenced symbol')
def referenced_symbol(u, rng):
    names = u.memo('plain_symbols', lambda: sorted({
        m.group(2) for i in u.asm.insns() for _, m in symbol_operands(u, i)
        if not m.group(2).startswith('.L')}))
    for i in some(rng, u.asm.insns(), 200):
        for n, m in symbol_operands(u, i):
            if m.group(2).startswith('.L'):
                continue
            others = [x for x in names if canonical(x) != canonical(m.group(2))
                      and not u.same_place(x, m.group(2))]
            if others:
                new = m.group(1) + rng.choice(others) + m.group(3) + m.group(4)
                return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), '')
    return None


@mutator('reference offset')
def reference_offset(u, rng):
    for i in some(rng, u.asm.insns(), 200):
        for n, m in symbol_operands(u, i):
            if m.group(2).startswith('.L'):
                continue
            new = m.group(1) + m.group(2) + m.group(3) + rng.choice(['+8', '+1', '-8', '+64']) + \
                m.group(4)
            return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), '')
    return None


@mutator('second relocation')
def second_relocation(u, rng):
    names = data_symbols(u)
    for i in some(rng, u.asm.insns(True), 100000):
        ops = [(n, m) for n, m in symbol_operands(u, i) if '%gs' not in m.group(1)]
        if len(ops) < 2:
            continue
        n, m = rng.choice(ops)
        others = [x for x in names if canonical(x) != canonical(m.group(2))
                  and not u.same_place(x, m.group(2))]
        if not others:
            continue
        new = m.group(1) + rng.choice(others) + m.group(3) + m.group(4)
        return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), f'operand {n}')
    return None


@mutator('per-cpu symbol')
def percpu_symbol(u, rng):
    sites = [(i, n, m) for i in u.asm.insns(True) for n, m in symbol_operands(u, i)
             if m.group(1).endswith('%gs:')]
    names = sorted({m.group(2) for _, _, m in sites} | {'this_cpu_off'})
    for i, n, m in some(rng, sites):
        others = [x for x in names if x != m.group(2)]
        if not others:
            continue
        new = m.group(1) + rng.choice(others) + m.group(3) + m.group(4)
        return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), '')
    return None


@mutator('self call, relocated or not')
def self_call(u, rng):
    """e8 00000000 with a relocation is a call of it, without it is a call of what follows."""
    for i in some(rng, [i for i in u.asm.insns() if u.asm.stmts[i].op.startswith('call')
                        and re.match(r'^[A-Za-z_]\w*$', u.asm.stmts[i].args[0])
                        and u.asm.stmts[i].args[0] != '__fentry__']):
        return function_case(u, i, '.byte 0xe8\n.long 0', 'bytes without a relocation')
    return None


@mutator('cold part instruction')
def cold_part(u, rng):
    cold = [i for i in u.asm.insns() if u.asm.stmts[i].func != root_of(u.asm.stmts[i].func)]
    for i in some(rng, cold, 40):
        for mutate in rng.sample([mutate_opcode, mutate_register, mutate_immediate,
                                  mutate_displacement], 4):
            new = mutate(u, i, rng)
            if new:
                return function_case(u, i, new, 'cold')
    return None


def places_in_data(u, func):
    """Data that holds addresses of labels inside @func: ordinals move with an instruction."""
    out = set()
    for label, _ in code_labels(u, func):
        for s in u.references(label):
            if s.obj and not s.func:
                out.add(('data', canonical(s.obj)))
    return out


@mutator('instruction added')
def instruction_added(u, rng):
    for i in some(rng, u.asm.insns()):
        new = rng.choice(['movl %ebx, %ebx', 'cld', 'lfence', 'testb %al, %al'])
        case = function_case(u, i, new + '\n' + u.asm.stmts[i].text, 'added')
        if case:
            case.expect.may |= places_in_data(u, u.asm.stmts[i].func)
        return case
    return None


@mutator('instruction removed')
def instruction_removed(u, rng):
    for i in some(rng, u.asm.insns()):
        if u.asm.stmts[i].op not in ('nop', 'int3', 'nopw', 'nopl'):
            owner = u.func(root_of(u.asm.stmts[i].func))
            return owner and Case({i: None}, Expect('P1', [owner],
                                                    places_in_data(u, u.asm.stmts[i].func)),
                                  f'{u.asm.stmts[i].func}: {u.asm.stmts[i].text!r} removed')
    return None


@mutator('memory segment or lock prefix')
def prefix(u, rng):
    stmts = u.asm.stmts
    sites = [i for i, s in enumerate(stmts) if s.kind == 'insn' and s.op == 'lock' and s.func
             and CODE_SECTION.match(s.sec) and not s.args]
    for i in some(rng, sites):
        owner = u.func(root_of(stmts[i].func))
        return owner and Case({i: None}, Expect('P1', [owner]),
                              f'{stmts[i].func}: lock before {stmts[i + 1].text!r} removed')
    return None


# ---- strings, constants, data ----

def users_of(u, label, depth=0):
    """
    Who refers to @label: records that must change with its content. None if that
    cannot be told. Data that has no record of its own hands the question on.
    """
    must = set()
    for s in u.references(label):
        if s.sec and s.sec.startswith(('.discard', '.orc_', '.debug')):
            continue
        if s.func and (s.obj is None or s.sec == '__bug_table' or CODE_SECTION.match(s.sec)):
            key = u.func(root_of(s.func))
        elif s.obj is None:
            return None
        elif by_content(u, s.obj, s.sec):
            more = users_of(u, s.obj, depth + 1) if depth < 5 else None
            if more is None:
                return None
            must |= more
            continue
        else:
            key = u.data(s.obj)
        if key is None:
            return None
        must.add(key)
    return must


def is_content(name):
    return name.startswith(('.L', 'CSWTCH.', '__func__.', '__FUNCTION__.', '__PRETTY_FUNCTION__.',
                            'switch.table.'))


def is_pooled(sec):
    """clang puts named constants of 16 bytes into .rodata.cst16, where only content counts."""
    return re.match(r'\.rodata\.(.*\.)?(cst|str)\d', sec) is not None


def by_content(u, name, sec):
    """
    Is this object known by its content? Then it has no record, its users change with it.
    Only a number tells one function's read-only static local from another's.
    """
    return is_content(name) or is_pooled(sec) or name not in u.asm.globals and \
        re.search(r'\.\d+$', name) is not None and \
        sec.startswith(('.rodata', '.init.rodata')) and '__UNIQUE' not in name


def owners(u, label, sec):
    """The records that change with the content of object @label."""
    if by_content(u, label, sec):
        return users_of(u, label)
    key = u.data(label)
    return {key} if key else None


def may_follow(u, names):
    """Functions that name an object with a counter may be told apart by its content."""
    out = set()
    for kind, aliases in names:
        if kind == 'data':
            for name in list(u.symbols_called(aliases)):
                if name != canonical(name):
                    for s in u.references(name):
                        if s.func:
                            out.add(('func', canonical(root_of(s.func))))
                        elif s.obj:
                            out.add(('data', canonical(s.obj)))
    return out


STRING = re.compile(r'^\.(?:string|asciz|ascii)$')


def pool_strings(u):
    """Labels of strings in the pools: (statement of the label, of its last text)."""
    def build():
        out, stmts = [], u.asm.stmts
        for i, s in enumerate(stmts):
            if s.kind == 'label' and s.op.startswith('.L') and '.str' in s.sec and \
                    s.sec.startswith(('.rodata', '.init.rodata')):
                j = i + 1
                last = None
                while j < len(stmts) and (stmts[j].kind == 'dir' and STRING.match(stmts[j].op)):
                    last = j
                    if stmts[j].op != '.ascii':
                        break
                    j += 1
                if last is not None:
                    out.append((i, last))
        return out
    return u.memo('pool_strings', build)


def change_string(text, rng, end=False):
    """Change one character of the last quoted text."""
    head, _, _ = text.partition('"')
    body = text[len(head) + 1:text.rindex('"')]
    if not body:
        return head + '"x"'
    plain = [k for k, c in enumerate(body) if c.isalnum() and not re.search(
        r'\\[0-7x]{0,3}$', body[:k])]
    if re.search(r'\.[ch]$', body):  # a source file stays one
        plain = plain[:-1]
    if not plain:
        return head + '"' + body + 'x"'
    k = plain[-1] if end else rng.choice(plain)
    c = 'Q' if body[k] != 'Q' else 'R'
    return head + '"' + body[:k] + c + body[k + 1:] + '"'


def has_offset_reference(u, label):
    return any(re.search(re.escape(label) + r'\s*[+-]', s.text) for s in u.references(label)
               if not s.text.startswith('.long'))


def string_case(u, rng, want):
    for label, last in some(rng, pool_strings(u), 400):
        stmts = u.asm.stmts
        name = stmts[label].op
        must = users_of(u, name)
        if not must or has_offset_reference(u, name) or not want(u, name, must):
            continue
        new = change_string(stmts[last].text, rng)
        return Case({last: new}, Expect('P1', must, may_follow(u, must)),
                    f'{name}: {stmts[last].text!r} -> {new!r}')
    return None


def used_by(u, name, regex):
    return any(s.kind == 'insn' and regex.search(s.text) for s in u.references(name))


@mutator('string text, by immediate')
def string_mov(u, rng):
    return string_case(u, rng, lambda u, n, must: used_by(u, n, re.compile(r'\$\.L')))


@mutator('string text, pc-relative')
def string_lea(u, rng):
    return string_case(u, rng, lambda u, n, must: used_by(u, n, re.compile(r'\(%rip\)')))


@mutator('string text, used by data')
def string_data(u, rng):
    return string_case(u, rng, lambda u, n, must: any(k == 'data' for k, _ in must))


@mutator('string text, used by a bug entry')
def string_bug(u, rng):
    return string_case(u, rng, lambda u, n, must: any(
        s.sec == '__bug_table' for s in u.references(n)) and not used_by(u, n, re.compile('.')))


@mutator('string offset')
def string_offset(u, rng):
    long_enough = {u.asm.stmts[label].op for label, last in pool_strings(u)
                   if len(u.asm.stmts[last].text) > 14}
    for i in some(rng, u.asm.insns(), 100000):
        for n, m in symbol_operands(u, i):
            if m.group(2) in long_enough and not m.group(3):
                new = m.group(1) + m.group(2) + rng.choice(['+1', '+2']) + m.group(4)
                return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), '')
    return None


@mutator('another string')
def another_string(u, rng):
    texts = {}
    for label, last in pool_strings(u):
        texts[u.asm.stmts[label].op] = u.asm.stmts[last].text if last == label + 1 else None
    for i in some(rng, u.asm.insns(), 100000):
        for n, m in symbol_operands(u, i):
            if texts.get(m.group(2)) and not m.group(3):
                others = [x for x, t in texts.items() if t and t != texts[m.group(2)]]
                if others:
                    new = m.group(1) + rng.choice(others) + m.group(4)
                    return function_case(u, i, replace_operand(u.asm.stmts[i], n, new), '')
    return None


def number_directives(u, wanted):
    """Statements of data with one plain number, and the label they stand behind."""
    out, label = [], {}
    for i, s in enumerate(u.asm.stmts):
        if s.kind == 'label' and not s.op.isdigit():
            label[s.sec] = s.op
        elif s.kind == 'dir' and s.op in DATA_DIRECTIVES and len(s.args) == 1 and \
                re.match(r'^-?(0x)?[0-9a-fA-F]+$', s.args[0]) and s.sec in label and \
                wanted(s, label[s.sec]):
            out.append((i, label[s.sec]))
    return out


def changed_number(s, rng):
    value = int(s.args[0], 0)
    bits = {'.byte': 8, '.word': 16, '.short': 16, '.2byte': 16, '.value': 16}.get(s.op, 31)
    return f'{s.op} {(value ^ 1 << rng.randrange(bits))}'


@mutator('anonymous constant')
def anonymous_constant(u, rng):
    sites = number_directives(u, lambda s, label: label.startswith('.L') and s.obj is None
                              and s.sec.startswith('.rodata') and '.str' not in s.sec
                              and not s.func or is_pooled(s.sec) and '.cst' in s.sec)
    for i, label in some(rng, sites, 100):
        must = users_of(u, label)
        if must:
            new = changed_number(u.asm.stmts[i], rng)
            return Case({i: new}, Expect('P1', must, may_follow(u, must)),
                        f'{label}: {u.asm.stmts[i].text!r} -> {new!r}')
    return None


@mutator('switch value table')
def switch_table(u, rng):
    sites = number_directives(u, lambda s, label: re.match(
        r'CSWTCH\.|\.Lswitch\.table|switch\.table', label) is not None)
    for i, label in some(rng, sites, 100):
        must = users_of(u, label)
        if must:
            new = changed_number(u.asm.stmts[i], rng)
            return Case({i: new}, Expect('P1', must),
                        f'{label}: {u.asm.stmts[i].text!r} -> {new!r}')
    return None


def in_data(s):
    return s.func is None and s.sec.startswith(('.data', '.rodata', '.init.', '.ref.', '.sdata'))


LINE_HOLDERS = re.compile(r'(^|\.)_entry(\.|$)|__UNIQUE_ID_ddebug|^descriptor\.')


@mutator('data object, number')
def data_number(u, rng):
    sites = number_directives(u, lambda s, label: in_data(s) and s.obj == label and
                              not is_content(label) and not is_pooled(s.sec)
                              and not LINE_HOLDERS.search(label))
    for i, label in some(rng, sites, 100):
        must = owners(u, label, u.asm.stmts[i].sec)
        if must:
            new = changed_number(u.asm.stmts[i], rng)
            return Case({i: new}, Expect('P1', must, may_follow(u, must)),
                        f'{label}: {u.asm.stmts[i].text!r} -> {new!r}')
    return None


@mutator('data object, pointer')
def data_pointer(u, rng):
    stmts = u.asm.stmts
    sites = [i for i, s in enumerate(stmts) if s.kind == 'dir' and s.op == '.quad' and s.args
             and re.match(r'^[A-Za-z_]\w*$', s.args[0]) and s.obj and in_data(s)
             and not is_content(s.obj)]
    names = sorted({stmts[i].args[0] for i in sites})
    for i in some(rng, sites, 40):
        must = owners(u, stmts[i].obj, stmts[i].sec)
        others = [n for n in names if canonical(n) != canonical(stmts[i].args[0])
                  and not u.same_place(n, stmts[i].args[0])]
        if must and others:
            new = '.quad ' + rng.choice(others + [stmts[i].args[0] + '+1'])
            return Case({i: new}, Expect('P1', must, may_follow(u, must)),
                        f'{stmts[i].obj}: {stmts[i].text!r} -> {new!r}')
    return None


# ---- jump tables ----

@mutator('jump-table entry')
def jump_table(u, rng):
    """gcc: .quad .L5; clang: .long .LBB1_2-.LJTI1_0 or .quad."""
    stmts = u.asm.stmts
    sites, table = [], None
    for i, s in enumerate(stmts):
        if s.kind == 'label':
            table = s.op
        elif s.kind == 'dir' and s.op in ('.quad', '.long') and s.args and table and \
                table.startswith('.L') and s.sec.startswith('.rodata'):
            m = re.match(r'^(\.L\w+)(-' + re.escape(table) + r')?$', s.args[0])
            if m and m.group(1) in u.asm.label_at and \
                    stmts[u.asm.label_at[m.group(1)]].func and \
                    CODE_SECTION.match(stmts[u.asm.label_at[m.group(1)]].sec):
                sites.append((i, m))
    for i, m in some(rng, sites):
        func = stmts[u.asm.label_at[m.group(1)]].func
        new = other_label(u, func, m.group(1), rng)
        owner = u.func(root_of(func))
        if new and owner:
            text = f'{stmts[i].op} {new}{m.group(2) or ""}'
            return Case({i: text}, Expect('P1', [owner]),
                        f'{func}: {stmts[i].text!r} -> {text!r}')
    return None


# ---- special sections ----

PLACE = re.compile(r'^(\(?)(\.L[\w.]+|\d+[bf])(\)?)(.*)$')


def alternatives(u):
    """The entries of .altinstructions: lists of statement indices, with the function."""
    out = []
    for first, last, func in u.asm.blocks('.altinstructions'):
        entry, block = None, []
        longs = 0
        for i in fields(u, first, last):
            s = u.asm.stmts[i]
            wide = s.op in ('.long',)
            if wide and longs % 2 == 0:
                entry = []
                block.append(entry)
            if wide:
                longs += 1
            if entry is not None:
                entry.append(i)
        if block and all(len(e) in (5, 6) for e in block):
            out.append((block, func))
    return out


def alternative_field(k, change):
    def run(u, rng):
        for block, func in some(rng, alternatives(u), 50):
            entry = rng.choice(block)
            s = u.asm.stmts[entry[k]]
            value = change(u, s, entry)
            if value is not None:
                return block_case(u, entry[k], field_text(s, value), func, 'alternative')
        return None
    return run


def replacement_of(u, entry):
    """Statement indices of an entry's replacement code."""
    m = PLACE.match(u.asm.stmts[entry[1]].args[0])
    if not m:
        return []
    label = m.group(2)
    stmts = u.asm.stmts
    if label[-1] in 'bf':
        number, step = label[:-1], 1 if label[-1] == 'f' else -1
        i = entry[1]
        while 0 <= i < len(stmts) and not (stmts[i].kind == 'label' and stmts[i].op == number):
            i += step
    else:
        i = u.asm.label_at.get(label, -1)
    out = []
    sec = '.altinstr_replacement'
    if not 0 <= i < len(stmts) or stmts[i].sec != sec:
        return []
    i += 1
    while i < len(stmts) and stmts[i].sec == sec and stmts[i].kind != 'label':
        out.append(i)
        i += 1
    return out


mutator('alternative feature')(alternative_field(2, lambda u, s, e: f'({s.args[0]}) ^ 1'))
mutator('alternative flags')(alternative_field(
    2, lambda u, s, e: f'({s.args[0]}) ^ {0x10000 if s.op == ".4byte" else 0x8000}'))
mutator('alternative instrlen')(alternative_field(3, lambda u, s, e: f'({s.args[0]}) + 1'))
mutator('alternative padlen')(alternative_field(
    -1, lambda u, s, e: f'({s.args[0]}) + 1' if len(e) == 6 else None))
mutator('alternative replacementlen')(alternative_field(
    4, lambda u, s, e: f'({s.args[0]}) - 1' if any(
        u.asm.stmts[i].kind == 'insn' for i in replacement_of(u, e)) else None))


def replacement_insns(u):
    return u.memo('replacements', lambda: [
        (i, func) for block, func in alternatives(u) for entry in block
        for i in replacement_of(u, entry) if u.asm.stmts[i].kind == 'insn'])


@mutator('alternative replacement code')
def replacement_code(u, rng):
    for i, func in some(rng, replacement_insns(u), 60):
        for mutate in rng.sample([mutate_opcode, mutate_register, mutate_immediate,
                                  mutate_displacement], 4):
            new = mutate(u, i, rng)
            if new:
                return block_case(u, i, new, func, 'replacement')
    return None


@mutator('alternative replacement reference')
def replacement_reference(u, rng):
    targets = call_targets(u)
    for i, func in some(rng, replacement_insns(u), 200):
        s = u.asm.stmts[i]
        if s.op.startswith(('call', 'jmp')) and s.args:
            if s.args[0].startswith('.L'):
                new = other_label(u, func, s.args[0], rng)
            else:
                others = [t for t in targets if canonical(t) != canonical(s.args[0])]
                new = rng.choice(others) if others and '*' not in s.args[0] else None
            if new:
                return block_case(u, i, insn_text(s.op, [new]), func, 'replacement')
        for n, m in symbol_operands(u, i):
            new = m.group(1) + m.group(2) + m.group(3) + '+8' + m.group(4)
            return block_case(u, i, replace_operand(s, n, new), func, 'replacement')
    return None


@mutator('order of two alternatives')
def alternative_order(u, rng):
    for block, func in some(rng, alternatives(u), 2000):
        if len(block) < 2:
            continue
        k = rng.randrange(len(block) - 1)
        a, b = block[k], block[k + 1]
        texts = [[u.asm.stmts[i].text for i in e] for e in (a, b)]
        owner = u.func(root_of(func))
        if not owner or len(a) != len(b) or texts[0][1:] == texts[1][1:] or \
                any(re.search(r'-\s*\.L', t) for e in texts for t in e[:2]):
            continue
        edits = dict(zip(a, texts[1])) | dict(zip(b, texts[0]))
        return Case(edits, Expect('P1', [owner]), f'{func}: {texts[0]} and {texts[1]} swapped')
    return None


@mutator('alternative removed')
def alternative_removed(u, rng):
    for block, func in some(rng, alternatives(u)):
        entry = rng.choice(block)
        owner = u.func(root_of(func))
        if owner and not re.search(r'-\s*\.L', u.asm.stmts[entry[0]].text):
            return Case({i: None for i in entry}, Expect('P1', [owner]),
                        f'{func}: entry {u.asm.stmts[entry[2]].text!r} removed')
    return None


def jump_entries(u):
    out = []
    for first, last, func in u.asm.blocks('__jump_table'):
        f = fields(u, first, last)
        if len(f) == 3:
            out.append((f, func))
    return out


KEY = re.compile(r'(' + SYMBOL + r')')
KEY_BITS = re.compile(r'\+\s*(\d+)(\)?\s*-\s*[\w.]+|\)?)$')


@mutator('static-branch key')
def branch_key(u, rng):
    entries = jump_entries(u)
    keys = sorted({KEY.search(u.asm.stmts[f[2]].args[0]).group(1) for f, _ in entries})
    for f, func in some(rng, entries):
        s = u.asm.stmts[f[2]]
        old = KEY.search(s.args[0]).group(1)
        others = [k for k in keys if canonical(k) != canonical(old)] or [old + '+16']
        return block_case(u, f[2], s.text.replace(old, rng.choice(others), 1), func, 'key')
    return None


@mutator('static-branch default')
def branch_default(u, rng):
    for f, func in some(rng, jump_entries(u)):
        s = u.asm.stmts[f[2]]
        m = KEY_BITS.search(s.args[0])
        if m:
            value = s.args[0][:m.start(1)] + str(int(m.group(1)) ^ 1) + s.args[0][m.end(1):]
            return block_case(u, f[2], field_text(s, value), func, 'default')
    return None


def to_other_place(u, i, func, rng, what):
    s = u.asm.stmts[i]
    m = PLACE.match(s.args[0])
    if not m:
        return None
    label = m.group(2)
    if label[-1] in 'bf' and label[:-1].isdigit():
        new = other_label(u, func, None, rng)
    else:
        new = other_label(u, func, label, rng)
    if not new:
        return None
    return block_case(u, i, f'{s.op} {m.group(1)}{new}{m.group(3)}{m.group(4)}', func, what)


@mutator('static-branch target')
def branch_entry_target(u, rng):
    for f, func in some(rng, jump_entries(u)):
        case = to_other_place(u, f[1], func, rng, 'target')
        if case:
            return case
    return None


@mutator('static-branch entry removed')
def branch_removed(u, rng):
    for f, func in some(rng, jump_entries(u)):
        owner = u.func(root_of(func))
        if owner:
            return Case({i: None for i in f}, Expect('P1', [owner]), f'{func}: entry removed')
    return None


def extable_entries(u):
    out = []
    for first, last, func in u.asm.blocks('__ex_table'):
        f = [i for i in fields(u, first, last) if '\\' not in u.asm.stmts[i].text]
        if f and not any(u.asm.stmts[i].op == '.macro' for i in range(first, last)):
            out.append((f, first, last, func))
        elif f:
            out.append((f[:2], first, last, func))
    return out


@mutator('extable fixup')
def extable_fixup(u, rng):
    for f, _, _, func in some(rng, extable_entries(u)):
        if len(f) >= 2:
            case = to_other_place(u, f[1], func, rng, 'fixup')
            if case:
                return case
    return None


@mutator('extable type')
def extable_type(u, rng):
    for f, first, last, func in some(rng, extable_entries(u)):
        if len(f) == 3 and re.match(r'^[\d(]', u.asm.stmts[f[2]].args[0]) and \
                '-' not in u.asm.stmts[f[2]].args[0]:
            s = u.asm.stmts[f[2]]
            return block_case(u, f[2], field_text(s, f'({s.args[0]}) ^ {rng.choice([1, 2, 4])}'),
                              func, 'type')
    return None


@mutator('extable register')
def extable_register(u, rng):
    for f, first, last, func in some(rng, extable_entries(u), 1000):
        for i in range(first, last):
            s = u.asm.stmts[i]
            m = re.search(r'reg=%(\w+)', s.text)
            if s.op == 'extable_type_reg' and m:
                old = '%' + m.group(1)
                new = rng.choice([r for r in CLASS_OF[old] if r != old])
                return block_case(u, i, s.text.replace('reg=' + old, 'reg=' + new), func, 'reg')
        if len(f) == 3 and re.match(r'^\(?\d', u.asm.stmts[f[2]].args[0]) and \
                '-' not in u.asm.stmts[f[2]].args[0]:
            s = u.asm.stmts[f[2]]
            return block_case(u, f[2], field_text(s, f'({s.args[0]}) ^ {rng.choice([256, 1024])}'),
                              func, 'register')
    return None


@mutator('extable handler')
def extable_handler(u, rng):
    for f, first, last, func in some(rng, extable_entries(u)):
        if len(f) == 3:
            s = u.asm.stmts[f[2]]
            m = re.match(r'^\(?(ex_handler_\w+)', s.args[0])
            if m:
                new = 'ex_handler_ext' if m.group(1) != 'ex_handler_ext' else 'ex_handler_fault'
                return block_case(u, f[2], s.text.replace(m.group(1), new), func, 'handler')
    return None


def bug_entries(u):
    return [(fields(u, first, last), func) for first, last, func in u.asm.blocks('__bug_table')]


@mutator('bug flags')
def bug_flags(u, rng):
    for f, func in some(rng, bug_entries(u)):
        if len(f) >= 3 and u.asm.stmts[f[-1]].op in ('.word', '.short'):
            s = u.asm.stmts[f[-1]]
            return block_case(u, f[-1], field_text(s, f'({s.args[0]}) ^ {1 << rng.randrange(16)}'),
                              func, 'flags')
    return None


@mutator('bug file')
def bug_file(u, rng):
    for f, func in some(rng, bug_entries(u)):
        if len(f) == 4 or len(f) == 5:
            i = f[-3]
            m = re.match(r'^(\(?)(\.L[\w.]+)(.*)$', u.asm.stmts[i].args[0])
            if not m:
                continue
            text = (f'{u.asm.stmts[i].op} {m.group(1)}.Lzz_file{m.group(3)}\n'
                    '.pushsection .rodata.str1.1,"aMS",@progbits,1\n'
                    '.Lzz_file: .string "kernel/other/file.c"\n.popsection')
            return block_case(u, i, text, func, 'file')
    return None


@mutator('bug format')
def bug_format(u, rng):
    texts = {u.asm.stmts[label].op: u.asm.stmts[last].text for label, last in pool_strings(u)}
    for f, func in some(rng, bug_entries(u)):
        if len(f) == 5:
            i = f[1]
            m = re.match(r'^(\(?)(\.L[\w.]+)(.*)$', u.asm.stmts[i].args[0])
            if not m or m.group(2) not in texts:
                continue
            others = [x for x in texts if texts[x] != texts[m.group(2)]]
            if others:
                text = f'{u.asm.stmts[i].op} {m.group(1)}{rng.choice(others)}{m.group(3)}'
                return block_case(u, i, text, func, 'format')
    return None


@mutator('bug entry removed')
def bug_removed(u, rng):
    for first, last, func in some(rng, u.asm.blocks('__bug_table')):
        owner = u.func(root_of(func))
        f = fields(u, first, last)
        org = [i for i in range(first, last) if u.asm.stmts[i].op == '.org']
        if owner and f and not (u.asm.clang and not org):
            return Case({i: None for i in f + org}, Expect('P1', [owner]),
                        f'{func}: bug entry removed')
    return None


@mutator('ftrace entry removed')
def ftrace_removed(u, rng):
    for first, last, func in some(rng, u.asm.blocks('__mcount_loc')):
        owner = u.func(root_of(func))
        f = fields(u, first, last)
        if owner and f:
            return Case({i: None for i in f}, Expect('P1', [owner]), f'{func}: no longer traced')
    return None


@mutator('patchable entry removed')
def patchable_removed(u, rng):
    stmts = u.asm.stmts
    sites = [i for i, s in enumerate(stmts) if s.sec == '__patchable_function_entries'
             and s.op == '.quad']
    for i in some(rng, sites):
        func = s = None
        m = re.match(r'^(\.L\w+|\w+)$', stmts[i].args[0])
        at = u.asm.label_at.get(m.group(1)) if m else None
        if at is None:
            continue
        for s in stmts[at:]:
            if s.kind == 'label' and s.op in u.asm.func_names:
                func = s.op
                break
            if s.func:
                func = s.func
                break
        owner = func and u.func(root_of(func))
        if owner:
            return Case({i: None}, Expect('P1', [owner]), f'{func}: no longer patchable')
    return None


def block_insn_case(u, section, rng, what):
    for first, last, func in some(rng, u.asm.blocks(section), 50):
        insns = [i for i in range(first, last) if u.asm.stmts[i].kind == 'insn']
        for i in some(rng, insns):
            for mutate in rng.sample([mutate_opcode, mutate_register, mutate_immediate,
                                      mutate_displacement], 4):
                new = mutate(u, i, rng)
                if new:
                    return block_case(u, i, new, func, what)
            s = u.asm.stmts[i]
            if is_branch(s.op) and s.args[0].startswith('.L'):
                new = other_label(u, func, s.args[0], rng)
                if new:
                    return block_case(u, i, insn_text(s.op, [new]), func, what)
            m = re.search(r'\b([a-z_]\w+)\+(\d+)\s*\(', s.text)
            if m:
                new = s.text.replace(m.group(0), f'{m.group(1)}+{int(m.group(2)) + 1}(')
                return block_case(u, i, new, func, what)
    return None


@mutator('.altinstr_aux code')
def altinstr_aux(u, rng):
    return block_insn_case(u, '.altinstr_aux', rng, 'aux')


@mutator('.fixup code')
def fixup_code(u, rng):
    return block_insn_case(u, '.fixup', rng, 'fixup')


@mutator('static call key')
def static_call_key(u, rng):
    targets = sorted({s.args[0] for s in (u.asm.stmts[i] for i in u.asm.insns(True))
                      if s.args and s.args[0].startswith('__SCT__')})
    sites = [i for i in u.asm.insns(True) if u.asm.stmts[i].args
             and u.asm.stmts[i].args[0].startswith('__SCT__')]
    for i in some(rng, sites):
        s = u.asm.stmts[i]
        others = [t for t in targets if t != s.args[0]] or ['__SCT__another']
        return function_case(u, i, insn_text(s.op, [rng.choice(others)]), 'static call')
    return None


def site_fields(u, section, nr):
    out = []
    for first, last, func in u.asm.blocks(section):
        f = fields(u, first, last)
        if len(f) >= nr:
            out.append((f, func))
    return out


@mutator('static call site, key')
def static_site_key(u, rng):
    for f, func in some(rng, site_fields(u, '.static_call_sites', 2)):
        s = u.asm.stmts[f[1]]
        new = re.sub(r'(__SCK__\w+)', r'\1_other', s.text, count=1)
        if new != s.text:
            return block_case(u, f[1], new, func, 'key')
    return None


@mutator('static call site, tail bit')
def static_site_tail(u, rng):
    for f, func in some(rng, site_fields(u, '.static_call_sites', 2)):
        s = u.asm.stmts[f[1]]
        new = re.sub(r'(__SCK__\w+)(\s*\+\s*(\d+))?',
                     lambda m: f'{m.group(1)} + {int(m.group(3) or 0) ^ 1}', s.text, count=1)
        return block_case(u, f[1], new, func, 'tail')
    return None


@mutator('paravirt type')
def paravirt_type(u, rng):
    for f, func in some(rng, site_fields(u, '.parainstructions', 2)):
        s = u.asm.stmts[f[1]]
        if s.op == '.byte':
            return block_case(u, f[1], field_text(s, f'({s.args[0]}) ^ {1 << rng.randrange(6)}'),
                              func, 'type')
    return None


@mutator('data section class')
def data_class(u, rng):
    stmts = u.asm.stmts
    sites = [i for i, s in enumerate(stmts) if s.kind == 'label' and s.op in u.asm.object_names
             and s.sec in ('.data', '.bss', '.data..read_mostly', '.rodata') and
             not is_content(s.op)]
    for i in some(rng, sites):
        must = owners(u, stmts[i].op, stmts[i].sec)
        j = i + 1
        while j < len(stmts) and stmts[j].kind == 'dir' and stmts[j].op in \
                DATA_DIRECTIVES | {'.zero', '.string', '.ascii', '.asciz'}:
            j += 1
        if must and j > i + 1:
            new = '.init.data' if stmts[i].sec != '.rodata' else '.init.rodata'
            edits = {i: f'.pushsection {new},"a{"" if "ro" in new else "w"}",@progbits\n'
                     f'.p2align 5\n{stmts[i].text}',
                     j - 1: f'{stmts[j - 1].text}\n.popsection'}
            return Case(edits, Expect('P1', must, may_follow(u, must)),
                        f'{stmts[i].op}: {stmts[i].sec} -> {new}')
    return None


@mutator('uninitialised object, size')
def bss_size(u, rng):
    stmts = u.asm.stmts
    sites = [i for i, s in enumerate(stmts) if s.op in ('.zero', '.skip') and s.sec == '.bss'
             and i and stmts[i - 1].kind == 'label' and stmts[i - 1].op in u.asm.object_names]
    for i in some(rng, sites):
        name = stmts[i - 1].op
        size = [k for k, s in enumerate(stmts) if s.op == '.size' and s.args[0] == name]
        key = u.data(name)
        if key and len(size) == 1 and stmts[i].args[0].isdigit():
            n = int(stmts[i].args[0]) + rng.choice([1, 8, 64])
            return Case({i: f'.zero {n}', size[0]: f'.size {name}, {n}'},
                        Expect('P1', [key], may_follow(u, [key])), f'{name}: {n} bytes')
    return None


@mutator('GOT reference')
def got_reference(u, rng):
    for i in some(rng, u.asm.insns(True), 100000):
        s = u.asm.stmts[i]
        m = re.search(r'([A-Za-z_]\w*)@GOTPCREL', s.text)
        if m:
            return function_case(u, i, s.text.replace(m.group(1), m.group(1) + '_other', 1), 'GOT')
    return None


# ---- function as a whole ----

def simple_functions(u):
    """Functions without a cold part whose text leaves its section only to come back."""
    def build():
        out, stmts = [], u.asm.stmts
        start, state = None, 0
        for i, s in enumerate(stmts):
            if s.kind == 'label' and s.op in u.asm.func_names and start is None:
                start, name = i, s.op
                # room before the function would stay where it is
                state = 'bad' if u.code_before(i) else 0
            elif start is not None:
                if s.kind == 'label' and s.op in u.asm.func_names:
                    state = 'bad'
                elif s.op in ('.text', '.data', '.section') and s.kind == 'dir':
                    # gcc's inline asm leaves by .section and comes back by .previous
                    nxt = next((t for t in stmts[i + 1:i + 12] if t.op in (
                        '.previous', '.section', '.text', '.size')), None)
                    if s.op != '.section' or nxt is None or nxt.op != '.previous':
                        state = 'bad'
                elif s.op == '.size' and unquote(s.args[0]) == name:
                    if state == 0:
                        out.append((name, start, i))
                    start = None
        return out
    return u.memo('simple_functions', build)


@mutator('section class')
def section_class(u, rng):
    for name, start, end in some(rng, simple_functions(u)):
        owner = u.func(name)
        stmts = u.asm.stmts
        if not owner or not stmts[start].sec.startswith('.text'):
            continue
        new = rng.choice(['.init.text', '.noinstr.text', '.exit.text', '.sched.text'])
        edits = {start: f'.pushsection {new},"ax",@progbits\n{stmts[start].text}',
                 end: f'{stmts[end].text}\n.popsection'}
        return Case(edits, Expect('P1', [owner]), f'{name}: {stmts[start].sec} -> {new}')
    return None


@mutator('kCFI type hash')
def kcfi(u, rng):
    """A prefix as clang 16 emits it, put before a function; then with another hash."""
    for name, start, end in some(rng, simple_functions(u)):
        owner = u.func(name)
        if not owner:
            continue

        def with_hash(value):
            return (f'.type __cfi_{name},@function\n__cfi_{name}:\n.fill 11, 1, 0x90\n'
                    f'movl ${value}, %eax\n.size __cfi_{name}, .-__cfi_{name}\n'
                    f'{u.asm.stmts[start].text}')
        return Case({start: with_hash(0x12345678)}, Expect('P1', [owner]), f'{name}: type hash',
                    base={start: with_hash(0x12345679)})
    return None


def same_named(u):
    """Pairs of labels that differ only in their counters."""
    groups = {}
    for name in u.asm.label_at:
        if canonical(name) != name and not name.startswith('.L') and not name.endswith('.cold') \
                and not is_content(name) and name in u.asm.func_names | u.asm.object_names:
            groups.setdefault(canonical(name), []).append(name)
    return {name: [g for g in group if g != name] for group in groups.values() if len(group) > 1
            for name in group}


def content_of(u, name):
    y = next((y for y in u.elf.symbols if y.name == name), None)
    if y is None or not 0 < y.shndx < 0xff00:
        return None
    sec = u.elf.sections[y.shndx]
    data = u.elf.bytes_of(sec)[y.value:y.value + y.size]
    rel = [(r.offset - y.value, r.type, u.elf.symbols[r.sym].name, r.addend) for r in sec.relocs
           if y.value <= r.offset < y.value + y.size]
    return canonical(sec.name), y.size, data, tuple(rel)


def same_named_case(u, rng, want_functions, want_same):
    pairs = u.memo('same_named', lambda: same_named(u))
    for name in some(rng, sorted(pairs), 60):
        if (name in u.asm.func_names) != want_functions:
            continue
        for other in some(rng, pairs[name]):
            if (content_of(u, name) == content_of(u, other)) != want_same:
                continue
            sites = [i for i, s in enumerate(u.asm.stmts) if s.kind == 'insn' and s.func
                     and CODE_SECTION.match(s.sec) and name in re.findall(SYMBOL, s.text)]
            for i in some(rng, sites):
                func = u.asm.stmts[i].func
                if want_same and sum(u.asm.stmts[k].func == func for k in sites) < 2:
                    continue  # the only use: nothing but a number tells
                new = re.sub(r'(?<![\w.$])' + re.escape(name) + r'(?![\w.$])', other,
                             u.asm.stmts[i].text)
                case = function_case(u, i, new, 'the other of the same name')
                if case:
                    return case
    return None


@mutator('other of same-named functions')
def other_function(u, rng):
    return same_named_case(u, rng, True, False)


def clone(name, value):
    return (f'.text\n.p2align 4\n.type {name},@function\n{name}:\nmovl ${value}, %eax\n'
            f'addl %edi, %eax\nret\nint3\n.size {name}, .-{name}\n')


def caller(name, callee):
    return (f'.text\n.p2align 4\n.globl {name}\n.type {name},@function\n{name}:\npushq %rbx\n'
            f'call {callee}\npopq %rbx\nret\nint3\n.size {name}, .-{name}\n')


@mutator('other of two clones')
def other_clone(u, rng):
    """Two .constprop clones and their callers; one caller takes to the other's clone."""
    kind = rng.choice(['constprop', 'isra', 'part'])
    clones = clone(f'zz.{kind}.0', 5) + clone(f'zz.{kind}.1', 6) + caller('zz_b', f'zz.{kind}.1')
    return Case(None, Expect('P1', [('func', frozenset(['zz_a']))]), f'zz.{kind}.0 -> .1',
                base_text=u.asm.text() + clones + caller('zz_a', f'zz.{kind}.0'),
                text=u.asm.text() + clones + caller('zz_a', f'zz.{kind}.1'))


@mutator('other of two files\' statics')
def other_file_static(u, rng):
    """Linked from two files that each have a static helper(); a caller takes to the other's."""
    same = rng.random() < 0.5

    def link(other):
        def run(shop, path):
            parts = []
            for k, value in enumerate((5, 5 if same else 6)):
                parts.append(shop.assemble(
                    f'.file "part{k}.c"\n' + clone('zz_helper', value) +
                    caller(f'zz_caller{k}', 'zz_helper'), False))
            out = shop.path('.o')
            if not shop.run('ld', '-m', 'elf_x86_64', '-z', 'noexecstack', '-r', '-o', out,
                            path, *parts):
                return None
            return retarget(out) if other else out
        return run

    def retarget(path):
        """The call in zz_caller0 has no relocation: it is written anew."""
        with open(path, 'rb') as f:
            elf = Elf(f.read())
        helpers = [y for y in elf.symbols if y.name == 'zz_helper']
        start = next(y for y in elf.symbols if y.name == 'zz_caller0')
        sec = elf.sections[start.shndx]
        at = sec.offset + start.value + 1
        assert elf.data[at] == 0xe8 and len(helpers) == 2
        new = helpers[1].value - (start.value + 6)
        elf.data[at + 1:at + 5] = (new & 0xffffffff).to_bytes(4, 'little')
        with open(path, 'wb') as f:
            f.write(elf.data)
        return path
    return Case({}, Expect('P1', [('func', frozenset(['zz_caller0']))]),
                f'equal code: {same}', base_post=link(False), post=link(True))


@mutator('other of same-named statics')
def other_static(u, rng):
    return same_named_case(u, rng, False, False)


def all_uses_case(u, rng):
    """All that one function does with x.1 it does with x.2, which is another function's."""
    pairs = u.memo('same_named', lambda: same_named(u))
    for name in some(rng, sorted(pairs), 60):
        if name in u.asm.func_names:
            continue
        whole = re.compile(r'(?<![\w.$])' + re.escape(name) + r'(?![\w.$])')
        sites = [i for i, s in enumerate(u.asm.stmts) if s.func and whole.search(s.text)
                 and s.kind == 'insn']
        funcs = {root_of(u.asm.stmts[i].func) for i in sites}
        if len(funcs) != 1 or any(s.obj for s in u.references(name)):
            continue
        func = funcs.pop()
        for other in some(rng, pairs[name]):
            if content_of(u, name) == content_of(u, other) or any(
                    s.func and root_of(s.func) == func for s in u.references(other)):
                continue
            owner = u.func(func)
            if owner:
                edits = {i: whole.sub(other, u.asm.stmts[i].text) for i in sites}
                return Case(edits, Expect('P1', [owner]), f'{func}: {name} -> {other}')
    return None


@mutator('all uses of a same-named static')
def all_uses(u, rng):
    return all_uses_case(u, rng)


@mutator('other of same-named, equal statics')
def other_equal_static(u, rng):
    return same_named_case(u, rng, False, True)


# ---- line numbers: not a change of the function, but never lost ----

@mutator('line number, bug entry', 'lines')
def line_bug(u, rng):
    for f, func in some(rng, bug_entries(u)):
        if len(f) in (4, 5) and NUMBER.match(u.asm.stmts[f[-2]].args[0]):
            s = u.asm.stmts[f[-2]]
            owner = u.func(root_of(func))
            new = field_text(s, int(s.args[0]) + 1)
            return owner and Case({f[-2]: new}, Expect('P2', lines=[owner]),
                                  f'{func}: {s.text!r} -> {new!r}')
    return None


@mutator('line number, immediate', 'lines')
def line_immediate(u, rng):
    for i in some(rng, [i for i in u.asm.insns() if line_argument(u, i)]):
        s = u.asm.stmts[i]
        if not NUMBER.match(s.args[0][1:]) or int(s.args[0][1:]) < 2:
            continue
        owner = u.func(root_of(s.func))
        new = replace_operand(s, 0, f'${int(s.args[0][1:]) + 1}')
        return owner and Case({i: new}, Expect('P2', lines=[owner]),
                              f'{s.func}: {s.text!r} -> {new!r}')
    return None


@mutator('line number, printk entry', 'lines')
def line_printk(u, rng):
    """The one number of a struct pi_entry that is not 0."""
    sites = number_directives(u, lambda s, label: re.search(r'(^|\.)_entry(\.|$)', label)
                              and s.op == '.long' and s.obj == label)
    for i, label in some(rng, sites):
        s = u.asm.stmts[i]
        must = owners(u, label, s.sec)
        new = field_text(s, int(s.args[0], 0) + 1)
        return must and Case({i: new}, Expect('P2', lines=must), f'{label}: {s.text!r} -> {new!r}')
    return None


def debug_descriptors(u):
    """(label, its number directives) of the struct _ddebug objects in __dyndbg."""
    stmts, out = u.asm.stmts, []
    for i, s in enumerate(stmts):
        if s.kind == 'label' and s.sec == '__dyndbg' and s.op in u.asm.object_names:
            j = i + 1
            while j < len(stmts) and stmts[j].kind == 'dir' and stmts[j].sec == s.sec and \
                    stmts[j].op in DATA_DIRECTIVES | {'.zero'}:
                j += 1
            numbers = [k for k in range(i + 1, j) if stmts[k].op != '.quad']
            if len(numbers) > 3 and all(stmts[k].op == '.byte' for k in numbers[:4]):
                out.append((s.op, numbers))
    return out


def flipped_byte(s, bit):
    return f'.byte {int(s.args[0], 0) ^ 1 << bit}'


@mutator('line number, debug descriptor', 'lines')
def line_descriptor(u, rng):
    """18 bits of line, then 6 of class and 8 of flags."""
    for label, numbers in some(rng, debug_descriptors(u)):
        key, i = u.data(label), rng.choice(numbers[:2])
        new = flipped_byte(u.asm.stmts[i], rng.randrange(8))
        return key and Case({i: new}, Expect('P2', lines=[key]),
                            f'{label}: {u.asm.stmts[i].text!r} -> {new!r}')
    return None


@mutator('debug descriptor, class and flags')
def descriptor_flags(u, rng):
    for label, numbers in some(rng, debug_descriptors(u)):
        key, k = u.data(label), rng.choice([2, 3])
        i = numbers[k]
        new = flipped_byte(u.asm.stmts[i], rng.randrange(2 if k == 2 else 0, 8))
        return key and Case({i: new}, Expect('P1', [key], may_follow(u, [key])),
                            f'{label}: {u.asm.stmts[i].text!r} -> {new!r}')
    return None


@mutator('line numbers all moved', 'lines')
def lines_moved(u, rng):
    """As by a comment added on top of the file."""
    by, edits, stmts = rng.randrange(1, 9), {}, u.asm.stmts
    for f, _ in bug_entries(u):
        if len(f) in (4, 5) and NUMBER.match(stmts[f[-2]].args[0]):
            edits[f[-2]] = field_text(stmts[f[-2]], int(stmts[f[-2]].args[0]) + by)
    for i in u.asm.insns():
        if line_argument(u, i) and NUMBER.match(stmts[i].args[0][1:]):
            edits[i] = replace_operand(stmts[i], 0, f'${int(stmts[i].args[0][1:]) + by}')
    for i, _ in number_directives(u, lambda s, label: re.search(r'(^|\.)_entry(\.|$)', label)
                                  and s.op == '.long' and s.obj == label):
        edits[i] = field_text(stmts[i], int(stmts[i].args[0], 0) + by)
    return Case(edits, Lines(), f'{len(edits)} places') if edits else None
