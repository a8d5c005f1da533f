#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/disas/run.sh - what "objtool diff -p" shows: all that differs, and nothing else
#
# SEED=N makes other choices (1), CASES=N takes more cases a file (6).

set -eu
. "$(dirname "$0")/../lib/env.sh"
export SEED="${SEED:-1}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/lib/corpus.sh "$work"
python3 tests/disas/disas.py "$work"
