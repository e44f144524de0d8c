# SPDX-License-Identifier: Apache-2.0
# /run/leader-agent is removed under the leader's running guard, and the unit is to stop: that cannot be recorded, so nobody
# is told that it stopped. The journal says what to type; typed, the lock frees, and the host can lead again.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        stays 1
        local host=$leader cure
        must host_exec "$host" rm -rf /run/leader-agent
        [[ $tenure == lease ]] || must host_exec "$host" leaderctl step-down "$LOCK" # (a renewal finds it by itself)
        in_journal "$host" "somebody removed it: systemctl restart"
        cure=$(host_journal "$host" -u leader-guard -o cat | grep -o 'removed it: systemctl restart [a-z. -]*' | tail -n 1)
        must host_exec "$host" sh -c "${cure#removed it: }"
        settles 40
        stays 2
        # … and leads, when it is the only one that can.
        [[ $leader != "$host" ]] || return 0
        local other
        for other in $(printf '%s\n' "${LAB_HOSTS[@]}" | grep -vx "$host"); do
                must host_exec "$other" systemctl stop leader-agent.service
        done
        takes_over 40 "$host"
        stays 1
}
