# SPDX-License-Identifier: Apache-2.0
# `systemctl reload` with one lock added, one removed, one changed: the units of the others do not notice, the term in force
# keeps its duration. A configuration with a mistake changes nothing and says why.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        ops_unit
        locks_more "$AGENTS_NS" op-changed op-removed op-added
        conf_add "$(ops_conf changed removed added)"
        ops_enroll
        conf_add "$(ops_conf changed removed)"
        start_agents web-1
        takes_over 15 web-1
        ops_come_to web-1 15 changed removed
        start_agents web-2 web-3
        local before=$(pids web-1) agent=$(main_pid web-1 leader-agent) duration=$(api_get "$(op_lock_path changed)" .data.leaseDurationSeconds)
        conf_add "$(OP_KEYS='cooldown="33s";' ops_conf changed added | sed 's/lease_duration="[^"]*"/lease_duration="9s"/')"
        reload "${LAB_HOSTS[@]}"
        must wait_for 20 added_not_removed
        [[ $(pids web-1) == "$before" ]] || fail "units that were not concerned were touched: $before, then $(pids web-1)"
        [[ $(api_get "$(op_lock_path changed)" .data.leaseDurationSeconds) == "$duration" ]] || fail "the term in force was changed"
        stays 3

        conf_add 'locks = ( { name = "op-added"; unit = "op@added.service"; tenor = "life"; } );'
        for host in "${LAB_HOSTS[@]}"; do
                host_exec "$host" systemctl reload leader-agent && fail "a reload of a configuration with a mistake did not fail"
        done
        in_journal web-1 "/etc/leader-agent/conf.d/test.conf:1: "
        [[ $(status_text web-1) == *"CONFIGURATION ON DISK NOT IN FORCE (/etc/leader-agent/conf.d/test.conf:1: "* ]] ||
                fail "the status does not say so: $(status_text web-1)"
        stays 3
        added_not_removed || fail "a configuration with a mistake was not ignored"
        [[ $(pids web-1) == "$before" ]] || fail "units were touched by a configuration with a mistake"
        [[ $(main_pid web-1 leader-agent) == "$agent" ]] || fail "the agent was restarted"
        ops_judged changed removed added
}
pids() { main_pid "$1" "$UNIT" op@changed.service | xargs; }
main_pid() { host_exec "$1" systemctl show --value -p MainPID "${@:2}" | xargs; }
added_not_removed() {
        [[ -n $(op_running added) && -z $(op_running removed) && -z $(api_get "$(op_lock_path removed)" .metadata.uid) ]]
}
