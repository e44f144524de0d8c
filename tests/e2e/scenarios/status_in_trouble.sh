# SPDX-License-Identifier: Apache-2.0
# The hosts lose the network: each says so first in its status, with what it means there; the journal has one record when
# it begins and one when it ends. Stopped, the agent says what became of the lock.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        . "$here/faults_host.sh"
        local host meaning="runs on, no hand-over possible"
        [[ $tenure == life ]] || meaning="is stopped at"
        # Time enough to be read before the unit is stopped.
        AGENTS_TIMING="60s 30s 1200ms 3510ms 2s 1500ms" agents_configure "$tenure" "$placeholder"
        begin
        status_has 5 "$leader" "Leader of $AGENTS_NS/$LOCK ($tenure) since "
        status_has 5 "$leader" "; unit running"
        for host in $(others); do
                status_has 5 "$host" "$leader leads since "
        done
        for host in "${LAB_HOSTS[@]}"; do
                net_cut "$host"
        done
        status_has 20 "$leader" "API UNREACHABLE since"
        _status_has "$leader" "$UNIT $meaning" || fail "$leader does not say what it means: $(status_text "$leader")"
        for host in $(others); do
                status_has 20 "$host" "API UNREACHABLE since"
                _status_has "$host" "a free lock is not seen" || fail "$host: $(status_text "$host")"
        done
        for host in "${LAB_HOSTS[@]}"; do
                net_heal "$host"
        done
        stays 5
        settles 10
        for host in "${LAB_HOSTS[@]}"; do
                wait_for 20 _status_lacks "$host" UNREACHABLE || fail "$host still says: $(status_text "$host")"
                in_journal "$host" "API: answers again"
        done
        [[ $(host_journal "$leader" -u leader-agent -o cat | grep -c "API UNREACHABLE") == 1 ]] ||
                fail "the journal of $leader does not have it once"
        must host_exec "$leader" systemctl stop leader-agent
        [[ $(status_text "$leader") == "Stopped; $AGENTS_NS/$LOCK released at "* ]] ||
                fail "stopped, $leader says: $(status_text "$leader")"
        takes_over 30 $(others)
        stays 2
}
_status_has() { [[ $(status_text "$1") == *"$2"* ]]; }
_status_lacks() { [[ $(status_text "$1") != *"$2"* ]]; }
status_has() { # SECONDS HOST WORDS…
        wait_for "$1" _status_has "$2" "${*:3}" || fail "$2 does not say '${*:3}': $(status_text "$2")"
}
