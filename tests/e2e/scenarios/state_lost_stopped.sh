# SPDX-License-Identifier: Apache-2.0
# The leader's agent is stopped, its state directory removed, and it is started again: it left nothing behind in the cluster
# and takes part like a new host.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader
        must host_exec "$host" systemctl stop leader-agent
        rm -rf "$(state_dir "$host")"
        must host_exec "$host" systemctl start leader-agent
        takes_over 15 $(others)
        stays 10
        role_is "$host" candidate
        for other in "${LAB_HOSTS[@]}"; do
                [[ $other == "$host" ]] || must host_exec "$other" systemctl stop leader-agent
        done
        takes_over 20 "$host"
        stays 2
}
