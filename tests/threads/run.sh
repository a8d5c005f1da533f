#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No two threads touch the same without a lock: under helgrind, or by a build with ThreadSanitizer.
exec python3 -B "$(dirname "$0")/threads.py"
