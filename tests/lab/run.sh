#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command inside a lab: own process, mount and network namespaces, where lab.sh can boot hosts. When the command
# ends, is interrupted or is killed, the kernel removes all of it: processes, mounts, networks. Several labs may run at
# once. What a killed run left (empty cgroups) the next one removes.
#
#   tests/lab/run.sh [--net=host] [--build=DIR | --base=DIR] COMMAND [ARG…]
#
# --build=DIR: install the programs built in DIR into the hosts (stage.sh); --base=DIR: DIR was filled by stage.sh before.
# --net=host: hosts use this machine's network (to reach a given cluster) instead of one of their own; no net_cut then.
# Without COMMAND arguments of its own, try:  tests/lab/run.sh bash -c '. tests/lab/lab.sh; lab_up 3; bash'
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
die() { echo "lab: $*" >&2; exit 1; }

net=--net LAB_BASE= LAB_BUILD=
while [[ ${1:-} == --* ]]; do
        case $1 in
        --net=host) net= ;;
        --base=*) LAB_BASE=$(readlink -e "${1#*=}") || die "there is no directory ${1#*=}" ;;
        --build=*) LAB_BUILD=$(readlink -e "${1#*=}") || die "there is no directory ${1#*=}" ;;
        *) die "unknown option $1" ;;
        esac
        shift
done
(($#)) || die "what shall run? (see the head of $0)"
((EUID == 0)) || die "the lab needs root: it boots real systemd hosts in namespaces"
command -v systemd-nspawn >/dev/null || die "systemd-nspawn is missing; run tests/setup.sh"

# Where the cgroups of the hosts go: below our own, in the version 2 hierarchy.
top=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
[[ -n $top ]] || die "no cgroup version 2 hierarchy is mounted: leader-guard cannot be tested here"
top=${top%/}$(sed -n 's/^0:://p' /proc/self/cgroup)
top=${top%/}

started() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }

# With the mixed layout nspawn keeps a copy of the tree in the hierarchy "systemd" of version 1.
remove_cgroup() { # DIR
        local i dirs=("$1")
        echo 1 2>/dev/null >"$1/cgroup.kill"
        [[ $top != /sys/fs/cgroup/unified* ]] || dirs+=("/sys/fs/cgroup/systemd${1#/sys/fs/cgroup/unified}")
        for i in {1..50}; do
                find "${dirs[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
                [[ -d ${dirs[0]} || -d ${dirs[-1]} ]] || return 0
                sleep 0.02
        done
        echo "lab: could not remove ${dirs[*]}" >&2
}

# A leftover carries the process id and start time of a run that is no more.
for old in "$top"/leader-agent-lab.*; do
        [[ -d $old ]] || continue
        IFS=. read -r _ pid since <<<"${old##*/}"
        [[ $(started "$pid") == "$since" ]] || remove_cgroup "$old"
done

LAB_IMAGE=$("$here/image.sh") || exit 1
LAB_CGROUP=$top/leader-agent-lab.$$.$(started $$)
LAB_RESOLV=$(cat /etc/resolv.conf 2>/dev/null)
LAB_NET=${net:+private}
export LAB_BASE LAB_BUILD LAB_IMAGE LAB_CGROUP LAB_RESOLV LAB_NET
# A host needs about eight inotify instances, and the kernel's default of 128 is for all labs together: a systemd that gets
# none ends at once. This is the one thing that stays changed on the machine, until it boots.
instances=/proc/sys/fs/inotify/max_user_instances
(($(<$instances) >= 1024)) || echo 1024 >$instances 2>/dev/null || echo "lab: cannot raise $instances; few hosts will boot" >&2
mkdir "$LAB_CGROUP" || die "cannot create a cgroup below $top"

child=
finish() { # STATUS
        trap '' INT TERM HUP
        # Its child is "init" of the process namespace: with it goes everything that runs in the lab.
        if [[ -n $child ]]; then
                exec 2>/dev/null # bash would report the kill
                kill -KILL "$child"
                wait
        fi
        remove_cgroup "$LAB_CGROUP"
        exit "$1"
}
trap 'finish 130' INT
trap 'finish 143' TERM
trap 'finish 129' HUP

# --pdeathsig, --kill-child: also when this shell itself is killed.
setpriv --pdeathsig KILL unshare --pid --fork --kill-child --mount-proc --mount --uts --ipc $net -- bash "$here/init.sh" "$@" <&0 &
child=$!
wait "$child"
status=$?
child=
finish "$status"
