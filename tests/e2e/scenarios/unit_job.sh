# SPDX-License-Identifier: Apache-2.0
# A job (Type=oneshot) that a timer, enabled on every host, starts again and again: both are up on the leader only, under one lock,
# also when leader-guard is restarted in between. After a step-down, and once it fails, another host goes on with it; the timer of
# the one before is down, and tries nothing.
variants="life lease"
timer_down() { [[ $(host_exec "$1" systemctl is-active "$timer") == inactive ]]; }
# Its timer is down, and systemd refused nothing since it was enrolled.
quiet() { # HOST…
        local host said
        for host; do
                wait_for 3 timer_down "$host" || fail "the timer ticks on $host"
                said=$(host_journal "$host" -b -o cat | sed '1,/enrolled: from here/d' | grep -E "ssert.*${UNIT%.service}")
                [[ -z $said ]] || fail "$host: $said"
        done
}
scenario() {
        . "$here/faults_host.sh"
        local host uid last timer=${UNIT%.service}.timer
        for host in "${LAB_HOSTS[@]}"; do
                echo "RECORDER_OPTIONS=--exit-after=700" >"$(host_root "$host")/etc/recorder.env"
                printf '%s\n' '[Timer]' 'OnCalendar=*:*:0/2' AccuracySec=50ms '[Install]' WantedBy=timers.target \
                        >"$(host_root "$host")/etc/systemd/system/$timer"
                unit_dropin "$host" 50-test.conf '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=oneshot
                must host_exec "$host" systemctl --quiet enable "$timer"
                unit_enroll "$host"
                must host_exec "$host" logger "enrolled: from here"
        done
        begin
        uid=$(lock .metadata.uid)
        ends 3
        takes_over 5 "$leader"
        ends 3
        shows "$leader" "keeps the lock for its next start here"
        must host_exec "$leader" systemctl restart leader-guard
        takes_over 5 "$leader"
        takes_over 5 "$leader"
        [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not kept"
        quiet $(others)
        last=$leader
        ends 3
        must host_exec "$last" leaderctl step-down "$LOCK"
        takes_over 20 $(others)
        quiet "$last"
        takes_over 5 "$leader"
        last=$leader
        echo "RECORDER_OPTIONS=--fail" >"$(host_root "$last")/etc/recorder.env"
        takes_over 20 $(others)
        in_journal "$last" "the unit failed: failed, Result=exit-code"
        takes_over 5 "$leader"
        quiet "$last"
}
