#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole trees, archives, compressed modules.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/tree/tree.py
