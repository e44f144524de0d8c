#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The measurements of run.sh, inside tests/lab/run.sh. Writes one line per value into $BENCH_DIR/raw: figure, who, value.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../lab/lab.sh"
. "$here/../lib/api.sh"
. "$here/../lib/agents.sh"
. "$here/lib.sh"

# Numbers of runs, window of one measurement at rest and their number, warm-up before them, all in seconds.
if [[ -n $BENCH_QUICK ]]; then
        STARTS=5 STEPS=4 CRASHES=1 FAULTS=1 WINDOW=30 WINDOWS=2 WARM=20
else
        STARTS=20 STEPS=15 CRASHES=5 FAULTS=3 WINDOW=120 WINDOWS=5 WARM=60
fi

# An API server with an audit log of our namespaces, so that requests can be counted by host.
mkdir "$LAB/bin"
ln -s "$BENCH_BIN"/{etcd,kube-controller-manager} "$LAB/bin/"
cat >"$LAB/audit.yaml" <<'Y'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, namespaces: [bench-life, bench-lease, bench-peer]}
- {level: None}
Y
cat >"$LAB/bin/kube-apiserver" <<S
#!/bin/sh
exec "$BENCH_BIN/kube-apiserver" --audit-policy-file="$LAB/audit.yaml" --audit-log-path="$LAB/audit.log" \\
        --audit-log-mode=batch --audit-log-batch-max-wait=1s "\$@"
S
chmod +x "$LAB/bin/kube-apiserver"

set_up() {
        local host name
        lab_create 6
        api_start real "$LAB/bin" || die "the control plane does not start"
        TIMING=$COMPARED_TIMING
        for name in $PAIRS; do
                pair "$name"
                : >"$RECORD" && chmod 666 "$RECORD"
                if [[ $name == peer ]]; then
                        peer_prepare
                else
                        agents_prepare
                fi
        done
        LAB_HOSTS=(web-{1..6})
        lab_boot || die "the hosts do not boot"
        for host in web-{1..4}; do
                agents_enroll "$host" || die "leaderctl enroll failed on $host"
                host_exec "$host" systemctl --quiet enable --now leader-guard.socket leader-guard.service
                host_exec "$host" systemctl start keep.target
        done
}

# ---- process start, the lock free ----

start() {
        local i
        for ((i = 0; i < STARTS; i++)); do
                load start
                for name in $PAIRS; do
                        pair "$name"
                        start_one "${LAB_HOSTS[i % 2]}"
                done
        done
}

start_one() { # HOST
        local from=$(length) exec began
        begin "$1"
        wait_for 60 started "$from" || die "$who does not lead on $1"
        exec=$(exec_instant "$1")
        read -r _ began < <(started "$from")
        if [[ $who == peer ]]; then
                value start peer "$(ratio "($began - $exec) / 1e6")"
        else
                value start "$who" "$(ratio "($(asked "$1") - $exec) / 1e6")"
                value start_process "$who" "$(ratio "($(prop "$1" $UNIT InactiveExitTimestampMonotonic) - $exec) / 1e6")"
                value sandbox "$who" "$(ratio "($exec - $(prop "$1" leader-agent.service ExecMainStartTimestampMonotonic)) / 1e6")"
        fi
        value start_work "$who" "$(ratio "($began - $exec) / 1e6")"
        finish
        sleep 0.3
}

# ---- graceful hand-over ----

stepdown() {
        local i name
        for name in $PAIRS; do
                pair "$name"
                begin "${LAB_HOSTS[@]}"
        done
        for ((i = 0; i < STEPS; i++)); do
                load stepdown
                for name in $PAIRS; do
                        pair "$name"
                        wait_for 60 running || die "nobody leads in $who"
                        # The one that comes back must be a candidate again, and the watches at rest.
                        sleep 1.5
                        stepdown_one
                done
        done
}

