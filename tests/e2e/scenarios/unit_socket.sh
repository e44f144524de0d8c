# SPDX-License-Identifier: Apache-2.0
# A unit with a socket and a path, enabled on every host and up when it is enrolled: they are up where the unit is, also over its
# own Restart=, and go with it, at a step-down and when it has failed; elsewhere nothing listens, tries, or gives up.
variants="life lease"
# (Not by connecting: what nobody accepts would start the unit again when it has failed.)
listens() { host_exec "$1" ss -Htln 'sport = :7777' | grep -q .; }
up_at() { listens "$1" && host_exec "$1" systemctl --quiet is-active "$name.path"; }
at_rest() { ! listens "$1" && [[ $(host_exec "$1" systemctl is-active "$name.socket" "$name.path" | sort -u) == inactive ]]; }
# Nothing of the unit is up on these hosts, also when there is something to do, and systemd refused nothing since enrolment.
quiet() { # HOST…
        local host said
        for host; do
                wait_for 3 at_rest "$host" || fail "something that starts the unit is up on $host"
                must host_exec "$host" touch /run/go
        done
        stays 1
        for host; do
                at_rest "$host" || fail "something that starts the unit is up on $host"
                must host_exec "$host" rm /run/go
                said=$(host_journal "$host" -b -o cat | sed '1,/enrolled: from here/d' | grep -E "ssert.*$name|trigger-limit")
                [[ -z $said ]] || fail "$host: $said"
        done
}
scenario() {
        . "$here/faults_host.sh"
        local host last name=${UNIT%.service}
        for host in "${LAB_HOSTS[@]}"; do
                printf '%s\n' '[Socket]' "ListenStream=7777" '[Install]' WantedBy=sockets.target \
                        >"$(host_root "$host")/etc/systemd/system/$name.socket"
                printf '%s\n' '[Path]' 'PathExists=/run/go' '[Install]' WantedBy=multi-user.target \
                        >"$(host_root "$host")/etc/systemd/system/$name.path"
                unit_dropin "$host" 50-test.conf '[Service]' Restart=on-success RestartSec=100ms
                must host_exec "$host" systemctl --quiet enable --now "$name.socket" "$name.path"
                unit_enroll "$host"
                must host_exec "$host" logger "enrolled: from here"
        done
        begin
        wait_for 3 up_at "$leader" || fail "what starts the unit is not up on $leader"
        quiet $(others)
        hit "$leader" "$UNIT" TERM # with success: Restart= starts it again
        takes_over 5 "$leader"
        wait_for 3 up_at "$leader" || fail "what starts the unit is not up on $leader after its restart"
        last=$leader
        must host_exec "$last" leaderctl step-down "$LOCK"
        takes_over 20 $(others)
        wait_for 3 up_at "$leader" || fail "what starts the unit is not up on $leader"
        quiet "$last"
        last=$leader
        hit "$last" "$UNIT" KILL
        takes_over 20 $(others)
        quiet "$last"
}
