# SPDX-License-Identifier: BSD-2-Clause
# Builds, tests and installs ze. One make, without recursion into directories: the only recursive
# calls choose another BUILD or CC. `make help` lists the targets; mk/deps.mk lists the packages.

VERSION := 0.1

O      ?= build
BUILD  ?= release
V      ?= 0
SECS   ?= 60
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
BINDIR  ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR  ?= $(DATADIR)/man
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPDIR ?= $(DATADIR)/bash-completion/completions
YANGDIR ?= $(DATADIR)/ze/yang
# Debian's own: another python3 earlier in PATH has no pytest.
PYTHON ?= /usr/bin/python3

ifeq ($(origin CC),default)
CC := gcc
endif
CCNAME := $(notdir $(firstword $(CC)))
IS_CLANG := $(findstring clang,$(CCNAME))

# Everything made for one BUILD and compiler is under $(B), so that variants never mix.
B := $(O)/$(BUILD)-$(CCNAME)

.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := all

ifeq ($(V),0)
Q := @
say = @printf '  %-7s %s\n' $(1) $(patsubst $(CURDIR)/%,%,$(2))
else
Q :=
say = @:
endif

# ---------------------------------------------------------------- flags

PC := pkg-config
PKGS := nettle jansson libedit libyang libnl-3.0 libnl-genl-3.0 libnl-route-3.0 libbpf libseccomp libcap sqlite3
PURE := daemon/base/%.c daemon/l2tp/%.c ppp/%.c aaa/%.c shaping/rate.c shaping/plan.c

WARN := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wswitch-enum \
	-Wimplicit-fallthrough -Wundef -Wpointer-arith -Wformat=2
ifeq ($(WERROR),1)
WARN += -Werror
endif

comma := ,
SAN := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fPIE
HARDEN_LD := -pie -Wl,-z,relro,-z,now,-z,noexecstack
ifneq ($(filter x86_64 amd64,$(shell uname -m)),)
HARDEN += -fstack-clash-protection -fcf-protection
endif

opt_debug   := -O0 -g3
opt_asan    := -O1 -g $(SAN)
opt_release := -O2 -g $(HARDEN)
opt_cov     := -O0 -g --coverage
opt_fuzz    := -O2 -g $(SAN) -fsanitize=fuzzer-no-link
opt_explore := -O2 -g -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp
ld_asan     := $(SAN)
ld_release  := $(HARDEN_LD)
ld_cov      := --coverage
ld_fuzz     := $(SAN)
ifeq ($(opt_$(BUILD)),)
$(error BUILD=$(BUILD): want debug, asan, release or cov)
endif

# The flags of packages are looked up once, and not at all by targets that must work before
# `make deps` has run.
NOPKG := deps help clean demo demo-radius check _check uninstall format fuzz test cov unit
ifneq ($(filter-out $(NOPKG),$(or $(MAKECMDGOALS),all)),)
PKG_CFLAGS := $(shell $(PC) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell $(PC) --libs $(PKGS) 2>/dev/null) -lev
CMOCKA_LIBS := $(shell $(PC) --libs cmocka 2>/dev/null)
endif

ZE_CPPFLAGS = -I. -I$(B)/gen $(PKG_CFLAGS) -D_GNU_SOURCE -DZE_VERSION='"$(VERSION)"' \
	-DZE_YANG_DIR='"$(YANGDIR)"' $(CPPFLAGS)
ZE_CFLAGS   = -std=gnu11 $(WARN) $(opt_$(BUILD)) $(CFLAGS)
ZE_LDFLAGS  = $(ld_$(BUILD)) -Wl,--as-needed $(LDFLAGS)
# A fuzz target is guided by the code under test: the test code around it is not instrumented. Nor
# are the comparisons in core, view and ops: they compare states and times, and took an eighth of a run of `engine`.
UNTRACED    = $(if $(filter fuzz explore,$(BUILD)),$(if $(filter selftests/lib/% daemon/base/%,$<),-fno-sanitize=fuzzer-no-link) \
	$(if $(filter daemon/core/% daemon/view/% daemon/ops/%,$(filter-out daemon/core/record.c,$<)),-fno-sanitize-coverage=trace-cmp))