stepdown_one() {
        local old=$(running) new t0 from=$(length) began
        if [[ $who == peer ]]; then
                # Its process comes back after 6 s, so that it does not win itself; the other must be there by now.
                wait_for 60 both_up || die "client-go does not run on both hosts"
                t0=$(host_exec "$old" /usr/libexec/instant kill 15 "$(main_pid "$old")")
        else
                t0=$(host_exec "$old" /usr/libexec/instant step-down "$LOCK") || die "step-down is refused on $old"
        fi
        wait_for 60 started "$from" || die "nobody follows in $who"
        read -r new began < <(started "$from")
        if [[ $new == "$old" ]]; then
                return # the old one won again: no hand-over
        fi
        if [[ $who == peer ]]; then
                value stepdown peer "$(ratio "($began - $t0) / 1e6")"
                return
        fi
        wait_for 10 stamped "$new"
        local stop=$(prop "$old" $UNIT ActiveExitTimestampMonotonic) stopped=$(prop "$old" $UNIT InactiveEnterTimestampMonotonic)
        local next=$(asked "$new") process=$(prop "$new" $UNIT InactiveExitTimestampMonotonic)
        value stepdown "$who" "$(ratio "($next - $t0 - ($stopped - $stop)) / 1e6")"
        value stepdown_process "$who" "$(ratio "($process - $t0 - ($stopped - $stop)) / 1e6")"
        value stepdown_order "$who" "$(ratio "($stop - $t0) / 1e6")"
        value stepdown_next "$who" "$(ratio "($next - $stopped) / 1e6")"
}
both_up() { (($(main_pid "${LAB_HOSTS[0]}") && $(main_pid "${LAB_HOSTS[1]}"))); }
stamped() { [[ $(host_exec "$1" systemctl show -P ActiveState $UNIT) == active ]]; }

# ---- faults; the pairs suffer them at the same time ----

leaders() { # all pairs have a leader and a candidate: leader[PAIR]
        local name
        for name in $PAIRS; do
                pair "$name"
                begin "${LAB_HOSTS[@]}"
                wait_for 90 running || die "nobody leads in $who"
                wait_for 60 both_up || die "$who does not run on both hosts"
                leader[$name]=$(running)
        done
}

# When the holder last renewed, as CLOCK_MONOTONIC.
renewed() {
        local lease=peer mono real time
        [[ $who == peer ]] || lease=$(api_get "/api/v1/namespaces/$AGENTS_NS/configmaps/$LOCK" '.data.placeholder | sub(".*/"; "")')
        time=$(date -d "$(api_get "/apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases/$lease" .spec.renewTime)" +%s%N)
        read -r mono real < <("$INSTANT")
        echo $((mono - (real - time)))
}

crash() {
        local i name new began to
        declare -A leader from t0 last
        for ((i = 0; i < CRASHES; i++)); do
                leaders
                # Another phase between two renewals each time.
                sleep 5.$((RANDOM % 10))$((RANDOM % 10))
                load crash
                for name in lease peer; do
                        pair "$name"
                        from[$name]=$(length)
                        t0[$name]=$(now)
                        host_crash "${leader[$name]}"
                        last[$name]=$(renewed)
                done
                for name in lease peer; do
                        pair "$name"
                        wait_for 90 started "${from[$name]}" || die "nobody follows in $who"
                        read -r new began < <(started "${from[$name]}")
                        to=$began
                        if [[ $name == lease ]]; then
                                wait_for 10 stamped "$new"
                                to=$(prop "$new" $UNIT InactiveExitTimestampMonotonic)
                        fi
                        value crash "$name" "$(ratio "($to - ${t0[$name]}) / 1e9")"
                        value crash_over "$name" "$(ratio "($to - ${last[$name]}) / 1e9 - 15")"
                        host_boot "${leader[$name]}"
                done
                for name in lease peer; do
                        host_wait "${leader[$name]}"
                done
        done
}

# FIGURE_begin and FIGURE_end of all leaders 40 s apart, then 25 s more: client-go works on for a while after it is back.
fault() { # FIGURE
        local i name t0 work belief
        declare -A leader
        for ((i = 0; i < FAULTS; i++)); do
                leaders
                sleep 5
                load "$1"
                t0=$(now)
                for name in $PAIRS; do
                        pair "$name"
                        "$1_begin" "${leader[$name]}"
                done
                sleep 40
                for name in $PAIRS; do
                        pair "$name"
                        "$1_end" "${leader[$name]}"
                done
                sleep 25
                for name in $PAIRS; do
                        pair "$name"
                        read -r work belief < <(overlap "$t0" "$(now)")
                        value "$1_work" "$name" "$work"
                        value "$1_belief" "$name" "$belief"
                done
        done
}
partition() { fault partition; }
partition_begin() { net_cut "$1"; }
partition_end() { net_heal "$1"; }
sigstop() { fault sigstop; }
sigstop_begin() { stopped[$who]=$(main_pid "$1") && host_exec "$1" kill -STOP "${stopped[$who]}"; }
# systemd's watchdog may have replaced our agent by now.
sigstop_end() { host_exec "$1" kill -CONT "${stopped[$who]}" 2>/dev/null; }
declare -A stopped

