# SPDX-License-Identifier: Apache-2.0
# The agents' rights are withdrawn, later given back. Life: the leader leads on, and can hand over at the end. Lease: its
# unit is stopped in time, nobody leads, and with the rights somebody does. The journal has each refusal once.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        local path=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS/rolebindings binding before
        binding=$(api GET "$path/leader-agent" | jq '{apiVersion, kind, metadata: {name: .metadata.name}, roleRef, subjects}')
        must api DELETE "$path/leader-agent" >/dev/null
        if [[ $tenure == life ]]; then
                stays 8
        else
                ends 5
                before=$(packets)
                nobody 8
                before=$(($(packets) - before))
                ((before < 300)) || fail "the hosts sent $before packets in 8 s: somebody tries without a pause"
        fi
        must api POST "$path" "$binding" >/dev/null
        if [[ $tenure == life ]]; then
                stays 3
                must host_exec "$leader" leaderctl step-down "$LOCK"
                takes_over 60 $(others)
        else
                takes_over 60 "${LAB_HOSTS[@]}"
        fi
        settles 10
        stays 2
        local host repeated
        for host in "${LAB_HOSTS[@]}"; do
                repeated=$(host_journal "$host" -u leader-agent -o cat | grep '^API: .*; trying again$' | sort | uniq -d)
                [[ ! $repeated ]] || fail "the journal of $host has more than once: $repeated"
        done
}
