#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How objtool diff pairs and classifies records.
exec python3 "$(dirname "$0")/diff.py"
