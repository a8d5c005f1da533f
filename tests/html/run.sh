#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The HTML report, as a text and in a browser.
exec python3 "$(dirname "$0")/html_report.py"
