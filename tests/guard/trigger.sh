#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sockets, paths and timers that start a unit are up where the unit may be, and nowhere else: they start with it, stop with
# its permit whatever became of it, and no start of theirs is refused. Sourced by check.sh, with the units of stage.sh (t-…).

since=0
mark() { since=$(in_host date +%s.%N); }
# Since the last mark systemd refused no start of the unit, and no trigger gave up.
quiet() { # UNIT
        local said
        said=$(in_host journalctl --no-pager -o cat --since "@$since" | grep -E "(ssert.*|refus.*)${1%.*}|${1%.*}.*(ssert|trigger-limit|refus)")
        [[ -z $said ]] || { echo "# ${said//$'\n'/$'\n'# }"; return 1; }
}
up() { local u; for u; do in_host systemctl -q is-active "$u" || { echo "# $u is not up"; return 1; }; done; }
down() { local u; for u; do active "$u" inactive || { echo "# $u is $(in_host systemctl show -P ActiveState "$u")"; return 1; }; done; }
ran() { in_host sh -c 'wc -l </run/t-job 2>/dev/null || echo 0'; }
ran_since() { (($(ran) > $1)); }
connects() { in_host bash -c '</dev/tcp/127.0.0.1/7777' 2>/dev/null; }
# told WORDS (of UNIT.…): --check says so and fails; the cure beside it, typed, and nothing of it is left.
told() {
        local out cure unit=${1%%.*}.service
        out=$(in_host leaderctl enroll --check --tenure life "$unit" 2>&1) && { echo "# nothing is wrong: $out"; return 1; }
        out=$(grep -A 1 -E "$1" <<<"$out") || { echo "# not told"; return 1; }
        cure=$(sed -n 's/^    cure: //p' <<<"$out" | head -n 1)
        in_host bash -c "$cure" >/dev/null 2>&1
        wait_for 3 in_host leaderctl enroll --check --tenure life "$unit" || in_host leaderctl enroll --check --tenure life "$unit"
}
enrolled_files() { in_host sh -c 'ls -d /etc/systemd/system/t-*.d /etc/leader-agent/t-*.d 2>/dev/null; true'; }

# ---- enrolment ----
check "triggers: before enrolment the timer runs its job" wait_for 5 ran_since 0
mark
check "triggers: enrolment names each, and stops what is up where the unit may not be" \
        says 't-job.timer.d/zz-leader-agent.conf: starts and stops with the unit.*stopped t-job.timer, which starts the unit: it will start with it.*t-job.service: enrolled' \
        in_host leaderctl enroll --tenure life t-job.service
check "… so that nothing is refused" eval 'in_host sleep 2.2; down t-job.timer && quiet t-job'
check "… enrolled twice changes nothing" eval '! says "Wrote" in_host leaderctl enroll --tenure life t-job.service >/dev/null'
check "… a timer that is not enabled, and of another name, stays out until it is" eval \
        '! in_host test -e /etc/systemd/system/t-off.timer.d'
check "… one that the unit wants is in" in_host test -e /etc/systemd/system/t-other.timer.d/zz-leader-agent.conf
check "triggers: none starts without the unit" says 'ssertion failed' in_host systemctl start t-job.timer
check "… (which the journal has)" eval '! quiet t-job >/dev/null'
check "triggers: socket and path" says 'stopped t-sock.socket.*stopped t-sock.path|stopped t-sock.path.*stopped t-sock.socket' \
        in_host leaderctl enroll --tenure life t-sock.service
check "… the same again is the same" eval '! says "Wrote" in_host leaderctl enroll --tenure life t-sock.service >/dev/null'
check "… nobody listens" eval '! connects'

