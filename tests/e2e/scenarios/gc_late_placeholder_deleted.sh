# SPDX-License-Identifier: Apache-2.0
# The garbage collector hangs while somebody deletes the leader's placeholder: nobody marks the lock. The holder finds out
# by itself and releases; the collector that wakes up late does no harm to the next term.
variants="life lease life/pod lease/pod"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        local uid=$(lock .metadata.uid)
        part_stop kcm
        must api DELETE "$(placeholder_path)" >/dev/null
        takes_over 30 "${LAB_HOSTS[@]}"
        settles 5
        [[ $(lock .metadata.uid) != "$uid" ]] || fail "the old lock is still there"
        part_cont kcm
        stays 5
        settles 1
}
