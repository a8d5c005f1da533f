#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Option tables, --help, man pages and shell completion say the same.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/docs/docs.py
