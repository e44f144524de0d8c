# SPDX-License-Identifier: Apache-2.0
# Every tenth piece of data on the way between the hosts and the API server ends in a reset of its connection, then all
# are reset at once. The leader leads on, or another does; when the link is well again it stays so.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        relays_up
        begin
        local host=$leader
        relay all reset 100
        [[ $tenure == life ]] && stays 8 || sleep 8
        relay all flow
        relay all reset
        [[ $tenure == life ]] && stays 4
        settles 30
        stays 3
        [[ $tenure == lease || $leader == "$host" ]] || fail "the leader changed"
}
