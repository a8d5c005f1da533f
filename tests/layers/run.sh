#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/layers/run.sh - includes point one way, downwards
#
# Every file of objtool/ and its folders belongs to the module it is named after (builtin-*.c
# and external.c to builtin, report-*.c to report, alter-*.[ch] to alter,
# canon-*.[ch] to canon, code-*.[ch] to code, elf-*.[ch] to elf, explain-*.[ch] to explain,
# listing-*.[ch] to listing, special-*.[ch] to special, hash-*.c to hash, arch/*/ to arch),
# every module stands in one layer below, and a file includes only its own headers and those
# of lower layers. Modules of one line do not know each other. A header in quotes is
# private to a module, and a library's is met by one module only.

set -u
. "$(dirname "$0")/../lib/env.sh"

# From the bottom up, behind the folder that they are in: a folder knows only those above it in
# this list. A new module gets its place here.
layers='
base       util
base       version hex
base       log lane hash effort distance library
base       mem
base       seen pool
base       sort
base       options file terminal
object     names outside expand exclude stamp layout
object     contents
object     elf arch
object     input symname
object     dwarf
code       special
code       coverage
code       code
code       insns
code       namesake target
code       lines omit
code       parts
code       settle
canon      token
canon      canon
checksum   records
checksum   finish
checksum   owners
checksum   reading
checksum   rest
checksum   checksum tracer
tree       kbuild batch
tree       tree
tree       update
selfcheck  alter
selfcheck  fields
selfcheck  selfcheck
diff       match
diff       diff
diff       ignore load
listing    disas
listing    listing
listing    hunk
listing    bodies
report     report ask
report     inlined
report     explain
.          builtin
.          objtool
'

# The libraries, each with the only module that may include it.
libraries='
elf.h=elf
xxhash.h=hash
zlib.h=expand lzma.h=expand zstd.h=expand
capstone/capstone.h=disas
dwarf.h=dwarf elfutils/libdwfl.h=dwarf elfutils/libdw.h=dwarf
'

# Print a line for each file of tree $1, "ok FILE" or "not ok FILE: why".
check_tree()
{
	local file

	find "$1" -name '*.[ch]' | LC_ALL=C sort | while read -r file; do
		awk -v layers="$layers" -v libraries="$libraries" -v file="${file#"$1"/}" '
		function module_of(path)
		{
			if (path ~ /^arch\//)
				return "arch"
			sub(/^.*\//, "", path)
			sub(/\.[ch]$/, "", path)
			sub(/^(builtin-.*|external)$/, "builtin", path)
			sub(/^report-.*/, "report", path)
			sub(/^alter-.*/, "alter", path)
			sub(/^canon-.*/, "canon", path)
			sub(/^code-.*/, "code", path)
			sub(/^elf-.*/, "elf", path)
			sub(/^explain-.*/, "explain", path)
			sub(/^hash-.*/, "hash", path)
			sub(/^listing-.*/, "listing", path)
			sub(/^special-.*/, "special", path)
			return path
		}
		function folder_of(path)
		{
			return sub(/\/[^\/]*$/, "", path) ? path : "."
		}
		function wrong(what) { if (!why) why = what }
		BEGIN {
			n = split(layers, line, "\n")
			for (i = 1; i <= n; i++) {
				for (k = split(line[i], name, " "); k > 1; k--) {
					layer[name[k]] = i
					folder[name[k]] = name[1]
				}
			}
			n = split(libraries, pair, /[ \n]+/)
			for (i = 1; i <= n; i++)
				if (split(pair[i], part, "="))
					owner[part[1]] = part[2]
			module = module_of(file)
			if (!(module in layer))
				wrong("module " module " has no layer in tests/layers/run.sh")
			else if (file !~ /^(include|arch)\// && folder_of(file) != folder[module])
				wrong("module " module " belongs into " folder[module] "/")
		}
		/^[ \t]*#[ \t]*include/ {
			header = $0
			sub(/^[^<"]*[<"]/, "", header)
			sub(/[>"].*/, "", header)
			if ($0 ~ /include[ \t]*"/ && module != "arch" && module_of(header) != module)
				wrong("line " NR ": write <objtool/" header ">, if it is not private")
			if (header in owner && owner[header] != module)
				wrong("line " NR ": only " owner[header] " may include " header)
			if (header !~ /^objtool\//)
				next
			other = module_of(header)
			if (!(other in layer))
				wrong("line " NR ": " header " has no layer in tests/layers/run.sh")
			else if (other != module && layer[other] >= layer[module])
				wrong("line " NR ": " module " must not know " header)
		}
		END { print why ? "not ok " file ": " why : "ok " file }' "$file"
	done
}

passed=0 failed=0
count()
{
	if "${@:2}"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok $1"
	fi
}

while read -r line; do
	count "${line#not ok }" test "${line%% *}" = ok
done < <(check_tree objtool)

# The check itself: each of these trees has one bad include, and must be found out.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"/{arch/x86,include/objtool,object,code,diff}
found_out() # FILE LINE-OF-CODE WHY
{
	local out

	echo "$2" >"$scratch/$1"
	out=$(check_tree "$scratch")
	rm "$scratch/$1"
	[[ $out == "not ok $1: "*"$3"* ]]
}
allowed() # FILE LINE-OF-CODE
{
	local out

	echo "$2" >"$scratch/$1"
	out=$(check_tree "$scratch")
	rm "$scratch/$1"
	[[ $out == "ok $1" ]]
}
count "upward include" found_out object/elf.c '#include <objtool/code.h>' 'must not know'
count "header upward" found_out include/objtool/mem.h '#include <objtool/elf.h>' 'must not know'
count "sideways" found_out arch/x86/decode.c '# include <objtool/elf.h>' 'must not know'
count "quotes" found_out code/code.c '#include "elf.h"' 'write <objtool/'
count "library" found_out code/code.c '#include <elf.h>' 'only elf may include'
count "private header" found_out object/input.c '#include "elf-reader.h"' 'if it is not private'
count "its owner" allowed object/elf-symbols.c '#include "elf-reader.h"'
count "new module" found_out code/novel.c '' 'has no layer'
count "another folder" found_out object/code.c '' 'belongs into code/'
count "own header" allowed diff/diff.c '#include <objtool/diff.h>'
count "downward" allowed builtin-diff.c '#include <objtool/report.h>'

echo "$passed passed, $failed failed"
((failed == 0))
