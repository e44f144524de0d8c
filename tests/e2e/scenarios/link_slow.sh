# SPDX-License-Identifier: Apache-2.0
# A slow, uneven and lossy link between all hosts and the API server (a packet in 50 comes 0.4 s late): one leader, which
# leads on, and which can hand over.
variants="life lease"
scenario() {
        . "$here/faults_api.sh"
        relays_up
        relay all delay 40 60
        relay all loss 20 400
        begin
        stays 8
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 30 $(others)
        settles 10
        stays 3
}
