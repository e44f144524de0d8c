# SPDX-License-Identifier: Apache-2.0
# The leader's host loses its network, later it comes back. Life: it leads all the time. Lease: its unit is stopped in
# time, another host leads, and stays leader when the old one is back.
variants="life lease lease/pod"
scenario() {
        begin
        local host=$leader
        net_cut "$host"
        if [[ $tenure == life ]]; then
                stays 12
        else
                ends 5
                takes_over 20 $(others)
        fi
        net_heal "$host"
        stays 4
        lock_names "$leader"
}
