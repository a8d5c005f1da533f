#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/lib/corpus.sh DIR - compile corpus/*.c to DIR/VARIANT~NAME.s
#
# With each compiler that is there, for kernels of five ages, as the kernel
# compiles in its configurations: a layout of sections, an optimisation, jump tables or
# none, control-flow protection, tracing, debug information.

set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out"

common="-S -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone -fno-stack-protector
	-fno-asynchronous-unwind-tables -fno-common -fno-strict-aliasing -w"
sections="-ffunction-sections -fdata-sections"

# variant, kernel, compiler, flags
variants="
gcc-plain	601	gcc	-O2 -fcf-protection=none -fno-jump-tables
gcc-sections	601	gcc	-O2 -fcf-protection=none -fno-jump-tables $sections
gcc-size	504	gcc	-Os -fcf-protection=none
gcc-tables	404	gcc	-O2 -fcf-protection=none
gcc-traced	612	gcc	-O2 -fcf-protection=branch -fno-jump-tables -pg -mfentry -mrecord-mcount
gcc-patchable	703	gcc	-O2 -fcf-protection=branch -fpatchable-function-entry=16,16
gcc-debug	703	gcc	-O2 -g -fcf-protection=none $sections
clang-plain	601	clang	-O2 -fcf-protection=none -fno-jump-tables
clang-sections	703	clang	-O2 -fcf-protection=none $sections
clang-size	504	clang	-Os -fcf-protection=none
clang-tables	404	clang	-O2 -fcf-protection=none
clang-traced	612	clang	-O2 -fcf-protection=branch -fno-jump-tables -pg -mfentry
clang-pc	703	clang	-O2 -fcf-protection=none -fpie -mcmodel=small -fvisibility=hidden
gcc-pc	612	gcc	-O2 -fcf-protection=none -fpie -mcmodel=small -fvisibility=hidden
"

# From the corpus's own directory: no path of this machine in __FILE__.
cd "$here/corpus"
echo "$variants" | while IFS='	' read -r name kernel cc flags; do
	[ -n "$name" ] && command -v "$cc" >/dev/null || continue
	for source in *.c; do
		# shellcheck disable=SC2086 # flags are words
		"$cc" $common -DKERNEL="$kernel" $flags -o "$out/$name~${source%.c}.s" "$source"
	done
done
