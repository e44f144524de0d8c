# SPDX-License-Identifier: Apache-2.0
# The unit's ExecStop= hangs: the stop is over when the stop timeout is, and the lock is free only then. A stop that a human
# asks for in a life term is systemd's to bound: it is told, with the command that ends it.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        unit_options --ignore-term --children=2
        for host in "${LAB_HOSTS[@]}"; do
                unit_dropin "$host" 50-test.conf '[Service]' 'ExecStop=/bin/sleep infinity'
                unit_enroll "$host"
        done
        begin
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 15 $(others)
        if [[ $tenure == life ]]; then
                must host_exec "$leader" systemctl stop --no-block "$UNIT"
                shows "$leader" "still on its way down: the lock stays with this host as long; to end it now: systemctl kill -s KILL $UNIT"
                must host_exec "$leader" systemctl kill -s KILL "$UNIT"
                takes_over 20 $(others)
        fi
        net_cut "$leader"
        if [[ $tenure == life ]]; then
                stays 5
        else
                ends 6
                takes_over 20 $(others)
                stays 2
        fi
}
