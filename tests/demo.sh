#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Shows leader-agent at work: three real systemd hosts on this machine, one operator that may run once. `make demo`.
#
#   tests/demo.sh                                     a simulated API server (no Go needed)
#   tests/demo.sh --kubeconfig FILE --namespace NS    a cluster of yours; the kubeconfig's user needs conf/rbac.yaml's rights
#
# With a terminal it ends in a prompt; without one it ends by itself. Nothing is left on the machine or in the cluster.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
kubeconfig= namespace=
usage() { sed -n '3,8s/^# \?//p' "$0"; }
while (($#)); do
        case $1 in
        --kubeconfig) kubeconfig=$(readlink -e "${2:?}") || { echo "demo: there is no file $2" >&2; exit 2; } ;;
        --namespace) namespace=${2:?} ;;
        --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
        esac
        shift 2
done
[[ -z $kubeconfig || -n $namespace ]] || { echo "demo: with a cluster of yours, say in which namespace: NAMESPACE=…" >&2; exit 2; }

if [[ -z ${LAB_CGROUP:-} ]]; then
        exec "$here/lab/run.sh" ${kubeconfig:+--net=host} --build="${LAB_BUILD:-$here/../build}" "$(readlink -f "$0")" \
                ${kubeconfig:+--kubeconfig "$kubeconfig" --namespace "$namespace"}
fi
. "$here/lab/lab.sh"
. "$here/lib/api.sh"
AGENTS_KUBECONFIG=$kubeconfig
. "$here/lib/agents.sh"
if [[ -n $kubeconfig ]]; then
        LOCK=leader-agent-demo-lock
fi

bold=$(tput bold 2>/dev/null) normal=$(tput sgr0 2>/dev/null)
[[ -t 1 ]] || bold= normal=
say() { printf '\n%s%s%s\n' "$bold" "$(lab_note "$@")" "$normal"; }
quote() { sed 's/^/           /'; }
die() {
        echo "demo: $*" >&2
        exit 1
}
judge() { "$JUDGE" "$@" "$RECORD"; }
# A host that was just crashed counts as running for a moment longer.
leader() {
        local host
        for host in $(judge --running 2>/dev/null | cut -d" " -f1); do
                ! host_up "$host" || echo "$host"
        done | head -1
}
leads_other() { local now=$(leader); [[ -n $now && $now != "$1" ]]; }
new_leader() { # OLD: waits for another and prints it
        wait_for 60 leads_other "$1" || {
                for host in "${LAB_HOSTS[@]}"; do
                        host_journal "$host" -n 4 -o cat -t leader-agent -t leader-guard | sed "s/^/$host: /" >&2
                done
                die "nobody leads; above, what the agents say"
        }
        leader
}
candidates() { printf '%s\n' "${LAB_HOSTS[@]}" | grep -vx "$1"; }
status_line() { # HOST: what the agent says of itself
        host_exec "$1" systemctl show -P StatusText leader-agent.service
}
says() { [[ $(status_line "$1") == "$2"* ]]; }
# The unit runs a moment before its agent has heard of it.
status_of() { # HOST [WORD: that its status begins with by and by]
        [[ -z ${2:-} ]] || wait_for 30 says "$1" "$2" || die "the status of $1 does not say $2: $(status_line "$1")"
        echo "$1 # systemctl status leader-agent"
        host_exec "$1" systemctl --no-pager --full --lines=0 status leader-agent.service |
                sed -e '/CGroup:/,$d' -e '/Drop-In:/,+1d' -e '/Docs:/d'
        echo
}
# The time between the end of the last run and the start of the newest.
last_gap() { judge | awk '$1 == "gap" {gap = $2} END {printf "%.3f s", gap}'; }

