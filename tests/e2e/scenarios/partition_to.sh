# SPDX-License-Identifier: Apache-2.0
# What the leader's host sends is lost, what is sent to it arrives; later it is well again. Life: it leads all the time.
# Lease: its unit is stopped in time, another host leads and goes on leading.
variants="life lease"
scenario() {
        begin
        local host=$leader
        net_cut "$host" to
        if [[ $tenure == life ]]; then
                stays 10
        else
                ends 5
                takes_over 30 $(others)
        fi
        net_heal "$host"
        stays 4
        lock_names "$leader"
}
