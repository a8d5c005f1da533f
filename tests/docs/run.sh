#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Option tables, --help, man pages and shell completion say the same.
exec python3 "$(dirname "$0")/docs.py"
