# SPDX-License-Identifier: Apache-2.0
# `systemctl stop leader-agent` on the leader: the unit stops, the lock is free, another host leads.
variants="life lease"
scenario() {
        begin
        must host_exec "$leader" systemctl stop leader-agent.service
        host_exec "$leader" systemctl --quiet is-active "$UNIT" && fail "$UNIT still runs after the agent was stopped"
        takes_over 15 $(others)
        stays 2
}
