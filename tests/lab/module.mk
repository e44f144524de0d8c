# SPDX-License-Identifier: Apache-2.0
# Programs of the lab. The recorder runs inside hosts, which have no sanitizer libraries: it is built without.

LAB_BIN := $(O)/tests/lab/recorder $(O)/tests/lab/judge $(O)/tests/lab/relay

$(O)/tests/lab/recorder: tests/lab/recorder.c
	@mkdir -p $(@D)
	$(CC) -std=gnu17 -D_GNU_SOURCE $(WARNINGS) -O2 -g -o $@ $<

$(O)/tests/lab/judge: $(call obj,tests/lab/judge_main.c tests/lib/judge.c agent/base/err.c agent/base/util.c)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

$(O)/tests/lab/relay: $(call obj,tests/lab/relay.c)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: lab-programs
lab-programs: $(LAB_BIN)

.PHONY: check-lab
check-lab: image-cached lab-programs
	@LAB_BUILD=$(abspath $(O)) $(RUN) tests/lab/check.sh
EXTRA_CHECKS += check-lab
