# SPDX-License-Identifier: Apache-2.0
# The leader's guard is killed. Life: it is restarted and takes its permit up again, the unit runs on. Lease: systemd
# stops the unit at once.
variants="life lease"
scenario() {
        begin
        local pid=$(main_pid "$leader" leader-guard)
        hit "$leader" leader-guard KILL
        if [[ $tenure == life ]]; then
                stays 5
                lock_names "$leader"
        else
                ends 3
                takes_over 30 "${LAB_HOSTS[@]}"
                stays 2
        fi
        [[ $(main_pid "$leader" leader-guard) != "$pid" ]] || fail "the guard was not killed"
}
