#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/demo/run.sh - the demo shows what it says, with gcc and with clang

set -u
. "$(dirname "$0")/../lib/env.sh"
passed=0 failed=0

# Of all the functions, only these differ, each in one thing.
want='lines demo_check lines
changed demo_clamp code
changed demo_poll jump_label
changed demo_state consts
changed demo_write_msr extable'

check()
{
	if [[ $2 == "$3" ]]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf 'not ok %s\nwanted:\n%s\ngot:\n%s\n' "$1" "$2" "$3"
	fi
}

for cc in gcc clang; do
	out=$(CC=$cc tests/demo/run "$BUILD" 2>&1)
	check "$cc: the demo's status" 0 $?
	check "$cc: the last line" "functions: 4 changed, 1 lines only" \
		"$(tail -n 1 <<<"$out" | sed 's/ (.*//')"
	out=$("$BUILD/objtool" diff --json "$BUILD/demo/old/demo.o" "$BUILD/demo/new/demo.o")
	check "$cc: diff's status" 1 $?
	check "$cc: what differs" "$want" "$(python3 -c '
import json, sys
for c in json.load(sys.stdin)["changes"]:
    print(c["status"], c["name"], *c["lanes"])' <<<"$out")"
done

echo "$passed passed, $failed failed"
((failed == 0))