# ---- a job ----
check "triggers: the job is permitted" says '^ok starting' permit permit t-job.service J1 life 5000
n=$(ran)
check "… its timers started with it" wait_for 5 up t-job.timer t-other.timer
check "… and start it" wait_for 5 ran_since $((n + 2))
check "… it has ended under its permit, and does so again and again" wait_for 5 says '^ok ended .*permit=J1' permit query t-job.service
in_host systemctl stop t-job.timer
check "triggers: one that is down where the unit may be" told 't-job.timer is not up though'
mark
check "triggers: the permit of a job that is not running ends" says 'ok stopped final=1' permit revoke t-job.service J1 5000
check "… and its timers with it" wait_for 2 down t-job.timer t-other.timer t-job.service
n=$(ran)
check "… no start is tried" eval 'in_host sleep 2.2; quiet t-job && [[ $(ran) == "$n" ]]'

# ---- a service with a socket and a path ----
mark
check "triggers: the service is permitted" says '^ok starting' permit permit t-sock.service S1 life 5000
check "… it runs" says '^ok running' permit wait t-sock.service running 5
check "… with socket and path" up t-sock.socket t-sock.path
check "… which was up before it" eval \
        '(($(in_host systemctl show -P ActiveEnterTimestampMonotonic t-sock.socket) <= $(in_host systemctl show -P ActiveEnterTimestampMonotonic t-sock.service)))'
in_host systemctl stop t-sock.socket
check "triggers: a socket that is down beside its service" told 't-sock.socket is not up though'
check "… is up again" wait_for 5 up t-sock.service t-sock.socket t-sock.path
check "… under the permit" says '^ok running .*permit=S1' permit wait t-sock.service running 5
pid=$(in_host systemctl show -P MainPID t-sock.service)
in_host systemctl kill --kill-whom=main t-sock.service # with success: Restart=
restarted() { [[ $(in_host systemctl show -P MainPID t-sock.service) != @(0|"$pid") ]] && up t-sock.service t-sock.socket t-sock.path; }
check "triggers: Restart= keeps them" wait_for 5 restarted
in_host systemctl kill -s KILL t-sock.service
check "triggers: the service failed" says '^ok failed .*permit=S1' permit wait t-sock.service failed 5
check "… they are up still, and start it" eval 'connects && wait_for 5 up t-sock.service'
in_host systemctl kill -s KILL t-sock.service
wait_for 5 active t-sock.service failed
check "triggers: the permit of a failed service ends" says 'ok stopped final=1' permit revoke t-sock.service S1 5000
check "… and they with it" wait_for 2 down t-sock.socket t-sock.path
in_host touch /run/t-go
check "… nobody listens, nothing is tried" eval '! connects; in_host sleep 1; quiet t-sock'
in_host rm /run/t-go

# ---- a lease, the guard dies ----
check "triggers: enrolled for a lease" says 'enrolled for tenure lease' in_host leaderctl enroll --tenure lease --stop-timeout 2 t-sock.service
check "… permitted" says '^ok starting' permit permit t-sock.service S2 lease 60000 62000 2000
check "… runs" says '^ok running' permit wait t-sock.service running 5
in_host sh -c 'mkdir -p /run/systemd/system/leader-guard.service.d; printf "[Service]\nRestartSec=2\n" >/run/systemd/system/leader-guard.service.d/50-slow.conf; systemctl daemon-reload'
in_host systemctl kill -s KILL leader-guard
check "triggers: with the guard gone systemd stops them with the unit" wait_for 5 down t-sock.service t-sock.socket t-sock.path
check "… they come back with it" eval 'wait_for 15 up t-sock.service && up t-sock.socket t-sock.path'
in_host sh -c 'rm -r /run/systemd/system/leader-guard.service.d; systemctl daemon-reload'
check "… and go with it" says 'ok stopped final=1' permit revoke t-sock.service S2 2000
check "… all" wait_for 2 down t-sock.service t-sock.socket t-sock.path

