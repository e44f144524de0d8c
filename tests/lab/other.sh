#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs make inside the root image of another Debian than this machine's, whose libraries it is to be built with. The tree is
# at its own path and read-only; only the directory of the objects can be written.
#
#   IMAGE=trixie tests/lab/other.sh BUILD TARGET…
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
top=$(readlink -f "$here/../..")

if [[ ${1:-} != inside ]]; then
        image=$("$here/image.sh")
        mkdir -p "$1"
        # With the last of these processes its mounts are gone, also when this one is killed.
        exec setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child "$0" inside "$image" "$(readlink -e "$1")" "${@:2}"
fi
image=$2 build=$3
mount -t tmpfs -o mode=755 other /mnt
mkdir /mnt/{upper,work,root}
root=/mnt/root # a mount point, which a directory would not be
mount -t overlay other -o "lowerdir=$image,upperdir=/mnt/upper,workdir=/mnt/work" $root
mount -t tmpfs tmp $root/tmp
mount -t tmpfs run $root/run
# The tree may lie in /tmp.
mkdir -p "$root$top" "$root$build"
mount --bind "$top" "$root$top"
mount -o remount,bind,ro "$root$top"
mount --bind "$build" "$root$build"
mount -t proc proc $root/proc
mount --rbind /sys $root/sys
mount --rbind /dev $root/dev
: >$root/etc/resolv.conf
exec chroot $root /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 CI="${CI:-}" \
        make --no-print-directory -C "$top" O="$build" -j"$(nproc)" "${@:4}"
