#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/selfcheck/run.sh - --selfcheck finds nothing where nothing is wrong, and else it does
#
# On objects that are compiled here, by gcc and clang, as for kernels of several
# ages; and with programs that have one line of a source file changed for the
# worse, to see that --selfcheck can fail. SEED=N makes other choices.

set -u
. "$(dirname "$0")/../lib/env.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# check NAME COMMAND...: count whether the command succeeds.
check()
{
	if "${@:2}"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok $1"
	fi
}

# How many alterations of row $2 the table in $1 has in column $3: cases, noticed, missed, false.
cell()
{
	local column

	case $3 in
	cases) column=4 ;;
	noticed) column=3 ;;
	missed) column=2 ;;
	false) column=1 ;;
	esac
	awk -v row="$2" -v back="$column" '
		index($0, row "  ") == 1 { n = $(NF - back + 1) }
		END { print n + 0 }' "$1"
}

# ---- objects ----

sources="$work/s"
tests/lib/corpus.sh "$sources" >/dev/null || exit 2
for source in "$sources"/*.s; do
	cc=gcc
	[[ ${source##*/} != clang* ]] || cc=clang
	$cc -c -o "${source%.s}.o" "$source" || exit 2
done
for cc in gcc clang; do
	for version in old new; do
		$cc -std=gnu11 -O2 -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
			-fcf-protection=none -fno-asynchronous-unwind-tables \
			-c -o "$sources/$cc-demo-$version.o" "tests/demo/$version/demo.c" || exit 2
	done
done
# A named table of strings, relative to itself: clang's, where code is independent of its place.
# .Lstr.2 + 8 is the table's third entry, and nothing in .Lstr.3.
gcc -x assembler -c -o "$sources/relative.o" - <<'END' || exit 2
	.section .rodata
	.type type_name.rel, @object
type_name.rel:
	.long .Lstr.0 - type_name.rel, .Lstr.1 - type_name.rel, .Lstr.2 - type_name.rel
	.size type_name.rel, . - type_name.rel
	.type other, @object
other:	.quad .Lstr.3
	.size other, . - other
	.section .rodata.str1.1, "aMS", @progbits, 1
.Lstr.0: .string "NOTYPE"
.Lstr.1: .string "OBJECT"
.Lstr.2: .string "TLS"
.Lstr.3: .string "unknown symbol type name"
END
# With KASAN, "" is among other strings, and 16 bytes further on it is as empty.
gcc -x assembler -c -o "$sources/empty.o" - <<'END' || exit 2
	.section .rodata
	.string "before"
	.zero 57
.Lempty: .string ""
	.zero 95
	.data
	.type pointer, @object
pointer: .quad .Lempty
	.size pointer, . - pointer
END
cat "$sources"/*.o | cksum >"$work/before"

# ---- nothing is wrong ----

"$OBJTOOL" checksum --selfcheck --seed="${SEED:-1}" "$sources"/*.o >"$work/out" 2>"$work/err"
check "status when all is right" test $? -eq 0
check "no messages" test ! -s "$work/err"
check "nothing to tell" test "$(head -n 1 "$work/out" | cut -d ' ' -f 1)" = field
check "the objects are as they were" cmp -s "$work/before" <(cat "$sources"/*.o | cksum)
check "nothing is written" test -z "$(find "$sources" -name '*.checksums')"
while read -r row; do
	check "$row: noticed" test "$(cell "$work/out" "$row" noticed)" -ge 4
	check "$row: none missed" test "$(cell "$work/out" "$row" missed)" -eq 0
	check "$row: none false" test "$(cell "$work/out" "$row" false)" -eq 0
done <<'END'
immediates
displacements
opcodes and registers
branches within a function
references of code, addend
references of code, symbol
replacement code
strings
constants
unnamed data
unnamed data, references
data objects
data objects, references
any bit
any relocation
.altinstructions, site
.altinstructions, replacement
.altinstructions, data
__jump_table, site
__jump_table, reference
__ex_table, site
__ex_table, reference
__ex_table, data
__bug_table, site
__bug_table, data
.static_call_sites, site
.static_call_sites, reference
.parainstructions, site
.parainstructions, data
__mcount_loc, site
__patchable_function_entries, site
END
if ((failed)); then
	cat "$work/out" "$work/err"
fi

# ---- the same again ----

some=$(echo "$sources"/{gcc,clang}-*alternatives.o "$sources"/*-demo-*.o)
"$OBJTOOL" checksum --selfcheck -j1 $some >"$work/one"
"$OBJTOOL" checksum --selfcheck -j3 $some >"$work/three"
check "the same with any number of threads" cmp -s "$work/one" "$work/three"
"$OBJTOOL" checksum --selfcheck $some "$work/missing.o" >"$work/part" 2>"$work/err"
check "status with a missing object" test $? -eq 2
check "a message for it" grep -q 'missing.o' "$work/err"
check "the others are done" cmp -s "$work/one" "$work/part"

# ---- it can fail ----

# mutant NAME FILE SED: a program with that file changed.
mutant()
{
	local object="$BUILD/obj/objtool/objtool.o"

	sed "$3" "objtool/$2" >"$work/$1.c"
	if cmp -s "objtool/$2" "$work/$1.c"; then
		echo "$1: '$3' changes nothing in objtool/$2"
		return 1
	fi
	$(sed -n 1p "$BUILD/flags") -iquote "objtool/${2%/*}" -Wno-error -c -o "$work/$1.o" "$work/$1.c" &&
		$(sed -n 2p "$BUILD/flags") -o "$work/$1" "$object" "$work/$1.o" \
			"$BUILD/libobjtool.a" $(pkg-config --libs zlib liblzma libzstd)
}

# finds_out NAME COLUMN ROW...: that program's --selfcheck says so in these rows.
finds_out()
{
	local row

	"$work/$1" checksum --selfcheck $some >"$work/out" 2>&1
	check "$1: status" test $? -eq 1
	check "$1: told, to be repeated" \
		grep -Eq ": $2: .*\+0x.*, at 0x[0-9a-f]+ of the file:( [0-9a-f]{2})+ ->" "$work/out"
	for row in "${@:3}"; do
		check "$1: $row" test "$(cell "$work/out" "$row" "$2")" -gt 0
	done
}

check "immediates left out" mutant immediates canon/canon-code.c \
	's/return \(put_bytes(.*) - ci->insn.len\);/p = \1; p[-1] = 0; return p;/' &&
	finds_out immediates missed immediates
check "strings left out" mutant strings canon/canon-ref.c \
	's/token_bytes(&c->stream, sec->data + t->off, t->len);/token_num(\&c->stream, t->len);/' &&
	finds_out strings missed strings
check "entries' bytes left out" mutant entries canon/canon-code.c \
	's/token_bytes(&c->stream, entry + f->off, f->size);/token_num(\&c->stream, f->size);/' &&
	finds_out entries missed ".altinstructions, data"
check "addends left out" mutant addends canon/canon-ref.c \
	's/\(num(.*\), t->delta);/\1, 0);/' &&
	finds_out addends missed "references of code, addend"
check "strings do not end" mutant endless code/target.c \
	's/(u32)(nul - sec->data) + 1 - off : /sec->size - off : /' &&
	finds_out endless false strings

echo "$passed passed, $failed failed"
((failed == 0))
