# SPDX-License-Identifier: Apache-2.0
# The agents may not read Pods, and the lock of an in-cluster operator goes: they say what they cannot know, and lead. (Its
# process has ended here; with one that goes on there would be two.)
variants="life"
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local role=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/roles/leader-agent rules host
        needs_real
        must pod_candidate_start pod-1
        takes_over 15 pod-1
        start_agents "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "in-cluster operator"
        done
        pod_candidate_stop pod-1
        ends 5
        rules=$(api GET "$role" | jq -c '[.rules[] | select(.resources != ["pods"])]')
        must api PATCH "$role" '{"rules":'"$rules"'}' application/merge-patch+json >/dev/null
        sleep 1 # (the authorizer's informer)
        must api DELETE "$(lock_path)" >/dev/null
        takes_over 30 "${LAB_HOSTS[@]}"
        in_journal "$leader" "may not read Pod pod-1, which held the lock: not waiting for its end"
        stays 2
}
