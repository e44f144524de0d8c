# SPDX-License-Identifier: Apache-2.0
# The leader's guard hangs: systemd's watchdog kills it. Life: the unit runs on. Lease: systemd stops the unit.
variants="life lease"
scenario() {
        begin
        hit "$leader" leader-guard STOP
        if [[ $tenure == life ]]; then
                stays 8
                lock_names "$leader"
        else
                ends 6
                takes_over 30 "${LAB_HOSTS[@]}"
                stays 2
        fi
}
