#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The conformance tests against the real control plane (tests/cluster), started for this in namespaces of its own. Needs
# root and Go; without them it says that nothing was checked, which with CI set is a failure. CONFORMANCE: the binary.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")

if [[ -z ${CONFORMANCE_CLUSTER:-} ]]; then
        why=
        CONFORMANCE_CLUSTER=$("$here/../cluster/build.sh") || why="it cannot be built"
        unshare --net --mount --pid --fork true 2>/dev/null || why="this machine gives no namespaces of our own"
        ((EUID == 0)) || why="this needs root"
        if [[ -n $why ]]; then
                echo "ok conformance of the real control plane # SKIP $why"
                [[ -z ${CI:-} ]]
                exit
        fi
        export CONFORMANCE_CLUSTER
        # With the last of these processes everything is gone, also when this one is killed.
        exec setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child --mount-proc "$0"
fi

# The API server refuses to advertise a loopback address.
mount -t tmpfs conformance /run && ip link set lo up && ip addr add 10.77.0.1/32 dev lo || exit 1
case $("$here/../cluster/build.sh" --version) in
1.30.* | 1.31.* | 1.33.*) export CONFORMANCE_NO_MARKS=1 ;; # the gate WatchList is off
esac
"$here/../cluster/up.sh" "$CONFORMANCE_CLUSTER" /run/cluster 10.77.0.1 || exit 1
"$here/run.sh" /run/cluster/admin.kubeconfig || exit 1
live() {
        for t in test_kube_live test_http_streams; do
                LEADER_TEST_KUBECONFIG=$1 "${CONFORMANCE%/*}/tests/integration/$t" || return 1
        done
}
live /run/cluster/admin.kubeconfig || exit 1
[[ -z ${CONFORMANCE_NO_MARKS:-} ]] || exit 0

# Once more as a server without that gate is: its watches, and our client of them.
cat /run/cluster/*.pid | xargs kill
CLUSTER_GATES=WatchList=false "$here/../cluster/up.sh" "$CONFORMANCE_CLUSTER" /run/gate 10.77.0.1 7443 || exit 1
CONFORMANCE_NO_MARKS=1 CONFORMANCE_WATCH_ONLY=1 "$here/run.sh" /run/gate/admin.kubeconfig && live /run/gate/admin.kubeconfig
