#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the client-go program of the figures (version in peer/go.mod), stripped, once, and prints its path. Needs Go and,
# the first time, the network. What is said when there is no fitting Go: tests/cluster/build.sh.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../lib/cache.sh"

build() { # DIR
        echo "bench: building the client-go program" >&2
        (cd "$here/peer" && CGO_ENABLED=0 go build -buildvcs=false -ldflags '-s -w' -o "$1/peer" .)
}

name=bench-peer-$(cat "$here"/peer/{go.mod,main.go} | cache_hash)
echo "$(cache_get "$name" build)/peer"
