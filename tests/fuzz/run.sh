#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One fuzzer: first its corpus again, then so many seconds from the seed FUZZ_SEED, or one that nobody has had before.
#   tests/fuzz/run.sh DIR NAME SECONDS
# What fails is kept in DIR/failed, and the line that shows it again is printed.
set -u
dir=$1 name=$2 seconds=$3
program=$dir/fuzz_$name corpus=tests/fuzz/corpus/$name new=$dir/new/$name
seed=${FUZZ_SEED:-$((RANDOM << 15 | RANDOM))}
mkdir -p "$new" "$dir/failed"
log=$(mktemp "$dir/$name.XXXXXX")
trap 'rm -f "$log"' EXIT
options=(-artifact_prefix="$dir/failed/$name-" -timeout=20 -rss_limit_mb=1024 -print_final_stats=1)
[ -e "tests/fuzz/fuzz_$name.dict" ] && options+=(-dict="tests/fuzz/fuzz_$name.dict")
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=1:allocator_may_return_null=1"

report() {
        local input
        input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
        tail -60 "$log"
        echo "not ok $name: $1 (seed $seed)"
        echo "  again: $program ${input:-with -seed=$seed}"
        exit 1
}

# (One that crashes is named in the log by its path: libFuzzer reads files given by name one after the other.)
files=("$corpus"/*)
"$program" "${options[@]}" -runs=1 "${files[@]}" >"$log" 2>&1 || {
        echo "  input: $(sed -n 's/^Running: //p' "$log" | tail -1)"
        report "an input of the corpus fails"
}
echo "ok $name: ${#files[@]} inputs of the corpus"
"$program" "${options[@]}" -seed="$seed" -max_total_time="$seconds" -reload=0 "$new" "$corpus" >"$log" 2>&1 ||
        report "an input fails"
awk -v name="$name" -v seed="$seed" -v seconds="$seconds" '
        /number_of_executed_units/ { n = $2 } /average_exec_per_sec/ { rate = $2 } /new_units_added/ { new = $2 }
        END { printf "ok %s: %d inputs in %d s (%d a second), %d new, seed %s\n", name, n, seconds, rate, new, seed }' "$log"
