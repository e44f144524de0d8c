# SPDX-License-Identifier: Apache-2.0
# Programs of the lab. The recorder runs inside hosts, which have no sanitizer libraries: it is built without.

# `make check-other`: another Debian: built with its libraries, unit tests there, hosts that boot it. Chosen is where systemd, cgroups, D-Bus and
# libcurl matter most. OTHER_TARGETS="check-unit check-integration build/model check-sim …": more of the ladder inside.
OTHER := trixie
OTHER_TARGETS ?= check-unit
OTHER_E2E ?= calm_start:life agent_sigkill:lease agent_sigstop:lease guard_sigkill:lease guard_sigstop:lease \
        both_sigstop:lease boot_enabled:life manual_start:life daemon_reexec:lease dbus_stopped:life dropin_removed:life \
        host_crash:lease host_frozen:lease host_shutdown:life host_sleeps:lease link_reset:life step_down:lease \
        unit_crash_loop:life unit_ignores_term:lease unit_killed_again:life watch_without_marks:life

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

.PHONY: check-other
check-other: $(if $(SAN),,cluster-cached all $(O)/kubesim lab-programs)
	+@OTHER_TARGETS="$(OTHER_TARGETS)" LAB_TOOLS=$(abspath $(O)) IMAGE=$(OTHER) tests/lab/check_other.sh $(abspath $(O)-$(OTHER)) $(OTHER_E2E)
EXTRA_CHECKS += check-other
