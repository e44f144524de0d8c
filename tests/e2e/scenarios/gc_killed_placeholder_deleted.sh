# SPDX-License-Identifier: Apache-2.0
# The controller manager dies just before somebody deletes the leader's placeholder in the foreground, and starts again
# later: a dying placeholder that nobody collects. The holder releases, clears it away, and somebody leads.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        local uid=$(lock .metadata.uid) old=$(lock_placeholder_uid) path=$(placeholder_path)
        part_kill kcm
        delete_by Foreground "$path"
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        cleared() { [[ $(api_get "$path" .metadata.uid) != "$old" ]]; }
        wait_for 20 cleared || fail "the dying placeholder was not cleared away"
        part_start kcm
        stays 6
        settles 1
}
