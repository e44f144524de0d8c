# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the namespace while it is led; with it go, at once, the agents' account and rights (conf/rbac.yaml puts
# them there). The unit stops; agents try on without haste. Too late to release, the lock's finalizer keeps the namespace
# until a human takes it off. Made again at once, with account and rights, it is another one: while the connections last, too,
# no host that knew the old one begins there before a human says so.
variants="life lease life/pod"
scenario() {
        . "$here/faults_api.sh"
        local host token
        tokens_to_files
        begin
        must api DELETE "/api/v1/namespaces/$AGENTS_NS" >/dev/null
        ends 10
        nobody 2
        local before=$(packets)
        nobody 10
        before=$(($(packets) - before))
        echo "packets of three hosts in 10 s without rights: $before"
        ((before < 300)) || fail "the hosts sent $before packets in 10 s: somebody tries without a pause"
        api_try PATCH "$(lock_path)" '{"metadata":{"finalizers":null}}' application/merge-patch+json
        gone() { [[ -z $(api_get "/api/v1/namespaces/$AGENTS_NS" .metadata.uid) ]]; }
        wait_for 60 gone || fail "the namespace is still there: $(api_get "/api/v1/namespaces/$AGENTS_NS" .status.conditions)"
        [[ $tenure/$placeholder == life/lease && $E2E_API == real ]] || return 0
        must agents_allow "$AGENTS_NS"
        token=$(_agents_token) || fail "no token"
        for host in "${LAB_HOSTS[@]}"; do
                token_write "$host" "$token"
        done
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 90 _says "$host" "another cluster or a namespace made anew" || fail "$host does not say it: $(status_of "$host")"
        done
        nobody 5
        [[ -z $(lock .metadata.uid) ]] || fail "somebody made a lock"
        forget_cluster web-2
        takes_over 45 web-2
        settles 10
}