# ---- at rest ----

# Who leads, by the lock.
holder() {
        if [[ $who == peer ]]; then
                api_get "/apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases/peer" '.spec.holderIdentity | sub("-[0-9]*$"; "")'
        else
                api_get "/api/v1/namespaces/$AGENTS_NS/configmaps/$LOCK" .data.holder
        fi | grep .
}

# The processes of all pairs: `PAIR ROLE HOST UNIT`.
processes() {
        local name host role leader
        for name in $PAIRS; do
                pair "$name"
                leader=$(holder) || die "nobody leads in $who"
                for host in "${LAB_HOSTS[@]}"; do
                        role=candidate
                        [[ $host != "$leader" ]] || role=leader
                        if [[ $name == peer ]]; then
                                echo "$name agent_$role $host peer.service"
                        else
                                echo "$name agent_$role $host leader-agent.service"
                                echo "$name guard_$role $host leader-guard.service"
                        fi
                done
        done
}

steady() {
        local i name role host unit list from audit_from audit_to key rss dirty threads cpu switches
        declare -A pid cpu_then switches_then at_then
        # With the defaults of the configuration, and guards that are as fresh as the agents.
        TIMING=$DEFAULT_TIMING
        for name in $PAIRS; do
                pair "$name"
                finish
                [[ $name != lease ]] || agents_configure lease
                for host in "${LAB_HOSTS[@]}"; do
                        if [[ $name == peer ]]; then
                                # It leads without work: our agent's work is another process, which is not counted.
                                echo "OPTIONS=" >"$(host_root "$host")/etc/peer.env"
                        else
                                host_exec "$host" systemctl restart leader-guard.service
                        fi
                done
                begin "${LAB_HOSTS[@]}"
        done
        sleep "$WARM"
        list=$(processes)
        while read -r name role host unit; do
                pid[$host$unit]=$(main_pid "$host" "$unit")
        done <<<"$list"
        audit_from=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
        from=$(now)
        for ((i = 0; i <= WINDOWS; i++)); do
                ((i == 0)) || sleep "$WINDOW"
                load steady
                while read -r name role host unit; do
                        key=$host$unit
                        read -r rss dirty threads cpu switches < <(use "$host" "${pid[$key]}") || die "$unit on $host has ended"
                        at=$(now)
                        if ((i > 0)); then
                                value "${role}_rss" "$name" "$(ratio "$rss / 1024")"
                                value "${role}_dirty" "$name" "$(ratio "$dirty / 1024")"
                                value "${role}_threads" "$name" "$threads"
                                value "${role}_cpu" "$name" "$(ratio "($cpu - ${cpu_then[$key]}) / 1e6 * 120e9 / ($at - ${at_then[$key]})")"
                                value "${role}_switches" "$name" "$(ratio "($switches - ${switches_then[$key]}) * 120e9 / ($at - ${at_then[$key]})")"
                        fi
                        cpu_then[$key]=$cpu switches_then[$key]=$switches at_then[$key]=$at
                done <<<"$list"
        done
        audit_to=$(date -u +%Y-%m-%dT%H:%M:%S.%6NZ)
        local seconds=$(ratio "($(now) - $from) / 1e9")
        value window all "$seconds"
        sleep 3 # the log is written in batches
        jq -r --arg from "$audit_from" --arg to "$audit_to" '
                select(.requestReceivedTimestamp >= $from and .requestReceivedTimestamp < $to)
                | [.auditID, .sourceIPs[0], .userAgent, .verb, .objectRef.resource, .objectRef.name, .responseStatus.code]
                | @tsv' "$LAB/audit.log" | sort -u -k1,1 >"$BENCH_DIR/requests"
        while read -r name role host unit; do
                [[ $role == agent_* ]] || continue
                value "requests_${role#agent_}" "$name" \
                        "$(ratio "$(awk -F'\t' -v ip="$(host_ip "$host")" '$2 == ip {n++} END {print n + 0}' "$BENCH_DIR/requests") * 3600 / $seconds")"
        done <<<"$list"
}

say "setting up six hosts and the control plane"
set_up
for stage in $BENCH_STAGES; do
        say "$stage"
        load "$stage"
        "$stage"
done
# BENCH_KEEP=FILE: the audit log of the whole run, to look into a figure.
[[ -z ${BENCH_KEEP:-} ]] || { sleep 2; cp "$LAB/audit.log" "$BENCH_KEEP"; }
say "done"
