# SPDX-License-Identifier: Apache-2.0
# Sourced by test scripts: `ok` and `not ok` lines for tests/run.sh. bad is 1 after the first that is not.

bad=0

# verdict NAME PROBLEMS
verdict() {
        if [[ ! $2 ]]; then
                echo "ok $1"
        else
                printf 'not ok %s\n' "$1"
                sed 's/^/  /' <<<"$2"
                bad=1
        fi
}
