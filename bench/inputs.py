# SPDX-License-Identifier: GPL-2.0-or-later
"""inputs.py - large and small objects to measure with, made once and kept

Modules of a Debian kernel package (or those in $BENCH_MODULES) are dealt into decks of
about 100 MB, by size: each deck has the same mix of large and small ones. "ld -r" makes
one deck the 100 MB object, and four decks the 400 MB object.
"""
import os
import re
import shutil
import struct
import subprocess

DECK = 100e6
SMALL = 100_000  # bytes: "a small object"
TREE = 3000  # objects


class Unavailable(Exception):
    """An input that cannot be made here."""


def run(argv, **kwargs):
    try:
        return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, **kwargs).stdout
    except FileNotFoundError as e:
        raise Unavailable(f"{argv[0]} is not installed") from e
    except subprocess.CalledProcessError as e:
        said = (e.stderr.strip() or "no message").splitlines()[-1]
        raise Unavailable(f"{' '.join(argv[:3])}: {said}") from e


def package_name():
    """The newest plain kernel image that apt knows of; unsigned ones have the same modules."""
    names = run(["apt-cache", "search", "--names-only", r"^linux-image-[0-9].*-amd64(-unsigned)?$"])
    names = [line.split()[0] for line in names.splitlines()]
    names = [n for n in names if not re.search("cloud|-rt-", n)]
    if not names:
        raise Unavailable("apt-cache knows no linux-image-*-amd64: run apt-get update, "
                          "or set BENCH_MODULES")
    return max(names, key=lambda n: ([int(d) for d in re.findall(r"\d+", n.removesuffix("64"))],
                                     n.endswith("unsigned")))


def unpack(name, where):
    """Download a kernel package and unpack its modules under where."""
    print(f"bench: downloading {name} (once)", flush=True)
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    as_root = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    run(["apt-get", "-q", *as_root, "download", name], cwd=where)
    deb = next(f for f in os.listdir(where) if f.endswith(".deb"))
    run(["dpkg-deb", "-x", deb, "."], cwd=where)
    os.unlink(os.path.join(where, deb))
    for suffix, tool in (("xz", ["xz", "-d"]), ("zst", ["zstd", "-q", "-d", "--rm"]),
                         ("gz", ["gzip", "-d"])):
        packed = find(where, ".ko." + suffix)
        for i in range(0, len(packed), 500):
            run([*tool, *packed[i:i + 500]])


def find(where, suffix):
    return sorted(os.path.join(d, f) for d, _, files in os.walk(where)
                  for f in files if f.endswith(suffix))


