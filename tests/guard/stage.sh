#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fills DIR with what a host needs for check.sh: guard, leaderctl, their units, the test client and test units.
#
#   tests/guard/stage.sh BUILD DIR
set -euo pipefail
top=$(readlink -f "$(dirname "$0")/../..")
build=$1 dir=$2
image=$("$top/tests/lab/image.sh")

mkdir -p "$dir"/usr/{sbin,bin,libexec} "$dir/usr/lib/systemd/system" "$dir/etc/systemd/system/multi-user.target.wants" \
        "$dir/etc/systemd/system/sockets.target.wants" "$dir/usr/lib/sysusers.d" "$dir/usr/lib/tmpfiles.d"
cp "$build/leader-guard" "$dir/usr/sbin/"
cp "$build/leaderctl" "$dir/usr/bin/"
cp "$build/tests/guard/permit" "$dir/usr/libexec/"
for unit in leader-guard.service leader-guard-reap.service leader-guard.socket; do
        sed 's|@SBINDIR@|/usr/sbin|g' "$top/units/$unit" >"$dir/usr/lib/systemd/system/$unit"
done
cp "$top/units/leader-agent.sysusers" "$dir/usr/lib/sysusers.d/leader-agent.conf"
cp "$top/units/leader-agent.tmpfiles" "$dir/usr/lib/tmpfiles.d/leader-agent.conf"
ln -s /usr/lib/systemd/system/leader-guard.service "$dir/etc/systemd/system/multi-user.target.wants/"
ln -s /usr/lib/systemd/system/leader-guard.socket "$dir/etc/systemd/system/sockets.target.wants/"

# Built with sanitizers? Then the host needs their libraries as well.
for lib in $(ldd "$build"/leader-guard "$build"/leaderctl "$build"/tests/guard/permit | awk '$3 ~ "^/" {print $3}' | sort -u); do
        [[ -e $image$lib ]] || install -D "$lib" "$dir$(readlink -f "$(dirname "$lib")")/${lib##*/}"
done

unit() { # NAME LINES of [Service]
        printf '[Unit]\nDescription=Test unit %s\n[Service]\n%b\n' "$1" "$2" >"$dir/etc/systemd/system/$1"
}
unit app.service 'Type=exec\nExecStart=/bin/sleep infinity\nRestart=always\nRestartSec=100ms'
unit sleeper.service 'Type=exec\nExecStart=/bin/sleep infinity'
unit stubborn.service "Type=exec\nExecStart=/bin/bash -c 'trap \"\" TERM; while :; do sleep 0.2; done'"
unit fail.service 'Type=exec\nExecStart=/bin/false'
unit stale.service 'Type=exec\nExecStart=/bin/sleep infinity'
unit notify.service 'Type=notify\nExecStart=/bin/sleep infinity'
unit killmode.service 'Type=exec\nKillMode=process\nExecStart=/bin/sleep infinity'
unit activated.service 'Type=exec\nExecStart=/bin/sleep infinity'
printf '[Socket]\nListenStream=/run/activated.sock\n' >"$dir/etc/systemd/system/activated.socket"
ln -s /dev/null "$dir/etc/systemd/system/masked.service"
for u in fail stale; do
        mkdir -p "$dir/etc/systemd/system/$u.service.d"
        printf '[Unit]\nAssertPathExists=/run/leader-agent/leading/%%n\nAfter=leader-guard.service leader-agent.service\n[Service]\nEnvironmentFile=-/run/leader-agent/env/%%n\n' \
                >"$dir/etc/systemd/system/$u.service.d/zz-leader-agent.conf"
done
