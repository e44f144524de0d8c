# SPDX-License-Identifier: Apache-2.0
# Sourced by run.sh for each scenario: the words that scenarios are written in. A scenario file holds
#
#   variants="life lease"         what it runs as: TENURE or TENURE/PLACEHOLDER (life/pod)
#   scenario() { … }              with $tenure; the first expectation that is not met ends it
#
# Before it three fresh hosts are up, agents installed, configured and enrolled, none started.

leader= run= refused_cure=

fail() {
        echo "$*" >"$LAB/verdict"
        exit 1
}
must() { "$@" || fail "failed: $*"; }

# ---- what runs (by the record of the guarded unit, not by what the agents say) ----

running() { "$JUDGE" --running "$RECORD" 2>/dev/null; }
runs_so_far() { grep -c ' START ' "$RECORD"; }
at() { date +%s%3N; }

# Waits until the unit runs in another run than before, which has to be on one of the HOSTs: sets leader and run. A run
# that was killed hard is listed as running for a moment longer; whether two did run at once is the judge's affair.
takes_over() { # SECONDS HOST…
        local end=$(($(at) + $1 * 1000)) now
        shift
        while :; do
                now=$(running)
                if [[ -n $now && $now != "$run" && $now != *$'\n'* ]]; then
                        [[ " $* " == *" ${now% *} "* ]] || fail "${now% *} leads; expected was one of: $*"
                        leader=${now% *} run=$now
                        return
                fi
                (($(at) < end)) || fail "no new leader among $*"
                sleep 0.05
        done
}

# The same, but other hosts may run the unit before.
takes_over_at_last() { # SECONDS HOST…
        local end=$(($(at) + $1 * 1000)) now
        shift
        while :; do
                now=$(running)
                [[ -n $now && $now != *$'\n'* && " $* " == *" ${now% *} "* ]] && break
                (($(at) < end)) || fail "none of $* leads"
                sleep 0.05
        done
        leader=${now% *} run=$now
}

# The same run goes on for SECONDS, and no other starts.
stays() { # SECONDS
        local end=$(($(at) + $1 * 1000)) before=$(runs_so_far)
        while (($(at) < end)); do
                sleep 0.1
                (($(runs_so_far) == before)) || fail "another run began beside or after $run"
        done
        # A busy machine may delay a tick: look more than once.
        wait_for 3 still_runs || fail "the unit on $leader did not go on"
}
still_runs() { [[ $(running) == "$run" ]]; }

# The run of the leader ends within SECONDS.
ends() { # SECONDS
        local end=$(($(at) + $1 * 1000))
        while [[ $(running) == *"$run"* ]]; do
                (($(at) < end)) || fail "the unit on $leader still runs"
                sleep 0.05
        done
}

# Nothing starts for SECONDS.
nobody() { # SECONDS
        local end=$(($(at) + $1 * 1000)) before=$(runs_so_far)
        while (($(at) < end)); do
                (($(runs_so_far) == before)) || fail "somebody started the unit: $(running)"
                sleep 0.1
        done
}

others() { printf '%s\n' "${LAB_HOSTS[@]}" | grep -vx "$leader"; }

# ---- what happens to hosts and processes ----

start_agents() { # HOST…: all at the same time
        local host pids=()
        for host; do
                agents_start "$host" &
                pids+=($!)
        done
        wait "${pids[@]}" # not all: hosts are children too
        for host; do
                must host_exec "$host" systemctl --quiet is-active leader-agent.service leader-guard.service
        done
}

# Three agents, one leader: how most scenarios begin.
begin() {
        start_agents "${LAB_HOSTS[@]}"
        takes_over 15 "${LAB_HOSTS[@]}"
}

main_pid() { host_exec "$1" systemctl show --value -p MainPID "$2"; }

# Sends a signal to the main process of a service of a host.
hit() { # HOST UNIT SIGNAL
        must host_exec "$1" systemctl kill --kill-whom=main -s "$3" "$2"
}

# A step-down that is not forced is refused with that cause; refused_cure is the command that does it all the same.
step_down_refused() { # HOST WORDS…
        local said rc
        said=$(host_exec "$1" leaderctl step-down "$LOCK" 2>&1) && rc=0 || rc=$?
        ((rc == 4)) || fail "a step-down ends with status $rc: $said"
        [[ $said == *": refused: ${*:2}"* ]] || fail "a step-down is refused with: $said"
        refused_cure=${said##*"all the same: "}
}

api_stop() { kill -STOP "$(<"$LAB/api/api.pid")"; }
api_cont() { kill -CONT "$(<"$LAB/api/api.pid")"; }

# ---- the lock ----

lock_path() { echo "/api/v1/namespaces/$AGENTS_NS/configmaps/$LOCK"; }
lock() { api_get "$(lock_path)" "$1"; } # JQ-FILTER
lock_names() { [[ $(lock .data.holder) == "$1" ]] || fail "the lock names '$(lock .data.holder)' instead of $1"; }
# What was put back in a life term is in annotations.
lock_placeholder() { lock '.metadata.annotations["leaderagent.io/placeholder"] // .data.placeholder'; }
lock_placeholder_uid() { lock '.metadata.annotations["leaderagent.io/placeholder-uid"] // .data.placeholderUid'; }
placeholder_path() {
        local kind name
        IFS=/ read -r kind name <<<"$(lock_placeholder)"
        case $kind in
        Lease) echo "/apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases/$name" ;;
        Pod) echo "/api/v1/namespaces/$AGENTS_NS/pods/$name" ;;
        *) fail "the lock's placeholder is '$kind/$name'" ;;
        esac
}

# Everything a reader needs who was not there.
post_mortem() {
        local host
        echo "---- objects in the API server"
        api_try_print GET "$(lock_path)"
        for kind in /apis/coordination.k8s.io/v1/namespaces/$AGENTS_NS/leases /api/v1/namespaces/$AGENTS_NS/pods; do
                api_try_print GET "$kind"
        done
        for host in "${LAB_HOSTS[@]}"; do
                echo "---- $host: $(host_up "$host" && echo up || echo down)"
                host_up "$host" && timeout 5 bash -c "$(declare -f host_exec _host_pid); LAB=$LAB; host_exec $host systemctl --no-pager --lines=0 --full status leader-agent leader-guard $UNIT"
                host_journal "$host" -o short-monotonic -n "${E2E_LINES:-150}" -u leader-agent -u leader-guard -u leader-guard-reap -u "$UNIT"
        done 2>&1
}
api_try_print() { api "$@" 2>&1 | jq -c 'del(.metadata.managedFields, .items[]?.metadata.managedFields)' 2>/dev/null; }
