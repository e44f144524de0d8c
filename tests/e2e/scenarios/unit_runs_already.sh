# SPDX-License-Identifier: Apache-2.0
# The unit runs on a host before it was put under the agent. The agent does not take it over: it stays out and says so.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        must host_exec web-1 leaderctl enroll --remove "$UNIT"
        must host_exec web-1 systemctl start "$UNIT"
        takes_over 5 web-1
        # In lease tenure the unit may not run without the guard: systemd would stop it.
        must host_exec web-1 systemctl start leader-guard.socket leader-guard.service
        unit_enroll web-1
        start_agents web-1
        role_is web-1 blocked
        shows web-1 "stays out until $UNIT is stopped here (systemctl stop $UNIT)"
        stays 3
        [[ -z $(lock .metadata.uid) ]] || fail "it took the lock"
        must host_exec web-1 systemctl stop "$UNIT"
        takes_over 20 web-1
        stays 2
}
