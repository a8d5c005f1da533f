#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Objects made to harm, calls that fail, runs that are killed; or only those tests whose names are given.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/hostile/hostile.py "$@"
