# SPDX-License-Identifier: Apache-2.0
# The unit asks systemd for more time to stop, again and again. Lease: it is not started like that, STATUS has the cure. Life:
# leader-guard kills it when the stop timeout is over.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        for host in "${LAB_HOSTS[@]}"; do
                unit_dropin "$host" 50-test.conf '[Service]' Type=notify NotifyAccess=all ExecStart= \
                        "ExecStart=/bin/bash -c 'trap \"\" TERM; /usr/libexec/recorder --ignore-term /lab/record & systemd-notify --ready; while :; do systemd-notify EXTEND_TIMEOUT_USEC=30000000; sleep 0.2; done'"
        done
        if [[ $tenure == lease ]]; then
                start_agents "${LAB_HOSTS[@]}"
                for host in "${LAB_HOSTS[@]}"; do
                        shows "$host" "Type=notify lets the unit extend its own stop (EXTEND_TIMEOUT_USEC); under tenure life it may; cure: mkdir -p"
                done
                nobody 3
                return
        fi
        begin
        local since=$(at)
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 15 $(others)
        (($(at) - since < 8000)) || fail "the stop took $(($(at) - since)) ms"
        stays 2
}
