# SPDX-License-Identifier: GPL-2.0-or-later
"""
asm.py - compiler output, cut into statements that know where they are

Reads the assembler text that gcc and clang write, one statement an entry:
comments are dropped, "lock; andb ..." and "1: ud2" become two. Each statement knows
its section, and the function and data object it was written for. A special-section
entry belongs to the function whose text it stands in: that is how a mutation
knows its owner without asking the program under test.
"""
import re

SYMBOL = r'[A-Za-z_.][\w.$]*'
LABEL = re.compile(r'\s*("[^"]+"|' + SYMBOL + r'|\d+)\s*:(?!:)')
COLD = re.compile(r'\.cold(\.\d+)?$')
CODE_SECTION = re.compile(r'\.(text|init\.text|exit\.text|noinstr\.text|entry\.text|sched\.text|'
                          r'spinlock\.text|kprobes\.text|cpuidle\.text|ref\.text|meminit\.text|'
                          r'irqentry\.text|softirqentry\.text|head\.text)(\.|$)')
PREFIXES = {'lock', 'rep', 'repz', 'repnz', 'repe', 'repne', 'notrack', 'data16', 'cs', 'ds', 'es',
            'ss', 'fs', 'gs', 'bnd', 'addr32', 'rex64', 'xacquire', 'xrelease'}


class Stmt:
    """One label, directive or instruction."""
    __slots__ = ('kind', 'text', 'op', 'args', 'sec', 'func', 'obj', 'app')

    def __init__(self, kind, text, op, args):
        self.kind, self.text, self.op, self.args = kind, text, op, args
        self.sec = self.func = self.obj = None
        self.app = False  # inside inline assembly

    def __repr__(self):
        return f'<{self.kind} {self.text!r} {self.sec} {self.func}>'


def split_line(line):
    """The statements of a line, without comments; strings are left alone."""
    if '#' not in line and ';' not in line and '"' not in line and '/' not in line:
        return [line]
    out, cur, quoted, i = [], '', False, 0
    while i < len(line):
        c = line[i]
        if quoted:
            cur += c
            if c == '\\' and i + 1 < len(line):
                i += 1
                cur += line[i]
            elif c == '"':
                quoted = False
        elif c == '"':
            quoted = True
            cur += c
        elif c == '#':
            break
        elif c == ';':
            out.append(cur)
            cur = ''
        else:
            cur += c
        i += 1
    out.append(cur)
    return out


def split_args(text):
    """Operands, cut at commas outside of parentheses and strings."""
    args, cur, depth, quoted = [], '', 0, False
    for i, c in enumerate(text):
        if quoted:
            quoted = not (c == '"' and text[i - 1] != '\\')
        elif c == '"':
            quoted = True
        elif c == '(':
            depth += 1
        elif c == ')':
            depth -= 1
        elif c == ',' and depth == 0:
            args.append(cur.strip())
            cur = ''
            continue
        cur += c
    cur = cur.strip()
    if cur or args:
        args.append(cur)
    return args


def unquote(name):
    return name[1:-1] if name.startswith('"') else name


def root_of(name):
    """The function a cold part belongs to."""
    return COLD.sub('', name) if name else name


