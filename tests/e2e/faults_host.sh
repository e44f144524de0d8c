# SPDX-License-Identifier: Apache-2.0
# Sourced by scenarios, in scenario(): what happens to hosts, their systemd, the guarded unit's files, the agent's state, and
# several locks at once. Builds on faults_api.sh (settles, says, status_of).
#
#   unit_dropin HOST NAME LINE…   /etc/systemd/system/UNIT.d/NAME with those lines, loaded; enrolled again: unit_enroll HOST
#   dropin_dir HOST               that directory, from outside
#   strike HOST SERVICE           kills its processes without asking systemd
#   conf_add LINES                a file in conf.d of every host, before begin()
#   state_dir HOST, machine_id HOST     the agent's state and the host's identity, from outside
#   in_journal HOST WORDS…        waits until agent or guard wrote that
#   shows HOST WORDS…             waits until `systemctl status leader-agent` says that
#   role_of HOST [LOCK], role_is HOST ROLE [LOCK]       as leaderctl status has it; role_is waits
#   fence IDENTITY [--yes]        leaderctl fence as an administrator on this machine
#   fence_shows IDENTITY, fence_confirm IDENTITY    the same with the question: it has shown the lock; the human answers now
#   hole MAX_MS HOST RUN FROM_NS WHAT…  last line of a scenario with a stated hole: how long RUN went on from FROM_NS is noted
#                                 and may be MAX_MS; everything else is judged as always
#   woke_ns HOST RUN              when that run first went on beside the present one; start_ns: when the present one began
#   locks_more NS LOCK…           rights on further locks
#   ops_conf SUFFIX…              lines of configuration: locks op-SUFFIX for units op@SUFFIX.service of record-SUFFIX

. "$here/faults_api.sh"

# ---- unit files ----

dropin_dir() { echo "$(host_root "$1")/etc/systemd/system/$UNIT.d"; }
unit_dropin() { # HOST NAME LINE…
        local host=$1 dir=$(dropin_dir "$1") name=$2
        shift 2
        mkdir -p "$dir"
        printf '%s\n' "$@" >"$dir/$name"
        must host_exec "$host" systemctl daemon-reload
}
unit_enroll() { must agents_enroll "$1"; }

# As hit with KILL, but without asking systemd, which is busy. HOST SERVICE
strike() { must host_exec "$1" sh -c 'kill -KILL $(cat "/sys/fs/cgroup/system.slice/$1.service/cgroup.procs")' - "$2"; }

# ---- the agent's files ----

conf_add() { # LINES
        local host
        for host in "${LAB_HOSTS[@]}"; do
                mkdir -p "$(host_root "$host")/etc/leader-agent/conf.d"
                printf '%s\n' "$1" >"$(host_root "$host")/etc/leader-agent/conf.d/test.conf"
        done
}
state_dir() { echo "$(host_root "$1")/var/lib/leader-agent"; }
machine_id() { echo "$(host_root "$1")/etc/machine-id"; }

# ---- what is said ----

_in_journal() { host_journal "$1" -u leader-agent -u leader-guard -o cat | grep -qF -e "$2"; }
in_journal() { wait_for 15 _in_journal "$1" "${*:2}" || fail "the journal of $1 does not say '${*:2}'"; }
status_text() { host_exec "$1" systemctl show --value -p StatusText leader-agent; }
_shows() { [[ $(status_text "$1") == *"$2"* ]]; }
shows() { wait_for 15 _shows "$1" "${*:2}" || fail "STATUS on $1 does not say '${*:2}' but: $(status_text "$1")"; }
_field_of() { status_of "$1" | jq -r --arg lock "$2" --arg field "$3" '.locks[] | select(.lock | endswith("/" + $lock))[$field]'; }
role_of() { _field_of "$1" "${2:-$LOCK}" role 2>/dev/null; }
_role_is() { [[ $(role_of "$1" "${3:-}") == "$2" ]]; }
role_is() { wait_for 20 _role_is "$@" || fail "$1 is not $2 ${3:-}, but: $(status_of "$1")"; }

# ---- a human at another machine ----

