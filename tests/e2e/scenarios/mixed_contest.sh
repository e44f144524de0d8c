# SPDX-License-Identifier: Apache-2.0
# Agents and two in-cluster operators that know only Pods contest one lock, which changes hands ten times.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        local i pod=2
        must pod_candidate_start pod-1
        must pod_candidate_start pod-2
        begin_any() { takes_over "$1" "${LAB_HOSTS[@]}" pod-{1..12}; }
        start_agents "${LAB_HOSTS[@]}"
        begin_any 20
        for i in {1..10}; do
                case $leader in
                pod-*)
                        pod_candidate_end "$leader"
                        # A Deployment makes another.
                        ((++pod))
                        must pod_candidate_start "pod-$pod"
                        ;;
                *) must host_exec "$leader" leaderctl step-down "$LOCK" ;;
                esac
                begin_any 60
        done
        stays 3
}