setup() {
        lab_create 3
        if [[ -z $kubeconfig ]]; then
                api_start kubesim || die "kubesim does not start"
                agents_allow demo || die "the API server refuses the set-up"
        else
                AGENTS_NS=$namespace
        fi
        agents_configure lease || die "cannot write the hosts' configuration"
        : >"$RECORD" && chmod 666 "$RECORD"
        lab_boot || die "the hosts do not boot"
        local host
        for host in "${LAB_HOSTS[@]}"; do
                agents_enroll "$host" || die "leaderctl enroll failed on $host"
        done
}

show() {
        local host first second old duration=${AGENTS_TIMING%% *} pids=()
        say "Three hosts are up: ${LAB_HOSTS[*]}. Each has $UNIT installed; it may run on one of them only."
        for host in "${LAB_HOSTS[@]}"; do
                agents_start "$host" &
                pids+=($!)
        done
        wait "${pids[@]}"
        first=$(new_leader "") || exit 1
        second=$(candidates "$first" | head -1)
        say "The agents have started. $first created the lock first: its unit runs. The others wait."
        { status_of "$first" Leader && status_of "$second" Candidate; } | quote || exit 1

        say "An admin starts the unit on $second by hand; systemd refuses, because $second does not lead:"
        host_exec "$second" systemctl start "$UNIT" 2>&1 | head -2 | quote

        say "Now the plug of $first is pulled: no goodbye, no packet. The others wait until its lease of $duration is over."
        old=$first
        host_crash "$old"
        first=$(new_leader "$old") || exit 1
        say "$first leads: $(last_gap) without a leader, and never two."
        status_of "$first" Leader | quote || exit 1

        say "$old boots again. It finds that its lock is gone and waits like the others."
        host_boot "$old" && host_wait "$old"

        say "A graceful hand-over: leaderctl step-down on $first."
        old=$first
        host_exec "$old" leaderctl step-down "$LOCK" 2>&1 | quote
        first=$(new_leader "$old") || exit 1
        say "$first leads: $(last_gap) between the stop on $old and the start on $first."

        say "What the unit itself recorded on all hosts, in seconds since its first start:"
        judge | quote
}

# The prompt. HOST may be abbreviated to its number.
prompt() {
        local word host command
        while read -rep "demo> " command host; do
                [[ -z $host || $host == web-* ]] || host=web-$host
                if [[ -n $host && ! -d $LAB/$host ]]; then
                        echo "there are: ${LAB_HOSTS[*]}"
                        continue
                fi
                case $command in
                status)
                        for host in ${host:-"${LAB_HOSTS[@]}"}; do
                                host_up "$host" && status_of "$host" || echo "$host is down"
                        done
                        echo "the unit runs on: $(leader)"
                        ;;
                crash) host_crash "${host:=$(leader)}" && echo "$host is down; 'boot $host' brings it back" ;;
                boot) host_up "${host:?}" || { host_boot "$host" && host_wait "$host"; } ;;
                stepdown) host_exec "$(leader)" leaderctl step-down "$LOCK" ;;
                shell) HOST_TIMEOUT=0 host_exec "${host:-web-1}" bash -i ;;
                record) judge ;;
                quit | exit) return 0 ;;
                "") ;;
                *) echo "status [HOST] | crash [HOST] | boot HOST | stepdown | shell HOST | record | quit" ;;
                esac
        done
        echo
}

# In a cluster of the user nothing is left: agents that are stopped take their objects with them.
goodbye() {
        local host
        [[ -n $kubeconfig ]] || return 0
        for host in "${LAB_HOSTS[@]}"; do
                host_up "$host" || { host_boot "$host" && host_wait "$host"; }
                host_exec "$host" systemctl stop leader-agent.service
        done
}

lab_note "Setting up ${kubeconfig:+with $kubeconfig, namespace $namespace}${kubeconfig:-with a simulated API server}."
setup
show
if [[ -t 0 && -t 1 ]]; then
        printf '\nYour turn. '
        echo "status [HOST] | crash [HOST] | boot HOST | stepdown | shell HOST | record | quit"
        prompt
fi
goodbye
say "Removing the hosts."
