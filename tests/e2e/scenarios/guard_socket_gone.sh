# SPDX-License-Identifier: Apache-2.0
# The guard's socket is removed, and the agent restarted: the agent says what it misses. The unit runs on in life tenure; in
# lease tenure it is stopped when the permit is over. With the socket back all goes on.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader
        must host_exec "$host" rm /run/leader-agent/guard.sock
        hit "$host" leader-agent KILL
        shows "$host" "guard.sock"
        if [[ $tenure == life ]]; then
                stays 4
        else
                ends 6
                takes_over 25 $(others)
        fi
        must host_exec "$host" systemctl restart leader-guard.socket leader-guard.service
        settles 20
        stays 3
}
