# SPDX-License-Identifier: Apache-2.0
# The simulator: the real shells of both daemons, core and codecs; everything else is tests/sim. Objects that call the
# operating system directly get other names for it; core and codecs are linked as they are.

SIM_SHELL := $(filter-out %/main.c %/guard_reap.c,$(DAEMON_SRC) $(GUARD_SRC)) agent/adapter/link.c agent/base/random.c
SIM_SHELL_OBJ := $(patsubst %.c,$(O)/sim/%.o,$(SIM_SHELL))
SIM_OBJ := $(call obj,$(wildcard tests/sim/*.c))
SIM_NAMES := getrandom abort socket connect send recv accept4 fcntl close

$(O)/sim/%.o: $(O)/%.o
	@mkdir -p $(@D)
	@objcopy $(foreach n,$(SIM_NAMES),--redefine-sym $(n)=world_$(n)) $< $@

$(O)/sim/simulator: $(SIM_OBJ) $(SIM_SHELL_OBJ) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c

# Empty when the seed was given.
SIM_FRESH = $(if $(filter file,$(origin SEED)),$(FRESH))
SEED ?= 1
RUNS ?= $(if $(SAN),500,8000)
# Without SEED= also so many that nobody has drawn before.
FRESH ?= $(if $(SAN),100,2000)
AGENTS ?=
LOCKS ?=
KEEP ?=
TRACE ?=
HOLES ?=
LASTING ?=
HOLE_RUNS ?= $(if $(SAN),160,1600)
# Half of the runs with holes: as the end-to-end tests are configured.
SIM_TIMING = $(or $(AGENTS_TIMING),$(shell sed -n 's/^AGENTS_TIMING=.*:-\(.*\)}$$/\1/p' tests/lib/agents.sh))

.PHONY: check-sim check-holes
# The same seeds each time, those that once failed before them, then fresh ones. A fresh one that fails is mended, and
# then joins tests/sim/seeds. With SEED= only what is asked for.
# SEED=7 RUNS=1 TRACE=1: one run, told in words. KEEP=3,5: with only these of its faults. HOLES=1: a run of check-holes. LASTING=1: with what
# never ends (lasting.h) in every second run or so, whatever the seed.
check-sim: $(O)/sim/simulator
	@ASAN_OPTIONS=detect_leaks=0 $(O)/sim/simulator -s $(SEED) -r $(RUNS) $(if $(AGENTS),-a $(AGENTS)) \
	    $(if $(LOCKS),-l $(LOCKS)) $(if $(KEEP),-k $(KEEP)) $(if $(TRACE),-t) $(if $(SIM_FRESH),-n $(SIM_FRESH)) \
	    $(if $(LASTING),-L) $(if $(HOLES),-H -T "$(SIM_TIMING)",-f tests/sim/seeds -o $(O)/sim-results)
EXTRA_CHECKS += check-sim
check-programs: $(O)/sim/simulator

# Each stated hole by itself: two never run for longer than the formula of --check-config says.
check-holes: $(O)/sim/simulator
	@ASAN_OPTIONS=detect_leaks=0 $(O)/sim/simulator -H -s $(SEED) -r $(HOLE_RUNS) -T "$(SIM_TIMING)" -o $(O)/sim-holes
EXTRA_CHECKS += check-holes

# Its API server, held against the table of API rules. Without judge and main.
$(O)/tests/rules/sim: $(O)/tests/rules/sim.o $(call obj,tests/rules/rules.c tests/rules/rules_run.c) \
    $(filter-out %/main.o %/judge.o,$(SIM_OBJ)) $(SIM_SHELL_OBJ) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcmocka -ljson-c
