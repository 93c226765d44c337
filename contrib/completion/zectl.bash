# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Completion for zectl and ze. Commands and ids come from the running daemon.

# Prints what may follow the words, the last of which is being typed; _ze_daemon selects the daemon.
_ze_ask() {
	zectl "${_ze_daemon[@]}" --timeout 2 --complete "$@" 2>/dev/null
}

_ze_zectl() {
	if [[ $current == -* && ${#words[@]} -eq 0 ]]; then
		echo '--socket --timeout --json --pretty --help --version'
	else
		_ze_ask "${words[@]}" "$current"
	fi
}

_ze_l2tp() {
	case ${words[1]-} in
	'')
		if [[ $current == -* ]]; then
			echo '--host --socket --timeout --help'
		else
			echo 'show tunnel session decode'
		fi
		;;
	show) _ze_ask show l2tp "${words[@]:2}" "$current" ;;
	tunnel | session) _ze_ask clear l2tp "${words[@]:1}" "$current" ;;
	decode) echo --pretty ;;
	esac
}

_ze_ze() {
	case ${words[*]} in
	'') echo 'config l2tp help --config --socket --state --spool --yang-dir --no-hardening --test --help --version' ;;
	config) echo validate ;;
	'config validate') compgen -f -- "$current" ;;
	l2tp*) _ze_l2tp ;;
	esac
}

_ze() {
	local current=${COMP_WORDS[COMP_CWORD]} words=() _ze_daemon=() program=${COMP_WORDS[0]##*/}
	local i word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-s | --socket)
			_ze_daemon=(--socket "${COMP_WORDS[++i]-}")
			;;
		-t | --timeout | -H | --host)
			# ze -t has no value
			[[ $program == ze && ${#words[@]} -eq 0 ]] || ((i++))
			;;
		-c | --config | --state | --spool | --yang-dir) ((i++)) ;;
		-*) ;;
		*) words+=("$word") ;;
		esac
	done
	if ((i > COMP_CWORD)); then # the value of an option
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$("_ze_$program")" -- "$current")
}

complete -F _ze zectl ze
