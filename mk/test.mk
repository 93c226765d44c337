# SPDX-License-Identifier: BSD-2-Clause
# Tests. Each test program speaks TAP; selftests/run.py runs them and sums.

# `make test` is under the sanitizers unless a BUILD is asked for.
TEST_BUILD := $(if $(filter command,$(firstword $(origin BUILD))),$(BUILD),asan)
NPROC := $(or $(shell nproc 2>/dev/null),2)
PYTESTS := $(sort $(wildcard selftests/unit/test_*.py))
TEST_ENV = ZE_SRC=$(CURDIR) ZE_OUT=$(abspath $(B)) ZE_BIN=$(abspath $(B)/ze) \
	ZECTL_BIN=$(abspath $(B)/zectl) ZE_YANG_DIR=$(CURDIR)/yang
RUN = $(TEST_ENV) $(PYTHON) selftests/run.py -j $(NPROC) -o $(B)/logs

.PHONY: test _test _tests lint check check-net check-vm fuzz _fuzz bench demo unit
# A private -j: the caller's is kept when there is one.
J := $(if $(findstring j,$(filter-out --%,$(MAKEFLAGS))),,-j$(NPROC))

test:
	@+$(MAKE) --no-print-directory $(J) BUILD=$(TEST_BUILD) _test

_tests: all $(UNIT_BIN) $(REPLAY_BIN)
_test: _tests
	@$(RUN) --lint --unit $(UNIT_BIN) --pytest $(PYTESTS) --replay $(REPLAY_BIN)

# Only the unit tests: make unit, or make unit T=wire.
unit:
	@+$(MAKE) --no-print-directory $(J) BUILD=$(TEST_BUILD) _unit
.PHONY: _unit
_unit: $(if $(T),$(B)/unit/test_$(T),$(UNIT_BIN))
	@$(RUN) --unit $^

# The symbols are those of the ordinary build.
PURE_OBJS := $(foreach l,daemon/base daemon/l2tp ppp aaa,$(call objs,$(call srcs,$(l))))
LINT_OBJS := $(call objs,$(foreach l,$(PROD_LAYERS),$(call srcs,$(l))))
lint:
	@$(RUN) --lint

FUZZ_NAMES := $(patsubst selftests/fuzz/fuzz_%.c,%,$(FUZZ_SRC))
fuzz:
	@+$(MAKE) --no-print-directory BUILD=fuzz CC=clang _fuzz
_fuzz: $(addprefix $(B)/fuzz/,$(or $(T),$(FUZZ_NAMES)))
	@$(TEST_ENV) $(PYTHON) selftests/fuzz/fuzz.py -o $(B)/fuzz -s $(SECS) $(notdir $^)

check: deps
	@+$(MAKE) --no-print-directory _check
.PHONY: _check
_check:
	@+O=$(O) MAKE='$(MAKE)' sh selftests/check.sh

check-net: all
	@if ls selftests/netns/test_*.py >/dev/null 2>&1; then \
		$(RUN) --pytest selftests/netns/test_*.py; \
	else echo '0 passed, 0 failed, 0 skipped'; fi

check-vm: all
	@$(TEST_ENV) vmtest/check

bench: all
	@$(TEST_ENV) vmtest/bench

demo: deps
	@+$(MAKE) --no-print-directory $(J) all
	@$(TEST_ENV) vmtest/demo
