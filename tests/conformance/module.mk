# SPDX-License-Identifier: Apache-2.0
# Runs against any API server: tests/conformance/run.sh KUBECONFIG. Nothing of the agent is linked.
CONFORMANCE_SRC := $(wildcard tests/conformance/*.c) tests/rules/rules.c tests/rules/rules_run.c tests/rules/http.c

$(O)/conformance: $(call obj,$(CONFORMANCE_SRC))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -ljson-c -lcmocka

.PHONY: check-conformance
# kubesim and the real control plane behave alike, in what the agent relies on; and kubesim's own tests.
check-conformance: cluster-cached $(O)/kubesim $(O)/kubesim-check $(O)/conformance \
    $(O)/tests/integration/test_kube_live $(O)/tests/integration/test_http_streams
	@CONFORMANCE=$(abspath $(O)/conformance) $(RUN) "tests/kubesim/check/run.sh $(abspath $(O))" tests/conformance/real.sh
EXTRA_CHECKS += check-conformance
