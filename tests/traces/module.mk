# SPDX-License-Identifier: Apache-2.0
# Replays what daemons of the end-to-end tests recorded: `make check-traces TRACES="FILE…"`; by default all that
# check-e2e left in $(O)/traces.

$(O)/tests/traces/replay: $(O)/tests/traces/replay.o $(O)/libagent.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

TRACES ?= $(wildcard $(O)/traces/*)

.PHONY: check-traces
check-traces: $(O)/tests/traces/replay
	@$(RUN) "$(O)/tests/traces/replay $(TRACES)"
