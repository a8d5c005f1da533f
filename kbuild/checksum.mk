# SPDX-License-Identifier: GPL-2.0-or-later
#
# checksum.mk - write foo.o.checksums as an unmodified kernel tree builds
#
#     make MAKEFILES=/usr/local/share/objtool/checksum.mk ...
#
# make reads $(MAKEFILES) before its makefile, and hands the variable down to every
# make below it. It runs each line of a recipe as
#
#     $(SHELL) $(.SHELLFLAGS) LINE
#
# with both variables expanded for the target at hand. So, of objects, checksum.sh
# gets each line to run, and Kbuild is not touched: neither its rules nor its
# commands, which it compares with those of the last build.
#
#     KBUILD_CHECKSUM=on|off|strict   strict: an object that cannot be hashed ends the build
#     KBUILD_CHECKSUM_FLAGS=          options for objtool checksum
#     KBUILD_CHECKSUM_OBJTOOL=        the program, if not the one that came with this

KBUILD_CHECKSUM ?= on
KBUILD_CHECKSUM_OBJTOOL ?= @OBJTOOL@
export KBUILD_CHECKSUM KBUILD_CHECKSUM_FLAGS KBUILD_CHECKSUM_OBJTOOL

ifeq ($(filter on off strict,$(KBUILD_CHECKSUM)),)
$(error KBUILD_CHECKSUM is '$(KBUILD_CHECKSUM)': none of on, off and strict)
endif

ifneq ($(KBUILD_CHECKSUM),off)
ifeq ($(wildcard $(KBUILD_CHECKSUM_OBJTOOL)),)
$(error KBUILD_CHECKSUM_OBJTOOL: there is no '$(KBUILD_CHECKSUM_OBJTOOL)')
endif

checksum_sh := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))checksum.sh

# vmlinux.o has only what is in other objects, but for LTO. Up to 5.18 it is made by vmlinux's recipe.
checksum_targets = %.o %.ko $(if $(CONFIG_LTO_CLANG),vmlinux)
checksum_omitted = $(if $(CONFIG_LTO_CLANG),,vmlinux.o)

.SHELLFLAGS = $(if $(filter-out $(checksum_omitted),$(filter $(checksum_targets),$@)),$(checksum_sh) $@,-c)
endif
