# SPDX-License-Identifier: Apache-2.0
# The explorer links the very objects of the core that the daemons link.
#   make check-model [BOUNDS=large]    every configuration of tests/model/check.sh
#   make check-mutants [MUTANTS="…"]   each named breakage must be caught (TRACES=1 prints how; about ten minutes)
#   make check-mutants-build           each can still be made: applies and compiles them all

MODEL_SRC := $(wildcard tests/model/*.c)
MODEL_CORE := $(call obj,$(wildcard agent/core/*.c) $(PURE_SRC))
MODEL := $(O)/tests/model/model
BOUNDS ?= small
MUTANTS ?=

$(MODEL): $(call obj,$(MODEL_SRC)) $(MODEL_CORE)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lm

.PHONY: check-model check-mutants check-mutants-build
check-model: $(MODEL)
	@TEST_TIMEOUT=3000 $(RUN) "tests/model/check.sh $(MODEL) $(BOUNDS) $(O)/model-results"
EXTRA_CHECKS += check-model
check-programs: $(MODEL)

check-mutants: $(MODEL)
	CC="$(CC)" MODEL_LDFLAGS="$(ALL_LDFLAGS)" tests/model/mutants.sh $(O) $(MUTANTS)

check-mutants-build:
	@CC="$(CC)" $(RUN) tests/model/mutate_test.sh "tests/model/mutants.sh --build $(O)"
EXTRA_CHECKS += check-mutants-build

# The API server of the explorer's world, held against the table of API rules.
$(O)/tests/rules/model: $(O)/tests/rules/model.o $(call obj,tests/rules/rules.c tests/rules/rules_run.c) \
    $(call obj,$(filter-out %/model_main.c,$(MODEL_SRC))) $(MODEL_CORE)
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -lm
