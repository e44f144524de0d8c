# SPDX-License-Identifier: Apache-2.0
# The unit's own Restart= never gives up: after restart_limit restarts the lock moves on to a host where it works.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        conf_add 'defaults = { restart_limit = 3; cooldown = "30s"; };'
        for host in "${LAB_HOSTS[@]}"; do
                unit_dropin "$host" 50-test.conf '[Unit]' StartLimitIntervalSec=0 '[Service]' Restart=always RestartSec=300ms
        done
        echo "RECORDER_OPTIONS=--crash-after=200" >"$(host_root web-1)/etc/recorder.env"
        start_agents web-1
        in_journal web-1 "the unit was restarted too often"
        role_is web-1 cooldown
        nobody 1
        (($(runs_so_far) >= 4 && $(runs_so_far) <= 6)) || fail "$(runs_so_far) runs, wanted 4 to 6"
        start_agents web-2 web-3
        takes_over 10 web-2 web-3
        stays 3
}
