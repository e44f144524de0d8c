# SPDX-License-Identifier: Apache-2.0
# The leader's agent is stopped, its state directory removed, and it is started again: another host leads meanwhile. Life: the
# placeholder of its name is not known to be its own, so it stays out and says how to cure that.
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
        if [[ $tenure == life ]]; then
                shows "$host" "the name of our placeholder is taken by one that is not ours"
                shows "$host" "delete that placeholder when no other host uses this identity"
        else
                must host_exec "$leader" systemctl stop leader-agent
                takes_over 20 $(others)
                stays 2
        fi
}
