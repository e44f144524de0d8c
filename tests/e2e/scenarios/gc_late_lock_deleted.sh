# SPDX-License-Identifier: Apache-2.0
# The garbage collector hangs while somebody deletes the lock in the foreground, and goes on when the next term has begun:
# nobody needs it for this, and it does no harm.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        local uid=$(lock .metadata.uid)
        part_stop kcm
        delete_by Foreground "$(lock_path)"
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        part_cont kcm
        stays 5
        settles 1
}
