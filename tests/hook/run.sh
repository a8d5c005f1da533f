#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of kbuild/, in makefiles that are like Kbuild's where it matters.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/hook/hook.py
