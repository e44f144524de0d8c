# SPDX-License-Identifier: Apache-2.0
# Our reading of kubeconfig files beside that of client-go, over generated ones.

.PHONY: check-kubeconfig

$(O)/tests/kubeconfig/describe: $(O)/tests/kubeconfig/describe.o $(O)/libagent.a
	$(call say,LD,$@)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_AGENT)

check-kubeconfig: $(O)/tests/kubeconfig/describe ; @O=$(abspath $(O)) $(RUN) tests/kubeconfig/check.sh
EXTRA_CHECKS += check-kubeconfig
