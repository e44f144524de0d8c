# SPDX-License-Identifier: Apache-2.0
# The agents are started again, and another cluster stands behind the address: the namespace of that name is another one.
# Nobody competes there, on no host; every agent says so, with the command that accepts it. Where that is typed, and there
# alone, the host takes part; also the others, when it was typed there.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        local host before ns=$AGENTS_NS
        begin
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl stop leader-agent
        done
        ends 5
        must api DELETE "/api/v1/namespaces/$ns" >/dev/null
        gone() { [[ -z $(api_get "/api/v1/namespaces/$ns" .metadata.uid) ]]; }
        wait_for 60 gone || fail "the namespace is still there: $(api_get "/api/v1/namespaces/$ns" .status.conditions)"
        must agents_allow "$ns"
        must agents_configure "$tenure" "$placeholder"
        start_agents "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "another cluster or a namespace made anew"
                says "$host" "leaderctl forget-cluster $ns"
                host_journal "$host" -u leader-agent -o cat | grep -qF "namespace $ns is another one than at" || fail "the journal of $host does not say it"
        done
        before=$(packets)
        nobody 10
        before=$(($(packets) - before))
        echo "packets of three hosts in 10 s in another namespace: $before"
        ((before < 300)) || fail "the hosts sent $before packets in 10 s: somebody tries without a pause"
        [[ -z $(lock .metadata.uid) ]] || fail "somebody made a lock"
        [[ $(api GET "/apis/coordination.k8s.io/v1/namespaces/$ns/leases" | jq '.items | length') == 0 ]] || fail "somebody made a placeholder"
        forget_cluster web-2
        takes_over 45 web-2
        settles 5
        says web-1 "another cluster or a namespace made anew"
        stays 3
        forget_cluster web-1
        forget_cluster web-3
        must wait_for 45 takes_part web-1
        must wait_for 45 takes_part web-3
        must host_exec web-2 systemctl stop leader-agent
        takes_over 15 web-1 web-3
        settles 5
        stays 2
}
takes_part() { [[ $(status_of "$1") != *"another cluster"* ]]; }
