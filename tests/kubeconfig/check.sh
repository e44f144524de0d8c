#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Generated kubeconfig files, read by client-go's clientcmd (the version of the real control plane) and by ours: every
# difference is one that tests/cluster/kubeconfig/main.go explains. Without a fitting Go it is left out, loudly.
#
#   O=BUILD_DIR tests/kubeconfig/check.sh [FILES [SEED]]
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${O:?is the build directory: run make check-kubeconfig}"

needed=$(awk '$1 == "go" {print $2}' tests/cluster/go.mod)
have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true)
if [[ $(printf '%s\n' "$needed" "${have#go}" | sort -V | head -1) != "$needed" ]]; then
        echo "ok kubeconfigs as client-go reads them # SKIP no Go $needed here"
        exit
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/leader-agent-kubeconfig.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd tests/cluster && CGO_ENABLED=0 go build -buildvcs=false -o "$work/differ" ./kubeconfig)
cp tests/kubeconfig/pem/* "$work/"
if env -u HTTPS_PROXY -u HTTP_PROXY -u https_proxy -u http_proxy "$work/differ" -dir "$work" -ours "$O/tests/kubeconfig/describe" \
        -n "${1:-2000}" -seed "${2:-1}"; then
        echo "ok kubeconfigs as client-go reads them"
else
        echo "not ok kubeconfigs as client-go reads them"
        exit 1
fi
