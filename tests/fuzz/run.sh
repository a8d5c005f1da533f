#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/fuzz/run.sh - the fuzz targets, on their seeds and on damaged copies of them
#
# The same ones each time; make fuzz looks for others. With sanitizers there are
# more of them, as then more is seen.

set -u
. "$(dirname "$0")/../lib/env.sh"
passed=0 failed=0
count=100
[[ $BUILD != *address* ]] || count=500

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fuzz/seeds.sh "$scratch/seeds" || exit 2

for program in "$BUILD"/fuzz/fuzz-*; do
	target=${program##*/fuzz-}
	if out=$("$program" -n $count "$scratch/seeds/$target" 2>&1) && [[ $out == *" inputs" ]]; then
		passed=$((passed + 1))
		echo "$target: $out"
	else
		failed=$((failed + 1))
		echo "not ok $target: $(tail -n 30 <<<"$out")"
		(cd "$scratch" && "$program" -v -n $count "seeds/$target" 2>&1 | grep damage | tail -n 1)
	fi
done

echo "$passed passed, $failed failed"
((failed == 0))
