#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What linters find: clang-tidy (.clang-tidy) and gcc's -fanalyzer in agent/, its -Wconversion in agent/base and agent/core, shellcheck
# (.shellcheckrc) in the scripts. One line per linter for tests/run.sh, and what it found. A linter that is not installed
# is a failure for CI, else it is left out, loudly. Two files at a time.
#
#   DIALECT="-std=… -I…" tests/lint.sh [C-FILE | SCRIPT]…     `make lint`; default: all files
set -u
export LC_ALL=C DIALECT OUT
cd "$(dirname "$0")/.." || exit 1
: "${DIALECT:?are the flags of the compiler: run make lint}"
OUT=$(mktemp -d "${TMPDIR:-/tmp}/leader-agent-lint.XXXXXX") || exit 1
trap 'rm -rf "$OUT"' EXIT

if (($# == 0)); then
        mapfile -t all < <(find agent -name '*.c' | sort && find tests -name '*.sh' | sort && echo .ci/run)
        set -- "${all[@]}"
fi
bad=0

check_tidy() { # FILE
        eval "local flags=($DIALECT)" # quoted as for a shell
        clang-tidy-14 --quiet "$1" -- "${flags[@]}"
}
# Without what the sanitizers find for certain and it only guesses: leaks of what a list owns, and buffers that asprintf() did
# not fill.
check_analyzer() { # FILE
        eval "local flags=($DIALECT)"
        gcc "${flags[@]}" -O2 -fanalyzer -Wno-analyzer-malloc-leak -Wno-analyzer-use-of-uninitialized-value -Werror \
                -c -o /dev/null "$1"
}
check_conversion() { # FILE
        eval "local flags=($DIALECT)"
        gcc "${flags[@]}" -fsyntax-only -Wconversion -Werror "$1"
}
check_shell() { shellcheck --severity=warning --format=gcc "$1"; } # FILE

# What it says about a file is kept only when it finds something, and apart, so that two findings never mix.
check() { # CHECK FILE
        local said=$OUT/$BASHPID
        "$@" >"$said" 2>&1 && rm -f "$said"
}
export -f check_tidy check_analyzer check_conversion check_shell check

# lint PROGRAM CHECK FILE…
lint() {
        local program=$1 check=$2
        shift 2
        (($#)) || return 0
        if ! command -v "$program" >/dev/null; then
                if [[ -n ${CI:-} ]]; then
                        echo "not ok $program - is not installed; run tests/setup.sh"
                        bad=1
                else
                        echo "ok $program # SKIP is not installed; run tests/setup.sh"
                fi
                return 0
        fi
        if printf '%s\0' "$@" | xargs -0 -P2 -n1 bash -c 'check "$0" "$1"' "$check"; then
                echo "ok $program, ${check#check_}, of $# files"
        else
                echo "not ok $program, ${check#check_}, of $# files"
                cat "$OUT"/*
                rm -f "$OUT"/*
                bad=1
        fi
}

mapfile -t sources < <(printf '%s\n' "$@" | grep '\.c$')
mapfile -t strict < <(printf '%s\n' "$@" | grep '^agent/\(base\|core\)/.*\.c$')
mapfile -t scripts < <(printf '%s\n' "$@" | grep -v '\.c$')
lint clang-tidy-14 check_tidy "${sources[@]}"
lint gcc check_analyzer "${sources[@]}"
lint gcc check_conversion "${strict[@]}"
lint shellcheck check_shell "${scripts[@]}"
exit $bad