COMPILE     = $(CC) $(ZE_CPPFLAGS) $(ZE_CFLAGS) $(UNTRACED) $(if $(filter $(PURE),$<),-Wconversion) \
	$(if $(filter selftests/fuzz/%,$<),-Wno-missing-prototypes)

# ---------------------------------------------------------------- sources

# One archive per layer; the mains are linked by name. A layer without sources is an empty archive.
SYS := $(addprefix daemon/sys/,run net bpf kernel config ctl state plane)
LAYERS := daemon/base daemon/l2tp ppp aaa shaping daemon/core daemon/view daemon/ops $(SYS) daemon/observe web cli selftests/lib
MAINS := cli/ze.c cli/zectl.c daemon/main.c daemon/modules.c

srcs  = $(filter-out $(MAINS),$(sort $(wildcard $(1)/*.c)))
objs  = $(patsubst %.c,$(B)/obj/%.o,$(1))
lib   = $(B)/lib/$(subst /,-,$(1)).a
libs  = $(foreach l,$(1),$(call lib,$(l)))
group = -Wl,--start-group $(filter %.a,$(1)) -Wl,--end-group

PROD_LAYERS := $(filter-out selftests/lib,$(LAYERS))
PROD_LIBS := $(call libs,$(PROD_LAYERS))
# Tests of the pure layers are linked without system calls: a forbidden call is a link error.
PURE_LIBS := $(call libs,$(filter-out $(SYS) web,$(LAYERS)))
TEST_LIBS := $(call libs,$(LAYERS))
SYS_TESTS := test_sys% test_yang% test_ctl% fuzz_sys% fuzz_yang% fuzz_ctl% fuzz_config%

ZE_MAIN    := daemon/main.c daemon/modules.c cli/ze.c
ZECTL_MAIN := cli/zectl.c
BINS := $(B)/ze $(B)/zectl

UNIT_SRC := $(sort $(wildcard selftests/unit/test_*.c))
FUZZ_SRC := $(sort $(wildcard selftests/fuzz/fuzz_*.c))
UNIT_BIN := $(patsubst selftests/unit/%.c,$(B)/unit/%,$(UNIT_SRC))
# A peer is x.c with its parts x_*.c.
PEER_SRC := $(sort $(wildcard selftests/peer/*.c))
PEER_BIN := $(foreach f,$(PEER_SRC),$(if $(findstring _,$(notdir $f)),,$(B)/peer/$(basename $(notdir $f))))
# Generators of the benchmarks: x.c with its program x.bpf.c.
BENCH_BIN := $(patsubst selftests/bench/%.c,$(B)/bench/%,$(filter-out %.bpf.c,$(wildcard selftests/bench/*.c)))
# Fixtures of the BPF programs: they need root and a kernel, and share xdp_rig.c.
BPF_TESTS := $(patsubst selftests/bpf/%.c,$(B)/bpf/%,$(sort $(wildcard selftests/bpf/test_*.c)))
REPLAY_BIN := $(patsubst selftests/fuzz/fuzz_%.c,$(B)/replay/%,$(FUZZ_SRC))

# ---------------------------------------------------------------- the build

.PHONY: all help FORCE
all: $(BINS) $(PROD_LIBS)
	$(Q)for b in $(notdir $(BINS)); do ln -sfn $(BUILD)-$(CCNAME)/$$b $(O)/$$b; done

# Rewritten only when the command line changes, and then everything that depends on it is rebuilt.
# Two makes may do it at the same time.
quote = '$(subst ','\'',$(1))'
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@n=$@.$$$$; printf '%s\n' $(call quote,$(CC) $(ZE_CPPFLAGS) $(ZE_CFLAGS) $(ZE_LDFLAGS) $(WRAP) $(PKG_LIBS)) >$$n && \
		if cmp -s $$n $@; then rm -f $$n; else mv -f $$n $@; fi

# ---------------------------------------------------------------- BPF

# Our clang is the floor's: 64-bit compare-and-swap needs -mcpu=v3.
CLANG_BPF ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool /usr/bin/bpftool) bpftool)
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -fno-strict-aliasing -I. \
	-I/usr/include/$(shell gcc -print-multiarch 2>/dev/null)
BPF_SKEL := $(patsubst bpf/%.bpf.c,$(B)/gen/%.skel.h,$(wildcard bpf/*.bpf.c))

$(B)/gen/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG_BPF) $(BPF_CFLAGS) -c -o $@ $<
$(B)/gen/%.bpf.o: selftests/bench/%.bpf.c $(wildcard selftests/bench/*.h)
	@mkdir -p $(@D)
	$(call say,BPF,$<)
	$(Q)$(CLANG_BPF) $(BPF_CFLAGS) -c -o $@ $<
$(B)/gen/%.skel.h: $(B)/gen/%.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name $(notdir $*)_bpf >$@

$(call objs,$(wildcard daemon/sys/bpf/bpf_*.c)): $(BPF_SKEL)

# ---------------------------------------------------------------- objects

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

# The list of members makes an archive drop a source that was removed or renamed.
define layer_rule
$(call lib,$(1)).list: FORCE
	@mkdir -p $$(@D)
	@n=$$@.$$$$$$$$; printf '%s\n' $(call srcs,$(1)) >$$$$n && \
		if cmp -s $$$$n $$@; then rm -f $$$$n; else mv -f $$$$n $$@; fi
$(call lib,$(1)): $(call objs,$(call srcs,$(1))) $(call lib,$(1)).list
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar rcsD $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LAYERS),$(eval $(call layer_rule,$(l))))

link = $(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $(filter %.o,$^) $(call group,$^)

$(B)/ze: $(call objs,$(ZE_MAIN)) $(PROD_LIBS)
	$(call say,LD,$@)
	$(Q)$(link) $(PKG_LIBS) -lpthread

$(B)/zectl: $(call objs,$(ZECTL_MAIN)) $(PROD_LIBS)
	$(call say,LD,$@)
	$(Q)$(link) $(PKG_LIBS) -lpthread

# selftests/lib/fail_alloc.c makes allocations of our own objects fail on request.
# -u: the archive contains them even when only libgcov, which is linked last, needs them.
WRAP := $(foreach f,malloc calloc realloc reallocarray strdup,-Wl,--wrap=$(f) -Wl,-u,__wrap_$(f))
# A test that simulates the kernel names the calls that it answers.
CALLS_test_sys_nlreq := sendmsg recvmsg recv getsockopt setsockopt socket bind dup3
$(B)/unit/%: $(B)/obj/selftests/unit/%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) $(WRAP) $(addprefix -Wl$(comma)--wrap=,$(CALLS_$*)) -o $@ $< \
		$(call group,$(if $(filter $(SYS_TESTS),$*),$(TEST_LIBS),$(PURE_LIBS))) \
		$(CMOCKA_LIBS) $(PKG_LIBS) -lpthread

$(B)/bpf/%: $(B)/obj/selftests/bpf/%.o $(B)/obj/selftests/bpf/xdp_rig.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $(filter %.o,$^) $(call group,$(TEST_LIBS)) \
		$(CMOCKA_LIBS) $(PKG_LIBS) -lpthread

$(B)/replay/%: $(B)/obj/selftests/fuzz/fuzz_%.o $(B)/obj/selftests/fuzz/replay.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $(filter %.o,$^) \
		$(call group,$(if $(filter $(SYS_TESTS),fuzz_$*),$(TEST_LIBS),$(PURE_LIBS))) \
		$(CMOCKA_LIBS) $(PKG_LIBS) -lpthread

# Peers share no code with the daemon: an error in both would look correct.
$(B)/peer/%: $(B)/obj/selftests/peer/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread
$(foreach p,$(PEER_BIN),$(eval $(p): $(call objs,$(filter selftests/peer/$(notdir $(p))_%,$(PEER_SRC)))))

# Preloaded into ze, so that its calls fail.
FAULTY := $(B)/netns/faulty.so
$(FAULTY): selftests/netns/faulty.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) -O1 -g -fPIC -shared -o $@ $< -ldl

# Programs of `make bench-radius`: the client alone, a slow server, and what is preloaded into ze.
RADIUS_BENCH := $(addprefix $(B)/bench/radius/,client relay turns.so)
$(B)/bench/radius/turns.so: selftests/bench/radius/turns.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -D_GNU_SOURCE -std=gnu11 $(WARN) -O2 -g -fPIC -shared -o $@ $< -ldl
$(B)/bench/radius/%: $(B)/obj/selftests/bench/radius/%.o $(PROD_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(link) $(PKG_LIBS) -lpthread

# Runs the programs of the plane, with the rig of their fixtures.
$(B)/bench/prog: $(B)/obj/selftests/bench/prog.o $(B)/obj/selftests/bpf/xdp_rig.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $(filter %.o,$^) $(call group,$(TEST_LIBS)) $(PKG_LIBS) -lpthread

$(B)/bench/%: $(B)/obj/selftests/bench/%.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -o $@ $< $(PKG_LIBS)
$(foreach b,$(BENCH_BIN),$(eval $(call objs,selftests/bench/$(notdir $(b)).c): $(B)/gen/$(notdir $(b)).skel.h))

$(B)/fuzz/%: $(B)/obj/selftests/fuzz/fuzz_%.o $(TEST_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ZE_CFLAGS) $(ZE_LDFLAGS) -fsanitize=fuzzer -o $@ $< \
		$(call group,$(if $(filter $(SYS_TESTS),fuzz_$*),$(TEST_LIBS),$(PURE_LIBS))) \
		$(CMOCKA_LIBS) $(PKG_LIBS) -lpthread

-include $(shell test -d $(B)/obj && find $(B)/obj -name '*.d')

include mk/deps.mk
include mk/test.mk
include mk/install.mk

help:
	@echo 'make [all]       build ze and zectl into $(O)/'
	@echo 'make deps        install the Debian packages needed to build and test (root)'
	@echo 'make demo        a hundred subscribers in namespaces (root); demo-shell: and a shell beside them'
	@echo 'make demo-radius twenty subscribers of a FreeRADIUS server in namespaces (root); demo-radius-shell: and a shell'
	@echo 'make demo-kernel one subscriber with xl2tpd and pppd, in a guest with l2tp_ppp'
	@echo 'make check       everything that must pass: tests, both compilers, analyzers, guest (root)'
	@echo 'make test        lint, unit tests, vectors, dialogues, corpus replay; rootless, a minute'
	@echo 'make unit T=wire  unit tests, or one of them; make cov: their branch coverage'
	@echo 'make lint        layers, symbols, sizes, format, scripts, unit file'
	@echo 'make check-net   tests in network namespaces (root)'
	@echo 'make torture     kills, failing calls and floods in their long form, half an hour (root)'
	@echo 'make check-long  torture, and upgrades from older versions, which it builds from the history (root)'
	@echo 'make check-vm    tests in a guest with l2tp_ppp'
	@echo 'make fuzz T=avp SECS=60   one fuzz target under libFuzzer; without T each in turn'
	@echo 'make bench       session setup rate and CPU time, in the guest'
	@echo 'make bench-setup the same and memory a session, BPF plane, 60 000 sessions (root)'
	@echo 'make bench-radius logins with FreeRADIUS beside those with local users (root); UP=60000: memory a session'
	@echo 'make bench-dp    CPU time a packet: BPF plane, plain forwarding, l2tp_ppp (root); NATIVE=1, GUEST=1: a part'
	@echo 'make bench-prog  the same of the BPF programs alone, by kind of packet (root); GUEST=1: in the guest, instructions'
	@echo 'make format      run clang-format over the C files'
	@echo 'make install     DESTDIR=, PREFIX= ($(PREFIX)); make uninstall; make clean'
	@echo
	@echo 'BUILD=debug|asan|release|cov  CC=gcc|clang  O=dir  V=1  WERROR=1'
