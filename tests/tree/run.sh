#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole trees, archives, compressed modules.
exec python3 "$(dirname "$0")/tree.py"
