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
"$here/../cluster/up.sh" "$CONFORMANCE_CLUSTER" /run/cluster 10.77.0.1 || exit 1
"$here/run.sh" /run/cluster/admin.kubeconfig
