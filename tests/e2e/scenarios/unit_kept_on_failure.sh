# SPDX-License-Identifier: Apache-2.0
# on_failure = "keep": the unit fails, and the lock is kept for the human who looks after it.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        conf_add 'defaults = { on_failure = "keep"; };'
        begin
        local uid=$(lock .metadata.uid) pid
        pid=$(main_pid "$leader" "$UNIT")
        must host_exec "$leader" kill -KILL "$pid"
        ends 3
        nobody 10
        shows "$leader" "keeps the lock and waits for you"
        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not kept"
        # … also by the next guard and the next agent.
        must host_exec "$leader" systemctl restart leader-guard
        nobody 3
        must host_exec "$leader" systemctl restart leader-agent
        nobody 3
        shows "$leader" "keeps the lock and waits for you"
        must host_exec "$leader" systemctl reset-failed "$UNIT"
        must host_exec "$leader" systemctl start "$UNIT"
        takes_over 5 "$leader"
        stays 3
        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not kept"
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 15 $(others)
        stays 2
}
