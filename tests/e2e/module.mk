# SPDX-License-Identifier: Apache-2.0
# Real hosts: the demo, and the end-to-end tests.

E2E ?=
LAB_ENV = LAB_BUILD=$(abspath $(O))

.PHONY: demo check-e2e
# Three real hosts and kubesim, or KUBECONFIG=… NAMESPACE=… for a cluster of yours.
demo: KUBECONFIG_ARGS := $(if $(and $(KUBECONFIG),$(filter command line,$(origin KUBECONFIG))),--kubeconfig $(KUBECONFIG) $(if $(NAMESPACE),--namespace $(NAMESPACE)))
demo:
	@tests/setup.sh build test lab
	+@tests/lab/image.sh >/dev/null & $(MAKE) --no-print-directory -s all $(O)/kubesim lab-programs && wait $$!
	@$(LAB_ENV) tests/demo.sh $(KUBECONFIG_ARGS)

# E2E="host_crash:lease lock_deleted": only these.
check-e2e: cluster-cached image-cached all $(O)/kubesim lab-programs
	@$(LAB_ENV) tests/e2e/run.sh $(E2E_OPTIONS) $(E2E)
EXTRA_CHECKS += check-e2e

# What status, leaderctl and journal say in trouble, on three real hosts, to be read by a human: the appendix of docs/STATUS.md.
SITUATIONS ?=
.PHONY: status-transcript
status-transcript: cluster-cached image-cached all lab-programs
	@$(LAB_ENV) tests/e2e/status/run.sh $(SITUATIONS)
