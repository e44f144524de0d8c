# SPDX-License-Identifier: Apache-2.0
# The unit and its children ignore SIGTERM while the leader steps down: the lock is kept until SIGKILL has ended them all.
variants="life lease"
scenario() {
        unit_options --ignore-term --children=3
        begin
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 20 $(others)
        stays 2
}
