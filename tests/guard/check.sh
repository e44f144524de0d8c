#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# leader-guard and `leaderctl enroll` in a real systemd host (systemd-nspawn), spoken to by tests/guard/permit in the agent's
# place. Prints ok / not ok per check. Needs root and what tests/lab needs; prints what is missing and skips otherwise.
#
#   GUARD_BUILD=DIR tests/guard/check.sh      DIR has leader-guard, leaderctl, tests/guard/permit
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")

if [[ -z ${GUARD_INSIDE:-} ]]; then
        if ((EUID != 0)); then
                echo "ok leader-guard under systemd # SKIP needs root"
                exit 0
        fi
        if ! command -v systemd-nspawn >/dev/null || ! command -v debootstrap >/dev/null; then
                echo "ok leader-guard under systemd # SKIP apt-get install systemd-container debootstrap iproute2"
                exit 0
        fi
        base=$(mktemp -d "${TMPDIR:-/tmp}/leader-guard-check.XXXXXX") || exit 1
        trap 'rm -rf "$base"' EXIT
        "$here/stage.sh" "$GUARD_BUILD" "$base" || exit 1
        GUARD_INSIDE=1 "$here/../lab/run.sh" --base="$base" bash "$0"
        exit
fi

. "$here/../lab/lab.sh"

failed=0
ok() { echo "ok guard: $1"; }
not_ok() {
        echo "not ok guard: $1"
        failed=1
        { echo "--- status"; in_host systemctl --no-pager -n 20 status leader-guard; echo "--- journal"; in_host journalctl -n 40 --no-pager; } 2>&1 | sed 's/^/# /'
}
in_host() { host_exec web-1 "$@"; }
permit() { in_host /usr/libexec/permit "$@"; }
# check NAME COMMAND…
check() {
        local name=$1
        shift
        if "$@"; then ok "$name"; else not_ok "$name"; fi
}
# says PATTERN COMMAND…: the output matches the extended regular expression
says() {
        local pattern=$1 out
        shift
        out=$("$@" 2>&1)
        [[ $out =~ $pattern ]] || { echo "# said: $out"; echo "# expected: $pattern"; return 1; }
}
active() { [[ $(in_host systemctl show -P ActiveState "$1") == "$2" ]]; }
gate() { in_host test -e "/run/leader-agent/leading/$1"; }
no_gate() { ! gate "$1"; }
freeze_guard() { [[ $1 -gt 1 ]] && in_host kill -STOP "$1"; }
guard_pid() { in_host systemctl show -P MainPID leader-guard; }
new_guard() { local pid; pid=$(guard_pid); [[ $pid != 0 && $pid != "$1" ]] && in_host systemctl -q is-active leader-guard; }
populated() { [[ $(in_host sh -c "grep -c 'populated 1' /sys/fs/cgroup/system.slice/$1/cgroup.events 2>/dev/null || true") == 1 ]]; }
empty() { ! populated "$1"; }

lab_up 1 || exit 1
check "the guard runs and is ready" wait_for 5 in_host systemctl -q is-active leader-guard

# ---- enrolment ----
check "permit for a unit that is not enrolled is refused, with the cure" \
        says '^enroll stopped .*no gate: AssertPathExists.*cure: leaderctl enroll --tenure life app.service' permit permit app.service A1 life 5000
check "enroll --check says so, too" says 'no gate.*leaderctl enroll' in_host leaderctl enroll --check --tenure life app.service
check "enroll life" says 'app.service: enrolled for tenure life' in_host leaderctl enroll --tenure life app.service
check "enroll again changes nothing" says 'Already there' in_host leaderctl enroll --tenure life app.service
check "enroll lease" says 'enrolled for tenure lease' in_host leaderctl enroll --tenure lease --stop-timeout 2 stubborn.service
check "lease needs a stop timeout" says 'needs --stop-timeout' in_host leaderctl enroll --tenure lease sleeper.service
check "enroll of a unit that does not exist" says 'systemd knows no unit nothing.service' in_host leaderctl enroll --tenure life nothing.service
check "enroll of a masked unit" says 'is masked; run: systemctl unmask' in_host leaderctl enroll --tenure life masked.service
check "enroll of a notify unit for lease says why not" says 'Type=notify lets the unit extend' in_host leaderctl enroll --tenure lease --stop-timeout 2 notify.service
check "enroll of KillMode=process says why not" says 'KillMode=process leaves processes' in_host leaderctl enroll --tenure life killmode.service
check "the socket of a unit gets the gate, too" says 'activated.socket.d/zz-leader-agent.conf' in_host leaderctl enroll --tenure life activated.service
check "… and does not start without" says 'ssert' in_host systemctl start activated.socket
check "enroll --remove" says 'no longer enrolled' in_host leaderctl enroll --remove activated.service
check "… removes both" in_host sh -c '! ls /etc/systemd/system/activated.*.d 2>/dev/null | grep .'
check "without root" says 'run it as root' in_host setpriv --reuid 65534 --clear-groups leaderctl enroll app.service
check "--check without root" says 'enrolled for tenure life' in_host setpriv --reuid 65534 --clear-groups leaderctl enroll --check --tenure life app.service

