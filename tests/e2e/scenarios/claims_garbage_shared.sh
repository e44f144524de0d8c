# SPDX-License-Identifier: Apache-2.0
# A host leads under two locks; the claims of one are garbage when its agent starts again. The placeholder that both name lives
# on with the other lock, so nobody could depose the lost one: its unit is stopped and it is released. The other is untouched.
variants="lease"
scenario() {
        . "$here/faults_host.sh"
        ops_unit
        locks_more "$AGENTS_NS" op-other
        conf_add "$(ops_conf other)"
        ops_enroll
        start_agents web-1
        takes_over 15 web-1
        ops_come_to web-1 15 other
        start_agents web-2 web-3
        local kept=$(op_running other)
        for file in "$(state_dir web-1)"/claims/lock*"$LOCK"; do
                head -c 64 /dev/urandom >"$file"
        done
        hit web-1 leader-agent KILL
        in_journal web-1 "/var/lib/leader-agent/claims/"
        takes_over 25 web-2 web-3
        stays 3
        [[ $(op_running other) == "$kept" ]] || fail "the unit of the other lock was touched: $kept, then $(op_running other)"
        ops_judged other
}
