#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/disas/run.sh - what "objtool diff -p" shows: all that differs, and nothing else
#
# SEED=N makes other choices (1), CASES=N takes more cases a file (6).

set -eu
cd "$(dirname "$0")/../.."
export BUILD="${BUILD:-$PWD/build}" PYTHONDONTWRITEBYTECODE=1 SEED="${SEED:-1}"
export OBJTOOL="${OBJTOOL:-$BUILD/objtool}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tests/metamorphic/corpus.sh "$work"
python3 tests/disas/disas.py "$work"
