#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/inlined/run.sh - what changed by being inlined, against what was written to be

set -eu
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/inlined/inlined.py
