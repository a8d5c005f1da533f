# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/lib/env.sh - what tests/NAME/run.sh is run with, whoever runs it; it begins with
#
#     . "$(dirname "$0")/../lib/env.sh"
#
# At the top of the tree, with BUILD (where the build under test is), OBJTOOL (the program) and
# OBJTOOL_FULL (the one that is never static) as tests/run or the caller has set them, or of
# build/, and absolute; Python finds the modules of tests/lib and leaves nothing beside them.

top=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(realpath -ms "${BUILD:-$top/build}")
OBJTOOL=$(realpath -ms "${OBJTOOL:-$BUILD/objtool}")
OBJTOOL_FULL=$(realpath -ms "${OBJTOOL_FULL:-$OBJTOOL-full}")
PYTHONPATH=$top/tests/lib
PYTHONDONTWRITEBYTECODE=1
export BUILD OBJTOOL OBJTOOL_FULL PYTHONPATH PYTHONDONTWRITEBYTECODE
cd "$top" || exit 2
