# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the namespace while it is led; the agents' account and rights live elsewhere. The unit stops, then the
# lock goes, nothing keeps the namespace, and the agents wait without haste. When it is made again it is another one, which
# could be another cluster's: nobody leads there until a human says that it is meant.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        local before host
        rights_elsewhere
        begin
        must api DELETE "/api/v1/namespaces/$AGENTS_NS" >/dev/null
        ends 10
        gone() { [[ -z $(api_get "/api/v1/namespaces/$AGENTS_NS" .metadata.uid) ]]; }
        wait_for 60 gone || fail "the namespace is still there: $(api_get "/api/v1/namespaces/$AGENTS_NS" .status.conditions)"
        nobody 2
        before=$(packets)
        nobody 10
        before=$(($(packets) - before))
        echo "packets of three hosts in 10 s without a namespace: $before"
        ((before < 300)) || fail "the hosts sent $before packets in 10 s: somebody tries without a pause"
        for host in "${LAB_HOSTS[@]}"; do
                says "$host" "namespace $AGENTS_NS is gone (uid "
        done
        must api POST /api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"'"$AGENTS_NS"'"}}' >/dev/null
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 45 _says "$host" "another cluster or a namespace made anew" || fail "$host does not say it: $(status_of "$host")"
        done
        nobody 5
        for host in "${LAB_HOSTS[@]}"; do
                forget_cluster "$host"
        done
        takes_over 90 "${LAB_HOSTS[@]}"
        settles 10
        stays 2
}
