# SPDX-License-Identifier: Apache-2.0
# The leader's host loses power and stays away. Life: the lock stays held, nobody leads. Lease: another host leads when
# the lease is over.
variants="life lease lease/pod"
scenario() {
        begin
        host_crash "$leader"
        if [[ $tenure == life ]]; then
                nobody 12
                lock_names "$leader"
        else
                takes_over 20 $(others)
                stays 2
        fi
}
