# SPDX-License-Identifier: Apache-2.0
# Nobody can connect to the API server for longer than any lease. When it is back nobody sits out what he waits for after
# the first answer: the host that then leads does so within a second of it.
variants="lease"
scenario() {
        . "$here/faults_api.sh"
        local lag
        relays_up
        begin
        relays_end
        ends 5
        nobody 40
        relays_start
        takes_over 45 "${LAB_HOSTS[@]}"
        wait_for 5 leads_again
        lag=$(lag_of_leader)
        [[ -n $lag ]] || fail "$leader does not say that the API server answers again, or not that it leads"
        ((lag < 1000)) || fail "$leader led only $lag ms after the first answer"
        stays 2
}

leads_again() { [[ -n $(lag_of_leader) ]]; }
# From the last "answers again" of the leader's journal to the "leading" behind it, in ms.
lag_of_leader() {
        host_journal "$leader" -o short-unix -u leader-agent |
                awk '/API: answers again/ { a = $1; l = 0 } a && /: leading; / { l = $1 } END { if (l) printf "%d", (l - a) * 1000 }'
}
