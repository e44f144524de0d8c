# SPDX-License-Identifier: Apache-2.0
# The simulator: the real shells of both daemons, core and codecs; everything else is tests/sim. Objects that call the
# operating system directly get other names for it; core and codecs are linked as they are.

SIM_SHELL := $(filter-out %/main.c,$(DAEMON_SRC) $(GUARD_SRC)) agent/adapter/link.c
SIM_SHELL_OBJ := $(patsubst %.c,$(O)/sim/%.o,$(SIM_SHELL))
SIM_OBJ := $(call obj,$(wildcard tests/sim/*.c))
SIM_NAMES := getrandom abort socket connect send recv accept4 getsockopt fcntl close

$(O)/sim/%.o: $(O)/%.o
	@mkdir -p $(@D)
	@objcopy $(foreach n,$(SIM_NAMES),--redefine-sym $(n)=world_$(n)) $< $@

$(O)/sim/simulator: $(SIM_OBJ) $(SIM_SHELL_OBJ) $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ -ljson-c

SEED ?= 1
RUNS ?= $(if $(SAN),500,10000)
AGENTS ?=
LOCKS ?=
KEEP ?=
TRACE ?=

.PHONY: check-sim
# SEED=7 RUNS=1 TRACE=1: one run, told in words. KEEP=3,5: with only these of its faults.
check-sim: $(O)/sim/simulator
	@ASAN_OPTIONS=detect_leaks=0 $(O)/sim/simulator -s $(SEED) -r $(RUNS) $(if $(AGENTS),-a $(AGENTS)) \
	    $(if $(LOCKS),-l $(LOCKS)) $(if $(KEEP),-k $(KEEP)) $(if $(TRACE),-t) -f tests/sim/seeds
EXTRA_CHECKS += check-sim
