# SPDX-License-Identifier: Apache-2.0
# The real control plane, for the tests that want it.

.PHONY: cluster cluster-cached image-cached check-cluster
# K8S=1.30: another version than that of go.mod, with all that needs the control plane: check-cluster, check-e2e …
export K8S
# Builds etcd, kube-apiserver and kube-controller-manager into the cache (5 minutes, once).
cluster: ; @tests/cluster/build.sh

# What is costly and kept between runs is made before a test's own time limit counts. Without a fitting Go (2, said
# loudly) or root the tests decide what to leave out.
cluster-cached: ; @tests/cluster/build.sh >/dev/null || test $$? = 2
image-cached: ; @test "$$(id -u)" != 0 || tests/lab/image.sh >/dev/null

$(O)/tests/cluster/guard: $(call obj,tests/cluster/guard_main.c) $(O)/libagent.a
	$(CC) $(ALL_LDFLAGS) -o $@ $^

check-cluster: cluster-cached image-cached $(O)/leaderctl $(O)/leader-agent $(O)/tests/cluster/guard
	@LEADERCTL=$(abspath $(O)/leaderctl) GUARD=$(abspath $(O)/tests/cluster/guard) $(RUN) tests/cluster/check.sh
EXTRA_CHECKS += check-cluster
