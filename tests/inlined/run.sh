#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/inlined/run.sh - what changed by being inlined, against what was written to be

set -eu
cd "$(dirname "$0")/../.."
export BUILD="${BUILD:-$PWD/build}" PYTHONDONTWRITEBYTECODE=1
export OBJTOOL="${OBJTOOL:-$BUILD/objtool}"
exec python3 tests/inlined/inlined.py
