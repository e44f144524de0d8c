#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# table.sh must notice what it is there for: each case changes one thing of a set of measurements that is as promised.
#   tests/promises/check.sh BUILD_DIR
set -u
here=$(dirname "$(readlink -f "$0")")
readme=$here/../../README.md
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
unset RESULTS CI AGENTS_TIMING
bad=0

fresh() {
        rm -rf "$out/build" && mkdir -p "$out/build/tests" && ln -s "$(readlink -f "$1")/tests/promises" "$out/build/tests/"
        cp "$readme" "$out/README.md"
        local timing="8s 2200ms 1200ms 3800ms 500ms 1500ms" t=$'\t'
        printf 'ok --tenure life --faults 1 --humans 0\n' >"$out/build/model-results"
        sed -n 's/^sim //p' "$here/rows" | tr ';' '\n' | sed "s/^ *//; s/\$/${t}5${t}7/; s/^/fault${t}/" >"$out/build/sim-results"
        printf 'runs\t10\t0\n' >>"$out/build/sim-results"
        printf 'hole\tpaused\tlease\t10\t10\t5000000\t5000000\t1000\ntiming\t%s\nruns\t10\t0\n' "$timing" >"$out/build/sim-holes"
        printf '%s\n' "host_frozen lease lease ok 0 5000 $timing" "step_down life pod ok 0 - $timing" >"$out/build/e2e-results"
}
in_file() { sed -i "$1" "$out/$2"; } # SED-SCRIPT FILE

# NAME WORDS COMMAND…: after it the table fails and says so; WORDS `ok`: it does not fail.
case_() {
        local name=$1 words=$2 status=0 expected=1
        [[ $words != ok ]] || expected=0 words=
        shift 2
        fresh "$build"
        "$@"
        "$here/table.sh" "$out/build" "$out/README.md" >"$out/said" 2>&1 || status=$?
        if ((status == expected)) && grep -qF -e "$words" "$out/said"; then
                echo "ok promises: $name"
        else
                echo "not ok promises: $name - status $status"
                sed 's/^/    /' "$out/said"
                bad=1
        fi
}

build=${1:?usage: tests/promises/check.sh BUILD_DIR}
case_ "all as promised" ok true
case_ "a pause that is longer than its bound" "end to end 5.001 s, bound 5.000 s" in_file 's/ok 0 5000/ok 0 5001/' build/e2e-results
case_ "simulated longer than its bound" "simulated 5.000 s, bound 5.000 s" in_file 's/5000000/5000001/' build/sim-holes
case_ "an overlap in a case without hole" "step_down:life/pod: two ran for 0.010 s" in_file 's/ok 0 -/ok 10000000 -/' build/e2e-results
case_ "a hole in a case without hole" "step_down:life has a hole that no row states" in_file 's/ok 0 -/ok 0 3/' build/e2e-results
case_ "a hole that was not measured" "host_frozen:lease measured no hole" in_file 's/ok 0 5000/ok 0 -/' build/e2e-results
case_ "a case that failed" "step_down:life/pod is not ok" in_file 's/pod ok/pod failed/' build/e2e-results
case_ "a case in which no unit ran" ok in_file '/step_down/s/ok 0/idle 0/' build/e2e-results
case_ "cases of another timing" "ran with the timing 9s" in_file '2s/8s/9s/' build/e2e-results
case_ "a failed model" "model failed" in_file 's/^ok/failed/' build/model-results
case_ "a failed simulation" "the simulation failed in 1 runs" in_file 's/^\(runs.*\)0$/\11/' build/sim-results
case_ "a failed simulation of holes" "holes failed in 1 runs" in_file 's/^\(runs.*\)0$/\11/' build/sim-holes
case_ "a fault that the simulation does not have" "no fault 'disk lost'" in_file '/disk lost/d' build/sim-results
case_ "a new row in README" "no test is known for the row 'meteorite'" in_file 's/^| holder.s host crashes/| meteorite | a | b |\n&/' README.md
case_ "a row that left README" "the row 'VM cloned' is gone" in_file '/^| VM cloned/d' README.md
case_ "README admits no hole" "does not say hole, and the bound is not 0" in_file '/^| VM cloned/s/\*\*hole\*\*/fine/' README.md
case_ "README admits a hole that is none" "says hole, and the bound is 0" in_file '/^| holder.s host crashes/s/ successor/ **hole**: successor/' README.md
case_ "README without its table" "there is no table" in_file '/^| fault/d' README.md
case_ "nothing was measured" ok rm -f "$out/build/"{model-results,sim-results,sim-holes,e2e-results}
CI=1 case_ "nothing was measured, in CI" "LEFT OUT: 4 of 4" rm -f "$out/build/"{model-results,sim-results,sim-holes,e2e-results}
exit $bad
