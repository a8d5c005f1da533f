#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels, built through the hook: "make check-kernel". Not one of the suites that run by default.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/kernel/kernel.py
