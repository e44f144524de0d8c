#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How many lines of each codec the corpora reach, each allocation refused once: 90 % of each at least.
#   tests/fuzz/coverage.sh DIR NAME…
set -eu
dir=$1
shift
least=90
find "$dir/cov" -name '*.gcda' -delete
for name; do
        "$dir/cov/fuzz_$name" "tests/fuzz/corpus/$name" >/dev/null || {
                echo "not ok coverage: $dir/cov/fuzz_$name tests/fuzz/corpus/$name"
                exit 1
        }
done
for f in agent/codec/*.c; do
        gcov -n -o "$dir/cov/${f%.c}.o" "$f" 2>/dev/null | awk -v file="$f" '
                $0 == "File '\''" file "'\''" { here = 1 }
                here && /^Lines executed/ { split($0, a, /[:% ]+/); print a[3], a[5], file; exit }' ||
                true
done | awk -v least="$least" '
        {
                good = ($1 >= least) ? "ok" : "not ok"
                printf("%s %s: %s %% of %s lines\n", good, $3, $1, $2)
                bad += (good != "ok")
                lines += $2
                reached += $1 * $2 / 100
        }
        END {
                printf("%s all codecs: %.1f %% of %d lines\n", (bad || !lines) ? "not ok" : "ok", lines ? 100 * reached / lines : 0, lines)
                exit (bad || !lines)
        }'
