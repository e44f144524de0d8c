# SPDX-License-Identifier: Apache-2.0
# Several units under one lock, one of them a timer with its job. A step-down moves them all, one after the other; so does one
# of them that fails; a guard that is killed between two starts goes on with the next one.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local last host
        list_configure
        begin
        list_is_up "$leader"
        list_is_down $(others)
        list_job_runs "$leader"
        last=$leader
        must host_exec "$last" leaderctl step-down "$LOCK"
        takes_over 20 $(others)
        list_is_up "$leader"
        list_is_down "$last"
        list_job_runs "$leader"
        # Between two starts.
        last=$leader
        must host_exec "$last" leaderctl step-down "$LOCK"
        coming() { for host in $(others); do [[ $(host_exec "$host" systemctl is-active op@addr.service) == activating ]] && return; done; return 1; }
        wait_for 20 coming || fail "nobody starts op@addr.service"
        hit "$host" leader-guard KILL
        takes_over 30 $(others)
        list_is_up "$leader"
        list_is_down "$last"
        # One of them fails: all go.
        last=$leader
        must host_exec "$last" systemctl kill -s KILL op@addr.service
        takes_over 20 $(others)
        in_journal "$last" "op@addr.service: "
        list_is_down "$last"
        list_is_up "$leader"
        list_job_runs "$leader"
        list_judged
}
