#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two leaders per fault: what README promises, the bound (model, or formula of --check-config under the timing of the
# end-to-end tests), the worst in the simulation and end to end. Reads what check-model, check-sim, check-holes and
# check-e2e left in the build directory.
#
#   tests/promises/table.sh BUILD_DIR [README]
#
# Fails when something measured exceeds its bound, and when README's table has another row or another hole than `rows`
# here. What was not measured is said loudly; with CI set that is a failure.
set -u
export LC_ALL=C
build=${1:?usage: tests/promises/table.sh BUILD_DIR [README]}
here=$(dirname "$(readlink -f "$0")")
readme=${2:-$here/../../README.md}
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

# The configuration of the end-to-end tests, and the timing that they were run with.
[[ ! -s $build/e2e-results ]] || AGENTS_TIMING=$(head -1 "$build/e2e-results" | cut -d' ' -f7-)
LAB=$out AGENTS_KUBECONFIG=
. "$here/../lib/agents.sh"
AGENTS_NS=e2e
for tenure in life lease; do
        _agents_conf "$tenure" >"$out/$tenure.conf"
done
"$build/tests/promises/bounds" "$out/life.conf" "$out/lease.conf" >"$out/bounds" || exit 1

args=("what=bounds" "$out/bounds")
left=0
take() { # WHAT FILE TARGET: a file that another target leaves
        if [[ -s $build/$2 ]]; then
                args+=("what=$1" "$build/$2")
        else
                echo "promise-table: LEFT OUT: no $2; make $3 leaves it" >&2
                left=$((left + 1))
        fi
}
take model model-results check-model
take sim sim-results check-sim
take holes sim-holes check-holes
take e2e e2e-results "check-e2e (as root)"
awk -v timing="$AGENTS_TIMING" -f "$here/table.awk" "${args[@]}" what=rows "$here/rows" what=readme "$readme" >"$out/table" || exit 1
sed '$d' "$out/table"
read -r _ lines bad <<<"$(tail -1 "$out/table")"
[[ -z ${RESULTS:-} ]] || echo "$((bad ? 0 : lines)) $bad $left" >>"$RESULTS"
((left == 0)) || echo "promise-table: LEFT OUT: $left of 4 measurements, see above" >&2
((bad == 0)) && [[ $left -eq 0 || -z ${CI:-} ]]
