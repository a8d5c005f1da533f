# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile - builds, tests and installs objtool; "make help" lists the targets
#
# Variables, all settable on the command line:
#   CC=gcc|clang   CFLAGS="-O2 -g"   LDFLAGS=   WERROR=-Werror (empty to disable)
#   SANITIZE=address,undefined       a build of its own under build/address-undefined
#   FUZZ_TIME=60                     seconds for each target of make fuzz
#   BUILD=build                      where everything that is made goes
#   STATIC=1                         objtool is static, and objtool-full is not; empty: one dynamic program
#   PREFIX=/usr/local   DESTDIR=     for install
#   V=1                              show the commands
#
# A test program is any tests/*/test-*.c: linked with libobjtool.a and
# libcapstone, and found by its suite as $BUILD/tests/SUITE/test-NAME.

ifeq ($(origin CC),default)
CC = gcc
endif
comma := ,
CFLAGS = -O2 -g
WERROR = -Werror
SANITIZE =
BUILD = build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
FUZZ_TIME = 60
STATIC = $(if $(SANITIZE),,1)
PREFIX = /usr/local
DESTDIR =
BINDIR = $(PREFIX)/bin
LIBEXECDIR = $(BINDIR)/../libexec
MANDIR = $(PREFIX)/share/man
SHAREDIR = $(PREFIX)/share/objtool

VERSION := $(shell sed -n 's/.*OBJTOOL_VERSION "\(.*\)"/\1/p' objtool/include/objtool/version.h)

