#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sourced by check.sh: everything that ARCHITECTURE 1 says somebody with the agent's uid can, and cannot, do through
# leader-guard, tried as that user. app.service is enrolled and idle, refuse.service and plain.service run and are not enrolled.

as_agent() { in_host setpriv --reuid leader-agent --regid leader-agent --init-groups "$@"; }
hostile() { as_agent /usr/libexec/permit "$@"; }
pid_of() { in_host systemctl show -P MainPID "$1"; }
same_pid() { [[ $2 -gt 1 && $(pid_of "$1") == "$2" ]]; }
n_revoked() { in_host sh -c 'ls /run/leader-agent/revoked | wc -l'; }
# refused PATTERN UNIT: neither REVOKE, EVICT nor PERMIT does anything to it
refused() {
        says "$1" hostile revoke "$2" H1 100 && says "$1" hostile evict "$2" H2 100 && says "$1" hostile permit "$2" H3 life 100
}

in_host systemctl start plain.service refuse.service
journald=$(pid_of systemd-journald.service) plain=$(pid_of plain.service) refuse=$(pid_of refuse.service) pid1=$(in_host readlink /proc/1/exe)
recorded=$(n_revoked)

# ---- what it cannot do ----
for u in system.slice -.slice sysinit.target init.scope -.mount dbus.socket ../app.service 'app@.service'; do
        check "hostile: $u is no service" refused '^request .*not the name of a service unit' "$u"
done
for u in plain.service refuse.service systemd-journald.service; do
        check "hostile: $u is not enrolled" refused '(^|
)enroll ' "$u"
done
in_host sleep 1
check "hostile: … and runs on" eval \
        'same_pid plain.service "$plain" && same_pid refuse.service "$refuse" && same_pid systemd-journald.service "$journald" && populated plain.service && populated refuse.service'
check "hostile: … and has no stop job" says '^No jobs' in_host systemctl list-jobs
check "hostile: a unit that there is not" says 'ok stopped final=1' hostile revoke invented.service H4 100
check "hostile: the agent was told of the refusal, and the journal" says 'plain.service: is to be stopped for the agent, but it is not enrolled' \
        in_host journalctl --no-pager -u leader-guard
check "hostile: no kill at once: permit" says '^request .*100 ms or more' hostile permit app.service H5 life 99
check "hostile: no kill at once: instants" says '^request .*100 ms or more' hostile permit app.service H5 lease 1000 1050 2000
check "hostile: an overdue permit" says '^overdue ' hostile permit app.service H6 lease -3000 -1000 2000
check "hostile: invented uids are written nowhere" eval '[[ $(n_revoked) == "$recorded" ]]'
check "hostile: no gate, no permit, no list entry of its own making" eval \
        '! as_agent touch /run/leader-agent/leading/plain.service && ! as_agent touch /run/leader-agent/permits/plain.service && ! as_agent mkdir -p /etc/leader-agent/plain.service.d'
check "hostile: systemd itself obeys it no more than anybody" eval \
        '! as_agent systemctl --no-ask-password stop plain.service && ! as_agent systemctl --no-ask-password start app.service && same_pid plain.service "$plain"'

# ---- what it can do ----
check "hostile: it starts an enrolled unit under an invented lock uid" says '^ok starting' hostile permit app.service H7 life 5000
check "hostile: … it runs" says '^ok running .*permit=H7' hostile wait app.service running 5
check "hostile: it stops an enrolled unit" says 'ok stopped final=1' hostile revoke app.service H7 100
check "hostile: … and one that runs without a permit" eval \
        'in_host sh -c "systemctl start sleeper.service; leaderctl enroll --adopt --tenure life sleeper.service" >/dev/null; says "^ok (stopping|stopped)" hostile evict sleeper.service H8 100'
in_host sh -c 'systemctl stop sleeper.service; leaderctl enroll --remove sleeper.service' >/dev/null
check "hostile: a term that was is recorded" eval '[[ $(n_revoked) == $((recorded + 1)) ]]'

# ---- the sandbox of the guard itself ----
# What docs and unit say it does not hold: uid 0 is all of PID 1.
check "hostile: a guard that is taken over would be root: its sandbox reaches systemd" says 'uid=0' \
        in_host sh -c 'systemd-run -q --wait --pipe -p CapabilityBoundingSet= -p NoNewPrivileges=yes -p ProtectSystem=strict -p PrivateDevices=yes -p RestrictAddressFamilies=AF_UNIX systemd-run -q --wait --pipe id'
check "hostile: the host is as it was" eval '[[ $(in_host readlink /proc/1/exe) == "$pid1" ]] && same_pid systemd-journald.service "$journald"'
in_host systemctl stop plain.service refuse.service
