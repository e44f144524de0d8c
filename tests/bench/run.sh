#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Measures leader-agent (both tenures) and client-go's leader election on the same hosts' kind, against the same real control
# plane, at the same time. Prints a table and rewrites docs/PERFORMANCE.md. No assertions; needs root and Go.
#
#   tests/bench/run.sh [--quick] [--only=STAGE[,STAGE…]] [--raw=FILE]
#
#   --quick       few and short measurements, about 5 minutes instead of 25
#   --only=…      of start, stepdown, crash, partition, sigstop, steady; then docs/PERFORMANCE.md is left alone
#   --raw=FILE    keep the single values there
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
build=${LAB_BUILD:-$here/../../build}

BENCH_QUICK= BENCH_STAGES="start stepdown crash partition sigstop steady" only= raw=
while (($#)); do
        case $1 in
        --quick) BENCH_QUICK=1 ;;
        --only=?*) only=1 BENCH_STAGES=${1#*=} BENCH_STAGES=${BENCH_STAGES//,/ } ;;
        --raw=?*) raw=${1#*=} ;;
        *)
                sed -n '3,10s/^# \?//p' "$0" >&2
                exit 2
                ;;
        esac
        shift
done
((EUID == 0)) || { echo "bench: booting real hosts needs root" >&2; exit 1; }

status=0
BENCH_BIN=$("$here/../cluster/build.sh") || status=$?
((status == 0)) || { echo "bench: without the real control plane there is nothing to compare" >&2; exit 1; }
peer=$("$here/build_peer.sh")

BENCH_DIR=$(mktemp -d "${TMPDIR:-/var/tmp}/leader-agent-bench.XXXXXX")
trap 'rm -rf "$BENCH_DIR"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
"$here/../lab/stage.sh" "$build" "$BENCH_DIR/base"
# As a package ships them.
strip "$BENCH_DIR"/base/usr/sbin/leader-{agent,guard} "$BENCH_DIR/base/usr/bin/leaderctl"
cp "$build/tests/bench/instant" "$peer" "$BENCH_DIR/base/usr/libexec/"
strip "$BENCH_DIR/base/usr/libexec/peer"

: >"$BENCH_DIR/raw"
size() { # FIGURE WHO FILE
        printf '%s\t%s\t%s\n' "$1" "$2" "$(awk "BEGIN {print $(stat -c %s "$3") / 1000}")" >>"$BENCH_DIR/raw"
}
size size_agent life "$BENCH_DIR/base/usr/sbin/leader-agent"
size size_peer peer "$BENCH_DIR/base/usr/libexec/peer"
size size_guard life "$BENCH_DIR/base/usr/sbin/leader-guard"
size size_ctl life "$BENCH_DIR/base/usr/bin/leaderctl"

export BENCH_BIN BENCH_DIR BENCH_QUICK BENCH_STAGES
# In the background and waited for, so that a signal ends it at once.
setpriv --pdeathsig TERM "$here/../lab/run.sh" --base="$BENCH_DIR/base" "$here/worker.sh" </dev/null &
worker=$!
trap 'kill -TERM $worker 2>/dev/null; wait $worker || true; exit 143' INT TERM HUP
wait "$worker" || status=$?
[[ -z $raw ]] || cp "$BENCH_DIR/raw" "$raw"
((status == 0)) || exit "$status"

"$here/report.sh" "$BENCH_DIR/raw" >"$BENCH_DIR/report"
cat "$BENCH_DIR/report"
[[ -n $only ]] || cat "$here/preface.md" "$BENCH_DIR/report" "$here/notes.md" >"$here/../../docs/PERFORMANCE.md"
