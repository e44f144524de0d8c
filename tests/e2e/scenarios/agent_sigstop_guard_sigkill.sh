# SPDX-License-Identifier: Apache-2.0
# The leader's agent hangs, and its guard is killed. Life: the unit runs on. Lease: systemd stops it; the guard that comes
# back may start it again for the rest of its permit; when that is over another host leads.
variants="life lease"
scenario() {
        begin
        local host=$leader
        hit "$host" leader-agent STOP
        hit "$host" leader-guard KILL
        if [[ $tenure == life ]]; then
                stays 6
        else
                ends 3
                takes_over_at_last 20 $(others)
        fi
        host_exec "$host" systemctl kill --kill-whom=main -s CONT leader-agent
        stays 4
}
