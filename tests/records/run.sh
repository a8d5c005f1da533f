#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The .checksums file: format, refusals, and that it is whole or not there.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/records/records.py
