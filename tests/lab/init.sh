#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# First process of a lab's namespaces, started by run.sh: prepares them and runs the command.
set -euo pipefail
mount -t tmpfs -o mode=755 lab /run
mkdir -p /run/netns /run/lab/{base,shared}
[[ -z $LAB_BASE ]] || mount --bind "$LAB_BASE" /run/lab/base
[[ -z $LAB_BUILD ]] || "$(dirname "$0")/stage.sh" "$LAB_BUILD" /run/lab/base
[[ -z ${LAB_NET:-} ]] || ip link set lo up
status=0
"$@" || status=$?
exit "$status"
