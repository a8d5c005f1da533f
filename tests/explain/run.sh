#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/explain/run.sh - what "objtool explain" says of pairs whose difference is known

set -eu
cd "$(dirname "$0")/../.."
export BUILD="${BUILD:-$PWD/build}" PYTHONDONTWRITEBYTECODE=1
export OBJTOOL="${OBJTOOL:-$BUILD/objtool}"
exec python3 tests/explain/explain.py
