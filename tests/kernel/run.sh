#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernels, built through the hook: "make check-kernel". Not one of the suites that run by default.
exec python3 "$(dirname "$0")/kernel.py"
