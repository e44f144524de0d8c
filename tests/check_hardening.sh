#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Reads back from the binaries how they were hardened: what the Makefile asks for is nothing that a compiler or a linker
# could have dropped.
#
#   tests/check_hardening.sh BUILD_DIR     from the top of the tree, after `make`
set -u
export LC_ALL=C

build=${1:?usage: tests/check_hardening.sh BUILD_DIR}
bad=0

# holds NAME COMMAND…: one line for the runner.
holds() {
        local name=$1
        shift
        if "$@"; then
                echo "ok $name"
        else
                echo "not ok $name"
                bad=1
        fi
}

dynamic() { readelf -dW "$build/$1" | grep -qE -e "$2"; }
header() { readelf -lW "$build/$1" | grep -qE -e "$2"; }
imports() { nm -D --undefined-only "$build/$1" | grep -qE -e "$2"; }
is_pie() { readelf -hW "$build/$1" | grep -q 'Type:.*DYN' && dynamic "$1" 'FLAGS_1.*PIE'; }
resolves_at_start() { dynamic "$1" 'FLAGS_1.*NOW' && header "$1" GNU_RELRO; }
stack_not_executable() { header "$1" 'GNU_STACK .* RW +0x'; }
no_section_is_writable_and_executable() { ! header "$1" 'LOAD .* RWE '; }
guards_its_stack() { imports "$1" '__stack_chk_fail'; }
checks_sizes() { imports "$1" '__(snprintf|vsnprintf|memcpy|read)_chk'; }
# Some are told apart only by what the compiler recorded of itself, in every unit of ours.
built_with() { # PROGRAM FLAG
        local all with
        all=$(producers "$1" | wc -l)
        with=$(producers "$1" | grep -cF -e " $2")
        ((all > 3 && all == with))
}
producers() { readelf --debug-dump=info "$build/$1" 2>/dev/null | grep 'DW_AT_producer.*GNU C1'; }
marks_branch_targets() { objdump -d --no-show-raw-insn "$build/$1" | grep -A1 '<main>:' | grep -q endbr64; }

for program in leader-agent leader-guard leader-agent-exec leaderctl; do
        for what in is_pie resolves_at_start stack_not_executable no_section_is_writable_and_executable guards_its_stack checks_sizes; do
                holds "$program: ${what//_/ }" "$what" "$program"
        done
        for flag in -fstack-clash-protection -ftrivial-auto-var-init=zero -fstack-protector-strong -fPIE; do
                holds "$program: all of it built with $flag" built_with "$program" "$flag"
        done
        [[ $(uname -m) != x86_64 ]] || holds "$program: marks branch targets" marks_branch_targets "$program"
done
exit $bad
