# SPDX-License-Identifier: Apache-2.0
# A standby loses its drop-in (systemctl revert, configuration management): it says so, with the cure, and does not compete,
# also when the leader goes. The cure, typed, brings it back at once.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host cure other
        for host in $(others); do
                [[ $host == "$leader" ]] || break
        done
        rm "$(dropin_dir "$host")/zz-leader-agent.conf"
        must host_exec "$host" systemctl daemon-reload
        shows "$host" "Blocked"
        shows "$host" "not enrolled, no gate: AssertPathExists="
        in_journal "$host" "this host does not compete: leader-guard would refuse to start $UNIT"
        for other in $(others); do
                [[ $other == "$host" ]] || must host_exec "$other" systemctl stop leader-agent
        done
        must host_exec "$leader" systemctl stop leader-agent
        ends 5
        nobody 5
        cure=$(status_text "$host" | sed -n 's/.*; cure: \([^;]*\);.*/\1/p')
        [[ -n $cure ]] || fail "no cure in: $(status_text "$host")"
        must host_exec "$host" sh -c "$cure"
        in_journal "$host" "$UNIT is fit again: this host takes part"
        takes_over 20 "$host"
        stays 2
}
