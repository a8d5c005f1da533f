# SPDX-License-Identifier: GPL-2.0-or-later
#
# objtool.bash - completion for bash: what the program's own --help lists
#
# Nothing of it is written down here, so that it fits whatever version is run.

# The commands of program $1.
_objtool_commands()
{
	"$1" --help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *[A-Za-z].*/\1/p'
	echo help
}

# The options of command $2, one a line: --json, --ignore=FILE, --color=always|never|auto
_objtool_options()
{
	"$1" "$2" --help 2>/dev/null |
		sed -n 's/^  \(-.,\|   \) \(--[a-z-]*\)\[*\(=[^] ]*\)*.*/\2\3/p'
}

# Complete $2 from the words that follow it.
_objtool_words()
{
	local cur=$1
	shift
	COMPREPLY=($(compgen -W "$*" -- "$cur"))
	if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_objtool()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} option words

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		_objtool_words "$cur" "$(_objtool_commands "$1")" --help --version
		return
	fi
	if [[ $command == help ]]; then
		_objtool_words "$cur" "$(_objtool_commands "$1" | grep -v '^help$')"
		return
	fi
	# Of "--color=al", readline makes three words.
	if [[ $cur == = ]]; then
		cur= option=$prev
	elif [[ $prev == = ]]; then
		option=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	words=$(_objtool_options "$1" "$command")
	if [[ $option ]]; then
		# The words to choose from, if there are any; else bash completes a file.
		_objtool_words "$cur" "$(sed -n "s/^$option=\(.*|.*[a-z]\)$/\1/p" <<<"$words" | grep -v '[A-Z]' | tr '|' ' ')"
	elif [[ $cur == -* ]]; then
		_objtool_words "$cur" "$(sed 's/=.*/=/' <<<"$words")"
	fi
}

# Where nothing is found, complete files.
complete -o bashdefault -o default -F _objtool objtool
