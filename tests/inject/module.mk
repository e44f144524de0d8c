# SPDX-License-Identifier: Apache-2.0
# Real daemons, unchanged, in which one call fails. The library that makes it fail is loaded into them with LD_PRELOAD.
INJECT_OBJ := $(call obj,$(filter-out %/preload.c %/preload_libc.c %/preload_libs.c,$(wildcard tests/inject/*.c)))

$(O)/tests/inject/preload.so: $(wildcard tests/inject/preload*.c) tests/inject/preload.h tests/inject/plan.h Makefile
	@mkdir -p $(@D)
	$(call say,LD,$@)$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -Wno-missing-prototypes -O2 -g -fPIC -shared \
	    -ftls-model=initial-exec -o $@ $(filter %.c,$^)

$(O)/tests/inject/inject: $(INJECT_OBJ) $(O)/libtest.a $(O)/libshell.a $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TEST)

# INJECT=all: every call along the scenario, not so many as fit into some minutes. INJECT=K/N: the K-th of N parts of
# that. INJECT=WHAT: one run, as it was printed.
INJECT ?=
# Hundreds of small directories, synced.
INJECT_TMPDIR = $(or $(TMPDIR),$(if $(wildcard /dev/shm/.),/dev/shm,/tmp))
.PHONY: check-inject
check-inject: $(BIN) $(O)/kubesim $(O)/tests/inject/inject $(O)/tests/inject/preload.so
	@TEST_TIMEOUT=$(if $(INJECT),86400,900) TMPDIR=$(INJECT_TMPDIR) $(RUN) "$(O)/tests/inject/inject $(INJECT)" \
	    $(if $(INJECT),,"tests/inject/valgrind.sh $(O)")
EXTRA_CHECKS += check-inject
check-programs: $(if $(SAN),,$(O)/tests/inject/inject $(O)/tests/inject/preload.so)
