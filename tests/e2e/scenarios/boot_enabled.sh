# SPDX-License-Identifier: Apache-2.0
# The unit is enabled, as if it had never been under an agent, and the host boots: it does not start without the lock.
variants="life lease"
scenario() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                must host_exec "$host" systemctl --quiet enable "$UNIT"
                host_crash "$host"
                host_boot "$host"
                host_wait "$host"
        done
        nobody 1
        begin
        stays 2
}
