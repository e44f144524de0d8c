# SPDX-License-Identifier: Apache-2.0
# etcd hangs for 10 s: requests are neither done nor refused, and may be done later. Life: the leader leads. Lease: the
# unit is stopped in time, nobody leads, and soon after etcd is back somebody does.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        needs_real
        begin
        part_stop etcd
        if [[ $tenure == life ]]; then
                stays 10
                part_cont etcd
                stays 4
                lock_names "$leader"
                must host_exec "$leader" leaderctl step-down "$LOCK"
                takes_over 30 $(others)
        else
                ends 5
                nobody 7
                part_cont etcd
                takes_over 40 "${LAB_HOSTS[@]}"
        fi
        settles 20
        stays 2
}