. "$here/cures.sh"

# ---- life ----
check "manual start is refused by the gate" says 'Assert|assert' in_host systemctl start app.service
check "permit for a unit that does not exist" says '^unit .*systemd knows no unit' permit permit nothing.service N1 life 5000
check "permit for a masked unit" says '^unit .*is masked' permit permit masked.service M1 life 5000
check "permit starts the unit" says '^ok starting final=0 revoked=0 permit=A1' permit permit app.service A1 life 5000
check "… it runs" says '^ok running' permit wait app.service running 5
check "… with its environment" says 'LEADER_TERM=4711.*LEADER_LOCK=default/test-lock.*LEADER_LOCK_UID=A1.*LEADER_IDENTITY=web-1-0011aabb' \
        in_host sh -c 'tr "\0" " " < /proc/$(systemctl show -P MainPID app.service)/environ | tr -s " "; true'
check "status says so" wait_for 5 says 'app.service: running, permitted for life .lock default/test-lock' in_host systemctl show -P StatusText leader-guard
check "the same permit again" says '^ok running' permit permit app.service A1 life 5000
check "another uid is refused" says '^busy running .*permit=A1' permit permit app.service A2 life 5000
pid=$(in_host systemctl show -P MainPID app.service) guard=$(guard_pid)
in_host systemctl kill -s KILL --kill-whom=main leader-guard
check "guard killed: it comes back" wait_for 10 new_guard "$guard"
check "… takes the permit up, the unit ran on" says "^ok running .*permit=A1 pid=$pid " permit wait app.service running 5
guard=$(guard_pid)
in_host systemctl restart leader-guard
check "guard restarted: the unit runs on" says "^ok running .*permit=A1 pid=$pid " permit wait app.service running 5
in_host systemctl daemon-reexec
check "systemd re-executed: the unit runs on" says "^ok running .*permit=A1 pid=$pid " permit wait app.service running 5
guard=$(guard_pid)
freeze_guard "$guard"
check "guard stopped (SIGSTOP): killed by the watchdog, comes back" wait_for 15 new_guard "$guard"
check "… the unit ran on" says "^ok running .*pid=$pid " permit wait app.service running 5
in_host systemctl kill -s KILL app.service
check "Restart= of systemd goes through the gate" wait_for 10 says '^ok running' permit query app.service
in_host systemctl stop app.service
check "unit stopped by hand: ended, permit stays" says '^ok ended .*permit=A1.*the unit ended with success' permit wait app.service ended 5
in_host systemctl start app.service
check "a human may start it again" says '^ok running .*permit=A1' permit wait app.service running 5
out=$(permit revoke app.service A1 5000)
check "revoke: interim, then final" says '^ok stopping final=0 revoked=1.*
ok stopped final=1 revoked=1' echo "$out"
check "… stopped, gate gone" eval 'active app.service inactive && no_gate app.service && empty app.service'
check "… the uid is never permitted again" says '^revoked ' permit permit app.service A1 life 5000
in_host systemctl kill -s KILL leader-guard; wait_for 10 new_guard 0
check "… nor by the next guard" says '^revoked ' permit permit app.service A1 life 5000
check "revoke of an unknown uid while idle" says 'ok stopped final=1 revoked=1' permit revoke app.service A9 5000

