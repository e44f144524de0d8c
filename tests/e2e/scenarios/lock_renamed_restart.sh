# SPDX-License-Identifier: Apache-2.0
# The unit gets another lock in the configuration, and the agent is restarted, instead of reloaded: the old lock is released
# (it would be held for ever), and the unit runs under the new one.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        locks_more "$AGENTS_NS" other-lock
        start_agents web-1
        takes_over 15 web-1
        stays 1
        local path=$(lock_path)
        move_to other-lock
        must wait_for 30 gone "$path"
        takes_over 30 web-1
        stays 2
}
move_to() {
        local conf=$(host_root web-1)/etc/leader-agent/leader-agent.conf
        sed -i "s/name = \"[^\"]*\"/name = \"$1\"/" "$conf"
        must host_exec web-1 systemctl restart leader-agent.service
}
gone() { [[ -z $(api_get "$1" .metadata.uid) ]]; }
