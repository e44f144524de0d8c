#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs test programs and scripts, one after the other or RUN_JOBS=N of them side by side, and counts what they report.
#
#   tests/run.sh COMMAND…      each argument is one program or script, with its arguments after it in the same word
#   tests/run.sh --sum FILE    prints the total of what earlier runs appended to FILE
#
# Counted are cmocka's totals and the lines `ok …` / `not ok …` of scripts (`ok … # SKIP why` counts as skipped). Also a
# failure: an exit status other than 0, running longer than TEST_TIMEOUT seconds (default 300), running no test at all.
# One line per command that passed, the whole output of one that failed. With RESULTS=FILE a line "passed failed" is
# appended to FILE. Exits 1 when anything failed or nothing ran.
set -u
export LC_ALL=C

limit=${TEST_TIMEOUT:-300}
passed=0 failed=0 skipped=0

# Sums up: $1 passed, $2 failed, $3 skipped.
closing() {
        if [ "$3" -gt 0 ]; then
                echo "$1 passed, $2 failed, $3 skipped"
        else
                echo "$1 passed, $2 failed"
        fi
        [ "$2" -eq 0 ] && [ "$(($1 + $3))" -gt 0 ]
}

if [ "${1-}" = --sum ]; then
        [ -r "${2-}" ] || {
                echo "${2-no file}: no results: nothing ran" >&2
                closing 0 0 0
                exit 1
        }
        read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$2")
        closing "$passed" "$failed" "$skipped"
        exit
fi

[ $# -gt 0 ] || {
        echo "usage: ${0##*/} COMMAND… | --sum FILE" >&2
        exit 2
}

side_by_side=${RUN_JOBS:-1}
case $side_by_side in
0 | *[!0-9]*)
        echo "RUN_JOBS=$side_by_side: a number is wanted, 1 or more" >&2
        exit 2
        ;;
esac

dir=$(mktemp -d "${TMPDIR:-/tmp}/leader-agent-run.XXXXXX") || exit 1
trap 'rm -rf "$dir"' EXIT
interrupted() {
        trap '' TERM INT HUP
        jobs -p | xargs -r kill 2>/dev/null
        wait
        [ -n "${RESULTS-}" ] && echo "0 1 0" >>"$RESULTS"
        exit 143
}
trap interrupted TERM INT HUP

# Prints "passed failed skipped" of the output in a file.
count() { # FILE
        sed 's/\x1b\[[0-9;]*m//g' "$1" | awk '
                # cmocka writes to two streams: a total need not begin its line.
                match($0, /\[  PASSED  \] [0-9]+ test/) { split(substr($0, RSTART), a, " +"); p += a[4]; next }
                match($0, /\[  FAILED  \] ([^ ]+: )?[0-9]+ test/) { split(substr($0, RSTART), a, " +"); f += a[4] ~ /^[0-9]+$/ ? a[4] : a[5]; next }
                match($0, /\[  SKIPPED \] ([^ ]+: )?[0-9]+ test/) { split(substr($0, RSTART), a, " +"); s += a[4] ~ /^[0-9]+$/ ? a[4] : a[5]; next }
                /^not ok( |$)/ { f++; next }
                /^ok( .*)?# SKIP/ { s++; next }
                /^ok( |$)/ { p++ }
                END { print p + 0, f + 0, s + 0 }'
}

# Runs one, reports, and leaves "passed failed skipped" in a file.
one() { # NUMBER COMMAND
        local command=$2 out=$dir/out.$1 words name begin=$SECONDS status p f s why='' note=''
        read -r -a words <<<"$command"
        name=${words[0]##*/}
        timeout -k 10 "$limit" "${words[@]}" >"$out" 2>&1 </dev/null &
        trap 'kill $! 2>/dev/null' TERM
        wait $!
        status=$?
        while kill -0 $! 2>/dev/null; do # a signal ends wait before its process has ended
                wait $!
                status=$?
        done
        trap - TERM
        read -r p f s < <(count "$out")
        if [ "$status" -eq 124 ] || { [ "$status" -eq 137 ] && [ $((SECONDS - begin)) -ge "$limit" ]; }; then
                why="not done after $limit s"
                f=$((f + 1))
        elif [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
                why="exit status $status without a failed test"
                f=1
        elif [ $((p + f + s)) -eq 0 ]; then
                why="ran no test"
                f=1
        fi
        if [ "$f" -gt 0 ]; then
                echo "---- $command"
                cat "$out"
                echo "---- FAILED $name: $f of $((p + f + s))${why:+ ($why)}"
        else
                [ "$s" -gt 0 ] && note=", $s skipped"
                echo "passed $name: $p$note ($((SECONDS - begin)) s)"
                grep '^ok.*# SKIP' "$out"
        fi >"$dir/report.$1"
        echo "$p $f $s" >"$dir/counts.$1"
        flock "$dir" cat "$dir/report.$1" # one report at a time, whole
}

number=0
for command; do
        number=$((number + 1))
        one "$number" "$command" &
        while [ "$(jobs -pr | wc -l)" -ge "$side_by_side" ]; do
                wait -n
        done
done
wait
for ((i = 1; i <= number; i++)); do
        # Without counts it came to no end: it failed.
        read -r p f s 2>/dev/null <"$dir/counts.$i" || {
                echo "---- FAILED ${!i}: it was killed, and told nothing"
                p=0 f=1 s=0
        }
        passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
done

[ -n "${RESULTS-}" ] && echo "$passed $failed $skipped" >>"$RESULTS"
closing "$passed" "$failed" "$skipped"
