# SPDX-License-Identifier: Apache-2.0
# The leader's agent and guard hang both. Life: the unit runs on. Lease: only systemd is left, its watchdog kills the guard,
# and with the guard it stops the unit.
variants="life lease"
scenario() {
        begin
        local host=$leader
        hit "$host" leader-agent STOP
        hit "$host" leader-guard STOP
        if [[ $tenure == life ]]; then
                stays 8
        else
                ends 6
                takes_over_at_last 20 $(others)
        fi
        host_exec "$host" systemctl kill --kill-whom=main -s CONT leader-agent
        stays 4
        lock_names "$leader"
}
