# SPDX-License-Identifier: Apache-2.0
# Figures, side by side with client-go; no test. QUICK=1: few and short measurements.

$(O)/tests/bench/instant: tests/bench/instant.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -O2 -g -o $@ $< -lsystemd

.PHONY: bench
# About 25 minutes, QUICK=1 about 5. Rewrites docs/PERFORMANCE.md.
bench:
	@tests/setup.sh build test lab
	+@$(MAKE) --no-print-directory -s all lab-programs $(O)/tests/bench/instant
	@LAB_BUILD=$(abspath $(O)) tests/bench/run.sh $(if $(QUICK),--quick)
