#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fuzz/seeds.sh DIR - make the seeds of all targets, DIR/TARGET/*, from the sources of the tests
#
# Small ones: a fuzzer runs a thousand objects of some kilobytes a second. With
# all that an object may have: each special table, strings, constants, jump tables, cold
# parts, sections by function.

set -eu
mkdir -p "$1" && out=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/.." && pwd)
objtool=${OBJTOOL:-$here/build/objtool}
rm -rf "$out"
mkdir -p "$out"/{decode,elf,checksum,records,diff,input,command}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for source in "$here"/tests/checksum/golden/*.s; do
	name=${source##*/}
	as -o "$scratch/${name%.s}.o" "$source"
done
flags="-c -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -fno-stack-protector
	-fno-asynchronous-unwind-tables -fno-common -w"
cd "$here/tests/lib/corpus"
for source in *.c; do
	name=${source%.c}
	gcc $flags -DKERNEL=601 -O2 -fcf-protection=none -o "$scratch/gcc-$name.o" "$source"
	gcc $flags -DKERNEL=504 -Os -ffunction-sections -fdata-sections -pg -mfentry -mrecord-mcount \
		-o "$scratch/sections-$name.o" "$source"
	clang $flags -DKERNEL=703 -O2 -fcf-protection=branch -o "$scratch/clang-$name.o" "$source"
done
cd "$scratch"
for object in *.o; do
	cp "$object" "$out/elf/$object"
	cp "$object" "$out/checksum/$object"
	cp "$object" "$out/command/$object"
	objcopy -O binary -j .text "$object" "$out/decode/$object"
	"$objtool" checksum -o "$out/records/$object" "$object" 2>/dev/null
	# Bytes as good as any: a record each six of them.
	head -c 600 "$out/decode/$object" >"$out/diff/$object"
done
for name in branches alternatives; do
	gcc $flags -DKERNEL=601 -O2 -g -o "$out/command/debug-$name.o" $here/tests/lib/corpus/$name.c
done
# What costs much to compare, and a reference to content, of which a damaged copy has none: such
# were found by this target.
for name in peeled hunks labels numbers calls namesakes classes commons; do
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$here/tests/lib \
		python3 -c "import pairmade; print(pairmade.$name(60, 0))" | as -o "$out/command/$name.o"
done
for n in {1..56}; do
	echo "static char *p$n(void) { static char once = $n; return &once; } char *g$n(void) { return p$n(); }"
done | gcc $flags -O2 -x c -o "$out/command/content.o" -
ar rc "$out/input/plain.a" gcc-branches.o code.o
ar rcT "$out/input/thin.a" code.o data.o
cp code.o "$out/input/"
for file in code gcc-branches; do
	gzip -9nc $file.o >"$out/input/$file.gz"
	xz -c $file.o >"$out/input/$file.xz"
	zstd -qc $file.o >"$out/input/$file.zst"
done
