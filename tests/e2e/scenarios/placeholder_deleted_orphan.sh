# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the leader's placeholder and lets it orphan the lock: the garbage collector takes the lock's owner away
# instead of the lock. Lease: the term is over. Life: that, or the lock is restored; it ends with a sound lock either way.
variants="life lease life/pod lease/pod"
scenario() {
        . "$here/faults_api.sh"
        begin
        local uid=$(lock .metadata.uid) old=$(lock_placeholder_uid)
        delete_by Orphan "$(placeholder_path)"
        [[ $tenure == life ]] || takes_over 30 "${LAB_HOSTS[@]}"
        renamed() { [[ $(lock_placeholder_uid) != "$old" ]]; }
        must wait_for 30 renamed
        settles 30
        stays 3
        [[ $tenure == life || $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
}
