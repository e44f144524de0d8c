# SPDX-License-Identifier: Apache-2.0
# An admin starts the unit by hand on a host that does not lead: systemd refuses.
variants="life lease"
scenario() {
        begin
        local host
        for host in $(others); do
                host_exec "$host" systemctl start "$UNIT" && fail "systemctl start succeeded on $host"
                host_exec "$host" systemctl --quiet is-active "$UNIT" && fail "$UNIT is active on $host"
        done
        stays 2
}
