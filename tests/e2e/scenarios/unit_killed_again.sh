# SPDX-License-Identifier: Apache-2.0
# The unit of the only host that can lead ignores SIGTERM and is killed by its cgroup; then that host leads again. (A process
# that is started inside a cgroup which was killed before dies at once on newer kernels: systemd has to have made a new one.)
variants="life lease"
scenario() {
        unit_options --ignore-term --children=3
        start_agents web-1
        takes_over 15 web-1
        local n
        for n in 1 2; do
                must host_exec web-1 leaderctl step-down --force "$LOCK" # (to nobody)
                ends 20
                takes_over 30 web-1
                stays 1
        done
}