class Asm:
    """A parsed file."""

    def __init__(self, text, clang):
        self.clang = clang
        self.stmts = []
        self.func_names = set()
        self.object_names = set()
        self.globals = set()
        self.weaks = set()
        self.label_at = {}   # label -> statement index, numeric ones left out
        self._read(text)
        self._place()

    def _read(self, text):
        app = False
        for line in text.split('\n'):
            stripped = line.strip()
            if stripped.startswith('#'):
                if stripped.startswith('#APP'):
                    app = True
                elif stripped.startswith('#NO_APP'):
                    app = False
                continue
            if not stripped:
                continue
            for piece in split_line(line):
                while True:
                    m = LABEL.match(piece)
                    if not m:
                        break
                    self._add('label', unquote(m.group(1)) + ':', unquote(m.group(1)), [], app)
                    piece = piece[m.end():]
                piece = piece.strip()
                if piece:
                    self._statement(piece, app)

    def _add(self, kind, text, op, args, app):
        stmt = Stmt(kind, text, op, args)
        stmt.app = app
        self.stmts.append(stmt)

    def _statement(self, piece, app):
        op, _, rest = piece.partition(' ')
        if '\t' in op:
            op, _, more = piece.partition('\t')
            rest = more
        rest = rest.strip()
        if op.startswith('.') or rest.startswith('='):
            self._add('dir', piece, op, split_args(rest), app)
            if op == '.type':
                args = split_args(rest)
                kind = args[1] if len(args) > 1 else ''
                if 'function' in kind:
                    self.func_names.add(unquote(args[0]))
                elif 'object' in kind:
                    self.object_names.add(unquote(args[0]))
            elif op in ('.globl', '.global'):
                self.globals.add(unquote(rest))
            elif op == '.weak':
                self.weaks.add(unquote(rest))
        else:
            self._add('insn', piece, op, split_args(rest), app)

    def _place(self):
        """Give every statement its section, function and object."""
        cur, prev, stack = '.text', '.text', []
        func, obj = None, {}
        open_funcs = []
        for i, s in enumerate(self.stmts):
            if s.kind == 'dir':
                new = None
                if s.op in ('.text', '.data', '.bss'):
                    new = s.op
                elif s.op == '.section':
                    new = unquote(s.args[0])
                elif s.op == '.pushsection':
                    stack.append((cur, prev))
                    new = unquote(s.args[0])
                elif s.op == '.popsection' and stack:
                    cur, prev = stack.pop()
                elif s.op == '.previous':
                    cur, prev = prev, cur
                if new is not None:
                    cur, prev = new, cur
                if s.op == '.size' and s.args and unquote(s.args[0]) in open_funcs:
                    s.sec, s.func = cur, func
                    name = unquote(s.args[0])
                    open_funcs.remove(name)
                    func = open_funcs[-1] if open_funcs else None
                    continue
            elif s.kind == 'label' and not s.op.isdigit():
                self.label_at.setdefault(s.op, i)
                if s.op in self.func_names:
                    if s.op not in open_funcs:
                        open_funcs.append(s.op)
                    func = s.op
                elif s.op in self.object_names:
                    obj[cur] = s.op
                elif not s.op.startswith('.LB') and not s.op.startswith('.LF'):
                    if not CODE_SECTION.match(cur):
                        obj[cur] = None if s.op.startswith('.L') else s.op
            s.sec, s.func = cur, func
            s.obj = obj.get(cur)

    # ---- looking ----

    def text(self, edits=None):
        """The file again; @edits maps a statement's index to what stands there instead."""
        if not edits:
            return '\n'.join(s.text for s in self.stmts) + '\n'
        out = []
        for i, s in enumerate(self.stmts):
            if i in edits:
                if edits[i] is not None:
                    out.append(edits[i])
            else:
                out.append(s.text)
        if -1 in edits:
            out.append(edits[-1])
        return '\n'.join(out) + '\n'

    def insns(self, app=False):
        """Indices of instructions the compiler wrote, inside sized functions."""
        return [i for i, s in enumerate(self.stmts)
                if s.kind == 'insn' and s.func and CODE_SECTION.match(s.sec) and (app or not s.app)
                and s.op not in PREFIXES]

    def blocks(self, section):
        """
        Ranges of statements pushed into @section from a function's text, one for each
        .pushsection/.section up to the way back: (first, last + 1, function).
        """
        out, i, n = [], 0, len(self.stmts)
        while i < n:
            s = self.stmts[i]
            if s.kind == 'dir' and s.op in ('.pushsection', '.section') and s.func and \
                    s.args and unquote(s.args[0]) == section:
                j = i + 1
                while j < n and self.stmts[j].sec == section:
                    j += 1
                out.append((i + 1, j, s.func))
                i = j
            i += 1
        return out
