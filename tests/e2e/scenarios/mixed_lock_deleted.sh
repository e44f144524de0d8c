# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the lock of an in-cluster operator, whose Pod leads on: the agents wait until that Pod has ended, and say
# so with the command that helps when it runs nowhere any more.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        local host
        must pod_candidate_start pod-1
        takes_over 15 pod-1
        start_agents "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "in-cluster operator"
        done
        must api DELETE "$(lock_path)" >/dev/null
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "the lock is gone, but the Pod that held it is not"
                says "$host" "kubectl -n $AGENTS_NS delete pod pod-1"
        done
        stays 8
        pod_candidate_end pod-1
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        stays 2
}
