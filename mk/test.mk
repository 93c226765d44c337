# SPDX-License-Identifier: BSD-2-Clause
# Tests. Each test program prints TAP; selftests/run.py runs them and adds up the results.

# `make test` uses the sanitizers unless a BUILD is given.
TEST_BUILD := $(if $(filter command,$(firstword $(origin BUILD))),$(BUILD),asan)
NPROC := $(or $(shell nproc 2>/dev/null),2)
# All processors, unless the caller gave a number: then make passes it on by itself.
J = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(NPROC))
PYTESTS := $(sort $(wildcard selftests/unit/test_*.py))
# Tests that build other versions of ze and take minutes.
LONGTESTS := selftests/netns/test_upgrade.py
NETTESTS := $(filter-out $(LONGTESTS),$(sort $(wildcard selftests/netns/test_*.py)))
TEST_ENV = ZE_SRC=$(CURDIR) ZE_OUT=$(abspath $(B)) ZE_BIN=$(abspath $(B)/ze) \
	ZECTL_BIN=$(abspath $(B)/zectl) ZELOAD=$(abspath $(B)/peer/zeload) \
	ZE_DPGEN=$(abspath $(B)/bench/dpgen) ZE_FAULTY=$(abspath $(FAULTY)) \
	ZE_YANG_DIR=$(CURDIR)/yang CC=$(firstword $(CC))
RUN = $(TEST_ENV) $(PYTHON) selftests/run.py -j $(NPROC) -o $(B)/logs
SUBMAKE = $(MAKE) --no-print-directory $(J)

.PHONY: test _test _tests unit _unit lint analyze fuzz _fuzz _explore fuzz-merge _fuzz-merge cov
test:
	@+$(SUBMAKE) BUILD=$(TEST_BUILD) _test
_tests: all $(UNIT_BIN) $(REPLAY_BIN) $(PEER_BIN)
_test: _tests
	@$(RUN) $(if $(NOLINT),,--lint) --unit $(UNIT_BIN) --pytest $(PYTESTS) --replay $(REPLAY_BIN)

# Only unit tests: make unit, or make unit T=wire.
unit:
	@+$(SUBMAKE) BUILD=$(TEST_BUILD) _unit
_unit: $(if $(T),$(B)/unit/test_$(T),$(UNIT_BIN))
	@$(RUN) --unit $^

# The rules about symbols use the object files of this build.
lint: all
	@$(RUN) --lint

FUZZ_NAMES := $(patsubst selftests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
# Targets with slow runs search for inputs without the sanitizers first, four times as fast.
FUZZ_EXPLORE := engine
FUZZ_NOW = $(or $(T),$(FUZZ_NAMES))
fuzz:
	$(if $(filter $(FUZZ_EXPLORE),$(FUZZ_NOW)),@+$(SUBMAKE) BUILD=explore CC=clang _explore)
	@+$(SUBMAKE) BUILD=fuzz CC=clang _fuzz
_explore: $(addprefix $(B)/fuzz/,$(filter $(FUZZ_EXPLORE),$(FUZZ_NOW)))
_fuzz: $(addprefix $(B)/fuzz/,$(FUZZ_NOW))
	@$(TEST_ENV) $(PYTHON) selftests/fuzz/fuzz.py -o $(B)/fuzz -e $(O)/explore-$(CCNAME)/fuzz -s $(SECS) $(notdir $^)
fuzz-merge:
	@+$(SUBMAKE) BUILD=fuzz CC=clang _fuzz-merge
_fuzz-merge: $(B)/fuzz/$(T)
	$(TEST_ENV) $< -merge=1 selftests/fuzz/corpus/$(T) $(B)/fuzz/corpus/$(T)

# Branch coverage of the pure layers by `make test`.
cov:
	@+$(SUBMAKE) BUILD=cov _test
	@gcovr --root . --object-directory $(O)/cov-$(CCNAME) --branches --exclude-throw-branches \
		--filter daemon/base/ --filter daemon/l2tp/ --filter ppp/ --filter aaa/ --filter shaping/rate --filter shaping/plan

# ---------------------------------------------------------------- analyzers

# Analysis of the sources by gcc -fanalyzer and cppcheck, each file once. The analyzer reports
# memory on an intrusive list as leaked: leaks are detected by LeakSanitizer in every test.
PROD_SRC := $(foreach l,$(PROD_LAYERS),$(call srcs,$(l))) $(wildcard $(MAINS))
analyze: $(patsubst %.c,$(B)/analyze/%.ok,$(PROD_SRC)) $(B)/analyze/cppcheck.ok

$(B)/analyze/%.ok: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,ANALYZE,$<)
	$(Q)gcc $(ZE_CPPFLAGS) -std=gnu11 -O1 -fanalyzer -Werror \
		-Wno-analyzer-malloc-leak -fdiagnostics-path-format=none -MMD -MP -MF $(@:.ok=.d) -MT $@ -c -o /dev/null $<
	@touch $@
