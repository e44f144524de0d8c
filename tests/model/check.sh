#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs the explorer over the configurations that `make check-model` promises, two at a time.
#   check.sh MODEL [small|large]
# small: about three minutes on two cores; large: hours, tens of gigabytes of memory.
set -u
model=$1 bounds=${2:-small}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

small=(
        '--tenure life --faults 1 --humans 0'
        '--tenure life --faults 2 --humans 0'
        '--tenure life --faults 0 --humans 1'
        '--tenure life --leading --faults 1 --humans 1 --coverage'
        '--tenure life --leading --faults 1 --humans 1 --no-gc'
        '--tenure lease --faults 0 --humans 0'
        '--tenure lease --faults 0 --humans 1'
        '--tenure lease --faults 1 --humans 0 --coverage'
        '--tenure lease --leading --faults 1 --humans 0 --no-gc'
        '--tenure lease --leading --faults 0 --humans 2 --states 12000000'
        '--tenure lease --leading --faults 1 --humans 1 --states 12000000'
        '--tenure lease --leading --faults 2 --humans 0 --states 12000000'
        '--tenure lease --leading --faults 1 --humans 1 --only old-event'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent,freeze-guard --duration 8 --renew-deadline 9 --margin 2 --rate 1'
        '--tenure lease --clone --leading --faults 2 --humans 0'
        '--tenure lease --agents 3 --clone --leading --faults 1 --humans 0 --only clone'
        '--tenure life --clone --leading --faults 2 --humans 0'
        '--tenure life --leading --faults 2 --humans 0 --only lose-state,kill-agent,crash'
        '--tenure lease --leading --faults 2 --humans 0 --only lose-state,kill-agent'
        '--tenure lease --placeholder pod --faults 1 --humans 0'
        '--tenure lease --placeholder pod --faults 0 --humans 1'
        '--tenure life --placeholder pod --leading --faults 1 --humans 1 --only kill-agent,crash,hold,old-event'
        # Stated holes: a clone in life tenure, clocks worse than the bound.
        '--tenure life --clone --leading --faults 1 --humans 0 --hole'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1 --slips 2 --apart 1 --hole'
        '--tenure mixed --faults 1 --humans 0'
        '--tenure mixed --faults 0 --humans 1'
        '--tenure life --agents 3 --leading --faults 1 --humans 0'
        '--tenure lease --agents 3 --leading --faults 0 --humans 0 --states 12000000'
)
large=(
        '--tenure life --faults 2 --humans 1 --states 400000000'
        '--tenure life --faults 1 --humans 2 --states 400000000'
        '--tenure life --leading --faults 3 --humans 1 --states 400000000'
        '--tenure lease --faults 1 --humans 1 --states 400000000'
        '--tenure lease --leading --faults 2 --humans 1 --states 400000000'
        '--tenure lease --leading --faults 3 --humans 0 --states 400000000'
        '--tenure lease --leading --faults 2 --humans 0 --duration 8 --renew-deadline 9 --rate 1 --states 400000000'
        '--tenure lease --leading --faults 1 --humans 0 --only kill-agent --duration 5 --renew-deadline 9 --margin 0 --rate 1 --slips 2 --states 400000000'
        '--tenure lease --clone --faults 1 --humans 1 --states 400000000'
        '--tenure lease --placeholder pod --leading --faults 1 --humans 1 --states 400000000'
        '--tenure mixed --faults 1 --humans 1 --states 400000000'
        '--tenure life --agents 3 --faults 1 --humans 1 --states 400000000'
        '--tenure lease --agents 3 --leading --faults 1 --humans 0 --states 400000000'
)
case $bounds in
small) runs=("${small[@]}") ;;
large) runs=("${small[@]}" "${large[@]}") ;;
*) echo "check.sh: bounds are small or large, not '$bounds'" >&2; exit 2 ;;
esac

one() {
        # shellcheck disable=SC2086
        "$model" $2 >"$out/$1" 2>&1
        echo $? >"$out/$1.code"
}

for i in "${!runs[@]}"; do
        while (($(jobs -rp | wc -l) >= 2)); do wait -n; done
        one "$i" "${runs[$i]}" &
done
wait
failed=0
for i in "${!runs[@]}"; do
        cat "$out/$i"
        code=$(cat "$out/$i.code")
        if ((code != 0)); then
                echo "not ok model ${runs[$i]} - exit code $code"
                failed=$((failed + 1))
        else
                echo "ok model ${runs[$i]}"
        fi
done
echo "model: ${#runs[@]} runs, $failed failed"
((failed == 0))
