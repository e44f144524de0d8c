# SPDX-License-Identifier: Apache-2.0
# `systemctl restart leader-agent` on the leader, as a package upgrade does: the unit does not notice.
variants="life lease life/pod lease/pod"
scenario() {
        begin
        local pid=$(main_pid "$leader" leader-agent)
        must host_exec "$leader" systemctl restart leader-agent.service
        [[ $(main_pid "$leader" leader-agent) != "$pid" ]] || fail "the agent was not restarted"
        stays 5
        lock_names "$leader"
}