$(patsubst %.c,$(B)/analyze/%.ok,$(wildcard daemon/sys/bpf/bpf_*.c)): $(BPF_SKEL)
-include $(shell test -d $(B)/analyze && find $(B)/analyze -name '*.d')

$(B)/analyze/cppcheck.ok: $(PROD_SRC) $(wildcard $(patsubst %,%/*.h,$(PROD_LAYERS)))
	@mkdir -p $(@D)
	$(call say,CPPCHECK,$(words $(PROD_SRC)))
	$(Q)cppcheck --quiet -j $(NPROC) --std=c11 --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
		--suppress=normalCheckLevelMaxBranches --suppress=unusedStructMember \
		--suppress=preprocessorErrorDirective -D_GNU_SOURCE -D__linux__ \
		--include=selftests/lint/cppcheck.h -I. $(PROD_SRC)
	@touch $@

# ---------------------------------------------------------------- with a kernel

.PHONY: check _check check-net check-long torture check-vm check-vm-oldest bench bench-setup bench-radius bench-dp bench-prog demo demo-shell demo-radius demo-radius-shell demo-kernel
check: deps
	@+$(MAKE) --no-print-directory _check
_check:
	@+O=$(O) MAKE='$(MAKE)' sh selftests/check.sh

# The time limit is for a test that hangs: a busy machine takes three times as long as a quiet one.
check-net: all $(PEER_BIN) $(BPF_TESTS) $(FAULTY)
	@$(if $(NETTESTS),$(RUN) --unit $(BPF_TESTS) --pytest-timeout 2700 --pytest $(NETTESTS),echo '0 passed, 0 failed, 0 skipped')

# The long form of the tests that attack ze or remove its objects: every kill, every failing call.
# Tests with a long form read ZE_TORTURE. At most half an hour.
TORTURE_TESTS = $(shell grep -l ZE_TORTURE $(NETTESTS))
torture: all $(PEER_BIN) $(FAULTY)
	@ZE_TORTURE=1 $(RUN) --pytest-timeout 3600 --pytest $(TORTURE_TESTS)
	@+$(MAKE) --no-print-directory fuzz T='engine resume' SECS=120

# Tests that are too long for `make check`. The upgrade builds older versions of ze in the build
# directory, from the history.
check-long: all $(PEER_BIN) $(FAULTY)
	@+$(RUN) --pytest-timeout 1800 --pytest $(LONGTESTS); rc=$$?; \
		$(MAKE) --no-print-directory torture && exit $$rc

check-vm: all $(PEER_BIN)
	@$(TEST_ENV) vmtest/check

# Two minutes: whether the oldest kernel accepts the BPF programs, and what else depends on it.
check-vm-oldest: all $(PEER_BIN)
	@$(TEST_ENV) vmtest/check --oldest

bench: all $(PEER_BIN)
	@$(TEST_ENV) vmtest/bench

bench-setup: all $(PEER_BIN)
	@$(TEST_ENV) selftests/bench/setup

# Logins with FreeRADIUS. UP=60000: the memory for each of so many sessions instead.
bench-radius: all $(PEER_BIN) $(RADIUS_BENCH)
	@$(TEST_ENV) selftests/bench/radius/run $(if $(UP),--up $(UP)) $(if $(JSON),--json '$(JSON)')

# Data planes: on this machine compared with plain forwarding, in the guest with l2tp_ppp. NATIVE=1
# or GUEST=1: one of them.
# JSON=FILE: also writes the figures, those of the guest to FILE.guest.
bench-dp: all $(PEER_BIN) $(BENCH_BIN)
	@$(if $(GUEST),,$(TEST_ENV) selftests/bench/dp $(if $(JSON),--json '$(JSON)'))
	@$(if $(NATIVE),,$(TEST_ENV) vmtest/bench_dp $(if $(JSON),--json '$(JSON).guest'))

# The programs alone. GUEST=1: in the guest, where nanoseconds are instructions and do not vary.
bench-prog: $(B)/bench/prog
	@$(if $(GUEST),vmtest/guest --count --timeout 900 -- $(abspath $<) 1 1000,$<)

# A hundred subscribers on the kernel of this machine; demo-radius: twenty of a FreeRADIUS server;
# demo-kernel: one on l2tp_ppp, in a guest.
demo demo-shell: deps
	@+$(SUBMAKE) all $(PEER_BIN)
	@$(TEST_ENV) selftests/demo $(if $(filter %-shell,$@),--shell)
demo-radius demo-radius-shell: deps
	@+$(SUBMAKE) all $(PEER_BIN)
	@$(TEST_ENV) selftests/demo_radius $(if $(filter %-shell,$@),--shell)
demo-kernel: deps
	@+$(SUBMAKE) all
	@$(TEST_ENV) vmtest/demo
