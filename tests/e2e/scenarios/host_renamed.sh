# SPDX-License-Identifier: Apache-2.0
# The leader's host gets another name: its identity stays, its lock stays, the unit runs on, also when the agent is restarted.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local identity=$(lock .data.identity)
        must host_exec "$leader" hostname renamed
        stays 2
        must host_exec "$leader" systemctl restart leader-agent
        stays 5
        hit "$leader" leader-agent KILL
        stays 4
        [[ $(lock .data.identity) == "$identity" ]] || fail "the lock is now of $(lock .data.identity)"
}
