# SPDX-License-Identifier: GPL-2.0-or-later
#
# checksum.sh TARGET LINE - run a line of an object's recipe, then hash the object if it is new
#
# make runs this in place of "sh -c LINE", see checksum.mk. A recipe has several
# lines, and any may change the object: it is compiled, then the kernel's objtool goes
# over it, modversions or recordmcount add to it. Each line that leaves it newer than
# its checksums has it hashed again, so that the last one counts.

eval "$2"
# Not "|| exit": that makes "set -e", with which Kbuild's lines begin, do nothing in LINE.
status=$?
[ $status = 0 ] || exit $status
set +e

object=$1
[ "$1" != vmlinux ] || object=vmlinux.o
sums=$object.checksums
[ -e "$object" ] || exit 0
[ "$sums" -nt "$object" ] && [ "$sums" -nt "$KBUILD_CHECKSUM_OBJTOOL" ] && exit 0

# Which line is it?
case $2 in
: | *".${1##*/}.cmd"*) # Kbuild finds the object up to date, or has made it
	say=$quiet ;;
*"$1"*) # another step: if there are no checksums by now, there shall be none
	[ -e "$sums" ] || exit 0
	say=silent_ ;;
*) # a $(shell ...) in the recipe
	exit 0 ;;
esac

set -- "$KBUILD_CHECKSUM_OBJTOOL" checksum -j1 --kbuild $KBUILD_CHECKSUM_FLAGS "$object"
"$@"
status=$?
if [ $status = 0 ] && [ "$sums" -nt "$object" ]; then
	case $say in
	quiet_) echo "  CHECKSUM $object" ;;
	silent_) ;;
	*) echo "  $*" ;;
	esac
fi
[ "$KBUILD_CHECKSUM" != strict ] || exit $status
