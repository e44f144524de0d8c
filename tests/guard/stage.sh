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
for unit in leader-guard.service leader-guard-reap.service leader-guard.socket leader-agent.service; do
        sed 's|@SBINDIR@|/usr/sbin|g; s|@BINDIR@|/usr/bin|g' "$top/units/$unit" >"$dir/usr/lib/systemd/system/$unit"
done
cp "$top/units/leader-agent.sysusers" "$dir/usr/lib/sysusers.d/leader-agent.conf"
cp "$top/units/leader-agent.tmpfiles" "$dir/usr/lib/tmpfiles.d/leader-agent.conf"
ln -s /usr/lib/systemd/system/leader-guard.service "$dir/etc/systemd/system/multi-user.target.wants/"
ln -s /usr/lib/systemd/system/leader-guard.socket "$dir/etc/systemd/system/sockets.target.wants/"

# (leader-agent.service is there to be ordered after; nothing starts it, and there is no such program.)

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
unit plain.service 'Type=exec\nExecStart=/bin/sleep infinity'
unit refuse.service 'Type=exec\nExecStart=/bin/sleep infinity'
sed -i 's/^\[Unit\]/&\nRefuseManualStop=yes/' "$dir/etc/systemd/system/refuse.service"
unit stale.service 'Type=exec\nExecStart=/bin/sleep infinity'
unit notify.service 'Type=notify\nExecStart=/bin/sleep infinity'
unit killmode.service 'Type=exec\nKillMode=process\nExecStart=/bin/sleep infinity'
unit activated.service 'Type=exec\nExecStart=/bin/sleep infinity'
printf '[Socket]\nListenStream=/run/activated.sock\n' >"$dir/etc/systemd/system/activated.socket"
# Keeps its processes in cgroups of its own, and does not end by itself.
unit delegated.service 'Type=exec\nDelegate=yes\nTimeoutStopSec=60\nExecStart=/usr/libexec/delegated'
cat >"$dir/usr/libexec/delegated" <<'END'
#!/bin/bash
cd /sys/fs/cgroup/system.slice/delegated.service && mkdir -p a/b && echo $$ >a/b/cgroup.procs
trap '' TERM
while :; do sleep 0.2; done
END
chmod 755 "$dir/usr/libexec/delegated"
ln -s /dev/null "$dir/etc/systemd/system/masked.service"

# What starts units (trigger.sh): enabled ones, one that the unit wants, one that is not enabled.
trigger() { # NAME LINES
        printf '[Unit]\nDescription=Test unit %s\n%b\n' "$1" "$2" >"$dir/etc/systemd/system/$1"
}
unit t-sock.service 'Type=exec\nExecStart=/bin/sleep infinity\nRestart=on-success\nRestartSec=100ms'
trigger t-sock.socket '[Socket]\nListenStream=7777\n[Install]\nWantedBy=sockets.target'
trigger t-sock.path '[Path]\nPathExists=/run/t-go\n[Install]\nWantedBy=multi-user.target'
unit t-job.service 'Type=oneshot\nExecStart=/bin/sh -c "echo ran >>/run/t-job"'
sed -i 's/^\[Unit\]/&\nStartLimitIntervalSec=0\nWants=t-other.timer/' "$dir/etc/systemd/system/t-job.service"
trigger t-job.timer '[Timer]\nOnCalendar=*:*:0/1\nAccuracySec=20ms\n[Install]\nWantedBy=timers.target'
trigger t-other.timer '[Timer]\nUnit=t-job.service\nOnCalendar=yearly'
trigger t-off.timer '[Timer]\nUnit=t-job.service\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target'
mkdir -p "$dir/etc/systemd/system/timers.target.wants"
ln -s ../t-job.timer "$dir/etc/systemd/system/timers.target.wants/"
ln -s ../t-sock.socket "$dir/etc/systemd/system/sockets.target.wants/"
ln -s ../t-sock.path "$dir/etc/systemd/system/multi-user.target.wants/"
for u in fail stale; do
        mkdir -p "$dir/etc/systemd/system/$u.service.d"
        printf '[Unit]\nAssertPathExists=/run/leader-agent/leading/%%n\nAfter=leader-guard.service leader-agent.service\n[Service]\nEnvironmentFile=-/run/leader-agent/env/%%n\n' \
                >"$dir/etc/systemd/system/$u.service.d/zz-leader-agent.conf"
done

# A list (list.sh): each writes when it starts and stops.
listed() { # NAME LINES
        local name=$1 gate="[Unit]\nAssertPathExists=/run/leader-agent/leading/%%n\nAfter=leader-guard.service leader-agent.service $3\n"
        printf "$2" >"$dir/etc/systemd/system/$name"
        mkdir -p "$dir/etc/systemd/system/$name.d"
        [[ $name == *.service ]] && gate+="[Service]\nEnvironmentFile=-/run/leader-agent/env/%%n\n"
        printf "$gate" >"$dir/etc/systemd/system/$name.d/zz-leader-agent.conf"
}
says='ExecStart=/bin/sh -c "echo +%%N >>/run/said; exec sleep infinity"'
listed l-addr.service "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c \"sleep 0.3; echo +%%N >>/run/said\"\nExecStop=/bin/sh -c \"echo -%%N >>/run/said\"\n" ''
listed l-app.service "[Service]\n$says\nExecStop=/bin/sh -c \"sleep 0.3; echo -%%N >>/run/said\"\n" l-addr.service
listed l-job.timer "[Timer]\nOnActiveSec=0\nAccuracySec=1ms\n" l-app.service
listed l-job.service "[Service]\nType=oneshot\nExecStart=/bin/sh -c \"echo +%%N >>/run/said\"\n" ''
listed l-false.service "[Service]\nType=exec\nExecStart=/bin/false\n" l-addr.service
listed l-hangs.service "[Service]\n$says\nKillSignal=SIGCONT\nTimeoutStopSec=60\n" l-app.service

