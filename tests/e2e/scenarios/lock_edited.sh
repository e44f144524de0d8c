# SPDX-License-Identifier: Apache-2.0
# Somebody writes into the record while the leader is cut off: the API server refuses it. Into a lock that is not immutable,
# as 0.1.0 makes them, it goes. Lease: a duration of one second; the others wait for what it was. Life: tenure lease; nobody takes it over, and the leader, back again, steps down and releases.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        begin
        local host uid
        [[ $(lock .immutable) == true ]] || fail "the lock is not immutable"
        lock_refuses PATCH '{"data":{"tenure":"life","leaseDurationSeconds":"1"}}'
        lock_refuses PATCH '{"data":{"tenure":"lease"},"immutable":false}'
        lock_refuses PATCH '{"immutable":null}'
        # Annotations that do not name the lock's owner are nobody's.
        lock_patch '{"metadata":{"annotations":{"leaderagent.io/placeholder":"Lease/x","leaderagent.io/placeholder-uid":"x"}}}'
        stays 3
        lock_patch '{"metadata":{"annotations":{"leaderagent.io/placeholder":null,"leaderagent.io/placeholder-uid":null}}}'
        lock_open
        host=$leader uid=$(lock .metadata.uid)
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
