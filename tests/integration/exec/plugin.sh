#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A credential plugin that does what DIR/mode says and prints DIR/answer; DIR/runs has a line for each run.
dir=$1
echo "$KUBERNETES_EXEC_INFO" >>"$dir/runs"
read -r mode <"$dir/mode"
case $mode in
answer) cat "$dir/answer" ;;
fail) echo "no luck" >&2; exit 7 ;;
crash) kill -SEGV $$ ;;
hang) echo $$ >"$dir/pid.new"; mv "$dir/pid.new" "$dir/pid"; exec sleep 600 ;;
huge) head -c 300000 /dev/zero ;;
flood) i=0; while [ $i -lt 20000 ]; do echo "line $i" >&2; i=$((i + 1)); done; cat "$dir/answer" ;;
daemon) cat "$dir/answer"; sleep 600 & echo $! >"$dir/pid.new"; mv "$dir/pid.new" "$dir/pid" ;;
session) cat "$dir/answer"; setsid sleep 20 & ;;
look) env; for fd in /proc/self/fd/*; do echo "${fd##*/} $(readlink "$fd")"; done; id -u; cat; echo end ;;
esac
