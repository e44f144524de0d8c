# SPDX-License-Identifier: Apache-2.0
# Somebody writes into the record while the leader is cut off. Lease: a duration of one second; the others wait for what it
# was. Life: tenure lease; nobody takes it over, and the leader, back again, steps down and releases.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        begin
        local host=$leader uid=$(lock .metadata.uid)
        net_cut "$host"
        if [[ $tenure == life ]]; then
                lock_patch '{"data":{"tenure":"lease","leaseDurationSeconds":"1"}}'
                stays 15
                [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was taken from a life leader"
                net_heal "$host"
                takes_over 60 "${LAB_HOSTS[@]}"
        else
                lock_patch '{"data":{"leaseDurationSeconds":"1"}}'
                ends 5
                takes_over 30 $(others)
                net_heal "$host"
        fi
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        settles 10
        stays 3
}
