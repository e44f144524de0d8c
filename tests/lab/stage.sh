#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Fills a directory with what the hosts of the lab get on top of the root image: what `make install` installs, and the
# guarded test unit. Taken once per run, so that a build in the same checkout does not disturb a run.
#
#   tests/lab/stage.sh BUILD DIR      BUILD: the directory of the objects, with leader-agent and tests/lab/recorder
#
# LAB_TOOLS: the directory of what runs outside of the hosts too (judge, relay, kubesim, recorder), when BUILD is for the
# libraries of another IMAGE.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
build=$(readlink -e "$1") dir=$2
tools=${LAB_TOOLS:-$build}
image=$("$here/image.sh")

make -s -C "$here/../.." O="$build" install DESTDIR="$dir" PREFIX=/usr >/dev/null
mkdir -p "$dir/usr/libexec" "$dir/etc/systemd/system"
cp "$tools/tests/lab/recorder" "$tools/tests/lab/judge" "$tools/tests/lab/relay" "$dir/usr/libexec/"

[[ ! -e $tools/kubesim ]] || cp "$tools/kubesim" "$dir/usr/libexec/"

# Built with sanitizers? Then the hosts need their libraries as well.
for lib in $(ldd "$build"/leader{-agent,-guard,ctl} | awk '$3 ~ "^/" {print $3}' | sort -u); do
        [[ -e $image$lib ]] || install -D "$lib" "$dir$(readlink -f "$(dirname "$lib")")/${lib##*/}"
done

cat >"$dir/etc/systemd/system/myapp-operator.service" <<'U'
[Unit]
Description=A Kubernetes operator that may run once
[Service]
Type=exec
EnvironmentFile=-/etc/recorder.env
ExecStart=/usr/libexec/recorder $RECORDER_OPTIONS /lab/record
[Install]
WantedBy=multi-user.target
U

# nspawn gives each boot of a host a boot id of its own, by a mount that the services' sandbox (a fresh /proc) loses again:
# they would read that of this machine, and a rebooted host would believe it never went down. systemd 257 keeps it there (and
# cannot mount anything above it).
cat >"$dir/etc/systemd/system/lab-boot-id.service" <<'U'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'cat /proc/sys/kernel/random/boot_id >/run/lab-boot-id'
U
mkdir -p "$dir/etc/systemd/system/sysinit.target.wants"
ln -s ../lab-boot-id.service "$dir/etc/systemd/system/sysinit.target.wants/"
for unit in leader-agent leader-agent-token leader-guard leader-guard-reap; do
        mkdir -p "$dir/etc/systemd/system/$unit.service.d"
        # In that sandbox the leak checker of a sanitizer build would never end.
        cat >"$dir/etc/systemd/system/$unit.service.d/lab.conf" <<'U'
[Service]
Environment=ASAN_OPTIONS=detect_leaks=0
U
        [[ ${IMAGE:-bookworm} != bookworm ]] ||
                echo 'BindReadOnlyPaths=/run/lab-boot-id:/proc/sys/kernel/random/boot_id' >>"$dir/etc/systemd/system/$unit.service.d/lab.conf"
done
