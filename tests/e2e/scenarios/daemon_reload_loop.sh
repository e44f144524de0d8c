# SPDX-License-Identifier: Apache-2.0
# systemd re-reads all unit files again and again, on all hosts, while the unit starts, stops and is lost.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        conf_add 'defaults = { on_exit = "release"; };'
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemd-run --quiet --unit=reloads /bin/sh -c 'while :; do systemctl daemon-reload; sleep 0.1; done'
        done
        begin
        stays 1
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 20 $(others)
        hit "$leader" leader-agent KILL
        if [[ $tenure == life ]]; then
                stays 4
        else
                settles 20 # the agent may be back in time
        fi
        hit "$leader" leader-guard KILL
        if [[ $tenure == life ]]; then
                stays 4
        else
                ends 4
                takes_over_at_last 30 "${LAB_HOSTS[@]}"
        fi
        must host_exec "$leader" systemctl stop "$UNIT"
        takes_over_at_last 30 "${LAB_HOSTS[@]}"
        settles 20
}
