# SPDX-License-Identifier: Apache-2.0
# systemd executes itself anew at bad moments: while the unit starts, while it stops slowly, right after a kill of the guard and
# of the agent.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        unit_options --slow-stop=800
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemd-run --quiet --unit=reexecs /bin/sh -c 'for i in 1 2 3 4 5 6 7 8; do systemctl daemon-reexec; sleep 0.3; done'
        done
        begin
        stays 2
        must host_exec "$leader" leaderctl step-down "$LOCK"
        host_exec "$leader" systemctl daemon-reexec
        takes_over 20 $(others)
        hit "$leader" leader-agent KILL
        host_exec "$leader" systemctl daemon-reexec
        stays 4
        hit "$leader" leader-guard KILL
        host_exec "$leader" systemctl daemon-reexec
        if [[ $tenure == life ]]; then
                stays 4
        else
                ends 5
                takes_over_at_last 30 "${LAB_HOSTS[@]}"
                settles 20
        fi
}