_admin_kubeconfig() {
        cat <<-K
		apiVersion: v1
		kind: Config
		clusters: [{name: lab, cluster: {server: "$API_URL", certificate-authority: $API_CA}}]
		users: [{name: admin, user: {client-certificate: ${API_AUTH[1]}, client-key: ${API_AUTH[3]}}}]
		contexts: [{name: lab, context: {cluster: lab, user: admin, namespace: $AGENTS_NS}}]
		current-context: lab
	K
}
fence() { # IDENTITY [--yes]
        _admin_kubeconfig >"$LAB/admin.kubeconfig"
        "$LAB/base/usr/bin/leaderctl" fence "$LOCK" --kubeconfig "$LAB/admin.kubeconfig" -n "$AGENTS_NS" --holder "$1" \
                --reason "power is off" "${@:2}"
}
fence_shows() { # IDENTITY
        exec 7<>"$LAB/fence.answer"
        fence "$1" <&7 >"$LAB/fence.log" 2>&1 &
        fence_pid=$!
        wait_for 10 grep -q "Type the identity" "$LAB/fence.log" || fail "leaderctl fence does not ask: $(<"$LAB/fence.log")"
}
fence_confirm() { # IDENTITY
        local status=0
        echo "$1" >&7
        wait "$fence_pid" || status=$?
        cat "$LAB/fence.log"
        return $status
}

# ---- stated holes ----

start_ns() { echo "${run#* }"; }
# A run that was killed before it could go on has no such record: then the present one's START, and the hole is 0 ms.
woke_ns() { # HOST RUN
        awk -v h="$1" -v r="$2" -v from="$(start_ns)" '$1 == h && $2 == r && $4 >= from { at = $4; exit }
                END { printf "%.0f\n", at ? at : from }' "$RECORD"
}
hole() { # MAX_MS HOST RUN FROM_NS WHAT…
        local ms
        ms=$(awk -v h="$2" -v r="$3" -v from="$4" '$1 == h && $2 == r && $4 >= from { n++; last = $4 }
                END { printf "%.0f\n", n ? (last - from) / 1e6 : 0 }' "$RECORD")
        echo "$ms" >"$LAB/hole"
        ((ms <= $1)) || fail "stated hole, but too long: ${*:5}: $ms ms"
        awk -v h="$2" -v r="$3" -v from="$4" '!($1 == h && $2 == r && $4 >= from)' "$RECORD" >"$RECORD.rest"
        cat "$RECORD.rest" >"$RECORD" # the same file: units go on appending to it
        echo "stated hole, ${*:5}: both for $ms ms" | tee -a "$LAB/note"
}

# ---- several locks ----

locks_more() { # NAMESPACE LOCK…
        local ns=$1 names
        shift
        printf -v names '"%s",' "$@"
        must api POST "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/roles" '{"metadata":{"name":"more-locks"},"rules":[{"apiGroups":[""],
                "resources":["configmaps"],"resourceNames":['"${names%,}"'],"verbs":["get","list","watch","patch","delete"]}]}' >/dev/null
        must api POST "/apis/rbac.authorization.k8s.io/v1/namespaces/$ns/rolebindings" '{"metadata":{"name":"more-locks"},
                "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"more-locks"},
                "subjects":[{"kind":"ServiceAccount","name":"leader-agent","namespace":"'"$AGENTS_NS"'"}]}' >/dev/null
}

# The template of all op@… units.
ops_unit() {
        local host
        for host in "${LAB_HOSTS[@]}"; do
                printf '%s\n' '[Service]' Type=exec 'EnvironmentFile=-/etc/recorder-%i.env' \
                        'ExecStart=/usr/libexec/recorder $RECORDER_OPTIONS /lab/record-%i' \
                        >"$(host_root "$host")/etc/systemd/system/op@.service"
        done
        rm -f "$LAB"/shared/record-*
}
# One entry of the list `locks`. More keys of a lock: OP_KEYS; OP_NS: another namespace.
op_lock() { # SUFFIX
        local duration deadline stop margin rest
        read -r duration deadline stop margin rest <<<"$AGENTS_TIMING"
        printf '{name="op-%s";unit="op@%s.service";tenure="%s";stop_timeout="%s";' "$1" "$1" "$tenure" "$stop"
        [[ $tenure != lease ]] || printf 'lease_duration="%s";renew_deadline="%s";kill_margin="%s";' "$duration" "$deadline" "$margin"
        printf '%s}' "${OP_KEYS:-}"
}
ops_conf() { # SUFFIX…
        local suffix sep=
        printf 'locks = ('
        for suffix; do
                printf '%s' "$sep"
                op_lock "$suffix"
                sep=,
        done
        printf ');\n'
}
op_running() { "$JUDGE" --running "$LAB/shared/record-$1" 2>/dev/null; } # SUFFIX
ops_judged() { # SUFFIX…
        local suffix
        for suffix; do
                "$JUDGE" "$LAB/shared/record-$suffix" >"$LAB/judged" 2>&1 || fail "overlap or worse of op-$suffix: $(tail -1 "$LAB/judged")"
        done
}
# The hosts' op@… units that run: one per line.
ops_on() { host_exec "$1" systemctl list-units --no-legend --plain --state=active 'op@*.service' | awk '{print $1}'; } # HOST
_ops_are_on() { # HOST SUFFIX…
        local there suffix
        there=" $(ops_on "$1" | tr '\n' ' ') "
        shift
        for suffix; do
                [[ $there == *" op@$suffix.service "* ]] || return 1
        done
}
ops_come_to() { # HOST SECONDS SUFFIX…
        local host=$1 seconds=$2
        shift 2
        wait_for "$seconds" _ops_are_on "$host" "$@" || fail "only $(ops_on "$host" | wc -l) units on $host instead of: $*"
}
ops_enroll() { # with all locks of the configuration
        local host
        for host in "${LAB_HOSTS[@]}"; do
                host_exec "$host" leaderctl enroll >"$LAB/enrolled" || fail "cannot enrol: $(<"$LAB/enrolled")"
        done
}
op_lock_path() { echo "/api/v1/namespaces/$AGENTS_NS/configmaps/op-$1"; }
reload() { # HOST…
        local host
        for host; do
                must host_exec "$host" systemctl reload leader-agent
        done
}

