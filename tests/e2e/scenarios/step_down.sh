# SPDX-License-Identifier: Apache-2.0
# A human tells the leader to step down: another host leads.
variants="life lease life/pod"
scenario() {
        begin
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 15 $(others)
        lock_names "$leader"
        stays 2
}
