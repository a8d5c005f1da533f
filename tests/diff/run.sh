#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How objtool diff pairs and classifies records.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/diff/diff.py
