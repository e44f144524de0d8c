# SPDX-License-Identifier: Apache-2.0
# A human says that the leader's host is dead, but it lives: the assertion was wrong and two may run; the old one stops as
# soon as it reads that its lock is gone. Its unit ignores SIGTERM: the longest stop.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        unit_options --ignore-term
        begin
        local host=$leader old=${run#* }
        must fence "$(lock .data.identity)" --yes
        takes_over 20 "${LAB_HOSTS[@]}"
        local from=$(start_ns)
        settles 15
        stays 3
        hole 2000 "$host" "$old" "$from" "a live host was fenced"
}
