#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The HTML report, as a text and in a browser.
. "$(dirname "$0")/../lib/env.sh"
exec python3 tests/html/html_report.py
