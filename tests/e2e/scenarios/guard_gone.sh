# SPDX-License-Identifier: Apache-2.0
# The leader's guard is killed, and its program is gone. Life: the unit runs on, and nobody else may start it, even when the
# lock is deleted, until a guard has stopped it. Lease: systemd stops the unit, the agent lets the lease lapse, another host leads.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        local host=$leader
        must host_exec "$host" mv /usr/sbin/leader-guard /usr/sbin/leader-guard.away
        hit "$host" leader-guard KILL
        if [[ $tenure == life ]]; then
                stays 5
                must api DELETE "$(lock_path)" >/dev/null
                stays 5
        else
                ends 4
                takes_over 30 $(others)
                stays 3
        fi
        shows "$host" "leader-guard"
        must host_exec "$host" mv /usr/sbin/leader-guard.away /usr/sbin/leader-guard
        [[ $tenure == lease ]] || takes_over 25 "${LAB_HOSTS[@]}"
        settles 20
        stays 2
}
