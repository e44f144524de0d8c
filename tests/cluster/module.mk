# SPDX-License-Identifier: Apache-2.0
# The real control plane, for the tests that want it.

.PHONY: cluster check-cluster
# Builds etcd, kube-apiserver and kube-controller-manager into the cache (5 minutes, once).
cluster: ; @tests/cluster/build.sh

check-cluster: ; @$(RUN) tests/cluster/check.sh
EXTRA_CHECKS += check-cluster
