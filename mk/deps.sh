#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Install those of the named Debian packages which are missing. Quick when none is.
set -eu

missing=
for p in "$@"; do
	case $(dpkg-query -W -f='${Status}' "$p" 2>/dev/null) in
	'install ok installed') ;;
	*) missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "make deps: run as root, or install:$missing" >&2
	exit 1
fi
echo "make deps: installing$missing"

# xl2tpd would start a daemon on UDP 1701, the port the tests want for ze.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086 # the list is meant to be split
if ! { apt-get -q update && apt-get -q install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 40 "$log" >&2
	echo "make deps: apt-get failed, whole log in $log" >&2
	exit 1
fi
rm -f "$log"