def link(modules, output):
    """ld -r, without those modules that ld complains of."""
    listing = output + ".list"
    while modules:
        with open(listing, "w", encoding="utf-8") as f:
            f.write("\n".join(modules))
        done = subprocess.run(["ld", "-r", "-z", "muldefs", "-o", output + ".new", "@" + listing],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode == 0:
            os.rename(output + ".new", output)
            return
        named = set(re.findall(r"(/\S+?\.ko)\b", done.stdout))
        left = [m for m in modules if m not in named]
        if len(left) == len(modules):
            raise Unavailable("ld -r: " + done.stdout.strip().splitlines()[-1])
        modules = left
    raise Unavailable("ld -r: no modules")


class Inputs:
    """Where everything is; each input is made when it is first asked for."""

    def __init__(self, where):
        self.where = where
        self.given = os.environ.get("BENCH_MODULES")
        self.package = os.environ.get("BENCH_PACKAGE")
        self._modules = None
        os.makedirs(where, exist_ok=True)
        self.forget_others()

    def path(self, *names):
        return os.path.join(self.where, *names)

    def forget_others(self):
        """What was made of other modules is of no use."""
        key, stamp = self.given or self.package or "newest package", self.path("made-of")
        try:
            with open(stamp, encoding="utf-8") as f:
                if f.read() == key:
                    return
        except FileNotFoundError:
            pass
        for name in ("100mb.o", "400mb.o"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        shutil.rmtree(self.path("tree"), ignore_errors=True)
        with open(stamp, "w", encoding="utf-8") as f:
            f.write(key)

    def modules(self):
        """(size, path) of every module, the largest first."""
        if self._modules is None:
            where = self.given or self.path(self.package or "newest-package")
            complete = os.path.join(where, "complete")
            if not self.given and not os.path.exists(complete):
                unpack(self.package or package_name(), where)
                with open(complete, "w", encoding="utf-8"):
                    pass
            found = [(os.path.getsize(p), p) for p in find(where, ".ko")]
            if not found:
                raise Unavailable(f"{where}: no modules (*.ko) there")
            self._modules = sorted(found, key=lambda m: (-m[0], m[1]))
        return self._modules

    def linked(self, decks):
        output = self.path(f"{decks}00mb.o")
        if not os.path.exists(output):
            modules = self.modules()
            nr = max(1, round(sum(size for size, _ in modules) / DECK))
            print(f"bench: linking {os.path.basename(output)} (once)", flush=True)
            link([path for i, (_, path) in enumerate(modules) if i % nr < decks], output)
        return output

    def tree(self):
        """A directory of small modules, in the folders they come in."""
        tree = self.path("tree")
        if not os.path.exists(self.path("tree", "complete")):
            small = [path for size, path in self.modules() if size < SMALL]
            # Evenly spread over the sizes.
            small = [small[i * len(small) // TREE] for i in range(TREE)] if len(small) > TREE \
                else small
            top = os.path.commonpath([p for _, p in self.modules()])
            shutil.rmtree(tree, ignore_errors=True)
            for path in small:
                to = os.path.join(tree, "objects", os.path.relpath(path, top))
                os.makedirs(os.path.dirname(to), exist_ok=True)
                shutil.copyfile(path, to)
            with open(self.path("tree", "complete"), "w", encoding="utf-8"):
                pass
        return self.path("tree", "objects")

    def module(self, name):
        """The module of that name, or the one nearest to 2 MB."""
        for _, path in self.modules():
            if os.path.basename(path) == name:
                return path
        return min(self.modules(), key=lambda m: abs(m[0] - 2e6))[1]

    def assembled(self, name, text):
        output = self.path(name + ".o")
        if not os.path.exists(output):
            source = self.path(name + ".s")
            with open(source, "w", encoding="ascii") as f:
                f.writelines(text)
            run(["as", "-o", output + ".new", source])
            os.rename(output + ".new", output)
            os.unlink(source)
        return output


def many_sections(nr):
    """nr functions, each in a section of its own as -ffunction-sections makes them."""
    for i in range(nr):
        yield (f'.section .text.f{i},"ax",@progbits\n.globl f{i}\n.type f{i},@function\n'
               f"f{i}: mov ${i},%eax\ncall f{i * 7919 % nr}\nret\n.size f{i},.-f{i}\n")


def many_namesakes(nr):
    """nr static functions that the compiler gave one name and a number."""
    for i in range(nr):
        yield (f".type same.{i},@function\nsame.{i}: mov ${i},%eax\ncall same.{i * 7919 % nr}\n"
               f"lea same.{i * 17 % nr}(%rip),%rax\nret\n.size same.{i},.-same.{i}\n")


def composition(path):
    """What an object is made of, in a line. ELF-64 section headers, gABI."""
    with open(path, "rb") as f:
        shoff, = struct.unpack_from("<Q", f.read(64), 40)
        f.seek(shoff)
        nr = struct.unpack_from("<Q", f.read(64), 32)[0]  # of section 0: the number, if large
        if not nr:
            f.seek(60)
            nr, = struct.unpack("<H", f.read(2))
        f.seek(shoff)
        headers = [struct.unpack("<IIQQQQIIQQ", f.read(64)) for _ in range(nr)]
    code = sum(h[5] for h in headers if h[1] != 8 and h[2] & 4)  # not SHT_NOBITS; SHF_EXECINSTR
    relocs = sum(h[5] // 24 for h in headers if h[1] == 4)  # SHT_RELA
    symbols = sum(h[5] // 24 for h in headers if h[1] == 2)  # SHT_SYMTAB
    return (f"{os.path.getsize(path) / 1e6:.1f} MB: {code / 1e6:.1f} MB code, "
            f"{relocs / 1e3:.0f}k relocations, {symbols / 1e3:.0f}k symbols, {nr} sections")
