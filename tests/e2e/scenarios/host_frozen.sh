# SPDX-License-Identifier: Apache-2.0
# The leader's host is paused for longer than the lease, as a hypervisor pauses a VM, and goes on. Life: nobody took over.
# Lease, the stated hole: another host leads, and the one that wakes up runs the unit until its guard was scheduled.
variants="life lease"
scenario() {
        . "$here/faults_host.sh"
        begin
        stays 1
        local host=$leader old=${run#* }
        host_freeze "$host"
        if [[ $tenure == life ]]; then
                nobody 12
                host_thaw "$host"
                stays 6
                lock_names "$host"
                return
        fi
        takes_over 20 $(others)
        nobody 2
        host_thaw "$host"
        must wait_for 5 still_runs # two for a moment
        stays 5
        lock_names "$leader"
        hole 1000 "$host" "$old" "$(woke_ns "$host" "$old")" "a host that was paused for longer than the lease woke up"
}
