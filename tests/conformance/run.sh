#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh KUBECONFIG: check that the API server of this kubeconfig behaves as the agent expects. Needs the rights of an
# administrator; works in namespaces of its own (conformance-*), which it removes. CONFORMANCE: the binary.
set -euo pipefail
CONFIG=$1
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
BIN=${CONFORMANCE:-$HERE/../../build/conformance}
[ -x "$BIN" ] || { echo "$BIN: not there; run: make build/conformance" >&2; exit 1; }
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

# One cluster and one user, in block or flow style: first value of a key. An API server has no use for a YAML parser here.
value() { grep -oE "(^|[{, ])$1: *\"?[^\",} ]+" "$CONFIG" | head -n 1 | sed -E "s/^.*$1: *\"?//" || true; }
file() { # key: path of the file named by it, or of its -data decoded
        local path data
        path=$(value "$1"); data=$(value "$1-data")
        if [ -n "$data" ]; then
                printf %s "$data" | base64 -d > "$TMP/$1"
                path=$TMP/$1
        fi
        [ -z "$path" ] || [ "${path#/}" != "$path" ] || path=$(dirname "$CONFIG")/$path
        printf %s "$path"
}
KUBE_SERVER=$(value server); KUBE_CA=$(file certificate-authority)
KUBE_CERT=$(file client-certificate); KUBE_KEY=$(file client-key); KUBE_TOKEN=$(value token)
[ -n "$KUBE_SERVER" ] || { echo "$CONFIG: no server found" >&2; exit 1; }
export KUBE_SERVER KUBE_CA KUBE_CERT KUBE_KEY KUBE_TOKEN
"$BIN"
