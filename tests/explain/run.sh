#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/explain/run.sh - what "objtool explain" says of pairs whose difference is known

set -eu
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/explain/explain.py