prog := $(BUILD)/objtool
full := $(BUILD)/objtool-full
lib := $(BUILD)/libobjtool.a
sources := $(wildcard objtool/*.c objtool/*/*.c objtool/arch/x86/*.c)
objects := $(sources:%.c=$(BUILD)/obj/%.o)
main := $(BUILD)/obj/objtool/objtool.o
external := $(BUILD)/obj/objtool/external.o
tests := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/*/test-*.c))
fuzzers := $(patsubst %.c,$(BUILD)/%,$(wildcard fuzz/fuzz-*.c))
mutator := $(BUILD)/fuzz/mutate.so
bench := $(patsubst %.c,$(BUILD)/%,$(wildcard bench/*.c))

# With -fsanitize gcc no longer sees that an expression fits, and warns of conversions in vain.
warnings = -Wall -Wextra -Wshadow $(if $(SANITIZE),,-Wconversion) $(WERROR)
# _FORTIFY_SOURCE needs the optimizer, and hides errors from the sanitizers.
fortify = $(if $(SANITIZE),,$(if $(filter -O0,$(lastword $(filter -O%,-O0 $(CFLAGS)))),,\
	-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
sanitize = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
	-fno-omit-frame-pointer)
compile = $(CC) -std=c11 -D_GNU_SOURCE -Iobjtool/include $(warnings) $(fortify) \
	-fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -pthread $(sanitize) $(libs_cflags) $(CFLAGS)
# The fuzzer's main() is linked into its targets alone.
fuzzed = $(findstring fuzzer-no-link,$(SANITIZE))
link_as = $(CC) $(1) -pthread $(sanitize) -Wl,-z,relro,-z,now $(CFLAGS) $(LDFLAGS)
link = $(call link_as,-pie)
# Of a dynamic program, too, so that it starts without them.
some_libs = $(if $(STATIC),-Wl$(comma)-Bstatic $(libs) -Wl$(comma)-Bdynamic,$(libs))

# $(call pkg,OPTION,MODULES): what pkg-config says, or a stop that names the cure.
pkg = $(foreach m,$(2),$(if $(shell pkg-config --exists $(m) 2>&1 || echo no),$(error \
	the development files of $(m) (or pkg-config itself) are missing: run "make deps"))) \
	$(shell pkg-config $(1) $(2))
# Of the first only the headers: xxHash is all in one, and what disassembly and DWARF take is loaded
# when there is a use for it. The others are linked statically, if anything is.
headers_pkg := libxxhash capstone libdw
libs_pkg := zlib liblzma libzstd
# Asked once, and only when something is built: "make deps" must work without them.
libs_cflags = $(eval libs_cflags := $$(call pkg,--cflags,$$(headers_pkg) $$(libs_pkg)))$(libs_cflags)
libs = $(eval libs := $$(call pkg,--libs,$$(libs_pkg)))$(libs)
test_libs = $(eval test_libs := $$(call pkg,--libs,capstone))$(test_libs)
bench_libs = $(eval bench_libs := $$(call pkg,--libs,libelf))$(bench_libs)

# Show "CC file" in place of the command, as kernel builds do; "make -s" shows nothing.
V = 0
silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(filter 1,$(V)),,@$(if $(silent),:,echo) '  $(1)	$(patsubst $(BUILD)/%,%,$@)';)

.PHONY: all
all: $(prog) $(full) ## build build/objtool (the default)

# What "make check" tests: BUILD[:SUITE,...], see tests/run. Other builds than this one must be there.
CHECK = $(BUILD)

.PHONY: check
check: deps ## build, and run every test; installs what is missing for that
	@$(MAKE) --no-print-directory test-programs
	@tests/run $(CHECK)

.PHONY: check-kernel
check-kernel: deps-kernel ## build kernels through the hook, patch them, compare; see tests/kernel/kernel.py
	@$(MAKE) --no-print-directory all
	@BUILD=$(abspath $(BUILD)) OBJTOOL=$(abspath $(prog)) tests/kernel/run.sh

.PHONY: demo
demo: deps ## checksum and diff two versions of a small source, to see what it looks like
	@$(MAKE) --no-print-directory all
	@tests/demo/run $(BUILD)

.PHONY: asan
asan: ## build with ASan and UBSan, into build/address-undefined
	@$(MAKE) --no-print-directory SANITIZE=address,undefined test-programs

# Left out: gcc does not see that two conditions are one ("i < nr ? &list[i] : NULL" where nr
# is 0 if there is no list), and takes pointers for NULL that are not used then.
analyzer = -fanalyzer -Wno-analyzer-null-dereference -Wno-analyzer-null-argument
# Of clang-tidy's, its own checks: the static analyzer takes ten minutes. Left out is what is meant as
# it is: bytes that are no strings, sizes of pointers in lists of pointers, numbers beside numbers.
tidy = -*,bugprone-*,-bugprone-branch-clone,-bugprone-easily-swappable-parameters,$\
	-bugprone-implicit-widening-of-multiplication-result,-bugprone-macro-parentheses,$\
	-bugprone-narrowing-conversions,-bugprone-not-null-terminated-result,$\
	-bugprone-signed-char-misuse,-bugprone-sizeof-expression

.PHONY: analyze
analyze: ## look for mistakes without running anything: gcc -fanalyzer, clang-tidy, cppcheck
	@$(MAKE) --no-print-directory CC=gcc CFLAGS="-O1 $(analyzer)" BUILD=build/analyze all
	@cppcheck -q --error-exitcode=1 --enable=warning,portability --inline-suppr --std=c11 \
		-D__x86_64__ -Iobjtool/include objtool fuzz
	@printf '%s\n' $(sources) | xargs -n 8 -P 2 sh -c 'log=build/analyze/tidy.$$$$; \
		clang-tidy --quiet --checks="$(tidy)" --warnings-as-errors="*" "$$@" -- -std=c11 \
		-D_GNU_SOURCE -Iobjtool/include -Ibuild/analyze/gen 2>$$log; \
		status=$$?; grep -v "^[0-9]* warnings* generated" $$log >&2; rm $$log; exit $$status' sh

# Two builds: one that sees all and steers by what is compared, and one that runs ten times as many.
.PHONY: fuzz
fuzz: all ## fuzz each target for FUZZ_TIME seconds, with libFuzzer; see fuzz/run
	@$(MAKE) --no-print-directory CC=clang BUILD=build/libfuzzer \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@$(MAKE) --no-print-directory CC=clang BUILD=build/libfuzzer-fast \
		CFLAGS="$(CFLAGS) -fno-sanitize-coverage=trace-cmp" \
		SANITIZE=fuzzer-no-link,address fuzz-programs
	@fuzz/run libfuzzer build/libfuzzer $(FUZZ_TIME)
	@fuzz/run libfuzzer build/libfuzzer-fast $(FUZZ_TIME)

.PHONY: fuzz-afl
fuzz-afl: all ## the same with AFL++
	@$(MAKE) --no-print-directory CC=afl-clang-fast BUILD=build/afl \
		SANITIZE=fuzzer-no-link,address fuzz-programs
	@fuzz/run afl build/afl $(FUZZ_TIME)

.PHONY: fuzz-programs
fuzz-programs: $(fuzzers) $(mutator)

.PHONY: bench
bench: all $(bench) ## measure against other programs; see bench/run.py for parts and inputs
	@python3 -B bench/run.py $(BUILD)

.PHONY: test-programs
test-programs: all $(tests) $(fuzzers) ## build objtool and the test programs, run nothing

.PHONY: install
install: all ## install under PREFIX (/usr/local), below DESTDIR if set
	install -D -m 755 $(prog) $(DESTDIR)$(BINDIR)/objtool
	$(if $(STATIC),install -D -m 755 $(full) $(DESTDIR)$(LIBEXECDIR)/objtool-full)
	install -d $(DESTDIR)$(SHAREDIR)
	for f in checksum.mk Makefile.checksum; do \
		sed 's|@OBJTOOL@|$(BINDIR)/objtool|' kbuild/$$f > $(DESTDIR)$(SHAREDIR)/$$f || exit; \
	done
	install -m 644 kbuild/checksum.sh $(DESTDIR)$(SHAREDIR)
	install -m 755 kbuild/add-to-tree $(DESTDIR)$(SHAREDIR)
	install -m 644 doc/diff.schema.json $(DESTDIR)$(SHAREDIR)
	install -D -m 644 completion/objtool.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/objtool
	install -D -m 644 completion/_objtool $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_objtool
	set -e; for page in $(wildcard man/*.[1-8]); do \
		install -D -m 644 $$page $(DESTDIR)$(MANDIR)/man$${page##*.}/$${page##*/}; \
	done

# What must be there, as COMMAND, FILE or pkg-config MODULE, "=", Debian package.
needed := gcc=gcc ld=binutils /usr/include/stdio.h=libc6-dev pkg-config=pkg-config \
	libelf.pc=libelf-dev libxxhash.pc=libxxhash-dev zlib.pc=zlib1g-dev \
	liblzma.pc=liblzma-dev libzstd.pc=libzstd-dev capstone.pc=libcapstone-dev libdw.pc=libdw-dev
needed_by_tests := python3=python3 xxhsum=xxhash clang=clang ld.lld=lld \
	xz=xz-utils zstd=zstd valgrind=valgrind cppcheck=cppcheck \
	clang-tidy=clang-tidy /usr/lib/python3/dist-packages/jsonschema=python3-jsonschema \
	mandoc=mandoc zsh=zsh chromium=chromium

needed_by_kernel := /usr/src/linux-source-6.1.tar.xz=linux-source-6.1 flex=flex bison=bison bc=bc \
	perl=perl llvm-ar=llvm

.PHONY: deps
deps: needs = $(needed) $(needed_by_tests) ## install what building and testing need (Debian packages, by apt-get)

.PHONY: deps-kernel
deps-kernel: needs = $(needed) $(needed_by_tests) $(needed_by_kernel) ## and what check-kernel needs

deps deps-kernel:
	@missing=; \
	for need in $(needs); do \
		what=$${need%%=*}; \
		case $$what in \
		/*) test -e "$$what" ;; \
		*.pc) pkg-config --exists "$${what%.pc}" 2>/dev/null ;; \
		*) command -v "$$what" >/dev/null ;; \
		esac || missing="$$missing $${need#*=}"; \
	done; \
	test -n "$$missing" || exit 0; \
	echo "make deps: installing$$missing"; \
	command -v apt-get >/dev/null || { \
		echo "make deps: no apt-get here: install these by hand" >&2; exit 1; }; \
	sudo=; test "$$(id -u)" = 0 || sudo=sudo; \
	$$sudo apt-get -q update && \
	$$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends $$missing

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build $(if $(filter-out build build/%,$(BUILD)),$(BUILD))

.PHONY: help
help: ## show this list
	@echo "objtool $(VERSION). Targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | \
		while IFS='	' read -r name text; do printf '  %-15s%s\n' "$$name" "$$text"; done
	@echo "Variables:"
	@sed -n 's/^#   \(.*\)/  \1/p' Makefile

# Rewritten only when it changes, so that other flags or another compiler rebuild everything.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(compile)' '$(link) $(some_libs)' | cmp -s - $@ || \
		printf '%s\n' '$(compile)' '$(link) $(some_libs)' > $@
.PHONY: FORCE
FORCE:

# Style and script of the HTML report, as strings.
$(BUILD)/gen/report-html.h: objtool/report/html/report.css objtool/report/html/report.js
	@mkdir -p $(@D)
	$(call say,GEN)for f in $^; do \
		echo "static const char report_$${f##*.}[] ="; \
		sed 's/\\/&&/g; s/"/\\"/g; s/.*/"&\\n"/' $$f; echo ";"; \
	done > $@
$(BUILD)/obj/objtool/report/report-html.o: $(BUILD)/gen/report-html.h
$(BUILD)/obj/objtool/report/report-html.o: compile += -I$(BUILD)/gen

$(BUILD)/obj/objtool/base/hash-avx2.o: compile += $(if $(findstring x86_64,$(shell $(CC) -dumpmachine)),-mavx2)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(compile) -MMD -MP -c -o $@ $<

# Made anew each time: ar would keep members whose source is gone.
$(lib): $(filter-out $(main) $(external),$(objects))
	@rm -f $@
	$(call say,AR)ar -rcs $@ $^

$(full): $(main) $(lib)
	$(call say,LD)$(link) -o $@ $^ $(some_libs)

# A build starts it for each object, and to load the C library takes half as long as to checksum
# one. So it is static, with all but what may load more libraries: that is in objtool-full.
ifneq ($(STATIC),)
$(prog): $(main) $(external) $(lib)
	$(call say,LD)$(call link_as,-static-pie) -o $@ $^ $(libs)
else
$(prog): $(full)
	@ln -f $< $@
endif

$(tests): $(BUILD)/%: $(BUILD)/obj/%.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD)$(link) -o $@ $^ $(some_libs) $(test_libs)

