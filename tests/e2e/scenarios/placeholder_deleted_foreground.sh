# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the leader's placeholder in the foreground: it stays, dying, until the lock is gone. The unit stops
# first, then both go, and somebody leads anew.
variants="life lease life/pod lease/pod"
scenario() {
        . "$here/faults_api.sh"
        begin
        local uid=$(lock .metadata.uid) old=$(lock_placeholder_uid)
        delete_by Foreground "$(placeholder_path)"
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 10
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        [[ $(lock_placeholder_uid) != "$old" ]] || fail "the new lock names the deleted placeholder"
        stays 2
}
