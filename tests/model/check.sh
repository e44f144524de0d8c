#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the explorer over the configurations that `make check-model` promises, two at a time.
#   check.sh MODEL [few|small|large [RESULTS]]
# RESULTS, for make promise-table: `ok|bounded|failed CONFIGURATION`; bounded: not all states, but all up to some depth.
# few: the first states of each, for the sanitizers; small: about four minutes on two free cores; large: hours, tens of
# gigabytes of memory. STATES: where a large run ends that has not seen all (90 million take 7 to 14 GB and about ten minutes).
set -u
here=$(dirname "$0")
model=$1 bounds=${2:-small} results=${3:-/dev/null} states=${STATES:-400000000}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

small=(
        '--tenure life --faults 1 --humans 0'
        '--tenure life --faults 2 --humans 0'
        '--tenure life --faults 0 --humans 1'
        '--tenure life --leading --faults 1 --humans 1'
        '--tenure life --leading --faults 1 --humans 1 --no-gc'
        '--tenure life --leading --faults 2 --humans 1 --only sign,kill-agent'
        '--tenure lease --faults 0 --humans 0'
        '--tenure lease --faults 0 --humans 1'
        '--tenure lease --faults 1 --humans 0'
        '--tenure lease --faults 2 --humans 0 --only twice,kill-agent'
        '--tenure lease --faults 2 --humans 0 --only damage,kill-guard'
        '--tenure lease --leading --faults 1 --humans 0 --no-gc'
        '--tenure lease --leading --faults 0 --humans 2 --states 6000000'
        '--tenure lease --leading --faults 1 --humans 1 --states 6000000'
        '--tenure lease --leading --faults 2 --humans 0 --states 6000000'
        '--tenure lease --leading --faults 1 --humans 1 --only old-event'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent,freeze-guard --duration 8 --renew-deadline 9 --margin 2 --rate 1'
        '--tenure lease --leading --faults 1 --humans 0 --only suspend'
        '--tenure life --leading --crowded --faults 1 --humans 1 --only break-link,kill-agent,freeze-guard'
        '--tenure lease --leading --crowded --faults 2 --humans 0 --only break-link,freeze-guard --states 3000000'
        '--tenure lease --clone --leading --faults 2 --humans 0'
        '--tenure lease --agents 3 --clone --leading --faults 1 --humans 0 --only clone'
        '--tenure life --clone --leading --faults 2 --humans 0'
        '--tenure life --leading --faults 2 --humans 0 --only lose-state,kill-agent,crash'
        '--tenure lease --leading --faults 2 --humans 0 --only lose-state,kill-agent'
        '--tenure life --leading --faults 2 --humans 0 --only unenrol,crash'
        '--tenure life --leading --faults 1 --humans 1 --only unenrol'
        '--tenure lease --leading --faults 2 --humans 0 --only unenrol,crash'
        '--tenure lease --leading --faults 1 --humans 1 --only unenrol'
        '--tenure life --faults 1 --humans 1 --only fill'
        '--tenure life --leading --faults 3 --humans 0 --only fill,unit-exit,kill-agent,kill-guard'
        '--tenure life --faults 2 --humans 0 --only trip,kill-guard'
        '--tenure lease --faults 1 --humans 0 --only trip,kill-guard'
        '--tenure lease --faults 1 --humans 0 --only fill'
        '--tenure lease --leading --faults 1 --humans 1 --only fill'
        '--tenure lease --leading --faults 2 --humans 0 --only fill,kill-agent'
        '--tenure life --leading --faults 2 --humans 0 --only read-only,unit-exit,kill-agent,kill-guard'
        '--tenure life --leading --faults 3 --humans 0 --only unit-exit,unit-end,kill-guard,kill-agent'
        '--tenure lease --leading --faults 2 --humans 0 --only unit-exit,unit-end,kill-guard'
        '--tenure life --leading --faults 1 --humans 1 --only read-only'
        '--tenure life --faults 1 --humans 1 --only end-agent'
        '--tenure life --leading --faults 2 --humans 1 --only end-agent,crash'
        '--tenure life --leading --faults 2 --humans 0 --only end-agent,unit-exit,kill-guard'
        '--tenure lease --leading --faults 1 --humans 1 --only end-agent'
        # The holder's instants leave nothing of the others' wait: who counts from a later instant than they do is seen.
        '--tenure lease --leading --faults 1 --humans 1 --only end-agent --duration 5 --renew-deadline 9 --margin 0'
        '--tenure lease --leading --faults 2 --humans 0 --only end-agent,kill-guard'
        '--tenure life --leading --faults 1 --humans 1 --only jam'
        '--tenure life --leading --faults 2 --humans 0 --only jam,unit-exit'
        '--tenure lease --leading --faults 1 --humans 1 --only jam'
        '--tenure mixed --leading --faults 1 --humans 1 --only jam'
        '--tenure lease --agents 1 --faults 2 --humans 1 --only unenrol,hang'
        '--tenure lease --faults 2 --humans 1 --only unenrol,hang --states 2000000'
        '--tenure lease --leading --faults 2 --humans 0 --only suspend-hung,freeze-guard'
        '--list --tenure life --faults 3 --humans 0'
        '--list --tenure life --triggered --faults 3 --humans 0'
        '--list --tenure lease --faults 2 --humans 0'
        '--list --tenure lease --triggered --faults 2 --humans 0'
        '--tenure life --two --faults 0 --humans 0'
        '--tenure life --two --leading --faults 1 --humans 0'
        '--tenure lease --two --faults 0 --humans 0'
        '--tenure lease --two --leading --faults 1 --humans 0 --only end-agent,unit-exit,fail'
        '--tenure lease --two --leading --faults 1 --humans 0 --only kill-agent,slow --states 400000'
        '--tenure life --agents 1 --two --leading --faults 0 --humans 1'
        '--tenure lease --agents 1 --two --leading --faults 0 --humans 1'
        '--tenure lease --agents 1 --two --leading --faults 1 --humans 0'
        '--tenure lease --agents 1 --two --leading --faults 2 --humans 0 --only lose-state,kill-agent'
        '--tenure lease --placeholder pod --faults 1 --humans 0'
        '--tenure lease --placeholder pod --faults 0 --humans 1'
        '--tenure life --placeholder pod --leading --faults 1 --humans 1 --only kill-agent,crash,hold,old-event'
        '--tenure lease --forges --faults 0 --humans 1'
        '--tenure lease --forges --faults 1 --humans 1 --only kill-agent,old-event --states 1000000'
        '--tenure lease --edits --leading --faults 0 --humans 1'
        '--tenure lease --edits --leading --faults 1 --humans 1 --only kill-agent --states 3000000'
        '--tenure life --edits --leading --faults 1 --humans 1 --only kill-agent,old-event,crash'
        '--tenure mixed --edits --leading --faults 0 --humans 1'
        # Stated holes: a clone in life tenure, clocks worse than the bound, a gate that stays because /run is read-only.
        '--tenure life --clone --leading --faults 1 --humans 0 --hole'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1 --slips 2 --apart 1 --hole'
        '--tenure lease --leading --faults 1 --humans 0 --only read-only --hole'
        '--tenure life --agents 1 --faults 1 --humans 1'
        '--tenure lease --agents 1 --faults 1 --humans 1'
        '--tenure lease --agents 1 --faults 2 --humans 0'
        '--tenure mixed --faults 1 --humans 0'
        '--tenure mixed --faults 0 --humans 1'
        '--tenure life --agents 3 --leading --faults 1 --humans 0'
        '--tenure lease --agents 3 --leading --faults 0 --humans 0'
        '--tenure lease --agents 3 --leading --faults 1 --humans 0 --only kill-agent,crash --states 3000000'
        '--tenure life --agents 3 --leading --faults 1 --humans 1 --only kill-agent,crash,kill-guard --states 3000000'
)
large=(
        '--tenure life --faults 2 --humans 1'
        '--tenure life --faults 1 --humans 2'
        '--tenure life --leading --faults 3 --humans 1'
        '--tenure lease --faults 1 --humans 1'
        '--tenure life --faults 2 --humans 1 --only twice,tear,no-claim'
        '--tenure lease --leading --faults 2 --humans 1'
        '--tenure lease --leading --faults 3 --humans 0'
        '--tenure lease --leading --faults 2 --humans 0 --duration 8 --renew-deadline 9 --rate 1'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1 --slips 2'
        '--tenure lease --leading --faults 2 --humans 0 --only suspend,kill-agent'
        '--tenure lease --clone --faults 1 --humans 1'
        '--tenure lease --placeholder pod --leading --faults 1 --humans 1'
        '--tenure mixed --faults 1 --humans 1'
        '--tenure life --agents 3 --faults 1 --humans 1'
        '--tenure lease --agents 3 --leading --faults 1 --humans 0'
)
case $bounds in
few) runs=("${small[@]/%/ --states 50000}") ;;
small) runs=("${small[@]}") ;;
large) runs=("${small[@]}" "${large[@]/%/ --states $states}") ;;
*) echo "check.sh: bounds are few, small or large, not '$bounds'" >&2; exit 2 ;;
esac

