#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# End-to-end tests: three real systemd hosts against a real API server, one fault each, judged by what the guarded unit
# itself recorded. Prints one line per scenario and variant, `ok` or `not ok`, with the judge's figures.
#
#   tests/e2e/run.sh [OPTION…] [SCENARIO | SCENARIO:VARIANT …]
#
#   --api=real|kubesim|auto   auto (default): the real control plane when it can be had, else kubesim, said loudly
#   --jobs=N                  so many labs side by side, each with three hosts and an API server of its own
#   --verbose                 print output and journals also of scenarios that succeed
#   --list                    print SCENARIO:VARIANT of all and end
# Exit status: 0 all ok, 1 otherwise. AGENTS_TIMING (tests/lib/agents.sh) changes the lease timings. Without root nothing
# can run: it says so; with CI set that is a failure, and so is a missing control plane.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")

# They wait most of the time.
api=auto E2E_VERBOSE=${E2E_VERBOSE:-} jobs=$(($(nproc) + 1))
((jobs <= 4)) || jobs=4
while [[ ${1:-} == --* ]]; do
        case $1 in
        --api=real | --api=kubesim | --api=auto) api=${1#*=} ;;
        --jobs=[1-9]) jobs=${1#*=} ;;
        --verbose) E2E_VERBOSE=1 ;;
        --list) list=1 ;;
        *)
                sed -n '3,14s/^# \?//p' "$0" >&2
                exit 2
                ;;
        esac
        shift
done

# All of `NAME:VARIANT` that the arguments select.
selected() { # [NAME[:VARIANT]…]
        local file name variant wanted all=()
        for file in "$here"/scenarios/*.sh; do
                name=$(basename "$file" .sh)
                for variant in $(. "$file" && echo "$variants"); do
                        all+=("$name:$variant")
                done
        done
        (($#)) || set -- "${all[@]}"
        for wanted; do
                printf '%s\n' "${all[@]}" | grep -E "^$wanted(:|\$)" || {
                        echo "e2e: there is no scenario '$wanted'" >&2
                        return 1
                }
        done
}
cases=$(selected "$@") || exit 2
if [[ -n ${list:-} ]]; then
        echo "$cases"
        exit 0
fi

if ((EUID != 0)); then
        echo "e2e: LEFT OUT: $(wc -l <<<"$cases") end-to-end tests: booting real hosts needs root" >&2
        [[ -z ${RESULTS:-} ]] || echo "0 0 $(wc -l <<<"$cases")" >>"$RESULTS"
        [[ -z ${CI:-} ]]
        exit
fi
E2E_BIN=
if [[ $api != kubesim ]]; then
        status=0
        E2E_BIN=$("$here/../cluster/build.sh") || status=$?
        case $status/$api in
        0/*) api=real ;;
        2/auto) # said loudly by build.sh
                [[ -z ${CI:-} ]] || exit 1
                api=kubesim
                ;;
        *) exit 1 ;;
        esac
fi
export E2E_BIN E2E_VERBOSE E2E_API=$api

# The workers take cases from the head of a queue, and leave one file per case that was not ok.
E2E_DIR=$(mktemp -d "${TMPDIR:-/var/tmp}/leader-agent-e2e.XXXXXX") || exit 1
export E2E_DIR
mkdir "$E2E_DIR/traces"
began=$SECONDS workers=()
finish() { # STATUS
        trap '' INT TERM HUP
        ((${#workers[@]} == 0)) || kill -TERM "${workers[@]}" 2>/dev/null
        wait
        if [[ -n ${LAB_BUILD:-} ]]; then # for make check-traces, make promise-table
                rm -rf "$LAB_BUILD/traces" && mkdir -p "$LAB_BUILD/traces"
                mv -f "$E2E_DIR"/traces/* "$LAB_BUILD/traces/" 2>/dev/null
                rm -f "$LAB_BUILD/e2e-results"
                mv -f "$E2E_DIR/results" "$LAB_BUILD/e2e-results" 2>/dev/null
        fi
        rm -rf "$E2E_DIR"
        exit "$1"
}
trap 'finish 130' INT
trap 'finish 143' TERM HUP
nl -w1 -s' ' <<<"$cases" >"$E2E_DIR/queue"
total=$(wc -l <"$E2E_DIR/queue")
((jobs <= total)) || jobs=$total
"$here/../lab/stage.sh" "${LAB_BUILD:-$here/../../build}" "$E2E_DIR/base" || finish 1
for ((i = 0; i < jobs; i++)); do
        setpriv --pdeathsig KILL "$here/../lab/run.sh" --base="$E2E_DIR/base" "$here/worker.sh" </dev/null &
        workers+=($!)
done
for worker in "${workers[@]}"; do
        wait "$worker" || : >"$E2E_DIR/failed.worker"
done
workers=()
bad=$(find "$E2E_DIR" -name 'failed.*' | wc -l) left=$(wc -l <"$E2E_DIR/queue")
echo "1..$total"
[[ -z ${RESULTS:-} ]] || echo "$((total - left - bad)) $((bad + left)) 0" >>"$RESULTS"
echo "# $((total - left - bad)) of $total ok in $((SECONDS - began)) s; API server: $api; labs side by side: $jobs"
finish $((bad + left > 0))
