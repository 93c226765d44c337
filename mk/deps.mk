# SPDX-License-Identifier: BSD-2-Clause
# The Debian packages. `make deps` works on a machine that has only make and git.
# `a|b` is the one of the two that the release has.

DEPS_BUILD := build-essential pkgconf libnl-3-dev libnl-genl-3-dev libnl-route-3-dev libev-dev \
	libbpf-dev libseccomp-dev libcap-dev libsqlite3-dev bpftool clang libyang2-dev|libyang-dev nettle-dev libjansson-dev libedit-dev
DEPS_TEST := llvm libclang-rt-dev clang-format cppcheck libcmocka-dev \
	shellcheck mandoc gcovr tshark python3 python3-pytest systemd
DEPS_LAB := xl2tpd ppp freeradius freeradius-utils qemu-system-x86 busybox-static kmod iproute2 ethtool iputils-ping socat tcpdump \
	cpio zstd xz-utils procps ca-certificates git strace
DEPS := $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_LAB)

.PHONY: deps
deps:
	@sh mk/deps.sh '$(DEPS)'
