# SPDX-License-Identifier: Apache-2.0
# Runs against any API server: tests/conformance/run.sh KUBECONFIG. Nothing of the agent is linked.
CONFORMANCE_SRC := $(wildcard tests/conformance/*.c)

$(O)/conformance: $(call obj,$(CONFORMANCE_SRC))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -ljson-c -lcmocka
