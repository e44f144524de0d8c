# SPDX-License-Identifier: Apache-2.0
# leader-guard and `leaderctl enroll` under a real systemd, without agent or API server.

$(O)/tests/guard/permit: $(call obj,tests/guard/permit_main.c) $(O)/libagent.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: check-guard
check-guard: image-cached $(O)/leader-guard $(O)/leaderctl $(O)/tests/guard/permit
	@GUARD_BUILD=$(abspath $(O)) $(RUN) tests/guard/check.sh
EXTRA_CHECKS += check-guard
