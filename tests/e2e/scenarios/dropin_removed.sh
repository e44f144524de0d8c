# SPDX-License-Identifier: Apache-2.0
# An admin removes the drop-in of the unit that runs. Lease: nothing would stop the unit when the guard is gone, so it is
# stopped now. Life: it runs on, this is reported, and the next start is refused until it is enrolled again. With leaderctl he cannot
# under a lease: it refuses to enrol the unit for life, and what it prints then works.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        conf_add 'defaults = { cooldown = "2s"; cooldown_max = "2s"; };'
        begin
        local host=$leader
        rm "$(dropin_dir "$host")/zz-leader-agent.conf"
        must host_exec "$host" systemctl daemon-reload
        in_journal "$host" "no gate: AssertPathExists="
        if [[ $tenure == life ]]; then
                shows "$host" "; cure: leaderctl enroll"
                stays 3
                must host_exec "$host" leaderctl step-down "$LOCK"
        fi
        takes_over 20 $(others)
        for other in $(others); do
                [[ $other == "$host" ]] || must host_exec "$other" systemctl stop leader-agent
        done
        must host_exec "$leader" systemctl stop leader-agent
        ends 5
        shows "$host" "; cure: leaderctl enroll"
        nobody 3
        unit_enroll "$host"
        takes_over 40 "$host"
        stays 2
        [[ $tenure == lease ]] || return 0
        local said
        said=$(host_exec "$host" leaderctl enroll --tenure life "$UNIT" 2>&1) && fail "enrolled for life under a lease: $said"
        stays 1
        must host_exec "$host" bash -c "$(sed -n 's/^    leaderctl step-down/leaderctl step-down/p' <<<"$said")"
        ends 5
        nobody 1
        unit_enroll "$host"
        takes_over 40 "$host"
}