# Each target with libFuzzer's main(), or AFL++'s, if SANITIZE says so; else with one that replays.
fuzz_parts := $(addprefix $(BUILD)/obj/fuzz/,harness.o mutate.o $(if $(fuzzed),,replay.o))
$(fuzzers): $(BUILD)/%: $(BUILD)/obj/%.o $(fuzz_parts) $(lib)
	@mkdir -p $(@D)
	$(call say,LD)$(subst fuzzer-no-link,fuzzer,$(link)) -Wl,--wrap=stamp_settle -o $@ $^ $(some_libs)

# What AFL++ loads. Without instrumentation, which it would not find the runtime of.
$(mutator): fuzz/mutate.c fuzz/fuzz.h
	@mkdir -p $(@D)
	$(call say,CC)cc -std=c11 -D_GNU_SOURCE -Iobjtool/include -O2 -fPIC -shared -o $@ $<

$(bench): $(BUILD)/%: $(BUILD)/obj/%.o $(lib)
	@mkdir -p $(@D)
	$(call say,LD)$(link) -o $@ $^ $(some_libs) $(bench_libs)

.SECONDARY:
.DELETE_ON_ERROR:
-include $(objects:.o=.d) $(patsubst $(BUILD)/%,$(BUILD)/obj/%.d,$(tests) $(fuzzers) $(bench)) \
	$(fuzz_parts:.o=.d)
