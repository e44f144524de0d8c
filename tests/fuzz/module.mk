# SPDX-License-Identifier: Apache-2.0
# Fuzzers: libFuzzer with the address and undefined-behaviour sanitizers. Each fuzz_NAME.c is one, tests/fuzz/corpus/NAME what
# it has learned, and fuzz_NAME.dict, where there is one, the words that it may write.
#   make check-fuzz                       the corpus again, then 20 seconds each from a fresh seed
#   make fuzz MINUTES=n [FUZZ="NAME …"]   longer; what is new goes to $(O)/fuzz/new
#   make fuzz-merge [FUZZ="NAME …"]       takes what is new and covers more into the corpus
#   make fuzz-coverage                    lines of each codec that the corpus reaches

FUZZ_CC ?= clang-14
FUZZ_ALL := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ ?= $(FUZZ_ALL)
MINUTES ?= 10
FUZZ_SECONDS ?= 20
FUZZ_DIR := $(O)/fuzz
FUZZ_FLAGS := $(DIALECT) -MMD -MP -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer -fsanitize=address,undefined \
        -fno-sanitize-recover=all $(WARNINGS) -Wno-missing-field-initializers -Wno-format-nonliteral
FUZZ_COV_FLAGS := $(DIALECT) -MMD -MP -O0 -g -fno-strict-aliasing $(WARNINGS)
# One of these may fail on demand (fuzz.c).
FUZZ_WRAP := $(foreach f,malloc calloc realloc reallocarray strdup strndup vasprintf asprintf json_object_new_object \
        json_object_new_array json_object_new_string,-Wl,--wrap=$(f))
FUZZ_LIBS := -lssl -lcrypto -ljson-c -lconfig -lfyaml -lsystemd
FUZZ_LIB_SRC := $(wildcard agent/base/*.c agent/core/*.c agent/codec/*.c)
FUZZ_COMMON := tests/fuzz/fuzz

$(FUZZ_DIR)/%.o: %.c tests/fuzz/module.mk
	@mkdir -p $(@D)
	$(call say,FUZZCC,$<)$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(FUZZ_DIR)/libagent.a: $(patsubst %.c,$(FUZZ_DIR)/%.o,$(FUZZ_LIB_SRC))
	@rm -f $@
	@ar qcs $@ $^

$(FUZZ_DIR)/fuzz_%: $(FUZZ_DIR)/tests/fuzz/fuzz_%.o $(FUZZ_DIR)/$(FUZZ_COMMON).o \
    $(FUZZ_DIR)/libagent.a
	$(call say,FUZZLD,$@)$(FUZZ_CC) -fsanitize=address,undefined,fuzzer -fno-sanitize-recover=all $(FUZZ_WRAP) \
	    $(FUZZ_WRAP_$*) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS)

# For coverage: the compiler of everything else, without sanitizers, and each input once.
$(FUZZ_DIR)/cov/%.o: %.c tests/fuzz/module.mk
	@mkdir -p $(@D)
	$(call say,COVCC,$<)$(CC) $(FUZZ_COV_FLAGS) $(if $(filter agent/codec/%,$<),--coverage) -c -o $@ $<

$(FUZZ_DIR)/cov/libagent.a: $(patsubst %.c,$(FUZZ_DIR)/cov/%.o,$(FUZZ_LIB_SRC))
	@rm -f $@
	@ar qcs $@ $^

$(FUZZ_DIR)/cov/fuzz_%: $(FUZZ_DIR)/cov/tests/fuzz/fuzz_%.o $(FUZZ_DIR)/cov/$(FUZZ_COMMON).o \
    $(FUZZ_DIR)/cov/tests/fuzz/replay.o $(FUZZ_DIR)/cov/libagent.a
	$(call say,COVLD,$@)$(CC) --coverage $(FUZZ_WRAP) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(FUZZ_LIBS)

# The guard's shell stands on the simulator's host, as in tests/sim.
FUZZ_SIM := $(filter-out tests/sim/main.c tests/sim/judge.c,$(wildcard tests/sim/*.c))
FUZZ_WRAP_guard := $(foreach f,units_start units_stop cgroup_kill gate_make gate_remove,-Wl,--wrap=$(f))
$(FUZZ_DIR)/sim/%.o: $(FUZZ_DIR)/%.o
	@mkdir -p $(@D)
	@objcopy $(foreach n,$(SIM_NAMES),--redefine-sym $(n)=world_$(n)) $< $@
$(FUZZ_DIR)/fuzz_guard: $(patsubst %.c,$(FUZZ_DIR)/%.o,$(FUZZ_SIM)) $(patsubst %.c,$(FUZZ_DIR)/sim/%.o,\
    $(filter-out %/main.c %/guard_reap.c,$(wildcard agent/daemon/*.c agent/guard/*.c)) agent/adapter/link.c \
    agent/base/random.c)

# leaderctl's part of the status.
$(foreach d,$(FUZZ_DIR) $(FUZZ_DIR)/cov,$(eval $(d)/fuzz_report: $(foreach o,status_print table show,$(d)/agent/ctl/$(o).o)))

FUZZ_BIN := $(foreach n,$(FUZZ),$(FUZZ_DIR)/fuzz_$(n))
FUZZ_COV := $(filter-out guard supervise,$(FUZZ_ALL))
FUZZ_COV_BIN := $(foreach n,$(FUZZ_COV),$(FUZZ_DIR)/cov/fuzz_$(n))

.PHONY: fuzz-programs check-fuzz fuzz fuzz-merge fuzz-coverage
fuzz-programs: $(FUZZ_BIN)

# From the same seed, so that a change is judged by itself; fresh ones: make fuzz.
check-fuzz: $(FUZZ_BIN) $(FUZZ_COV_BIN)
	@FUZZ_SEED=$${FUZZ_SEED:-1} RUN_JOBS=$$(nproc) $(RUN) $(foreach n,$(FUZZ),"tests/fuzz/run.sh $(FUZZ_DIR) $(n) $(FUZZ_SECONDS)") \
	    "tests/fuzz/coverage.sh $(FUZZ_DIR) $(FUZZ_COV)"
EXTRA_CHECKS += check-fuzz

fuzz: $(FUZZ_BIN)
	@TEST_TIMEOUT=$$(($(MINUTES) * 60 + 300)) RUN_JOBS=$$(nproc) \
	    $(RUN) $(foreach n,$(FUZZ),"tests/fuzz/run.sh $(FUZZ_DIR) $(n) $$(($(MINUTES) * 60))")

fuzz-merge: $(FUZZ_BIN) ; @for n in $(FUZZ); do tests/fuzz/merge.sh $(FUZZ_DIR) $$n || exit 1; done

fuzz-coverage: $(FUZZ_COV_BIN) ; @tests/fuzz/coverage.sh $(FUZZ_DIR) $(FUZZ_COV)
