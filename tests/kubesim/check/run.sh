#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh [BUILDDIR]: kubesim's own tests, then the conformance tests against it; checks that it ends on SIGTERM with
# nothing on stderr (where the sanitizers of a SAN=1 build would report).
set -euo pipefail
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
BUILD=$(readlink -f "${1:-$HERE/../../../build}")
DIR=$(mktemp -d)
cleanup() {
        [ ! -s "$DIR/kubesim.pid" ] || kill -KILL "$(cat "$DIR/kubesim.pid")" 2>/dev/null || true
        rm -rf "$DIR"
}
trap cleanup EXIT

against_kubesim() { # test binary, kubesim options
        local test=$1 pid; shift
        KUBESIM=$BUILD/kubesim "$HERE/../kubesim-up.sh" "$DIR" 127.0.0.1 --port 0 "$@"
        pid=$(cat "$DIR/kubesim.pid")
        CONFORMANCE=$BUILD/$test "$HERE/../../conformance/run.sh" "$DIR/admin.kubeconfig"
        kill -TERM "$pid"
        for _ in $(seq 200); do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
        if kill -0 "$pid" 2>/dev/null; then echo "kubesim did not end on SIGTERM" >&2; exit 1; fi
        rm "$DIR/kubesim.pid"
        if [ -s "$DIR/kubesim.log" ]; then cat "$DIR/kubesim.log" >&2; exit 1; fi
}
against_kubesim kubesim-check --bookmark-ms 200
against_kubesim conformance
