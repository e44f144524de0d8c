# SPDX-License-Identifier: Apache-2.0
# A job (Type=oneshot) that a timer of every host starts again and again: it runs on the leader only, under one lock, also when
# leader-guard is restarted in between. Once it fails, that is told, and another host goes on with it.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host uid last timer=${UNIT%.service}.timer
        for host in "${LAB_HOSTS[@]}"; do
                echo "RECORDER_OPTIONS=--exit-after=700" >"$(host_root "$host")/etc/recorder.env"
                printf '%s\n' '[Timer]' 'OnCalendar=*:*:0/2' AccuracySec=50ms >"$(host_root "$host")/etc/systemd/system/$timer"
                unit_dropin "$host" 50-test.conf '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=oneshot
                unit_enroll "$host"
                must host_exec "$host" systemctl start "$timer"
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
        last=$leader
        echo "RECORDER_OPTIONS=--fail" >"$(host_root "$last")/etc/recorder.env"
        takes_over 20 $(others)
        in_journal "$last" "the unit failed: failed, Result=exit-code"
}
