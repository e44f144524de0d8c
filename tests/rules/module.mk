# SPDX-License-Identifier: Apache-2.0
# One table of API rules, held against every test world: the small ones here, kubesim and the real control plane by
# check-conformance. A world's own module.mk names what its program is linked with.
RULES_OBJ := $(call obj,tests/rules/rules.c tests/rules/rules_run.c)
RULES_BIN := $(foreach w,builder model sim,$(O)/tests/rules/$(w))

# Run as unit tests.
UNIT_BIN += $(RULES_BIN)
check-unit test-programs: $(RULES_BIN)

$(O)/tests/rules/builder: $(O)/tests/rules/builder.o $(RULES_OBJ) $(O)/libtest.a $(O)/libshell.a $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_TEST)
