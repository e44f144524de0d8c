# SPDX-License-Identifier: Apache-2.0
# The API server is killed and started again. Life: the leader leads, and still can hand over afterwards. Lease: the unit
# is stopped in time, and soon after the server is back somebody leads.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        part_kill api
        if [[ $tenure == life ]]; then
                stays 3
                part_start api
                must wait_for 60 api GET /readyz
                stays 4
                lock_names "$leader"
                must host_exec "$leader" leaderctl step-down "$LOCK"
                takes_over 40 $(others)
        else
                ends 5
                nobody 3
                part_start api
                must wait_for 60 api GET /readyz
                takes_over 40 "${LAB_HOSTS[@]}"
        fi
        settles 20
        stays 2
}
