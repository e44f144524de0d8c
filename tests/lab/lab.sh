# SPDX-License-Identifier: Apache-2.0
# Sourced by what runs under run.sh. Boots real systemd hosts (systemd-nspawn) named web-1, web-2, …, and does to them what
# happens to machines. Each has its own network namespace on a bridge, where the API server listens at $LAB_API.
#
#   lab_create N              N hosts, not running yet; names in LAB_HOSTS. Until they boot, files can
#                             be put below host_root H
#   lab_boot                  boot all that are down, and wait until they are up
#   lab_up N                  both
#   lab_wipe                  crash all and give them fresh roots
#   host_boot H, host_wait H  boot; wait until systemd has finished starting
#   host_exec H CMD [ARG…]    run a command inside, as root, for HOST_TIMEOUT (60, 0: any) seconds at most
#   host_up H                 is it running?
#   host_crash H              pull the plug: every process at once, network silent first
#   host_poweroff H           orderly shutdown
#   host_freeze H, host_thaw H    stop all its processes, as a hypervisor pauses a VM; let them go on
#   host_root H               path of its root directory from outside
#   host_journal H [ARG…]     journalctl, with the journal of earlier boots
#   net_cut H [both|to|from]  packets between the host and everybody else are lost silently: in both directions, those to
#   net_heal H                the API server, those from it
#   lab_note TEXT…            a line with the time since the lab began
#
# Everything ends with the namespaces of run.sh; nothing needs to be undone.

LAB=/run/lab
LAB_API=${LAB_API:-10.77.0.1}
LAB_HOSTS=()
LAB_SOURCE=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")
[[ -d $LAB && $$ != 1 && -n ${LAB_CGROUP:-} ]] || { echo "lab: start this with tests/lab/run.sh" >&2; exit 1; }
LAB_T0=$(date +%s%3N)

lab_note() {
        local ms=$(($(date +%s%3N) - LAB_T0))
        printf '%4d.%03d  %s\n' $((ms / 1000)) $((ms % 1000)) "$*"
}

# wait_for SECONDS CMD…: polls until the command succeeds; the bound only detects a hang. Returns 1 when it is over.
wait_for() {
        local end=$((SECONDS + $1 + 1))
        shift
        until "$@" >/dev/null 2>&1; do
                ((SECONDS < end)) || return 1
                sleep 0.02
        done
}

_lab_bridge() {
        [[ $LAB_NET == private ]] && ! ip link show lab0 >/dev/null 2>&1 || return 0
        # A bridge learns addresses; without a fixed one it would change its own with each port.
        ip link add lab0 address 02:00:00:77:00:01 type bridge forward_delay 0
        ip addr add "$LAB_API/24" dev lab0
        ip link set lab0 up
}

_host_number() { echo "${1##*-}"; }
host_ip() { echo "${LAB_API%.*}.$((10 + $(_host_number "$1")))"; }
_host_mac() { printf '02:00:00:77:01:%02x' "$(_host_number "$1")"; }
host_root() { echo "$LAB/$1/root"; }
_host_pid() { cat "$LAB/$1/pid" 2>/dev/null; }

# A fresh root: what the host has written so far is forgotten. Its identity stays.
_host_mount() { # HOST
        local d=$LAB/$1
        ! mountpoint -q "$d/root" || umount "$d/root"
        rm -rf "$d/upper" "$d/work"
        mkdir -p "$d"/{upper,work,root}
        mount -t overlay "lab-$1" -o "lowerdir=$LAB/base:$LAB_IMAGE,upperdir=$d/upper,workdir=$d/work" "$d/root"
        echo "$1-$LAB_CGROUP" | md5sum | cut -c1-32 >"$d/root/etc/machine-id"
        printf '127.0.0.1 localhost %s\n%s kube-api\n' "$1" "$LAB_API" >"$d/root/etc/hosts"
        printf '%s\n' "$LAB_RESOLV" >"$d/root/etc/resolv.conf"
}

_host_create() { # HOST
        local n=$(_host_number "$1")
        _host_mount "$1"
        mkdir -p "$LAB_CGROUP/$1"
        LAB_HOSTS+=("$1")
        [[ $LAB_NET == private ]] || return 0
        ip netns add "$1"
        ip link add "port$n" type veth peer name eth0 address "$(_host_mac "$1")" netns "$1"
        ip link set "port$n" master lab0 up
        ip -n "$1" link set lo up
        ip -n "$1" addr add "$(host_ip "$1")/24" dev eth0
        ip -n "$1" link set eth0 up
}

host_boot() { # HOST
        local net=()
        if [[ $LAB_NET == private ]]; then
                net=(--network-namespace-path="/run/netns/$1")
                net_heal "$1"
        fi
        rm -f "$LAB/$1/pid"
        # The variable: cgroup version 2 for the host, also where this machine has the mixed layout.
        (
                echo $BASHPID >"$LAB_CGROUP/$1/cgroup.procs"
                exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_LOCK=0 systemd-nspawn --quiet --register=no \
                        --keep-unit --directory="$LAB/$1/root" --hostname="$1" --link-journal=no --resolv-conf=off \
                        --timezone=off --bind="$LAB/shared:/lab" "${net[@]}" --console=pipe --boot \
                        </dev/null >>"$LAB/$1/console" 2>&1
        ) &
        echo $! >"$LAB/$1/nspawn"
        disown # bash would report its death
}

