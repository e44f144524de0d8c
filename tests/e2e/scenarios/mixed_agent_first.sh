# SPDX-License-Identifier: Apache-2.0
# An agent holds the lock, an in-cluster operator that knows only Pods waits for it. When the agent steps down the other
# agents are not there: that has to be forced, for of Pods the agent knows nothing, and the operator leads. The agents that
# come back wait for it.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        local host old others
        begin
        must pod_candidate_start pod-1
        stays 4
        old=$leader others=$(others)
        for host in $others; do
                must host_exec "$host" systemctl stop leader-agent
        done
        step_down_refused "$old" "there is no other agent to take over"
        still_runs || fail "the unit on $old did not go on"
        must host_exec "$old" leaderctl step-down --force "$LOCK"
        takes_over 30 pod-1
        start_agents $others
        stays 5
        pod_candidate_end pod-1
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        stays 2
}
