# SPDX-License-Identifier: Apache-2.0
# The leader's connections to the API server stall: they stay open and nothing arrives, neither way. Life: it leads on.
# Lease: its unit is stopped in time, another host leads; what arrives late, when the link flows again, does no harm.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        relays_up
        begin
        local host=$leader
        relay "$host" stall both
        if [[ $tenure == life ]]; then
                stays 10
        else
                ends 5
                takes_over 30 $(others)
        fi
        relay "$host" flow
        stays 4
        lock_names "$leader"
}
