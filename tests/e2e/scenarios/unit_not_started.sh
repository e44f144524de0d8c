# SPDX-License-Identifier: Apache-2.0
# systemd skips the start: a condition is not met, ExecCondition= says no, a unit that it needs fails. Each is told as what
# it is, the lock moves on, and the host where the unit starts leads.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        conf_add 'defaults = { cooldown = "1s"; cooldown_max = "1s"; };'
        unit_dropin web-1 50-test.conf '[Unit]' ConditionPathExists=/srv/none
        unit_dropin web-2 50-test.conf '[Service]' ExecCondition=/bin/false
        unit_enroll web-1
        unit_enroll web-2
        start_agents web-1 web-2
        in_journal web-1 "the unit failed or would not start: it was not started: ConditionPathExists=/srv/none was not met"
        in_journal web-2 "the unit failed or would not start: it was not started: ExecCondition= said no"
        nobody 1
        start_agents web-3
        takes_over_at_last 20 web-3
        stays 2
        printf '%s\n' '[Service]' Type=oneshot ExecStart=/bin/false >"$(host_root web-1)/etc/systemd/system/needed.service"
        unit_dropin web-1 50-test.conf '[Unit]' Requires=needed.service After=needed.service
        must host_exec web-3 leaderctl step-down --force "$LOCK"
        in_journal web-1 "it was not started: systemd dropped its start job"
        takes_over_at_last 40 web-3
}
