#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the root image that all hosts of the lab share (a minimal Debian with systemd), once, and prints its path.
# Hosts never write to it: each mounts an overlay of its own above it.
#
#   tests/lab/image.sh          needs root and, the first time, the network (about 40 s)
#
# IMAGE=bookworm (default) or trixie: the Debian in it. What is built here runs on the first; for the other programs are
# built inside (tests/lab/other.sh), so it has what that takes (about a minute).
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../lib/cache.sh"

suite=${IMAGE:-bookworm}
packages="systemd dbus iproute2 procps ca-certificates"
case $suite in
bookworm) packages+=" libcurl4 libjson-c5 libsystemd0 libconfig9 libfyaml0" ;;
trixie)
        packages+=" libcurl4t64 libjson-c5 libsystemd0 libconfig11 libfyaml0 openssl jq"
        packages+=" $("$here/../setup.sh" --list build) libmicrohttpd-dev libcmocka-dev libssl-dev"
        ;;
*)
        echo "lab: IMAGE=$suite is not known; there are bookworm and trixie" >&2
        exit 1
        ;;
esac

((EUID == 0)) || { echo "lab: building the root image needs root" >&2; exit 1; }

# Prints the mirror that this machine itself installs from, so that a local mirror is used where there is one.
mirror() {
        local uri
        # shellcheck disable=SC1091 # one mirror has all suites
        uri=$(. /etc/os-release && apt-get indextargets --format '$(REPO_URI)' "Codename: $VERSION_CODENAME" 2>/dev/null | head -1) || true
        echo "$uri" # empty: debootstrap's own choice
}

# Fills a directory with the image.
make_root() { # DIR
        # shellcheck disable=SC2046 # one word or none
        debootstrap --variant=minbase --include="${packages// /,}" "$suite" "$1" $(mirror) >"$1.log" 2>&1 || {
                tail -20 "$1.log"
                return 1
        }
        # Nothing that waits for hardware, no timers, no console logins: hosts boot in half a second.
        local unit
        for unit in systemd-udevd.service systemd-networkd.service systemd-resolved.service systemd-timesyncd.service \
                console-getty.service getty@.service container-getty@.service \
                e2scrub_reap.service systemd-update-utmp.service systemd-update-utmp-runlevel.service \
                apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
                systemd-tmpfiles-clean.timer; do
                ln -sf /dev/null "$1/etc/systemd/system/$unit"
        done
        ln -sf /lib/systemd/system/multi-user.target "$1/etc/systemd/system/default.target"
        mkdir -p "$1/etc/systemd/journald.conf.d" "$1/var/log/journal"
        printf '[Journal]\nStorage=persistent\nSystemMaxUse=32M\nRateLimitIntervalSec=0\nForwardToConsole=no\n' \
                >"$1/etc/systemd/journald.conf.d/lab.conf"
        # An own machine id for each host comes with its overlay; an own resolver is not there.
        : >"$1/etc/machine-id"
        rm -f "$1/var/lib/dbus/machine-id" "$1/etc/hostname" "$1/etc/resolv.conf"
        rm -rf "$1"/var/cache/apt/archives/*.deb "$1"/var/lib/apt/lists/* "$1"/usr/share/doc "$1"/usr/share/man \
                "$1"/usr/share/locale
}

# In memory first, where dpkg's many syncs cost nothing; the mount goes with the namespace, also when this is killed.
build() { # DIR
        echo "lab: building the root image ($suite: $packages), about a minute"
        unshare --mount "$0" into "$1"
}

if [[ ${1:-} == into ]]; then
        mount -t tmpfs -o mode=755 lab-image /mnt
        mkdir /mnt/root
        make_root /mnt/root || {
                echo "lab: debootstrap failed, see above; is there network?"
                exit 1
        }
        cp -a /mnt/root/. "$2/"
else
        cache_get "labroot-$suite-$({ cat "$0" && echo "$packages"; } | cache_hash)" build
fi
