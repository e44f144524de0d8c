# SPDX-License-Identifier: Apache-2.0
# The leader's host is shut down in an orderly way: the unit stops and the lock is released on the way. That is no
# trouble: nothing is told as a warning.
variants="life lease"
scenario() {
        local before
        begin
        before=$leader
        host_poweroff "$leader"
        takes_over 6 $(others)
        stays 2
        host_journal "$before" -p warning -t leader-agent -t leader-guard -o cat >"$LAB/warnings"
        [[ ! -s $LAB/warnings ]] || fail "$before warned: $(<"$LAB/warnings")"
}