# ---- lease ----
check "lease: permit with instants" says '^ok starting' permit permit stubborn.service B1 lease 60000 62000 2000
check "… runs" says '^ok running' permit wait stubborn.service running 5
check "lease: a shorter one" says '^ok running' permit permit stubborn.service B1 lease 300 1300 2000
check "… at the first instant it is being stopped" wait_for 5 says '^ok (stopping|stopped)' permit query stubborn.service
check "… at the second it is killed and seen stopped" says '^ok stopped' permit wait stubborn.service stopped 5
check "… its uid is over" says '^revoked ' permit permit stubborn.service B1 lease 60000 62000 2000
check "lease: a permit that is already over" says '^overdue .*revoked=1' permit permit stubborn.service B2 lease 0 1000 2000
check "lease: permit" says '^ok starting' permit permit stubborn.service B3 lease 60000 62000 2000
permit wait stubborn.service running 5 >/dev/null
for how in "--tenure life" "--tenure lease --stop-timeout 3" --remove; do
        check "a lease is in force: enroll $how is refused, with the commands" \
                says "permitted under a lease .lock default/test-lock.*leaderctl step-down --force default/test-lock && while.*; leaderctl enroll $how stubborn" in_host leaderctl enroll $how stubborn.service
done
check "… nothing was changed, and the same again may be written" says 'Already there' in_host leaderctl enroll --tenure lease --stop-timeout 2 stubborn.service
check "… the unit ran on" says '^ok running .*permit=B3' permit query stubborn.service
guard=$(guard_pid)
in_host systemctl kill -s KILL leader-guard
check "lease, guard killed: systemd stops the unit (BindsTo)" wait_for 5 says '(de|in)activ|failed' in_host systemctl show -P ActiveState stubborn.service
check "… the guard comes back and starts it again under the permit" says '^ok running .*permit=B3' permit wait stubborn.service running 15
guard=$(guard_pid)
freeze_guard "$guard"
check "lease, guard hangs: killed by the watchdog" wait_for 10 new_guard "$guard"
check "… and the unit with it; up again under the permit" says '^ok running .*permit=B3' permit wait stubborn.service running 15
in_host sh -c 'printf "[Service]\nTimeoutStopSec=99\n" >/etc/systemd/system/stubborn.service.d/zzz.conf; systemctl daemon-reload'
check "lease: settings in force broken by an admin and daemon-reload: stepped down, with the reason" \
        says 'TimeoutStopSec=99000ms each|TimeoutStopSec=99000ms may take longer' in_host sh -c 'sleep 0.3; journalctl -u leader-guard --no-pager -n 30'
check "… stopped" says '^ok stopped' permit wait stubborn.service stopped 10
check "… and not permitted" says '^enroll .*TimeoutStopSec' permit permit stubborn.service B4 lease 60000 62000 2000
in_host sh -c 'rm /etc/systemd/system/stubborn.service.d/zzz.conf; systemctl daemon-reload'
check "the lease is over: enroll may loosen it" says 'enrolled for tenure life' in_host leaderctl enroll --tenure life stubborn.service
check "… and back" says 'enrolled for tenure lease' in_host leaderctl enroll --tenure lease --stop-timeout 2 stubborn.service

# ---- cgroups of its own ----
check "Delegate= is nothing to warn of" says '^(Wrote|Reloaded)[^!]*delegated.service: enrolled for tenure life' in_host leaderctl enroll --tenure life delegated.service
check "… no word of it" eval '! says "warning|note|cure" in_host leaderctl enroll --check --tenure life --stop-timeout 60 delegated.service >/dev/null'
check "… permitted" says '^ok starting' permit permit delegated.service L1 life 5000
check "… runs, in a cgroup below its own" wait_for 5 in_host grep -q . /sys/fs/cgroup/system.slice/delegated.service/a/b/cgroup.procs
check "… a revoke kills it there" says 'ok stopped final=1' permit revoke delegated.service L1 300
check "… to the last process" empty delegated.service

# ---- foreign, stale, broken ----
in_host systemctl start sleeper.service
check "a unit that runs without a permit is foreign" says '^ok foreign' permit query sleeper.service
check "… and, not enrolled, is neither permitted" says '^enroll ' permit permit sleeper.service C1 life 5000
check "… nor evicted" says '^enroll foreign .*cure: leaderctl enroll --adopt' permit evict sleeper.service C1 5000
check "… enrolling it while it runs is refused, with both commands" \
        says 'systemctl stop sleeper.service && leaderctl enroll --tenure life sleeper.service' in_host leaderctl enroll --tenure life sleeper.service
