#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh - test the x86 decoder
#
# From the environment: BUILD, where to build (build), with sanitizers if its
# name says so (build/address-undefined); CC; CFLAGS, added; SEED and COUNT of
# the random bytes; KERNEL_OBJECTS, further ELF files to walk; LIBLLVM, the
# shared library to judge with (libLLVM-14.so.1; without it, objects newer than
# capstone may fail for want of a second opinion).
set -u
. "$(dirname "$0")/../lib/env.sh"
top=$PWD
here=$top/tests/decode
case ${BUILD##*/} in
*address* | *undefined*)
	sanitize=${BUILD##*/}
	# gcc then no longer sees that an expression fits, and warns of conversions in vain.
	CFLAGS="${CFLAGS:-} -fsanitize=${sanitize//-/,} -fno-sanitize-recover=all -Wno-conversion"
	;;
esac
build=$BUILD/tests/decode
CC=${CC:-gcc}
SEED=${SEED:-1} # the same each time; SEED=$RANDOM looks further
COUNT=${COUNT:-20000}
mkdir -p "$build" || exit 2
cd "$build" || exit 2
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

$CC -std=c11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Wshadow -Wconversion -Werror ${CFLAGS:-} \
	-I"$top/objtool/include" $(pkg-config --cflags capstone) -o decode_test \
	"$here"/{decode_test,judge,rules,objfile,padding}.c "$top/objtool/arch/x86/decode.c" \
	$(pkg-config --libs capstone) -ldl || exit 2

status=0
passed=0
failed=0

# Run one part; its last line counts.
part() {
	echo "== $1"
	./decode_test "${@:1}" >part.out
	code=$?
	cat part.out
	read -r p _ f _ < <(tail -n 1 part.out)
	[ "$code" -le 1 ] && [ -n "$f" ] || { echo "part $1 died: $code"; p=0 f=1; }
	passed=$((passed + p))
	failed=$((failed + f))
	[ "$code" = 0 ] || status=1
}

# The listing as assembler source, a function for each instruction $1 assembles.
listing() {
	awk -v who="$1" '
		/^#/ || !NF { next }
		$2 == "a" || $2 == who {
			label = $1 "_" NR
			printf "\t.type %s, @function\n%s:", label, label
			$1 = $2 = ""
			printf "\t%s\n\t.size %s, .-%s\n", $0, label, label
		}' "$here/listing.txt"
}

# Functions that are nothing but the filler behind 1 to 32 bytes.
fillers() {
	for n in $(seq 1 32); do
		printf '\t.p2align 6\n\t.fill %d, 1, 0xc3\n\t.type pad_%d, @function\n' "$n" "$n"
		printf 'pad_%d:\t.p2align 5\n\t.size pad_%d, .-pad_%d\n' "$n" "$n" "$n"
	done
}

# Count what this script itself finds wrong.
wrong() {
	echo "FAIL: $*"
	failed=$((failed + 1))
	status=1
}

listing g >listing_g.s && as --64 -o listing_g.o listing_g.s || wrong "as: listing"
listing c >listing_c.s && clang -c --target=x86_64-linux-gnu -o listing_c.o listing_c.s ||
	wrong "clang: listing"
fillers >fillers.s
pads=
for tune in generic64 k8 core2 znver4; do
	as --64 -mtune=$tune -o "fillers_$tune.o" fillers.s || wrong "as: fillers, $tune"
	pads="$pads fillers_$tune.o"
done
for cpu in x86-64 k8 haswell znver3 atom; do
	clang -c --target=x86_64-linux-gnu -march=$cpu -o "fillers_c_$cpu.o" fillers.s ||
		wrong "clang: fillers, $cpu"
	pads="$pads fillers_c_$cpu.o"
done

objects="/usr/lib/x86_64-linux-gnu/crt1.o /usr/lib/x86_64-linux-gnu/libc.a
	/usr/lib/x86_64-linux-gnu/libm-*.a /usr/bin/bash /usr/bin/objdump
	/usr/lib/x86_64-linux-gnu/libcrypto.so.3 ${KERNEL_OBJECTS:-}"
present=
for o in $objects; do
	[ -e "$o" ] && present="$present $o"
done

part branches
part padding $pads
part listing listing_g.o listing_c.o
part objects $present

# Slots from the command given, judged by objdump too.
slots() {
	"$@" >slots.bin
	objdump -D -b binary -m i386:x86-64 -M intel64 -w -z slots.bin >slots.txt
	part slots slots.txt
}

echo "random bytes: SEED=$SEED COUNT=$COUNT"
slots ./decode_test gen "$SEED" "$COUNT"
for forms in legacy vex xop evex; do
	echo "every form of every opcode: $forms"
	slots ./decode_test forms $forms
done

for o in listing_g.o listing_c.o $present; do
	objdump -d -M intel64 -w -z "$o" 2>&1
done >objects.txt
part text objects.txt
rm -f objects.txt slots.txt slots.bin

part edges "$SEED" "$COUNT" listing_g.o listing_c.o /usr/bin/bash
part speed $present

echo "$passed passed, $failed failed"
[ "$failed" = 0 ] || status=1
exit $status
