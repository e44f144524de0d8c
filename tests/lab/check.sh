#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks the lab itself: that hosts boot, crash, freeze and lose packets as asked, that the recorder and the judge see it,
# and that nothing is left when a lab is killed. Needs root. Prints `ok` or `not ok` per check.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
build=${LAB_BUILD:-$here/../../build}/tests/lab
if ((EUID != 0)); then
        echo "ok 1 - the lab # SKIP booting real hosts needs root"
        [[ -z ${CI:-} ]]
        exit
fi
number=0 bad=0
check() { # TEXT COMMAND…
        local text=$1
        shift
        ((++number))
        if "$@" >"$output" 2>&1; then
                echo "ok $number - $text"
        else
                ((++bad))
                echo "not ok $number - $text"
                head -20 "$output" | sed 's/^/#   /'
        fi
}
not() { ! "$@"; }
wait_for() { # SECONDS CMD…, as in lab.sh
        local end=$((SECONDS + $1 + 1))
        shift
        until "$@" >/dev/null; do
                ((SECONDS < end)) || return 1
                sleep 0.05
        done
}

ended_with() { [[ " $* " == *" $(host_exec web-1 systemctl show -P Result r) "* ]]; }

inside() {
        output=$LAB/output record=$LAB/shared/record
        : >"$record"
        lab_create 2
        for host in "${LAB_HOSTS[@]}"; do
                install -D "$build/recorder" "$(host_root "$host")/usr/libexec/recorder"
                printf '[Service]\nType=exec\nExecStart=/usr/libexec/recorder $OPTIONS /lab/record\nEnvironmentFile=-/lab/env\nTimeoutStopSec=1\n' \
                        >"$(host_root "$host")/etc/systemd/system/r.service"
        done
        check "two hosts boot" lab_boot
        check "they are healthy" test "$(host_exec web-1 systemctl is-system-running) $(host_exec web-2 systemctl is-system-running)" = "running running"
        check "cgroup version 2 with cgroup.kill" host_exec web-1 test -e /sys/fs/cgroup/system.slice/cgroup.kill

        # A listener of the size of an API server's socket: what matters is whether a connection comes about.
        mkdir "$LAB/www"
        (cd "$LAB/www" && exec openssl s_server -quiet -accept "$LAB_API:6443" -nocert -psk 00 >/dev/null 2>&1) &
        connects() { host_exec web-1 timeout 2 bash -c "exec 3<>/dev/tcp/$LAB_API/6443"; }
        check "a host reaches the API server's address" wait_for 10 connects
        for way in both to from; do
                net_cut web-1 $way
                check "net_cut $way cuts" not connects
                net_heal web-1
                check "net_heal heals" wait_for 10 connects
        done

        boot1=$(host_exec web-1 cat /proc/sys/kernel/random/boot_id)
        host_exec web-1 touch /var/lib/kept /run/forgotten
        check "the recorder runs" host_exec web-1 systemctl start r
        check "the judge sees it run" wait_for 5 "$build/judge" --running "$record"
        check "a host freezes" host_freeze web-1
        sleep 0.4
        host_thaw web-1
        sleep 0.05
        stall=$("$build/judge" "$record" | sed -n 's/.*longest stall \(.*\) s$/\1/p')
        check "the judge sees the stall ($stall s)" test "${stall%.*}${stall#*.}" -ge 0300
        host_crash web-1
        check "a crashed host is down" not host_up web-1
        check "its unit is dead" not grep -q . <(sleep 0.3; "$build/judge" --running "$record")
        check "another host runs the unit" host_exec web-2 systemctl start r
        sleep 0.2
        check "the judge is content" "$build/judge" "$record"
        host_boot web-1
        check "the crashed host boots" host_wait web-1
        check "with another boot id" test "$boot1" != "$(host_exec web-1 cat /proc/sys/kernel/random/boot_id)"
        check "/var was kept, /run was not" host_exec web-1 test -e /var/lib/kept -a ! -e /run/forgotten
        check "and runs the unit too" host_exec web-1 systemctl start r
        sleep 0.2
        check "the judge condemns it" not "$build/judge" "$record"
        host_exec web-1 systemctl stop r
        host_exec web-2 systemctl stop r

        : >"$record"
        echo OPTIONS=--ignore-term --children=2 >"$LAB/shared/env"
        sed -i 's/=\(.*\)/="\1"/' "$LAB/shared/env"
        host_exec web-1 systemctl start r
        host_exec web-1 systemctl stop r
        check "a unit that ignores SIGTERM is killed, with its children" test "$(host_exec web-1 systemctl show -P Result r)" = timeout
        check "and leaves no STOP" not grep -q STOP "$record"
        echo OPTIONS=--crash-after=50 >"$LAB/shared/env"
        host_exec web-1 systemctl start r
        check "a unit crashes on request" wait_for 5 ended_with signal core-dump
        echo OPTIONS=--fail >"$LAB/shared/env"
        host_exec web-1 systemctl start r
        check "a unit fails at its start on request" wait_for 5 ended_with exit-code
        check "an orderly shutdown" host_poweroff web-2
        lab_wipe
        check "fresh roots" test ! -e "$(host_root web-1)/var/lib/kept"
        check "and they boot" lab_boot
        echo "$number $bad" >"$LAB_RESULT"
}


if [[ ${1:-} == inside ]]; then
        . "$here/lab.sh"
        inside
        exit
fi
output=$(mktemp) LAB_RESULT=$(mktemp)
export LAB_RESULT LAB_BUILD=${LAB_BUILD:-}
trap 'rm -f "$output" "$LAB_RESULT"' EXIT
"$here/run.sh" bash "$here/check.sh" inside
read -r number bad <"$LAB_RESULT" || { echo "not ok - the lab did not finish"; exit 1; }

none_runs() { ! pgrep -f "^sleep $1"; }
no_cgroup() { ! find /sys/fs/cgroup -name "leader-agent-lab.$1.*" | grep .; }
for signal in TERM KILL; do
        pause=1000.$$$RANDOM # to know our process again
        "$here/run.sh" bash -c ". $here/lab.sh; lab_up 1; echo up >$output.up; sleep $pause" &
        lab=$!
        until [[ -e $output.up ]] || ! kill -0 $lab; do
                sleep 0.05
        done
        rm -f "$output.up"
        check "a lab is up, to be ended by SIG$signal" not none_runs $pause
        kill -$signal $lab
        { wait $lab; } 2>/dev/null
        check "its processes are gone" wait_for 20 none_runs $pause
done
check "the next lab runs" "$here/run.sh" true
check "and has removed the cgroups of the killed one" no_cgroup $lab
echo "1..$number"
((bad == 0))
