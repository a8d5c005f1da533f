# SPDX-License-Identifier: GPL-2.0-or-later
"""
p3.py - nothing hides: flipped bits and altered relocations in every allocated section

Excluded are the sections that the kernel throws away or derives, bytes that a
relocation overwrites, and edits that mean the same to a linker.
"""
import re

from .case import Case, mutator
from .elfobj import (Elf, R_32, R_32S, R_64, R_GOTPCREL, R_GOTPCRELX, R_NONE, R_PC32, R_PC64,
                    R_PLT32,
                    R_REX_GOTPCRELX, RELOC_SIZE, SHF_ALLOC, SHF_EXECINSTR, SHF_STRINGS,
                    SHT_NOBITS, SHT_SYMTAB, STT_FILE, STT_FUNC,
                    STT_SECTION)
from .verdict import Expect

EXCLUDED = re.compile(r'\.discard\.|\.orc_unwind|\.orc_header$|\.call_sites$|\.return_sites$|'
                      r'\.retpoline_sites$|\.ibt_endbr_seal$|\.cfi_sites$|\.note|\.eh_frame|'
                      r'\.llvm|__tracepoint_check$')


def sections(u):
    return u.memo('p3 sections', lambda: [
        s for s in u.elf.sections
        if s.flags & SHF_ALLOC and s.size and not EXCLUDED.match(s.name) and s.name])


def overwritten(u, sec):
    """Offsets that a relocation fills."""
    return u.memo(('overwritten', sec.index), lambda: {
        r.offset + k for r in sec.relocs for k in range(RELOC_SIZE.get(r.type, 4))})


def flip(u, rng, pick):
    for _ in range(50):
        sec = pick([s for s in sections(u) if s.type != SHT_NOBITS])
        if sec is None:
            return None
        off = rng.randrange(sec.size)
        if off in overwritten(u, sec):
            continue
        bit = rng.randrange(8)
        data = bytearray(u.bytes)
        old = data[sec.offset + off]
        data[sec.offset + off] ^= 1 << bit
        return Case(None, Expect('P3'), f'{sec.name}+{off:#x}: {old:02x} -> '
                    f'{data[sec.offset + off]:02x}', data=data)
    return None


@mutator('bit flip, any section', 'P3', True)
def flip_section(u, rng):
    return flip(u, rng, lambda secs: rng.choice(secs) if secs else None)


@mutator('bit flip, any byte', 'P3', True)
def flip_byte(u, rng):
    return flip(u, rng, lambda secs: rng.choices(secs, [s.size for s in secs])[0]
                if secs else None)


def meaningless(u, sec, r):
    """A replacement's address means nothing when the replacement is empty."""
    if sec.name != '.altinstructions':
        return False
    sites = sorted(x.offset for x in sec.relocs)
    stride = next((n for n in (14, 12, 13) if sec.size % n == 0 and
                   all(k in set(sites) for k in range(0, sec.size, n))), None)
    if stride is None or r.offset % stride != 4:
        return False
    length = {14: 13, 12: 11, 13: 11}[stride]
    entry = r.offset - 4
    return u.bytes[sec.offset + entry + length] == 0


def meaning(u, sym, addend):
    """What a symbol plus addend comes to, so that another way to say it is told apart."""
    y = u.elf.symbols[sym]
    if 0 < y.shndx < 0xff00:
        if y.bind == 2:  # a weak one may be replaced
            return 'weak', y.name, addend
        return y.shndx, y.value + addend
    return y.name, addend


def text_at(u, sym, addend):
    """The string that a symbol plus addend points at, or None."""
    y = u.elf.symbols[sym]
    if not 0 < y.shndx < 0xff00:
        return None
    sec = u.elf.sections[y.shndx]
    at = y.value + addend
    if not sec.flags & SHF_STRINGS or not 0 <= at < sec.size:
        return None
    data = u.elf.bytes_of(sec)
    return data[at:data.index(0, at) + 1]


def same_text(u, sec, r, sym, addend):
    """Another place with the same string, such as __ksymtab's empty namespaces."""
    pc = 4 if sec.flags & SHF_EXECINSTR and r.type in (R_PC32, R_PLT32) else 0
    old = text_at(u, r.sym, r.addend + pc)
    return old is not None and old == text_at(u, sym, addend + pc)


