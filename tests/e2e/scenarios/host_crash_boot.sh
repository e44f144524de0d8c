# SPDX-License-Identifier: Apache-2.0
# The leader's host loses power and boots again. Life: it takes its own lock up again, nobody else does meanwhile. Lease:
# a lock of an earlier boot is nobody's: it is over after its duration, then any host may lead.
variants="life lease life/pod"
scenario() {
        begin
        local host=$leader uid=$(lock .metadata.uid)
        host_crash "$host"
        nobody 1
        host_boot "$host"
        host_wait "$host"
        if [[ $tenure == life ]]; then
                takes_over 15 "$host"
                [[ $(lock .metadata.uid) == "$uid" ]] || fail "the lock was not taken up again but made anew"
        else
                takes_over 30 "${LAB_HOSTS[@]}"
        fi
        stays 3
}