# ---- what is wrong with them is told, and cured ----
check "triggers: nothing is wrong" in_host leaderctl enroll --check --tenure life t-job.service
in_host sh -c 'rm -r /etc/systemd/system/t-job.timer.d; systemctl daemon-reload; systemctl start t-job.timer'
check "triggers: one that lost its drop-in, and is up" told 't-job.timer starts the unit and is not enrolled'
check "… is down" down t-job.timer
in_host sh -c 'sed -i /PartOf/d /etc/systemd/system/t-job.timer.d/zz-leader-agent.conf; systemctl daemon-reload'
check "triggers: one that was enrolled without" told 't-job.timer starts the unit and is not enrolled'
in_host sh -c 'f=/etc/systemd/system/t-job.timer.d/zz-leader-agent.conf; mv $f /run/; systemctl daemon-reload; systemctl start t-job.timer; mv /run/zz-leader-agent.conf $f; systemctl daemon-reload'
check "triggers: one that is up though the unit may not run" told 't-job.timer is up though'
in_host sh -c 'printf "[Unit]\nAssertPathExists=\n" >/etc/systemd/system/t-job.timer.d/zzz-site.conf; systemctl daemon-reload'
check "triggers: one whose gate is taken away" told 't-job.timer .*applied after ours: .*t-job.timer.d/zzz-site.conf'
in_host rm /etc/systemd/system/t-job.timer.d/zzz-site.conf
in_host systemctl -q enable t-off.timer
check "triggers: one that is enabled later" told 't-job.service: t-off.timer starts the unit and is not enrolled'
check "… starts with the unit" in_host grep -q "^Wants=.*t-off.timer" /etc/systemd/system/t-job.service.d/zz-leader-agent.conf
in_host systemctl -q disable t-off.timer
check "triggers: one that is disabled is not started with the unit any more" eval \
        'in_host leaderctl enroll --tenure life t-job.service >/dev/null 2>&1; ! in_host grep -q "^Wants=.*t-off.timer" /etc/systemd/system/t-job.service.d/zz-leader-agent.conf'
in_host sh -c 'sed -i "s/^Unit=.*/Unit=plain.service/" /etc/systemd/system/t-off.timer; systemctl daemon-reload'
check "triggers: one that starts another unit now is let go" eval \
        'in_host leaderctl enroll --tenure life t-job.service >/dev/null 2>&1; ! in_host test -e /etc/systemd/system/t-off.timer.d'

# ---- one that is not enabled ----
in_host sh -c 'sed -i "s/^Unit=.*/Unit=t-job.service/" /etc/systemd/system/t-off.timer; systemctl daemon-reload; systemctl start t-off.timer'
check "triggers: one that was started by hand is stopped, and told to stay down" \
        says 'stopped t-off.timer, which starts the unit: it is not enabled, and will not start with it' in_host leaderctl enroll --tenure life t-job.service
check "… the same again" eval '! says "Wrote" in_host leaderctl enroll --tenure life t-job.service >/dev/null'
check "triggers: the job again" says '^ok starting' permit permit t-job.service J2 life 5000
wait_for 5 up t-job.timer
check "… by hand it starts there" in_host systemctl start t-off.timer
check "… and that it will not elsewhere is told" told 't-job.service: t-off.timer is up here and not enabled'
check "triggers: all of them go" eval 'says "ok stopped final=1" permit revoke t-job.service J2 5000 && wait_for 2 down t-job.timer t-other.timer t-off.timer'

# ---- boot, and the end ----
host_poweroff web-1; host_boot web-1; host_wait web-1
check "triggers: a boot starts none, and nothing has failed" eval 'down t-job.timer t-sock.socket t-sock.path && says "^running" in_host systemctl is-system-running'
check "triggers: enroll --remove" says 't-job.service: no longer enrolled' in_host leaderctl enroll --remove t-job.service
check "… of both" says 't-sock.service: no longer enrolled' in_host leaderctl enroll --remove t-sock.service
check "… leaves nothing" says '^$' enrolled_files
