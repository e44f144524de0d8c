# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the lock. The unit stops first, then the lock is free, and somebody leads with a new one.
variants="life lease life/pod lease/pod"
scenario() {
        begin
        local uid=$(lock .metadata.uid)
        must api DELETE "$(lock_path)" >/dev/null
        takes_over 30 "${LAB_HOSTS[@]}"
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        stays 2
}
