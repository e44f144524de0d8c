# SPDX-License-Identifier: Apache-2.0
# An in-cluster operator that knows only Pods holds the lock (tests/e2e/pod_candidate.sh): the agents wait and say for
# whom. When its Pod is gone an agent leads.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        local host
        must pod_candidate_start pod-1
        takes_over 15 pod-1
        start_agents "${LAB_HOSTS[@]}"
        stays 6
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "in-cluster operator"
        done
        [[ $(lock '.metadata.ownerReferences[0].name') == pod-1 ]] || fail "somebody touched the operator's lock"
        pod_candidate_end pod-1
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        stays 2
}
