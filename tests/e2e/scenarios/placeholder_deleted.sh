# SPDX-License-Identifier: Apache-2.0
# Somebody deletes the leader's placeholder. The garbage collector marks the lock, the unit stops, somebody leads anew.
variants="life lease life/pod lease/pod"
scenario() {
        begin
        local uid=$(lock .metadata.uid)
        must api DELETE "$(placeholder_path)" >/dev/null
        takes_over 30 "${LAB_HOSTS[@]}"
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        stays 2
}
