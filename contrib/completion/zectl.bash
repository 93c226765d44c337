# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion for zectl and ze. Ids are asked from the running daemon.

_ze_ids() {	# list key
	zectl --json show l2tp "$1" 2>/dev/null | grep -o "\"$2\": *[0-9]*" | grep -o '[0-9]*$'
}

# What may follow the words given, which begin after the program's name.
_ze_next() {
	case "$*" in
	'') echo 'show clear --json --help --version' ;;
	'show' | 'clear') echo l2tp ;;
	'show l2tp') echo 'tunnels tunnel sessions session statistics listeners config' ;;
	'clear l2tp') echo 'tunnel session' ;;
	'clear l2tp tunnel' | 'clear l2tp session') echo 'teardown teardown-all' ;;
	'show l2tp tunnel' | 'clear l2tp tunnel teardown') _ze_ids tunnels local-tid ;;
	'show l2tp session' | 'clear l2tp session teardown') _ze_ids sessions local-sid ;;
	'clear l2tp session teardown '[0-9]*) echo 'reason cause' ;;
	esac
}

_ze_words() {
	local line

	if [ "$1" = ze ]; then
		shift
		line=$*
		case $line in
		'') echo '-c config l2tp --help --version' ;;
		'config') echo validate ;;
		'config validate' | '-c') compgen -f -- "$current" ;;
		'l2tp') echo 'show tunnel session decode' ;;
		'l2tp decode') echo --pretty ;;
		'l2tp show'*) _ze_next "show l2tp${line#l2tp show}" ;;
		'l2tp tunnel'* | 'l2tp session'*) _ze_next "clear $line" ;;
		esac
	else
		shift
		_ze_next "$@"
	fi
}

_ze() {
	local current=${COMP_WORDS[COMP_CWORD]} words=() word

	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[ "$word" = --json ] || words+=("$word")
	done
	mapfile -t COMPREPLY < <(compgen -W "$(_ze_words "${COMP_WORDS[0]##*/}" "${words[@]}")" -- "$current")
}

complete -F _ze zectl ze
