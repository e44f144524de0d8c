# SPDX-License-Identifier: Apache-2.0
# The test API server: libmicrohttpd (over gnutls) and json-c only, nothing of the agent.
KUBESIM_SRC := $(wildcard tests/kubesim/*.c)

$(O)/kubesim: $(call obj,$(KUBESIM_SRC))
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lmicrohttpd -lgnutls -ljson-c

# Its own tests (tests/kubesim/check/run.sh), with the client of the conformance tests.
$(O)/kubesim-check: $(call obj,tests/kubesim/check/check.c tests/conformance/api.c tests/conformance/stream.c)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ -lcurl -ljson-c -lcmocka