pid=$(in_host systemctl show -P MainPID sleeper.service)
check "… --adopt enrols it as it runs" says 'sleeper.service: enrolled for tenure life' in_host leaderctl enroll --adopt --tenure life sleeper.service
check "… a permit takes it over" says '^ok starting' permit permit sleeper.service C2 life 5000
check "… without a restart" says "^ok running .*permit=C2 pid=$pid " permit wait sleeper.service running 5
check "… no eviction under a permit" says '^busy running' permit evict sleeper.service C3 5000
check "… a revoke stops it" says 'ok stopped final=1' permit revoke sleeper.service C2 5000
in_host sh -c 'rm /etc/systemd/system/sleeper.service.d/zz-leader-agent.conf; systemctl daemon-reload; systemctl start sleeper.service; leaderctl enroll --adopt --tenure life sleeper.service' >/dev/null
check "one that is enrolled and runs without a permit is evicted" says '^ok (stopping|stopped)' permit evict sleeper.service C3 5000
check "… and seen stopped" says '^ok stopped' permit wait sleeper.service stopped 5
in_host sh -c 'rm /etc/systemd/system/sleeper.service.d/zz-leader-agent.conf; systemctl daemon-reload; systemctl start sleeper.service; systemctl stop leader-guard.service'
check "--adopt for a lease needs the guard, which it is bound to" says 'systemctl start leader-guard.socket leader-guard.service' \
        in_host leaderctl enroll --adopt --tenure lease --stop-timeout 2 sleeper.service
in_host systemctl stop sleeper.service
check "permit again" says '^ok starting' permit permit app.service D1 life 5000
permit wait app.service running 5 >/dev/null
in_host systemctl stop leader-guard.service
in_host sh -c 'printf "leader-guard permit 1\n" >/run/leader-agent/permits/app.service; touch /run/leader-agent/leading/stale.service'
in_host systemctl start leader-guard.service
check "a truncated permit file is no permit: gate away before ready" no_gate app.service
check "… a gate without a permit file, too" no_gate stale.service
check "… and the unit is stopped" wait_for 5 active app.service inactive
check "failing unit: permit" says '^ok starting' permit permit fail.service E0 life 5000
check "… failed, with the reason" says '^ok failed .*Result=exit-code' permit wait fail.service failed 5
check "… revoke" says 'ok stopped final=1' permit revoke fail.service E0 5000
check "… reset and started again for the next lock" says '^ok starting' permit permit fail.service E1 life 5000
permit revoke fail.service E1 >/dev/null
check "an unprivileged user may not connect" says 'ermission denied|reset|eceive' in_host setpriv --reuid 65534 --clear-groups /usr/libexec/permit query app.service

. "$here/hostile.sh"

. "$here/list.sh"
. "$here/units.sh"

# ---- PID 1 blocked ----
check "permit before systemd hangs" says '^ok starting' permit permit stubborn.service F1 lease 60000 62000 2000
permit wait stubborn.service running 5 >/dev/null
in_host sh -c 'mkdir -p /run/systemd/system-generators; printf "#!/bin/sh\nexec sleep 8\n" >/run/systemd/system-generators/slow; chmod +x /run/systemd/system-generators/slow; systemctl --no-block daemon-reload & sleep 0.5; exit 0'
permit permit stubborn.service F1 lease 300 800 2000 >/dev/null
check "systemd hangs in a generator: the second instant kills all the same" wait_for 3 empty stubborn.service
check "… no confirmation before systemd speaks" says '^ok (stopping|stuck)' permit query stubborn.service
check "… then it is confirmed" says '^ok stopped' permit wait stubborn.service stopped 15
in_host rm /run/systemd/system-generators/slow

check "systemctl stop leader-guard leaves a life unit running" eval \
        'permit permit app.service G1 life 5000 >/dev/null; permit wait app.service running 5 >/dev/null; in_host systemctl stop leader-guard.service; active app.service active && gate app.service'
check "… a connection starts the guard again (socket activation)" says '^ok running .*permit=G1' permit wait app.service running 5
check "the journal has the guard's records under the unit" says 'app.service: starting -> running' in_host journalctl --no-pager -u app.service
permit revoke app.service G1 5000 >/dev/null # (one lock, one unit)
. "$here/trigger.sh"
check "exposure of the guard is low" says 'exposure level for leader-guard.service: [01]\.' in_host systemd-analyze security --no-pager leader-guard.service
exit $failed
