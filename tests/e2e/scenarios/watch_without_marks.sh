# SPDX-License-Identifier: Apache-2.0
# A server whose watches do not tell that nothing exists (Kubernetes before 1.32, and 1.33). The candidates' connections
# are reset and stall; meanwhile the leader steps down; when the way is open again a candidate notices at once that the
# lock is gone, and not at its verify_interval.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        marks_off
        relays_up
        begin
        local host
        for host in $(others); do
                relay "$host" stall both
                relay "$host" reset
        done
        sleep 2
        must host_exec "$leader" leaderctl step-down "$LOCK"
        ends 10
        must wait_for 10 lock_is_gone
        nobody 2
        local from=$(at)
        relay all flow
        takes_over 10 $(others)
        echo "led $(($(at) - from)) ms after the way was open" >"$LAB/note"
        settles 10
        stays 2
}
lock_is_gone() { [[ -z $(lock .metadata.uid) ]]; }
