# SPDX-License-Identifier: Apache-2.0
# Somebody takes the finalizer off the lock, which nobody deletes. The holder stops and releases what is left of it, and
# somebody leads anew.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        begin
        local uid=$(lock .metadata.uid)
        lock_patch '{"metadata":{"finalizers":null}}'
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        stays 2
}
