# SPDX-License-Identifier: Apache-2.0
# The unit of a lock is misspelt in the configuration and the leader's agent restarted: its unit is stopped before the lock
# is released (it ran on beside the next leader, when a revoke spoke of the unit that is configured now).
variants="life lease"
scenario() {
        begin
        stays 1
        local host=$leader
        sed -i "s/${UNIT%.service}\.service/myap-operator.service/" "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
        must host_exec "$host" systemctl restart leader-agent.service
        takes_over 30 $(others)
        host_exec "$host" systemctl --quiet is-active "$UNIT" && fail "$UNIT still runs on $host"
        stays 2
}
