# SPDX-License-Identifier: Apache-2.0
# A leader for life is cut off, and its agent started anew; meanwhile somebody deletes the namespace, takes the finalizer off
# the lock, and so tells the API server that nobody leads. When the leader's host is back there is no namespace of that name,
# which could be another cluster's answer: the unit runs on, every host says so, and nobody begins; nor in one made anew,
# until a human stops all agents, types the cure and starts them.
variants="life life/pod"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        local host first
        rights_elsewhere
        begin
        first=$leader
        net_cut "$first"
        must host_exec "$first" systemctl restart leader-agent
        must api DELETE "/api/v1/namespaces/$AGENTS_NS" >/dev/null
        api_try PATCH "$(lock_path)" '{"metadata":{"finalizers":null}}' application/merge-patch+json
        gone() { [[ -z $(api_get "/api/v1/namespaces/$AGENTS_NS" .metadata.uid) ]]; }
        wait_for 60 gone || fail "the namespace is still there: $(api_get "/api/v1/namespaces/$AGENTS_NS" .status.conditions)"
        net_heal "$first"
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 45 _says "$host" "namespace $AGENTS_NS is gone (uid " || fail "$host does not say it: $(status_of "$host")"
        done
        stays 12
        must api POST /api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"'"$AGENTS_NS"'"}}' >/dev/null
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 45 _says "$host" "another cluster or a namespace made anew" || fail "$host does not say it: $(status_of "$host")"
        done
        stays 5
        [[ -z $(lock .metadata.uid) ]] || fail "somebody made a lock"
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl stop leader-agent
        done
        ends 5
        for host in "${LAB_HOSTS[@]}"; do
                forget_cluster "$host"
        done
        start_agents "${LAB_HOSTS[@]}"
        takes_over 45 "${LAB_HOSTS[@]}"
        settles 10
        stays 2
}
