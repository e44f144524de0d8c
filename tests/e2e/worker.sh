#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One lab of tests/e2e/run.sh, inside tests/lab/run.sh: three hosts and an API server, scenario after scenario.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
. "$here/../lab/lab.sh"
. "$here/../lib/api.sh"
. "$here/../lib/agents.sh"
. "$here/lib.sh"

die() {
        echo "e2e: $*" >&2
        exit 1
}
lab_create 3
api_start "$E2E_API" "$E2E_BIN" || die "the API server does not start"

# Fresh hosts, a fresh namespace, an empty record.
prepare() { # NUMBER
        local host
        lab_wipe && : >"$RECORD" && chmod 666 "$RECORD" || return 1
        agents_allow "e2e-$1" && agents_configure "$tenure" "$placeholder" && lab_boot || return 1
        for host in "${LAB_HOSTS[@]}"; do
                agents_enroll "$host" || return 1
        done
}

# Runs in a subshell; fail() writes why to $LAB/verdict.
one() { # NUMBER NAME
        prepare "$1" || fail "cannot prepare the hosts"
        . "$here/scenarios/$2.sh"
        scenario
}

take() { # prints the next case and removes it from the queue
        exec 9<"$E2E_DIR"
        flock 9
        sed -n 1p "$E2E_DIR/queue"
        sed -i 1d "$E2E_DIR/queue"
}

while read -r number case < <(take); do
        IFS=:/ read -r name tenure placeholder <<<"$case"
        : "${placeholder:=lease}"
        : >"$LAB/verdict"
        : >"$LAB/note"
        : >"$LAB/hole"
        from=$(at) AGENTS_NS=e2e-$number
        (one "$number" "$name") >"$LAB/output" 2>&1
        status=$?
        api_cont 2>/dev/null
        took=$(($(at) - from))
        for host in "${LAB_HOSTS[@]}"; do # for check-traces; a host that lost its state directory has none
                cp "$(host_root "$host")/var/lib/leader-agent/trace" \
                        "$E2E_DIR/traces/$number-$name-$tenure-$placeholder-$host" 2>/dev/null || :
        done
        why=$(<"$LAB/verdict")
        note=$(paste -sd';' "$LAB/note") # what a scenario measured itself, such as a stated hole
        ((status == 0)) || : "${why:=exit status $status}"
        figures=$("$JUDGE" "$RECORD" 2>&1) || why="OVERLAP or worse${why:+; $why}"
        {
                [[ -z $why ]] || printf 'not '
                printf 'ok %d - %s (%d.%d s, %s%s)%s\n' "$number" "$case" $((took / 1000)) $((took % 1000 / 100)) \
                        "$(tail -1 <<<"$figures")" "${note:+; $note}" "${why:+ - $why}"
                if [[ -n $why || -n $E2E_VERBOSE ]]; then
                        { echo "---- output"; cat "$LAB/output"; echo "---- judge"; echo "$figures"; post_mortem; } 2>&1 | sed 's/^/#   /'
                fi
        } >"$LAB/report"
        [[ -z $why ]] || : >"$E2E_DIR/failed.$number"
        # For make promise-table: SCENARIO TENURE PLACEHOLDER ok|idle|failed OVERLAP_NS HOLE_MS TIMING, `-` for none. Idle: no
        # unit ran, so nothing was measured.
        overlap=$(sed -n 's/.* overlap_ns=\([0-9]*\) .*/\1/p' <<<"$figures") hole=$(<"$LAB/hole")
        result=ok
        [[ $figures != *"runs=0 "* ]] || result=idle
        [[ -z $why ]] || result=failed
        echo "$name $tenure $placeholder $result ${overlap:--} ${hole:--}" \
                "$AGENTS_TIMING" >>"$E2E_DIR/results"
        # One report at a time, whole.
        flock "$E2E_DIR" cat "$LAB/report"
done
