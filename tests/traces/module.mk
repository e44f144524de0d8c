# SPDX-License-Identifier: Apache-2.0
# Replays what daemons of the end-to-end tests recorded: `make check-traces TRACES="FILE…"`; by default all that
# check-e2e left in $(O)/traces.

$(O)/tests/traces/replay: $(O)/tests/traces/replay.o $(O)/libshell.a $(O)/libagent.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

TRACES ?= $(O)/traces/*
EXTRA_CHECKS += check-traces

.PHONY: check-traces
check-traces: $(O)/tests/traces/replay
	@if ls $(TRACES) >/dev/null 2>&1; then $(RUN) "$(O)/tests/traces/replay $$(echo $(TRACES))"; \
	else echo "check-traces: LEFT OUT: no traces; the end-to-end tests make them (root)"; test -z "$(CI)"; fi
