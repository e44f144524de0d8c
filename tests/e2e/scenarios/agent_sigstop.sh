# SPDX-License-Identifier: Apache-2.0
# The leader's agent hangs. Life: the unit runs on. Lease: the guard has stopped it when nobody renewed in time, and
# another host leads; the agent that wakes up finds itself deposed.
variants="life lease"
scenario() {
        begin
        local host=$leader
        hit "$host" leader-agent STOP
        if [[ $tenure == life ]]; then
                stays 8
        else
                ends 5
                takes_over 20 $(others)
        fi
        host_exec "$host" systemctl kill --kill-whom=main -s CONT leader-agent # its watchdog may have been quicker
        stays 4
}
