# SPDX-License-Identifier: Apache-2.0
# The Role loses the right to delete the lock. Nothing has gone wrong yet, and after a reload every host says what will, and
# which rule to add; that very rule is added, and after the next reload nobody says it any more. The leader leads on; forced
# to hand over without the right it does so when that is back, and says so once; and then once more as it should be.
variants="life"
# As a human would: the rules of the Role, and what the status says below them.
add_rule() {
        must api PUT "$role" "$(
                printf '%s\n' 'apiVersion: rbac.authorization.k8s.io/v1' 'kind: Role' \
                        "metadata: {name: leader-agent, namespace: $AGENTS_NS}" 'rules:'
                jq -r '.[] | "- " + tojson' <<<"$rules"
                echo "$rule"
        )" application/yaml >/dev/null
}
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local role=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/roles/leader-agent rules rule host
        needs_real
        begin
        rules=$(api GET "$role" | jq -c '[.rules[] | if .resources == ["configmaps"] then .verbs -= ["delete"] else . end]')
        must api PATCH "$role" '{"rules":'"$rules"'}' application/merge-patch+json >/dev/null
        sleep 1 # (the authorizer's informer)
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl reload leader-agent
        done
        for host in "${LAB_HOSTS[@]}"; do
                shows "$host" "RIGHTS MISSING in $AGENTS_NS: delete of configmaps/$LOCK: the lock could not be released; add to the Role: - {"
                in_journal "$host" "RIGHTS MISSING in $AGENTS_NS: delete of configmaps/$LOCK"
        done
        rule=$(status_of "$leader" | jq -er '.api.missingRights[0].rule') || fail "no rule in: $(status_of "$leader")"
        [[ $(status_text "$leader") == *"$rule"* ]] || fail "STATUS has another rule than '$rule'"
        add_rule
        sleep 1
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl reload leader-agent
        done
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 15 _shows_no_more "$host" || fail "$host still says: $(status_text "$host")"
                in_journal "$host" "Rights: none is missing any more"
                [[ $(host_journal "$host" -u leader-agent -o cat | grep -c "RIGHTS MISSING") == 1 ]] ||
                        fail "the journal of $host does not have it once"
        done
        still_runs || fail "the unit on $leader did not go on"
        # The same, found out by a step-down that is forced: the removal is refused at each try, and told once.
        must api PATCH "$role" '{"rules":'"$rules"'}' application/merge-patch+json >/dev/null
        sleep 1
        host=$leader
        must host_exec "$leader" leaderctl step-down --force "$LOCK"
        ends 10
        sleep 12
        [[ $(status_text "$leader") == *'delete: '*'cannot delete resource "configmaps"'* ]] || fail "STATUS: $(status_text "$leader")"
        [[ $(delete_said trying) == 1 && $(delete_said after) == 0 ]] || fail "told $(delete_said trying) and $(delete_said after) times"
        add_rule
        takes_over 60 $(others)
        [[ $(delete_said trying) == 1 && $(delete_said after) == 1 ]] || fail "told $(delete_said trying) and $(delete_said after) times"
        stays 2
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 30 $(others)
        stays 2
}
delete_said() { host_journal "$host" -u leader-agent -o cat | grep -c "^API: delete: .*$1"; } # trying|after
_shows_no_more() { [[ $(status_text "$1") != *"RIGHTS MISSING"* ]]; }
