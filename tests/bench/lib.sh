# SPDX-License-Identifier: Apache-2.0
# Sourced by worker.sh after the lab's libraries: three pairs of hosts, how to start and stop what runs on them, how to read
# instants and use of resources. All instants are nanoseconds of CLOCK_MONOTONIC.
#
# PAIRS: life and lease (our agent with that tenure), peer (client-go). Everything of a pair, after `pair NAME`: LAB_HOSTS,
# AGENTS_NS, RECORD, who.

PAIRS="life lease peer"
INSTANT=$LAB/base/usr/libexec/instant
# As AGENTS_TIMING. For the comparison: the duration of client-go's lease, and its pace of renewals.
COMPARED_TIMING="15s 6s 3s 5s 2s 3s"
DEFAULT_TIMING="30s 15s 8s 5s 5s 5s"

die() {
        echo "bench: $*" >&2
        exit 1
}
say() { lab_note "$*; load $(cut -d' ' -f1-3 /proc/loadavg)" >&2; }

# value FIGURE WHO VALUE: one line of the raw results.
value() { printf '%s\t%s\t%s\n' "$@" >>"$BENCH_DIR/raw"; }
load() { value load "$1" "$(cut -d' ' -f1 /proc/loadavg)"; }

pair() { # NAME
        who=$1 AGENTS_NS=bench-$1 RECORD=$LAB/shared/record.$1
        case $1 in
        life) LAB_HOSTS=(web-1 web-2) ;;
        lease) LAB_HOSTS=(web-3 web-4) ;;
        peer) LAB_HOSTS=(web-5 web-6) ;;
        esac
}
other() { # HOST
        local host
        for host in "${LAB_HOSTS[@]}"; do
                [[ $host == "$1" ]] || echo "$host"
        done
}

# ---- set-up ----

# Instead of the one of the tests: the defaults, but for what is given.
_agents_conf() { # TENURE
        local duration deadline stop margin renew request
        read -r duration deadline stop margin renew request <<<"$TIMING"
        cat <<-C
		kubeconfig = "/etc/leader-agent/kubeconfig";
		namespace = "$AGENTS_NS";
	C
        [[ $1 != lease ]] || printf 'renew_interval = "%s";\nrequest_timeout = "%s";\n' "$renew" "$request"
        echo "locks = ({ name = \"$LOCK\"; unit = \"$UNIT\"; tenure = \"$1\"; step_down_hold = \"200ms\";"
        [[ $1 != lease ]] || printf 'lease_duration = "%s"; renew_deadline = "%s"; stop_timeout = "%s"; kill_margin = "%s";\n' \
                "$duration" "$deadline" "$stop" "$margin"
        echo '});'
}

agents_prepare() {
        local host root
        agents_allow "$AGENTS_NS" && agents_configure "$who" || die "cannot configure the agents ($who)"
        for host in "${LAB_HOSTS[@]}"; do
                root=$(host_root "$host")/etc/systemd/system
                mkdir -p "$root/leader-agent.service.d" "$root/$UNIT.d"
                printf '[Service]\nExecStart=\nExecStart=/usr/libexec/instant exec /usr/sbin/leader-agent\n' \
                        >"$root/leader-agent.service.d/bench.conf"
                printf '[Service]\nExecStart=\nExecStart=/usr/libexec/recorder /lab/record.%s\n' "$who" >"$root/$UNIT.d/bench.conf"
                # While something refers to a stopped unit, systemd keeps its timestamps.
                printf '[Unit]\nAfter=%s\n' "$UNIT" >"$root/keep.target"
        done
}

peer_prepare() {
        local host etc rbac=/apis/rbac.authorization.k8s.io/v1/namespaces/$AGENTS_NS token
        api POST /api/v1/namespaces '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"'"$AGENTS_NS"'"}}' >/dev/null &&
                api POST "/api/v1/namespaces/$AGENTS_NS/serviceaccounts" '{"metadata":{"name":"leader-agent"}}' >/dev/null &&
                api POST "$rbac/roles" '{"metadata":{"name":"peer"},"rules":[{"apiGroups":["coordination.k8s.io"],"resources":["leases"],"verbs":["get","create","update"]}]}' >/dev/null &&
                api POST "$rbac/rolebindings" '{"metadata":{"name":"peer"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"peer"},"subjects":[{"kind":"ServiceAccount","name":"leader-agent","namespace":"'"$AGENTS_NS"'"}]}' >/dev/null ||
                die "the API server refuses the rights of the client-go program"
        for host in "${LAB_HOSTS[@]}"; do
                etc=$(host_root "$host")/etc
                echo "OPTIONS=--record /lab/record.peer" >"$etc/peer.env"
                (umask 077 && _agents_kubeconfig >"$etc/peer.kubeconfig") || die "no token for the client-go program"
                cat >"$etc/systemd/system/peer.service" <<-U
			[Unit]
			StartLimitIntervalSec=0
			[Service]
			Type=exec
			ExecStart=/usr/libexec/instant exec /usr/libexec/peer --kubeconfig /etc/peer.kubeconfig --namespace $AGENTS_NS \$OPTIONS
			EnvironmentFile=/etc/peer.env
			Restart=always
			RestartSec=6s
		U
        done
}

