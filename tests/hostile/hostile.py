# SPDX-License-Identifier: GPL-2.0-or-later
"""hostile.py [NAME]... - objects made to harm, calls that fail, runs that are killed

Whatever happens, the result is the right answer, or status 2, a message and the old output
untouched. A test is a function test_NAME() of one of the parts; NAMEs run only those.
"""
import sys

import changing
import damaged
import failing
import growth
import killing
import places
from harness import finish


def main():
    only = sys.argv[1:]
    for part in (failing, changing, killing, growth, damaged, places):
        for name, test in list(vars(part).items()):
            if name.startswith("test_") and (not only or name[5:] in only):
                test()
    finish()


main()
