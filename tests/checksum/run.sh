#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checksums of objects: golden vectors, what must not matter, names, rests, dumps, threads.
exec python3 "$(dirname "$0")/checksum.py"