# ---- several units under one lock ----

# addr (op@addr.service, slow to come up), the unit, and a job with its timer: under the lock of every scenario.
list_configure() {
        local host name=${UNIT%.service}
        ops_unit
        for host in "${LAB_HOSTS[@]}"; do
                mkdir -p "$(host_root "$host")/etc/systemd/system/op@addr.service.d"
                printf '%s\n' '[Service]' 'ExecStartPre=/bin/sleep 1' \
                        >"$(host_root "$host")/etc/systemd/system/op@addr.service.d/50-slow.conf"
                printf '%s\n' '[Timer]' 'OnCalendar=*:*:*' AccuracySec=50ms \
                        >"$(host_root "$host")/etc/systemd/system/nightly.timer"
                printf '%s\n' '[Unit]' StartLimitIntervalSec=0 '[Service]' Type=oneshot 'ExecStart=/bin/sh -c "hostname >>/lab/nightly"' \
                        >"$(host_root "$host")/etc/systemd/system/nightly.service"
                sed -i "s/unit = \"$UNIT\"/units = (\"op@addr.service\", \"$UNIT\", \"nightly.timer\", \"nightly.service\")/" \
                        "$(host_root "$host")/etc/leader-agent/leader-agent.conf"
                must host_exec "$host" systemctl daemon-reload
        done
        : >"$LAB/shared/nightly" && chmod 666 "$LAB/shared/nightly"
        ops_enroll
}
_list_is_up() { [[ $(host_exec "$1" systemctl is-active op@addr.service "$UNIT" nightly.timer | tr '\n' ' ') == "active active active " ]]; }
_list_is_down() { ! host_exec "$1" systemctl is-active op@addr.service "$UNIT" nightly.timer | grep -qvE '^(inactive|failed)$'; }
list_is_up() { wait_for 10 _list_is_up "$1" || fail "not all units of the list run on $1: $(host_exec "$1" systemctl is-active op@addr.service "$UNIT" nightly.timer | tr '\n' ' ')"; }
list_is_down() { # HOST…
        local host
        for host; do
                wait_for 10 _list_is_down "$host" || fail "$host: $(host_exec "$host" systemctl is-active op@addr.service "$UNIT" nightly.timer | tr '\n' ' ')"
        done
}
# The job ran on the leader, now.
list_job_runs() { # HOST
        : >"$LAB/shared/nightly"
        wait_for 5 grep -qx "$1" "$LAB/shared/nightly" || fail "the job does not run on $1"
        grep -qvx "$1" "$LAB/shared/nightly" && fail "the job runs elsewhere: $(sort -u "$LAB/shared/nightly" | tr '\n' ' ')"
        return 0
}
# No unit of the list ran anywhere while another one, or the same, ran on another host; each start in its order.
list_judged() {
        ops_judged addr
        sort -n -k4,4 <(sed 's/$/ addr/' "$LAB/shared/record-addr") <(sed 's/$/ unit/' "$RECORD") | awk '
                $1 != host { if ($3 != "START") { print "overlap: " $1 " goes on beside " host; exit 1 } host = $1 }
                $3 == "START" && $6 == "unit" && up[$1] != "addr" { print "the unit starts on " $1 " before addr"; exit 1 }
                $3 == "START" && $6 == "addr" { up[$1] = "addr" }
                $3 == "STOP" && $6 == "addr" { up[$1] = "" }
                $6 == "unit" && up[$1] == "" { print "the unit runs on " $1 " when addr has stopped"; exit 1 }' >"$LAB/judged" || fail "list: $(<"$LAB/judged")"
}
