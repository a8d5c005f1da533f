#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/elf/run.sh - objects are read as readelf reads them; damaged ones and
# files that are none are refused with one clear message
#
# KERNEL_OBJECTS may list more objects to compare, separated by blanks.

. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/elf/elf.py
