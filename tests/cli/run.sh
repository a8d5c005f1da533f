#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Command lines, help, exit statuses, what is printed and where.
exec python3 "$(dirname "$0")/cli.py"
