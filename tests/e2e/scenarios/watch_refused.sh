# SPDX-License-Identifier: Apache-2.0
# The agents' role has no verb `watch`, from the start: they read every few seconds instead. A lock that is released has a
# leader again within 8 s. With the verb, watches work again without a restart: the next hand-over is as quick as ever.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        local role=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/roles/leader-agent rules without
        rules=$(api GET "$role" | jq -c .rules)
        without=$(jq -c 'map(.verbs -= ["watch"])' <<<"$rules")
        must api PATCH "$role" '{"rules":'"$without"'}' application/merge-patch+json >/dev/null
        sleep 1 # (the authorizer's informer)
        begin
        # Past the last read that begin() itself could have helped with.
        stays 12
        local from
        must host_exec "$leader" leaderctl step-down "$LOCK"
        ends 5
        must wait_for 5 lock_is_gone
        from=$(at)
        takes_over 15 $(others)
        from=$(($(at) - from))
        ((from < 8000)) || fail "a leader $from ms after the release"
        echo "led $from ms after the release" >"$LAB/note"
        settles 10
        must api PATCH "$role" '{"rules":'"$rules"'}' application/merge-patch+json >/dev/null
        sleep 33 # the longest pause between two tries of a watch
        must host_exec "$leader" leaderctl step-down "$LOCK"
        ends 5
        from=$(at)
        takes_over 3 "${LAB_HOSTS[@]}"
        settles 10
        stays 2
}
lock_is_gone() { [[ -z $(lock .metadata.uid) ]]; }
