# SPDX-License-Identifier: Apache-2.0
# Three agents start at the same moment on a free lock: one leads, and nothing moves afterwards.
variants="life lease life/pod lease/pod"
scenario() {
        begin
        lock_names "$leader"
        [[ $(lock .data.tenure) == "$tenure" ]] || fail "the lock's tenure is $(lock .data.tenure)"
        stays 3
        grep -q " START .* -$" "$RECORD" && fail "the unit had no LEADER_TERM"
        for host in $(others); do
                host_exec "$host" systemctl --quiet is-active "$UNIT" && fail "$UNIT is active on $host too"
        done
        return 0
}