# What cures.sh cures: NAME, lines of [Unit], lines of [Service], [Install].
broken() {
        printf '[Unit]\nDescription=Test unit %s\n%b\n[Service]\nExecStart=/bin/sleep infinity\n%b\n%b' "$1" "$2" "$3" "${4-}" \
                >"$dir/etc/systemd/system/$1"
}
broken c-plain.service '' ''
broken c-killmode.service '' 'KillMode=process'
broken c-sigkill.service '' 'SendSIGKILL=no'
broken c-final.service '' 'FinalKillSignal=SIGQUIT'
broken c-pam.service '' 'User=daemon\nPAMName=login'
broken c-slow.service '' 'TimeoutStopSec=infinity'
broken c-stages.service '' 'TimeoutStopSec=9\nExecStop=/bin/true\nExecStopPost=/bin/true'
broken c-notify.service '' 'Type=notify\nWatchdogSec=20'
broken c-watchdog.service '' 'Type=exec\nWatchdogSec=20'
broken c-fdstore.service '' 'Type=exec\nFileDescriptorStoreMax=4'
broken c-refuses.service 'RefuseManualStart=yes\nRefuseManualStop=yes' ''
broken c-unneeded.service 'StopWhenUnneeded=yes' ''
broken c-enabled.service '' '' '[Install]\nWantedBy=multi-user.target\n'
broken c-all.service 'StopWhenUnneeded=yes' 'KillMode=none\nSendSIGKILL=no\nType=notify\nTimeoutStopSec=1h'
broken c-docker.service '' 'ExecStart=\nExecStart=/usr/bin/docker run --name app image'
broken c-client.service '' "ExecStartPre=/usr/bin/docker pull image\nExecStart=\nExecStart=/bin/sh -c 'cd /srv; exec docker start -a app'"
broken c-podman.service '' 'ExecStart=\nExecStart=/usr/bin/podman run --cgroups=no-conmon --name app image'
broken c-forking.service '' 'Type=forking'
broken c-job.service '' 'Type=oneshot\nExecStart=\nExecStart=/bin/true'
broken c-loop.service '' 'Restart=always\nRestartSec=3'
broken c-endless.service 'StartLimitIntervalSec=0' 'Restart=on-failure'
broken c-late.service '' ''
# Stands for the human of "systemctl edit": the program itself is run.
printf '#!/bin/sh\nexec sed -i "/^ExecStart=./s/=.*/=\\/bin\\/sleep infinity/" "$@"\n' >"$dir/usr/libexec/editor"
chmod 755 "$dir/usr/libexec/editor"
mkdir -p "$dir/etc/systemd/system/c-late.service.d"
printf '[Unit]\nAssertPathExists=\n[Service]\nTimeoutStopSec=90\nTimeoutStopFailureMode=terminate\nNotifyAccess=all\nEnvironmentFile=\nKillMode=process\nSendSIGKILL=no\n' \
        >"$dir/etc/systemd/system/c-late.service.d/zzz-site.conf"
# The order (the first: as people ship it).
broken c-online.service 'Before=network-online.target' '' '[Install]\nWantedBy=multi-user.target\n'
broken c-basic.service 'DefaultDependencies=no\nBefore=sysinit.target basic.target' ''
broken c-dbus.service 'DefaultDependencies=no\nBefore=dbus.service' ''
broken c-socket.service 'DefaultDependencies=no\nBefore=sockets.target' ''
broken c-wanted.service '' '' '[Install]\nWantedBy=network-online.target\n'
broken c-chain.service 'Before=c-link.service' ''
broken c-link.service 'Before=network-online.target' ''
broken c-named.service '' ''
broken c-after.service 'After=c-named.service\nBefore=network-online.target' ''
# Some that belong to a package.
broken c-mask.service '' ''
mv "$dir/etc/systemd/system/c-dbus.service" "$dir/etc/systemd/system/c-mask.service" "$dir/usr/lib/systemd/system/"
for u in c-online:multi-user c-enabled:multi-user c-wanted:network-online; do
        mkdir -p "$dir/etc/systemd/system/${u#*:}.target.wants"
        ln -sf "../${u%:*}.service" "$dir/etc/systemd/system/${u#*:}.target.wants/"
done
# Something that brings the chain's middle in.
mkdir -p "$dir/etc/systemd/system/multi-user.target.wants"
ln -s ../c-link.service ../c-after.service "$dir/etc/systemd/system/multi-user.target.wants/"
