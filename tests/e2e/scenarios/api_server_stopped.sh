# SPDX-License-Identifier: Apache-2.0
# The API server hangs for longer than any lease. Life: the leader leads. Lease: the unit is stopped, nobody leads, and
# soon after the server is back somebody does.
variants="life lease"
scenario() {
        begin
        local since=$(at)
        api_stop
        if [[ $tenure == life ]]; then
                stays 60
                api_cont
                stays 4
                lock_names "$leader"
        else
                ends 5
                nobody 15
                api_cont
                takes_over 30 "${LAB_HOSTS[@]}"
                stays 2
        fi
}
