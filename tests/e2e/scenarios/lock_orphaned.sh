# SPDX-License-Identifier: Apache-2.0
# Somebody empties the lock's ownerReferences. Life: the leader restores them, its unit does not notice. Lease: the term
# is over, somebody leads anew.
variants="life lease life/pod lease/pod"
scenario() {
        . "$here/faults_api.sh"
        begin
        local uid=$(lock .metadata.uid)
        lock_patch '{"metadata":{"ownerReferences":null}}'
        if [[ $tenure == life ]]; then
                wait_for 20 lock_is_sound || fail "the owner was not restored"
                stays 2
                [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock is another one"
        else
                takes_over 30 "${LAB_HOSTS[@]}"
                stays 2
                [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        fi
        lock_names "$leader"
}
