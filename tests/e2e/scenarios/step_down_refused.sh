# SPDX-License-Identifier: Apache-2.0
# A human tells the leader to step down while nobody could take over: no other agent is there, or (life) the API server hangs.
# That is refused with the cause, and the unit runs on; the command that is printed steps down all the same. With the cause
# gone it is not refused any more, at once.
variants="life lease life/pod"
scenario() {
        local host others
        begin
        others=$(others)
        for host in $others; do
                must host_exec "$host" systemctl stop leader-agent
        done
        step_down_refused "$leader" "there is no other agent to take over (namespace $AGENTS_NS has no ${placeholder^} of one"
        stays 2
        start_agents $others
        if [[ $tenure == life ]]; then
                api_stop
                step_down_refused "$leader" "the API server does not answer ("
                stays 2
                api_cont
        fi
        must host_exec "$leader" leaderctl step-down "$LOCK"
        takes_over 30 $others
        for host in $(others); do
                must host_exec "$host" systemctl stop leader-agent
        done
        step_down_refused "$leader" "there is no other agent to take over"
        must host_exec "$leader" sh -c "$refused_cure"
        ends 10
        takes_over 30 "$leader"
        stays 1
}
