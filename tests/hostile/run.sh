#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Objects made to harm, calls that fail, runs that are killed.
exec python3 -B "$(dirname "$0")/hostile.py" "${OBJTOOL:-build/objtool}"
