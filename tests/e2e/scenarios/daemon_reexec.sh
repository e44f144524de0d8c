# SPDX-License-Identifier: Apache-2.0
# systemd executes itself anew at bad moments: while the unit starts, while it stops slowly, right after a kill of the agent and
# of the guard.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        unit_options --slow-stop=800
        start_agents "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemd-run --quiet --unit=reexecs /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do systemctl daemon-reexec; sleep 0.3; done'
        done
        takes_over 15 "${LAB_HOSTS[@]}"
        must host_exec "$leader" leaderctl step-down "$LOCK"
        # Whoever's systemd answers first: a host with a busy one is refused its start, and pauses as long as this one does.
        takes_over 60 "${LAB_HOSTS[@]}"
        strike "$leader" leader-agent
        if [[ $tenure == life ]]; then
                stays 4
        else
                settles 20 # the agent may be back in time
        fi
        strike "$leader" leader-guard
        host_exec "$leader" systemctl daemon-reexec
        if [[ $tenure == life ]]; then
                stays 4
        else
                ends 5
                settles 30
        fi
}
