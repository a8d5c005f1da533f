#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The .checksums file: format, refusals, and that it is whole or not there.
exec python3 "$(dirname "$0")/records.py"
