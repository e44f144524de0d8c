#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The same scenario without a failure, one of the daemons of host a under valgrind: no wrong access, no leak, and at the end no
# descriptor open but those that were inherited and the sockets that base/datagram.c keeps.
#
#   tests/inject/valgrind.sh BUILD      from the top of the tree
#   tests/inject/valgrind.sh PROGRAM…   as INJECT_WRAP of build/tests/inject/inject: runs that
set -u
if [[ -n ${INJECT_WRAP:-} ]]; then
        exec valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect,possible --track-fds=yes \
                --log-file="$INJECT_WRAP_LOGS/%p" "$@"
fi
if ! command -v valgrind >/dev/null; then
        [[ -z ${CI:-} ]] || { echo "not ok valgrind - is not installed; run tests/setup.sh" && exit 1; }
        echo "ok valgrind # SKIP is not installed; run tests/setup.sh"
        exit
fi
INJECT_WRAP=$(readlink -f "$0") INJECT_WRAP_LOGS=$(mktemp -d "${TMPDIR:-/tmp}/leader-agent-valgrind.XXXXXX") || exit 1
export INJECT_WRAP INJECT_WRAP_LOGS
trap 'rm -rf "$INJECT_WRAP_LOGS"' EXIT
mapfile -t runs < <(printf '%s\n' {agent,guard}:alloc:own:{life,lease}:once:0)
"$1/tests/inject/inject" "${runs[@]}" || exit 1
# Paragraph by paragraph: what is not one of these was found.
found=$(sed -sE 's/^==[0-9]+== ?//; $s/$/\n/' "$INJECT_WRAP_LOGS"/* | awk -v RS= '
        !/inherited from parent/ && !/kept \(datagram\.c/ && !/^FILE DESCRIPTORS[^\n]*$/ { print; print "" }')
n=$(grep -l '^==[0-9]*== FILE DESCRIPTORS' "$INJECT_WRAP_LOGS"/* | wc -l)
if [[ $found || $n -lt 4 ]]; then
        echo "not ok valgrind - $n of 4 daemons came to their end"
        echo "$found"
        exit 1
fi
echo "ok valgrind: $n daemons"
