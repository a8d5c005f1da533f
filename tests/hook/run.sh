#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook of kbuild/, in makefiles that are like Kbuild's where it matters.
exec python3 "$(dirname "$0")/hook.py"
