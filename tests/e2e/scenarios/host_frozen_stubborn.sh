# SPDX-License-Identifier: Apache-2.0
# As host_frozen, with a unit that ignores SIGTERM, and several times: whether PID 1 or leader-guard is first on waking,
# the unit dies at once and not after its stop timeout (leader-guard-reap.service). By hand: E2E_THAWS=N says how often.
variants=${E2E_THAWS:+lease}
scenario() {
        . "$here/faults_host.sh"
        unit_options --ignore-term
        begin
        local host old
        for ((n = 0; n < ${E2E_THAWS:-3}; n++)); do
                stays 1
                host=$leader old=${run#* }
                host_freeze "$host"
                takes_over 20 $(others)
                nobody 2
                host_thaw "$host"
                must wait_for 5 still_runs # two for a moment
                stays 5
                lock_names "$leader"
                hole 800 "$host" "$old" "$(woke_ns "$host" "$old")" "a host that was paused for longer than the lease woke up"
        done
}
