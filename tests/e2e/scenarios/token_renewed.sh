# SPDX-License-Identifier: Apache-2.0
# The hosts renew their own tokens, by the service of leader-agent-token.timer in its sandbox. Without the right it fails and
# names the rule, which is added as it is; then each host has another token, with the owner and mode of the old one, and
# nobody notices. The timer has an instant for the next one; a token that may end before that is told, with what, typed, renews it
# more often.
variants="life"
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local role=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/roles/leader-agent rule file host old stat said
        needs_real
        tokens_to_files
        begin
        ! host_exec "$leader" systemctl start leader-agent-token 2>/dev/null || fail "it has no right to that, and succeeds"
        rule=$(host_journal "$leader" -u leader-agent-token -o cat | grep '^- {') || fail "the journal names no rule"
        must api PUT "$role" "$(
                printf '%s\n' 'apiVersion: rbac.authorization.k8s.io/v1' 'kind: Role' \
                        "metadata: {name: leader-agent, namespace: $AGENTS_NS}" 'rules:'
                api GET "$role" | jq -r '.rules[] | "- " + tojson'
                echo "$rule"
        )" application/yaml >/dev/null
        sleep 1 # (the authorizer's informer)
        for host in "${LAB_HOSTS[@]}"; do
                file=$(host_root "$host")/etc/leader-agent/token
                old=$(<"$file") stat=$(stat -c '%u:%g %a' "$file")
                must host_exec "$host" systemctl start leader-agent-token
                [[ $(<"$file") != "$old" ]] || fail "$host has its old token"
                [[ $(stat -c '%u:%g %a' "$file") == "$stat" ]] || fail "it was $stat, and is $(stat -c '%u:%g %a' "$file")"
                [[ $(api_code "$(<"$file")") == 200 ]] || fail "the API server does not take it"
                host_journal "$host" -u leader-agent-token -o cat | grep -q 'valid until' || fail "the journal does not say until when"
        done
        must host_exec "$leader" systemctl --quiet enable leader-agent-token.timer
        must host_exec "$leader" systemctl start leader-agent-token.timer
        [[ $(host_exec "$leader" systemctl show -P NextElapseUSecRealtime leader-agent-token.timer) ]] || fail "the timer has no next time"
        said=$(host_exec "$leader" leaderctl renew-token --duration 1h 2>&1) || fail "$said"
        [[ $said == *"good for 1h, and leader-agent-token.timer, where it is enabled, renews it every 4h (up to 1h 1min later): "* ]] || fail "it says: $said"
        must host_exec "$leader" sh -c "${said##*run:}"
        said=$(host_exec "$leader" leaderctl renew-token --duration 1h 2>&1) || fail "$said"
        [[ $said != *timer* ]] || fail "typed, it says: $said"
        stays 2
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 60 $(others)
        stays 2
}
