# shellcheck shell=sh
# SPDX-License-Identifier: BSD-2-Clause
# What the demonstrations in namespaces share: read by selftests/demo and selftests/demo_radius.
#
# demo_begin NAME "$@" starts the script again in a mount namespace of its own; demo_network creates the
# namespaces lac (the carrier), lns (ze) and core (the Internet). What start() runs ends with the script. Logs are
# in $work and are shown by fail().

# shellcheck disable=SC2034 # some are for the scripts alone
uplink_lns=192.0.2.1 uplink_lac=192.0.2.2 core_lns=198.51.100.1 host=198.51.100.2 gateway=10.100.0.1
pids=

say() {
	printf '\n==> %s\n' "$*"
}

# in_ns NAMESPACE COMMAND...: without `ip netns exec`, which hides /sys/fs/bpf.
in_ns() {
	ns=$1
	shift
	nsenter --net="/run/netns/$ns" "$@"
}

# start NAMESPACE COMMAND...: runs it in the background, until the end.
start() {
	at=/run/netns/$1
	shift
	nsenter --net="$at" "$@" &
	pids="$! $pids"
}

show() {
	printf '$ %s\n' "$*"
	"$@"
}

zectl() {
	in_ns lns "$ZECTL_BIN" "$@"
}

tidy() {
	set +e
	for p in $pids; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	for ns in lac lns core; do
		ip netns del $ns 2>/dev/null
	done
	rm -rf "$work"
}

fail() {
	echo "demo: $*" >&2
	for log in "$work"/*.log; do
		[ ! -s "$log" ] || { echo "--- the end of $(basename "$log")" >&2; tail -n 15 "$log" >&2; }
	done
	exit 1
}

# until_true SECONDS WHAT COMMAND...
until_true() {
	end=$(($(date +%s) + $1)) what=$2
	shift 2
	until "$@" >"$work/last" 2>&1; do
		[ "$(date +%s)" -lt $end ] || { cat "$work/last" >&2; fail "$what: not within the time"; }
		sleep 0.05
	done
}

# The seconds since demo_begin, with two decimals.
demo_seconds() {
	echo "$(($(date +%s%N) / 10000000 - began / 10000000))" | sed 's/^\(.\)$/0\1/; s/\(..\)$/.\1/; s/^\./0./'
}

demo_begin() {
	[ "$(id -u)" = 0 ] || { echo "demo: needs root, for namespaces and BPF" >&2; exit 2; }
	if [ -z "${ZE_DEMO_OWN:-}" ]; then
		ZE_DEMO_OWN=1 exec unshare --mount --propagation private "$0" "$@"
	fi
	work=$(mktemp -d "${TMPDIR:-/tmp}/ze-demo.XXXXXX")
	ZE_SOCKET=$work/ze.sock
	export ZE_SOCKET
	began=$(date +%s%N)
	trap tidy EXIT
	trap 'exit 130' INT TERM
	mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns; }
	mount -t bpf bpf /sys/fs/bpf || fail "no BPF file system here; a virtual machine has one: make demo-kernel"
}

demo_network() {
	for ns in lac lns core; do
		ip netns add $ns
		ip -n $ns link set lo up
	done
	ip link add lac0 netns lac type veth peer name lns0 netns lns
	ip link add host0 netns core type veth peer name core0 netns lns
	ip -n lac -batch - <<-EOF
	addr add $uplink_lac/24 dev lac0
	link set lac0 up
	EOF
	ip -n core -batch - <<-EOF
	addr add $host/24 dev host0
	link set host0 up
	route add default via $core_lns
	EOF
	ip -n lns -batch - <<-EOF
	addr add $uplink_lns/24 dev lns0
	addr add $core_lns/24 dev core0
	link set lns0 up
	link set core0 up
	EOF
	in_ns lns sysctl -qw net.ipv4.ip_forward=1
	# A veth passes on packets with unfinished checksums, and accepts redirected ones only with GRO.
	for end in lac:lac0 lns:lns0 lns:core0 core:host0; do
		in_ns "${end%:*}" ethtool -K "${end#*:}" tx off gro on >/dev/null 2>&1 || fail "ethtool ${end#*:}"
	done
}

# Starts ze with $work/ze.conf, which was shown.
demo_ze() {
	start lns "$ZE_BIN" -c "$work/ze.conf" --socket "$ZE_SOCKET" >"$work/ze.log" 2>&1
	until_true 60 "ze's start" zectl show l2tp
}
