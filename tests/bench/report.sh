#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Turns the raw results of worker.sh into the tables of docs/PERFORMANCE.md.
#
#   tests/bench/report.sh RAW        prints Markdown: min / **median** / max (n)
set -euo pipefail
raw=$1
here=$(dirname "$(readlink -f "$0")")

# The lines of the tables: figure | text | target.
rows() {
        cat <<'R'
# What a user waits for
start|process start → unit start job, lock free; ms (client-go: → its work begins)|22
start_process|the same, but to the process of the unit (its InactiveExitTimestamp): systemd's job, cgroup and fork; ms|
start_work|the same, but to the first instruction of the unit; ms|
sandbox|before that: systemd's fork → exec, mostly the sandbox of the unit file; ms|
stepdown|step-down → next host's unit start job, less the unit's own stop; ms (client-go: SIGTERM → the other's work)|15
stepdown_process|the same, but to the process of the next host's unit; ms|
stepdown_order|of that: the order → the unit's stop job|
stepdown_next|of that: unit stopped → next host's start job asked for|
crash|host crash → takeover, lease of 15 s; s|
crash_over|of that: beyond last renewal + 15 s|0.1
# Faults of 40 s: seconds in which two worked
partition_work|leader cut off from the network: both work; s|0
partition_belief|the same: both believe to lead; s|0
sigstop_work|SIGSTOP of the leading agent (client-go: of the leader): both work; s|0
sigstop_belief|the same: both believe to lead; s|0
# Use of resources at rest
agent_leader_rss|agent, leader: resident; MiB|13
agent_candidate_rss|agent, candidate: resident; MiB|13
agent_leader_dirty|agent, leader: private dirty; MiB|2.5
agent_candidate_dirty|agent, candidate: private dirty; MiB|2.5
guard_leader_rss|guard, leader: resident; MiB|4
guard_candidate_rss|guard, candidate: resident; MiB|4
guard_leader_dirty|guard, leader: private dirty; MiB|0.7
guard_candidate_dirty|guard, candidate: private dirty; MiB|0.7
agent_leader_threads|agent, leader: threads|
agent_candidate_threads|agent, candidate: threads|
guard_leader_threads|guard: threads|
agent_leader_cpu|agent, leader: CPU per 120 s; ms|3 (life), 15 (lease)
agent_candidate_cpu|agent, candidate: CPU per 120 s; ms|3 (life), 15 (lease)
guard_leader_cpu|guard, leader: CPU per 120 s; ms|
guard_candidate_cpu|guard, candidate: CPU per 120 s; ms|
agent_leader_switches|agent, leader: context switches per 120 s|
agent_candidate_switches|agent, candidate: context switches per 120 s|
guard_leader_switches|guard, leader: context switches per 120 s|
guard_candidate_switches|guard, candidate: context switches per 120 s|
requests_leader|API requests per hour, leader|732 (lease)
requests_candidate|API requests per hour, candidate|12 (life)
R
}

echo "Version $(sed -n 's/^VERSION := //p' "$here/../../Makefile"), client-go $(awk '$1 == "k8s.io/client-go" {print $2}' "$here/peer/go.mod")," \
        "Kubernetes $(awk '$2 == "k8s.io/kubernetes" {print substr($3, 2)}' "$here/../cluster/go.mod"), Linux $(uname -r)," \
        "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release), $(nproc) processors."
sort -t "$(printf '\t')" -k1,1 -k2,2 -k3,3g "$raw" | awk -F '\t' '
        function short(x) { return x == 0 ? "0" : x < 0.1 && x > -0.1 ? sprintf("%.3f", x) : x < 10 && x > -10 ? sprintf("%.2f", x) : x < 100 ? sprintf("%.1f", x) : sprintf("%.0f", x) }
        function cell(key, n) {
                n = count[key]
                if (!n) return ""
                if (n == 1) return "**" short(v[key, 1]) "** (1)"
                return short(v[key, 1]) " / **" short(n % 2 ? v[key, (n + 1) / 2] : (v[key, n / 2] + v[key, n / 2 + 1]) / 2) "** / " short(v[key, n]) " (" n ")"
        }
        FILENAME == "-" { key = $1 SUBSEP $2; v[key, ++count[key]] = $3; next }
        FNR == 1 { printf "Requests at rest were counted for %d s and scaled to an hour.\n", v["window" SUBSEP "all", 1] }
        /^# / { print "\n## " substr($0, 3) "\n\n| | life | lease | client-go | target |\n| --- | --- | --- | --- | --- |"; next }
        {
                split($0, f, "|")
                life = cell(f[1] SUBSEP "life"); lease = cell(f[1] SUBSEP "lease"); peer = cell(f[1] SUBSEP "peer")
                if (life lease peer != "") print "| " f[2] " | " life " | " lease " | " peer " | " f[3] " |"
        }
        END {
                print "\n## Programs, stripped\n\n| | kB | target |\n| --- | --- | --- |"
                print "| leader-agent | " v["size_agent" SUBSEP "life", 1] " | 300 |"
                print "| leader-guard | " v["size_guard" SUBSEP "life", 1] " | 300 |"
                print "| leaderctl | " v["size_ctl" SUBSEP "life", 1] " | 300 |"
                print "| the client-go program (static) | " v["size_peer" SUBSEP "peer", 1] " | |"
                print "\n## Load of the machine (average of one minute) while measuring\n\n| stage | load |\n| --- | --- |"
                n_stages = split("start stepdown crash partition sigstop steady", stage, " ")
                for (i = 1; i <= n_stages; i++) if (count["load" SUBSEP stage[i]]) print "| " stage[i] " | " cell("load" SUBSEP stage[i]) " |"
        }' - <(rows)
