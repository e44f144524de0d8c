# SPDX-License-Identifier: Apache-2.0
# KillMode=process would leave children behind: the unit is not started, and STATUS has the reason and the cure.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        local host
        conf_add 'defaults = { cooldown = "2s"; cooldown_max = "2s"; };'
        unit_options --children=2
        for host in "${LAB_HOSTS[@]}"; do
                unit_dropin "$host" 50-test.conf '[Service]' KillMode=process
        done
        start_agents "${LAB_HOSTS[@]}"
        for host in "${LAB_HOSTS[@]}"; do
                shows "$host" "KillMode=process leaves processes behind when the unit stops; cure: mkdir -p"
        done
        nobody 3
        unit_dropin web-2 50-test.conf '[Service]' KillMode=control-group
        takes_over 40 web-2
        must host_exec web-2 leaderctl step-down "$LOCK"
        ends 10
}
