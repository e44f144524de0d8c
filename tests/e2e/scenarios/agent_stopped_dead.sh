# SPDX-License-Identifier: Apache-2.0
# The leader's agent crashes, and is stopped before systemd starts it again: nobody can stop the unit. leader-guard waits a
# while, stops a unit for life, and says which lock stays held; what it says frees it. A lease ends by itself.
variants="life lease life/pod"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader status cure
        must host_exec "$host" sh -c 'mkdir -p /run/systemd/system/leader-agent.service.d; printf "[Service]\nRestartSec=60s\n" >/run/systemd/system/leader-agent.service.d/slow.conf; systemctl daemon-reload'
        hit "$host" leader-agent KILL
        [[ $tenure == lease ]] || stays 8 # as long as it is to be started again
        must host_exec "$host" systemctl stop leader-agent.service
        ends 12
        host_exec "$host" systemctl --quiet is-active leader-agent.service && fail "the agent runs"
        if [[ $tenure == life ]]; then
                nobody 3
                status=$(host_exec "$host" systemctl show --value -p StatusText leader-guard.service)
                [[ $status == *"$LOCK stays held by this host"* ]] || fail "leader-guard's status does not say so: $status"
                host_journal "$host" -u leader-guard | grep -q "$LOCK stays held by this host" || fail "nor does the journal"
                cure=$(grep -o 'systemctl start [a-z.-]*$' <<<"$status") || fail "no cure in: $status"
                must host_exec "$host" sh -c "$cure"
        fi
        takes_over 30 "${LAB_HOSTS[@]}"
        stays 2
}
