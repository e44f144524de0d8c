# SPDX-License-Identifier: Apache-2.0
# The leader's requests arrive 5 s late, each of them: after it has given them up, and after others decided. Lease: its
# unit is stopped in time. Whoever leads then goes on.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        relays_up
        begin
        local host=$leader
        relay "$host" delay 5000 0
        if [[ $tenure == life ]]; then
                stays 12
        else
                ends 5
                # Renewals that land late keep its lease alive, but never its unit.
                nobody 10
        fi
        relay "$host" flow
        settles 30
        stays 4
}
