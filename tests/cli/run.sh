#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Command lines, help, exit statuses, what is printed and where.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/cli/cli.py
