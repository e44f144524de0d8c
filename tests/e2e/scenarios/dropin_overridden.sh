# SPDX-License-Identifier: Apache-2.0
# An admin overrides the unit that runs by a drop-in of his own, which undoes how it has to stop. Lease: it is stopped, with
# reason and cure. Life: it runs on, this is reported, and the next start is refused.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader
        unit_dropin "$host" 90-admin.conf '[Service]' SendSIGKILL=no KillMode=none
        in_journal "$host" "leaves processes behind when the unit stops"
        if [[ $tenure == life ]]; then
                shows "$host" "KillMode=none leaves processes behind when the unit stops; cure: "
                stays 3
                unit_dropin "$host" 90-admin.conf '[Service]' KillMode=mixed
                must host_exec "$host" leaderctl step-down "$LOCK"
        fi
        takes_over 20 $(others)
        stays 3
        lock_names "$leader"
}