# ---- start and stop ----

begin() { # HOST…: start what competes there
        local host
        for host; do
                if [[ $who == peer ]]; then
                        host_exec "$host" systemctl start peer.service
                else # the guard runs already; not `enable --now`, which has PID 1 reload first
                        host_exec "$host" systemctl start leader-agent.service
                fi || { host_journal "$host" -n 20 >&2; die "$who does not start on $host"; }
        done
}

# Stops it on all hosts of the pair, until the lock is free; the guards stay.
finish() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                if [[ $who == peer ]]; then
                        host_exec "$host" systemctl stop peer.service
                        api_try DELETE "/apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases/peer"
                else
                        host_exec "$host" systemctl stop leader-agent.service
                fi
        done
        [[ $who == peer ]] || wait_for 60 lock_gone || die "the lock of $who stays"
}
lock_gone() { [[ -z $(api_get "/api/v1/namespaces/$AGENTS_NS/configmaps/$LOCK" .metadata.uid) ]]; }

main_pid() { # HOST [UNIT]
        local unit=leader-agent.service
        [[ $who != peer ]] || unit=peer.service
        host_exec "$1" systemctl show -P MainPID "${2:-$unit}"
}

# ---- what runs, by the record ----

now() { local ns rest; read -r ns rest < <("$INSTANT"); echo "$ns"; }

running() { # prints the host whose line is the latest, if that is not older than 0.3 s
        tail -n 2 "$RECORD" | awk -v now="$(now)" 'NF == 5 && now - $4 < 3e8 && $3 != "STOP" {host = $1} END {if (host) print host; exit !host}'
}
length() { stat -c %s "$RECORD"; }
# The first START behind OFFSET: `HOST NS`.
started() { # OFFSET
        tail -c +$(($1 + 1)) "$RECORD" | awk '$3 == "START" {print $1, $4; found = 1; exit} END {exit !found}'
}

# prop HOST UNIT PROPERTY: a timestamp of systemd, as ns
prop() { echo "$(host_exec "$1" systemctl show -P "$3" "$2")000"; }

# asked HOST: when its guard last asked PID 1 for a start job. Its record of that follows at once, and the kernel stamps the
# datagram when it is sent: nothing more runs while the figure is taken.
asked() {
        local us mono real
        host_exec "$1" journalctl --sync
        us=$(host_exec "$1" journalctl -q -o json -n 1 SYSLOG_IDENTIFIER=leader-guard NEW_STATE=starting | jq -r ._SOURCE_REALTIME_TIMESTAMP)
        read -r mono real < <("$INSTANT")
        echo $((mono - (real - us * 1000)))
}

# The instant of exec of the process that competes on HOST.
exec_instant() { host_exec "$1" sed -zn 's/^INSTANT=//p' "/proc/$(main_pid "$1")/environ" | tr -d '\0'; }

# overlap FROM TO: seconds that two hosts of the pair worked at the same time, then seconds that both believed to lead: a
# process that was stopped does not work, but knows nothing of its end either.
overlap() {
        awk -v from="$1" -v to="$2" '
                function close_run(r) { n++; host[n] = where[r]; a[n] = first[r]; b[n] = last[r]; long[n] = r }
                $4 < from || $4 > to { next }
                { r = $1 " " $2 }
                !(r in last) { first[r] = $4; where[r] = $1; whole_a[r] = $4 }
                (r in last) && $4 - last[r] > 5e8 { close_run(r); first[r] = $4 }
                { last[r] = $4; whole_b[r] = $4 }
                function common(a1, b1, a2, b2) { a1 = a1 > a2 ? a1 : a2; b1 = b1 < b2 ? b1 : b2; return b1 > a1 ? b1 - a1 : 0 }
                END {
                        for (r in last) close_run(r)
                        for (i = 1; i <= n; i++) for (j = 1; j < i; j++) if (host[i] != host[j]) work += common(a[i], b[i], a[j], b[j])
                        for (r in last) for (s in last) if (where[r] < where[s]) belief += common(whole_a[r], whole_b[r], whole_a[s], whole_b[s])
                        printf "%.3f %.3f\n", work / 1e9, belief / 1e9
                }' "$RECORD"
}

# ---- use of resources ----

# use HOST PID: `Rss-KiB Private_Dirty-KiB threads CPU-ns context-switches`
use() {
        host_exec "$1" sh -c '
                cd /proc/$0 && awk "/^Rss:/ {r = \$2} /^Private_Dirty:/ {d = \$2} END {printf \"%d %d \", r, d}" smaps_rollup &&
                cat task/*/schedstat task/*/status | awk "NF == 3 && !/:/ {n++; cpu += \$1} /ctxt_switches/ {s += \$2} END {printf \"%d %.0f %d\n\", n, cpu, s}"' "$2"
}
ratio() { awk "BEGIN {printf \"%.6g\", $1}"; }
