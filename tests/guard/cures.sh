#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Types every cure that `leaderctl enroll` prints, as root in a shell, and then finds that problem gone; until nothing is
# wrong. Sourced by check.sh, with a host up and the units of stage.sh (c-…).

# cured TENURE UNIT [WORDS]: what is wrong goes, cure by cure; the first problem matches WORDS.
cured() {
        local tenure=$1 unit=$2 words=${3-} out problem cure n
        in_host leaderctl enroll --tenure "$tenure" --stop-timeout 6 "$unit" >/dev/null 2>&1 # refused, perhaps
        for ((n = 0; n < 12; n++)); do
                out=$(in_host leaderctl enroll --check --tenure "$tenure" --stop-timeout 6 "$unit" 2>&1)
                cure=$(sed -n 's/^    cure: //p' <<<"$out" | head -n 1)
                [[ -n $cure ]] || cure=$(sed -n 's/^leaderctl: .*; run: //p' <<<"$out" | head -n 1)
                if [[ -z $cure ]]; then
                        [[ $out == *"$unit: enrolled for tenure $tenure"* ]] || { echo "# $unit: no cure, and not enrolled: $out"; return 1; }
                        ((n > 0)) || [[ -z $words ]] || { echo "# $unit: nothing was wrong"; return 1; }
                        return 0
                fi
                problem=$(grep -B 9 -m 1 -F "$cure" <<<"$out" | grep "$unit: " | tail -n 1)
                [[ -n $problem ]] || problem=$(grep -F "run: $cure" <<<"$out")
                [[ $n -gt 0 || $problem =~ $words ]] || { echo "# $unit: $problem; expected: $words"; return 1; }
                if [[ $cure == "systemctl edit "* ]]; then # on a terminal, with a human's hand
                        in_host env SYSTEMD_EDITOR=/usr/libexec/editor script -qec "$cure" /dev/null >/dev/null 2>&1
                else
                        in_host bash -c "$cure" >/dev/null 2>&1 # enroll tells what else is wrong
                fi
                out=$(in_host leaderctl enroll --check --tenure "$tenure" --stop-timeout 6 "$unit" 2>&1)
                if grep -qF "${problem%% (applied*}" <<<"$out"; then
                        echo "# $unit: typed: $cure"
                        echo "# still: $problem"
                        return 1
                fi
        done
        echo "# $unit: no end: $out"
        return 1
}

for tenure in life lease; do
        for unit in plain killmode sigkill final pam slow stages watchdog fdstore refuses unneeded enabled all late; do
                check "cures of c-$unit, $tenure" cured $tenure c-$unit.service
                in_host sh -c "rm -f /etc/systemd/system/c-$unit.service.d/zz-*; systemctl daemon-reload"
                [[ $unit != late ]] || in_host sh -c 'printf "[Unit]\nAssertPathExists=\n[Service]\nTimeoutStopSec=90\nTimeoutStopFailureMode=terminate\nNotifyAccess=all\nEnvironmentFile=\nKillMode=process\nSendSIGKILL=no\n" >/etc/systemd/system/c-late.service.d/zzz-site.conf; systemctl daemon-reload'
        done
done
check "the file that wins is named" says 'applied after ours: /etc/systemd/system/c-late.service.d/zzz-site.conf' \
        in_host leaderctl enroll --tenure lease --stop-timeout 6 c-late.service
for unit in docker:'docker run' client:'docker start' podman:'podman run'; do
        check "a client of a daemon (${unit#*:}) is warned of" \
                says "warning: ExecStart=${unit#*:} only asks a daemon" in_host leaderctl enroll --tenure life c-${unit%:*}.service
        check "… enrolled all the same" in_host leaderctl enroll --check --tenure life c-${unit%:*}.service
        check "… and its cure works" cured life c-${unit%:*}.service "warning: ExecStart=${unit#*:}"
done
check "cure of Type=forking" cured lease c-forking.service 'Type=forking without PIDFile='
check "a job is told to be one" says 'note: Type=oneshot without RemainAfterExit=yes' in_host leaderctl enroll --tenure life c-job.service
check "Restart= that never gives up: the limit is out of reach" \
        says 'note: Restart=always with RestartSec=3000ms never comes to more than StartLimitBurst=5 starts' in_host leaderctl enroll --tenure life c-loop.service
check "… there is none" says 'note: Restart=on-failure without a start limit' in_host leaderctl enroll --tenure life c-endless.service
check "… and nothing of it that can be reached" eval '! says "start limit|StartLimit" in_host leaderctl enroll --check --tenure life app.service >/dev/null'
check "cures of c-notify, lease" cured lease c-notify.service 'Type=notify|not enrolled'
in_host systemctl mask c-mask.service
check "cure of a masked unit" cured life c-mask.service 'is masked'
in_host systemctl mask --runtime c-mask.service
check "cure of a unit that is masked until the next boot" cured life c-mask.service 'is masked'
in_host leaderctl enroll --tenure life c-enabled.service >/dev/null 2>&1
in_host sed -i '/^Description=/s/$/, changed/' /etc/systemd/system/c-enabled.service # one that stays loaded
check "cure of a daemon-reload that is due" cured life c-enabled.service 'not in force'

# ---- the order ----
for unit in online basic dbus socket wanted chain named; do
        check "c-$unit: enrolling it would close a cycle: refused" says 'ordering cycle: enrolled, it comes after leader-agent.service' \
                in_host leaderctl enroll --tenure life c-$unit.service
        check "… nothing is written for c-$unit" in_host sh -c "! test -e /etc/systemd/system/c-$unit.service.d/zz-leader-agent.conf"
        check "… --check names the path, and its cure works" cured life c-$unit.service 'ordering cycle'
done
in_host sh -c 'sed -i "s/^Before=/Before=network-online.target /; t; s/^Description=/Before=network-online.target\n&/" /etc/systemd/system/c-plain.service; systemctl daemon-reload'
check "a cycle that there is is named, and its cure works" cured life c-plain.service 'ordering cycle.*it comes before network-online.target'
check "systemd finds no cycle" says '^$' in_host sh -c 'systemd-analyze verify --man=no default.target 2>&1 | grep -i "ordering cycle"; true'
