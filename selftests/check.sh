#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs everything that must pass, step by step; `make check` calls it. A step that prints a line
# `N passed, N failed, N skipped` adds it to the total, any other counts as one test. Later steps
# run even when an earlier one failed. The last line is the total.
#
# O: build directory, MAKE: the make to use, SECS: seconds per fuzz target
set -u

O=${O:-build}
MAKE=${MAKE:-make}
logs=$O/check
jobs=$(nproc)
passed=0 failed=0 skipped=0
began=$(date +%s)
mkdir -p "$logs" || exit 1
# A process in the background does not receive an interrupt.
trap 'trap - TERM; kill 0' INT TERM

# begin NAME COMMAND...: runs beside the following steps, until finish NAME
begin() {
	name=$1
	shift
	date +%s >"$logs/$name.since"
	{
		"$@" >"$logs/$name.log" 2>&1
		echo $? >"$logs/$name.rc"
	} &
	echo $! >"$logs/$name.pid"
}

# finish NAME
finish() {
	name=$1
	log=$logs/$name.log
	echo "=== $name"
	wait "$(cat "$logs/$name.pid")"
	rc=$(cat "$logs/$name.rc")
	sum=$(grep -E '^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$' "$log" | tail -n 1)
	if [ -z "$sum" ]; then
		sum='1 passed, 0 failed, 0 skipped'
		[ "$rc" = 0 ] || sum='0 passed, 1 failed, 0 skipped'
	fi
	# shellcheck disable=SC2086 # six words on purpose
	set -- $sum
	grep -E '^(FAIL|SKIP) ' "$log"
	if [ "$rc" != 0 ] && [ "$3" = 0 ]; then
		set -- "$1" passed, 1 failed, "$5"
	fi
	if [ "$rc" != 0 ] && ! grep -q '^FAIL ' "$log"; then
		echo "FAIL $name: exit code $rc, the end of $log:"
		tail -n 30 "$log" | sed 's/^/    /'
	fi
	passed=$((passed + $1)) failed=$((failed + $3)) skipped=$((skipped + $5))
	echo "    $1 passed, $3 failed, $5 skipped in $(($(date +%s) - $(cat "$logs/$name.since"))) s"
}

# step NAME COMMAND...
step() {
	begin "$@"
	finish "$1"
}

m() {
	$MAKE --no-print-directory "-j$jobs" O="$O" "$@"
}

step test m BUILD=asan WERROR=1 test
step test-gcc-release m BUILD=release WERROR=1 CC=gcc NOLINT=1 test
step test-clang-debug m BUILD=debug WERROR=1 CC=clang NOLINT=1 test
step build-clang-release m BUILD=release WERROR=1 CC=clang _tests
step analyze m analyze
step fuzz m SECS="${SECS:-2}" fuzz
# Everything that both need is built by now. The guest uses one processor, and the namespace tests
# wait more than they compute.
begin check-vm m check-vm
step check-net m check-net
finish check-vm
step check-vm-oldest m check-vm-oldest

echo "=== total, in $(($(date +%s) - began)) s"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
