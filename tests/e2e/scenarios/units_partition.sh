# SPDX-License-Identifier: Apache-2.0
# Several units under one lock, one of which does not end by itself: without network, and when the host is gone. Under a lease
# all of them are over before another host starts the first one; for life they run on, and a dead host keeps its lock.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local last
        for last in "${LAB_HOSTS[@]}"; do
                echo "RECORDER_OPTIONS=--ignore-term" >"$(host_root "$last")/etc/recorder.env"
        done
        list_configure
        begin
        list_is_up "$leader"
        last=$leader
        net_cut "$last"
        if [[ $tenure == life ]]; then
                stays 10
                list_is_up "$last"
                net_heal "$last"
                stays 3
                must host_exec "$last" leaderctl step-down "$LOCK"
                takes_over 40 $(others)
                list_is_down "$last"
                host_crash "$leader"
                nobody 8
                lock_names "$leader"
        else
                takes_over 30 $(others)
                list_is_down "$last"
                list_is_up "$leader"
                net_heal "$last"
                stays 3
                list_is_down "$last"
                last=$leader
                host_crash "$last"
                takes_over 30 $(others)
                list_is_up "$leader"
                list_job_runs "$leader"
        fi
        list_judged
}
