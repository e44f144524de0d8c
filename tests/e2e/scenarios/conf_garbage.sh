# SPDX-License-Identifier: Apache-2.0
# The leader's configuration is cut, its kubeconfig garbage, and its agent killed: it does not start, and the journal
# names file and place. Life: the unit runs on under the held lock. Lease: it is stopped in time, another host leads.
# With the files back the agent is back.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader dir=$(host_root "$leader")/etc/leader-agent
        cp -a "$dir" "$LAB/kept"
        head -c 60 "$LAB/kept/leader-agent.conf" >"$dir/leader-agent.conf"
        hit "$host" leader-agent KILL
        in_journal "$host" "/etc/leader-agent/leader-agent.conf:"
        if [[ $tenure == life ]]; then
                stays 3
        else
                ends 6
                takes_over 20 $(others)
        fi
        cat "$LAB/kept/leader-agent.conf" >"$dir/leader-agent.conf"
        echo '<html>Sign in</html>' >"$dir/kubeconfig"
        in_journal "$host" "/etc/leader-agent/kubeconfig:1:1: not a mapping"
        stays 3
        cat "$LAB/kept/kubeconfig" >"$dir/kubeconfig"
        must wait_for 15 host_exec "$host" systemctl --quiet is-active leader-agent
        stays 3
        role_is "$leader" leader
}