# The first process of the host as seen from here: the child of nspawn that runs systemd.
_host_find() { # HOST
        local parent=$(<"$LAB/$1/nspawn") pid
        for pid in $(cat /proc/"$parent"/task/"$parent"/children 2>/dev/null); do
                [[ $(cat "/proc/$pid/comm" 2>/dev/null) == systemd && -S /proc/$pid/root/run/systemd/private ]] || continue
                echo "$pid" >"$LAB/$1/pid"
                return 0
        done
        return 1
}

_host_started() { [[ $(host_exec "$1" systemctl is-system-running 2>/dev/null) == @(running|degraded) ]]; }

# Found, or its nspawn has ended.
_host_find_or_end() { _host_find "$1" || [[ ! -d /proc/$(<"$LAB/$1/nspawn") ]]; }

host_wait() { # HOST
        local try
        # On a crowded machine nspawn itself sometimes ends without a word before it has started anything of the host.
        for try in 1 2; do
                wait_for 60 _host_find_or_end "$1"
                _host_find "$1" && break
                [[ ! -d /proc/$(<"$LAB/$1/nspawn") ]] || break
                echo "lab: nspawn of $1 ended while booting; booting it again" >&2
                host_boot "$1"
        done
        wait_for 60 _host_find "$1" || {
                echo "lab: $1 did not boot; its console and what runs:" >&2
                tail -20 "$LAB/$1/console" >&2
                ps -e -o pid,ppid,stat,wchan:24,args --forest | grep -v '\[.*\]$' >&2
                cat "$LAB_CGROUP/$1/cgroup.events" >&2
                return 1
        }
        # "degraded" is an answer too: a failing unit is the test's affair.
        # Not --wait: it misses a start-up that ends while it connects.
        wait_for 60 _host_started "$1" || true
}

host_up() { # HOST
        local pid=$(_host_pid "$1")
        [[ -n $pid && -d /proc/$pid ]]
}

host_exec() { # HOST CMD…
        local pid=$(_host_pid "$1")
        [[ -n $pid ]] || { echo "lab: $1 is down" >&2; return 1; }
        shift
        timeout --foreground "${HOST_TIMEOUT:-60}" nsenter -t "$pid" -m -u -i -n -p -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
                TERM="${TERM:-dumb}" "$@"
}

_host_gone() { # HOST
        local nspawn=$(<"$LAB/$1/nspawn")
        wait_for 100 test ! -d "/proc/$nspawn"
        rm -f "$LAB/$1/pid"
        # nspawn leaves the host's cgroups to the service manager that is not there. None may be left for the next boot: since
        # Linux 6.14 whatever is spawned into a cgroup that was once killed dies at once (as systemd 257 spawns services).
        wait_for 20 _host_cgroups_gone "$1" || echo "lab: cgroups of $1 are left" >&2
}
_host_cgroups_gone() { # HOST
        find "$LAB_CGROUP/$1" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null
        [[ -z $(find "$LAB_CGROUP/$1" -mindepth 1 -type d -print -quit) ]]
}

host_crash() { # HOST
        # A dead machine does not say goodbye: without this the kernel would close its connections.
        [[ $LAB_NET != private ]] || net_cut "$1"
        echo 1 >"$LAB_CGROUP/$1/cgroup.kill"
        _host_gone "$1"
}

host_poweroff() { # HOST
        # The connection may end before the answer.
        host_exec "$1" systemctl --no-block poweroff 2>/dev/null
        _host_gone "$1"
}

host_freeze() { echo 1 >"$LAB_CGROUP/$1/cgroup.freeze"; }
host_thaw() { echo 0 >"$LAB_CGROUP/$1/cgroup.freeze"; }

host_journal() { # HOST ARG…
        local host=$1
        shift
        journalctl --no-pager --directory="$LAB/$host/root/var/log/journal" "$@"
}

net_cut() { # HOST [both|to|from]
        local bad=02:00:00:77:ff:ff
        case ${2:-both} in
        both) ip link set "port$(_host_number "$1")" nomaster ;;
        # A wrong address for the neighbour: frames leave and nobody takes them.
        to) ip -n "$1" neigh replace "$LAB_API" lladdr $bad dev eth0 nud permanent ;;
        from) ip neigh replace "$(host_ip "$1")" lladdr $bad dev lab0 nud permanent ;;
        *) echo "lab: net_cut: '$2'?" >&2; return 1 ;;
        esac
}

net_heal() { # HOST
        ip link set "port$(_host_number "$1")" master lab0
        ip -n "$1" neigh del "$LAB_API" dev eth0 2>/dev/null
        ip neigh del "$(host_ip "$1")" dev lab0 2>/dev/null
        return 0
}

lab_create() { # N
        local i
        _lab_bridge
        for ((i = 1; i <= $1; i++)); do
                _host_create "web-$i"
        done
}

lab_boot() {
        local host booted=()
        for host in "${LAB_HOSTS[@]}"; do
                host_up "$host" && continue
                host_boot "$host"
                booted+=("$host")
        done
        for host in "${booted[@]}"; do
                host_wait "$host" || return 1
        done
}

lab_up() { # N
        lab_create "$1" && lab_boot
}

lab_wipe() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                host_thaw "$host"
                ! host_up "$host" || host_crash "$host"
                _host_mount "$host"
        done
}
