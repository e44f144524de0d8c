#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Another Debian (IMAGE): builds with its libraries, runs OTHER_TARGETS of the ladder inside, then the given end-to-end
# scenarios on hosts that boot it. Where the image cannot be had it says loudly that nothing of this was tested; that is no
# failure, for the ladder on this machine's own Debian stands.
#
#   IMAGE=trixie OTHER_TARGETS=check-unit LAB_TOOLS=BUILD tests/lab/check_other.sh BUILD-trixie SCENARIO:VARIANT…
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
build=$1
shift

if ((EUID != 0)) || ! "$here/image.sh" >/dev/null; then
        printf '%s\n' "" \
                "********************************************************************************" \
                "* Debian $IMAGE is NOT tested in this run: $( ((EUID != 0)) && echo "this needs root" || echo "its image cannot be had").*" \
                "********************************************************************************" "" >&2
        [[ -z ${RESULTS:-} ]] || echo "0 0 $#" >>"$RESULTS"
        exit 0
fi
read -ra targets <<<"${OTHER_TARGETS:-}"
mkdir -p "$build" && rm -f "$build/results"
"$here/other.sh" "$build" WERROR=1 RESULTS="$build/results" all "${targets[@]}"
status=$?
[[ -z ${RESULTS:-} || ! -f $build/results ]] || cat "$build/results" >>"$RESULTS"
((status == 0)) || exit 1
(($# == 0)) || LAB_BUILD=$build "$here/../e2e/run.sh" "$@"
