#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# No two threads touch the same without a lock: under helgrind, or by a build with ThreadSanitizer.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/threads/threads.py
