# SPDX-License-Identifier: Apache-2.0
# The leader's agent is killed and restarted by systemd: the unit runs on, the lock is taken up again.
variants="life lease life/pod lease/pod"
scenario() {
        begin
        local pid=$(main_pid "$leader" leader-agent)
        hit "$leader" leader-agent KILL
        stays 5
        [[ $(main_pid "$leader" leader-agent) != "$pid" ]] || fail "the agent was not killed"
        lock_names "$leader"
}
