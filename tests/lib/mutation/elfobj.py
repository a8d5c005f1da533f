# SPDX-License-Identifier: GPL-2.0-or-later
"""
elfobj.py - read a 64-bit relocatable object, change it, write it again

Just enough ELF for the tests to know what is where without asking the
program under test, and to alter single bytes, relocations and symbols.
"""
import struct

SHT_PROGBITS, SHT_SYMTAB, SHT_RELA, SHT_NOBITS = 1, 2, 4, 8
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_MERGE, SHF_STRINGS = 1, 2, 4, 0x10, 0x20
STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE = range(5)
R_NONE, R_64, R_PC32, R_GOT32, R_PLT32, R_GOTPCREL, R_32, R_32S = 0, 1, 2, 3, 4, 9, 10, 11
R_16, R_8, R_PC64, R_GOTPCRELX, R_REX_GOTPCRELX = 12, 14, 24, 41, 42
RELOC_SIZE = {R_NONE: 0, R_64: 8, R_PC32: 4, R_PLT32: 4, R_GOTPCREL: 4, R_32: 4, R_32S: 4, R_16: 2,
              R_8: 1, R_PC64: 8, R_GOTPCRELX: 4, R_REX_GOTPCRELX: 4}


class Section:
    __slots__ = ('index', 'name', 'type', 'flags', 'offset', 'size', 'link', 'info', 'align',
                 'entsize', 'relocs')


class Symbol:
    __slots__ = ('index', 'name', 'bind', 'type', 'shndx', 'value', 'size')


class Reloc:
    """One Elf64_Rela; @at is where it lies in the file."""
    __slots__ = ('at', 'offset', 'sym', 'type', 'addend', 'sec')


class Elf:
    def __init__(self, data):
        self.data = bytearray(data)
        d = self.data
        if d[:6] != b'\x7fELF\x02\x01':
            raise ValueError('not a little-endian ELF64 object')
        shoff, = struct.unpack_from('<Q', d, 40)
        shnum, shstrndx = struct.unpack_from('<HH', d, 60)
        self.sections = []
        names = []
        for i in range(shnum):
            s = Section()
            s.index = i
            (name, s.type, s.flags, _, s.offset, s.size, s.link, s.info, s.align,
             s.entsize) = struct.unpack_from('<IIQQQQIIQQ', d, shoff + 64 * i)
            if i == 0 and shnum == 0:
                raise ValueError('extended section numbering')
            s.relocs = []
            names.append(name)
            self.sections.append(s)
        strtab = self.sections[shstrndx]
        for s, name in zip(self.sections, names):
            s.name = self._string(strtab, name)
        self.symbols = []
        for s in self.sections:
            if s.type == SHT_SYMTAB:
                self._read_symbols(s)
        for s in self.sections:
            if s.type == SHT_RELA:
                self._read_relocs(s)

    def _string(self, strtab, off):
        start = strtab.offset + off
        return self.data[start:self.data.index(0, start)].decode('latin-1')

    def _read_symbols(self, s):
        strtab = self.sections[s.link]
        for i in range(s.size // 24):
            sym = Symbol()
            sym.index = i
            name, info, _, sym.shndx, sym.value, sym.size = struct.unpack_from(
                '<IBBHQQ', self.data, s.offset + 24 * i)
            sym.bind, sym.type = info >> 4, info & 15
            sym.name = self._string(strtab, name)
            self.symbols.append(sym)

    def _read_relocs(self, s):
        target = self.sections[s.info]
        for i in range(s.size // 24):
            r = Reloc()
            r.at = s.offset + 24 * i
            r.offset, info, r.addend = struct.unpack_from('<QQq', self.data, r.at)
            r.sym, r.type = info >> 32, info & 0xffffffff
            r.sec = target.index
            target.relocs.append(r)

    def section(self, name):
        return next((s for s in self.sections if s.name == name), None)

    def bytes_of(self, s):
        return b'' if s.type == SHT_NOBITS else bytes(self.data[s.offset:s.offset + s.size])

    def write_reloc(self, r):
        struct.pack_into('<QQq', self.data, r.at, r.offset, r.sym << 32 | r.type, r.addend)