one() {
        # shellcheck disable=SC2086
        "$model" $2 --coverage "$out/$1.cover" >"$out/$1" 2>&1
        echo $? >"$out/$1.code"
}

# Every state and every step that the core may take is in transitions.txt: reached, or with the reason why not.
coverage() {
        local reached=$out/reached expected=$out/expected excused=$out/excused status=0 line

        for i in "${!runs[@]}"; do
                [[ ${runs[$i]} == *--hole* ]] || cat "$out/$i.cover"
        done | sort -u >"$reached"
        grep -v -e '^#' -e '^$' -e ' - ' "$here/transitions.txt" | sort -u >"$expected"
        grep -v '^#' "$here/transitions.txt" | sed -n 's/ - .*//p' | sort -u >"$excused"
        while read -r line; do
                echo "never reached, though transitions.txt says so: $line"
                status=1
        done < <(comm -13 "$reached" "$expected")
        while read -r line; do
                echo "reached, but transitions.txt does not allow it: $line"
                status=1
        done < <(comm -23 "$reached" <(sort -u "$expected" "$excused"))
        while read -r line; do
                echo "reached, though transitions.txt gives a reason why not: $line"
                [[ $bounds == large ]] || status=1 # those reasons are about the small ones
        done < <(comm -12 "$reached" "$excused")
        echo "coverage: $(wc -l <"$reached") states, transitions, requests, moves and reasons reached, not reached:"
        grep ' - ' "$here/transitions.txt" | sed 's/^/  /'
        return $status
}

for i in "${!runs[@]}"; do
        while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
        one "$i" "${runs[$i]}" &
done
wait
failed=0
: >"$results"
for i in "${!runs[@]}"; do
        cat "$out/$i"
        code=$(cat "$out/$i.code")
        if ((code != 0)); then
                echo "not ok model ${runs[$i]} - exit code $code"
                echo "failed ${runs[$i]}" >>"$results"
                failed=$((failed + 1))
        else
                echo "ok model ${runs[$i]}"
                # A stated hole that was found proves nothing of the rest.
                [[ ${runs[$i]} == *--hole* ]] ||
                        echo "$(grep -q 'bound was reached' "$out/$i" && echo bounded || echo ok) ${runs[$i]}" >>"$results"
        fi
done
if [[ $bounds == few ]]; then
        : # most is not reached
elif coverage; then
        echo "ok model coverage"
else
        echo "not ok model coverage"
        failed=$((failed + 1))
fi
echo "model: ${#runs[@]} runs, $failed failed"
((failed == 0))
