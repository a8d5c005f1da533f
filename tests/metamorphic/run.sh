#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/metamorphic/run.sh - mutations whose effect is known, against the verdicts
#
# SEED=N makes other choices (1), CASES=N asks for more cases a mutation, ONLY=a,b for
# the mutations with these words in their names, METAMORPHIC_CORPUS=DIR[:DIR...] for
# other assembler files than lib/corpus/'s (kernel-corpus.sh makes some of a kernel),
# KEEP=DIR keeps the objects of what failed.

set -eu
. "$(dirname "$0")/../lib/env.sh"
export SEED="${SEED:-1}"

if [ -n "${METAMORPHIC_CORPUS:-}" ]; then
	IFS=: read -ra corpus <<<"$METAMORPHIC_CORPUS"
	exec python3 tests/metamorphic/metamorphic.py "${corpus[@]}"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/lib/corpus.sh "$work"
CASES=${CASES:-20} python3 tests/metamorphic/metamorphic.py --per-file 2 "$work"