def pick_reloc(u, rng, by_section):
    secs = [s for s in sections(u) if s.relocs]
    if not secs:
        return None, None
    for _ in range(20):
        sec = rng.choice(secs) if by_section else \
            rng.choices(secs, [len(s.relocs) for s in secs])[0]
        r = rng.choice(sec.relocs)
        if r.type != R_NONE and not meaningless(u, sec, r):
            return sec, r
    return None, None


def edit(u, sec, r, what, **changes):
    elf = Elf(u.bytes)
    old = next(x for x in elf.sections[sec.index].relocs if x.at == r.at)
    for k, v in changes.items():
        setattr(old, k, v)
    elf.write_reloc(old)
    y = u.elf.symbols[r.sym]
    name = y.name or (u.elf.sections[y.shndx].name if y.type == STT_SECTION else '?')
    return Case(None, Expect('P3'), f'{sec.name}+{r.offset:#x}: type {r.type} {name}{r.addend:+d}: '
                f'{what}', data=elf.data)


def reloc_mutator(name, change):
    for how in (True, False):
        def run(u, rng, how=how):
            sec, r = pick_reloc(u, rng, how)
            return change(u, sec, r, rng) if r else None
        mutator(f'relocation {name}, any {"section" if how else "one"}', 'P3', True)(run)


def change_addend(u, sec, r, rng):
    delta = rng.choice([1, -1, 2, 4, 8, -8, 16, 256, 0x1000])
    if same_text(u, sec, r, r.sym, r.addend + delta):
        return None
    return edit(u, sec, r, f'addend {delta:+d}', addend=r.addend + delta)


def change_symbol(u, sec, r, rng):
    here = meaning(u, r.sym, r.addend)
    syms = [y for y in u.elf.symbols[1:] if y.type != STT_FILE and
            meaning(u, y.index, r.addend) != here and y.name != u.elf.symbols[r.sym].name and
            not same_text(u, sec, r, y.index, r.addend)]
    if not syms:
        return None
    y = rng.choice(syms)
    return edit(u, sec, r, f'symbol {y.name or u.elf.sections[y.shndx].name}', sym=y.index)


def change_type(u, sec, r, rng):
    same = {R_PC32: {R_PC32, R_PLT32}, R_PLT32: {R_PC32, R_PLT32},
            R_GOTPCREL: {R_GOTPCREL, R_GOTPCRELX, R_REX_GOTPCRELX},
            R_GOTPCRELX: {R_GOTPCREL, R_GOTPCRELX, R_REX_GOTPCRELX},
            R_REX_GOTPCRELX: {R_GOTPCREL, R_GOTPCRELX, R_REX_GOTPCRELX}}
    size = RELOC_SIZE.get(r.type)
    others = [t for t in (R_64, R_PC32, R_PLT32, R_32, R_32S, R_PC64, R_GOTPCREL)
              if t not in same.get(r.type, {r.type}) and RELOC_SIZE[t] == size]
    t = rng.choice(others + [R_NONE])
    return edit(u, sec, r, f'type {t}', type=t)


def change_offset(u, sec, r, rng):
    taken = overwritten(u, sec)
    size = RELOC_SIZE.get(r.type, 4)
    own = set(range(r.offset, r.offset + size))
    for _ in range(20):
        off = r.offset + rng.choice([1, -1, 2, 4, -4, 8, -8, 3, 16])
        if off < 0 or off + size > sec.size:
            continue
        if any(off + k in taken and off + k not in own for k in range(size)):
            continue
        return edit(u, sec, r, f'offset {off - r.offset:+d}', offset=off)
    return None


reloc_mutator('addend', change_addend)
reloc_mutator('symbol', change_symbol)
reloc_mutator('type', change_type)
reloc_mutator('offset', change_offset)


@mutator('function symbol value', 'P3', True)
def symbol_value(u, rng):
    """A function that begins elsewhere is another function."""
    syms = [y for y in u.elf.symbols if y.type == STT_FUNC and 0 < y.shndx < 0xff00
            and u.elf.sections[y.shndx].size > y.value + 16 and y.size > 16]
    if not syms:
        return None
    y = rng.choice(syms)
    elf = Elf(u.bytes)
    table = next(s for s in elf.sections if s.type == SHT_SYMTAB)
    delta = rng.choice([1, 2, 4, 8])
    at = table.offset + 24 * y.index + 8
    elf.data[at:at + 8] = (y.value + delta).to_bytes(8, 'little')
    return Case(None, Expect('P3'), f'{y.name}: value {y.value:#x} {delta:+d}', data=elf.data)
