# SPDX-License-Identifier: Apache-2.0
# `systemctl stop leader-agent` on the leader while the API server hangs: the unit stops, the stop ends soon after, and the
# status says what stays held. Life: by the command that it prints another host leads; lease: by itself.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        begin
        local old=$leader since status cure
        api_stop
        since=$(at)
        must host_exec "$old" systemctl stop leader-agent.service
        since=$(($(at) - since))
        host_exec "$old" systemctl --quiet is-active "$UNIT" && fail "$UNIT still runs after the agent was stopped"
        ((since < 14000)) || fail "systemctl stop took $since ms"
        status=$(host_exec "$old" systemctl show --value -p StatusText leader-agent.service)
        [[ $status == *"stays held by this host ($tenure)"* ]] || fail "the status does not say what stays held: $status"
        host_journal "$old" -u leader-agent | grep -q "stays held by this host ($tenure)" || fail "nor does the journal"
        [[ $tenure == lease ]] || nobody 3
        api_cont
        if [[ $tenure == life ]]; then
                wait_for 30 api GET /readyz >/dev/null
                cure=$(grep -o 'leaderctl fence .* --reason "[^"]*"' <<<"$status") || fail "no cure in: $status"
                must host_exec "$(others | head -n 1)" sh -c "$cure --yes --kubeconfig /etc/leader-agent/kubeconfig"
        fi
        takes_over 45 $(others)
        stays 2
}
