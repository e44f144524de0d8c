# SPDX-License-Identifier: Apache-2.0
# Two leaders per fault, bounds and measurements in one table, README's table held against it.

$(O)/tests/promises/bounds: $(call obj,tests/promises/bounds_main.c) $(O)/libagent.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_AGENT)

.PHONY: promise-table
promise-table: $(O)/tests/promises/bounds
	@tests/promises/table.sh $(O)
# It reads what the others leave.
LAST_CHECKS += promise-table

.PHONY: check-promises
check-promises: $(O)/tests/promises/bounds
	@$(RUN) "tests/promises/check.sh $(O)"
EXTRA_CHECKS += check-promises
