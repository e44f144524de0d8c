# SPDX-License-Identifier: Apache-2.0
# The lock is taken out of the leader's configuration and the agent restarted, instead of reloaded: the unit is stopped and
# the lock released all the same.
variants="life lease"
scenario() {
        begin
        stays 1
        local host=$leader conf
        conf=$(host_root "$host")/etc/leader-agent/leader-agent.conf
        sed -i "s/name = \"$LOCK\"/name = \"other-lock\"/; s/${UNIT%.service}\.service/other.service/" "$conf"
        must host_exec "$host" systemctl restart leader-agent.service
        takes_over 30 $(others)
        host_exec "$host" systemctl --quiet is-active "$UNIT" && fail "$UNIT still runs on $host"
        stays 2
}
