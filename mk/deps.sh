#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# usage: deps.sh 'package other|alternative ...'
# Installs those of the Debian packages that are missing. Quick when none is.
set -eu

installed() {
	dpkg-query -W -f='${Status}\n' "$@" 2>/dev/null | grep -q '^install ok installed'
}

missing=
for p in $1; do
	# shellcheck disable=SC2046 # alternatives are meant to be split
	installed $(echo "$p" | tr '|' ' ') || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "make deps: run as root, or install:$missing" >&2
	exit 1
fi
echo "make deps: installing$missing"

# xl2tpd would start a daemon on UDP 1701, the port that the tests need for ze.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)

failed() {
	tail -n 40 "$log" >&2
	echo "make deps: apt-get failed, whole log in $log" >&2
	exit 1
}

apt-get -q update >"$log" 2>&1 || failed
chosen=
for p in $missing; do
	for q in $(echo "$p" | tr '|' ' '); do
		[ -z "$(apt-cache madison "$q")" ] || break
	done
	chosen="$chosen $q"
done
# shellcheck disable=SC2086 # the list is meant to be split
apt-get -q install -y --no-install-recommends $chosen >>"$log" 2>&1 || failed
rm -f "$log"
