#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checksums of objects: golden vectors, what must not matter, names, rests, dumps, threads.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/checksum/checksum.py
