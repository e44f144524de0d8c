# SPDX-License-Identifier: Apache-2.0
# A running production host is brought under the agent: `leaderctl enroll --adopt`, then the agents. The unit runs on, with the
# same main process, from before the lock until the lock is moved away.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        must host_exec web-1 leaderctl enroll --remove "$UNIT"
        must host_exec web-1 systemctl start "$UNIT"
        takes_over 5 web-1
        local before=$(_run_of web-1)
        host_exec web-1 leaderctl enroll "$UNIT" && fail "a running unit was enrolled without being asked for"
        # Tenure lease binds the unit to it: without, systemd would stop it.
        must host_exec web-1 systemctl start leader-guard.socket leader-guard.service
        must host_exec web-1 leaderctl enroll --adopt "$UNIT"
        start_agents web-1
        role_is web-1 leader
        in_journal web-1 "taken over as it runs"
        lock_names web-1
        start_agents web-2 web-3
        stays 3
        [[ $(_run_of web-1) == "$before" ]] || fail "another run: $before, now $(_run_of web-1)"
        # It is one like any other now.
        hit web-1 leader-guard KILL
        hit web-1 leader-agent KILL
        [[ $tenure == life ]] && stays 3
        role_is web-1 leader
        must host_exec web-1 systemctl stop leader-agent
        takes_over 20 web-2 web-3
        stays 2
}
_run_of() { host_exec "$1" systemctl show -p MainPID -p ExecMainStartTimestampMonotonic "$UNIT" | tr '\n' ' '; }
