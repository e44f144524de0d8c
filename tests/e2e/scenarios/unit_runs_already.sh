# SPDX-License-Identifier: Apache-2.0
# The unit runs on a host before it was put under the agent, and is not enrolled: it is left alone, the lock is not taken, and
# the cure is told. Typed, it is taken over as it runs.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        must host_exec web-1 leaderctl enroll --remove "$UNIT"
        must host_exec web-1 systemctl start "$UNIT"
        takes_over 5 web-1
        local pid=$(main_pid web-1 "$UNIT")
        start_agents web-1
        role_is web-1 blocked
        shows web-1 "takes the lock, and the unit as it runs, when that is cured"
        in_journal web-1 "cure: leaderctl enroll --adopt"
        stays 3
        [[ -z $(lock .metadata.uid) ]] || fail "it took the lock"
        must host_exec web-1 leaderctl enroll --adopt "$UNIT"
        role_is web-1 leader
        lock_names web-1
        stays 2
        [[ $(main_pid web-1 "$UNIT") == "$pid" ]] || fail "it was restarted"
}
